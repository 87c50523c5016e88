"""What generated code may import besides NumPy."""

from gradgen.primitives.kernels import (
    check_dims,
    larger,
    log_or_zero,
    masked_divide,
    masked_multiply,
    quiet_power,
    sum_to,
)

__all__ = [
    "check_dims",
    "larger",
    "log_or_zero",
    "masked_divide",
    "masked_multiply",
    "quiet_power",
    "sum_to",
]
