"""What users call."""

from gradgen.api.calls import Pullback, jvp, linearize, vjp
from gradgen.api.derivative import Derivative, unfold
from gradgen.api.functions import check_argnums, grad, value_and_grad

__all__ = [
    "Derivative",
    "Pullback",
    "check_argnums",
    "grad",
    "jvp",
    "linearize",
    "unfold",
    "value_and_grad",
    "vjp",
]
