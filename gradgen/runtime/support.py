"""What generated code may import besides NumPy."""

from gradgen.kernels import (
    add_along_axis,
    check_bound,
    check_dims,
    divide_or_zero,
    larger,
    last_written,
    log_or_zero,
    masked_divide,
    masked_multiply,
    place_diagonal,
    quiet_power,
    recurrence,
    relative_exp,
    shifted,
    sinc_derivative,
    sum_to,
)

__all__ = [
    "add_along_axis",
    "check_bound",
    "check_dims",
    "divide_or_zero",
    "larger",
    "last_written",
    "log_or_zero",
    "masked_divide",
    "masked_multiply",
    "place_diagonal",
    "quiet_power",
    "recurrence",
    "relative_exp",
    "shifted",
    "sinc_derivative",
    "sum_to",
]
