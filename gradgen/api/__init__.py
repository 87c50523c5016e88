"""What users call."""

from gradgen.api.calls import Pullback, jvp, vjp
from gradgen.api.derivative import Derivative
from gradgen.api.functions import grad, value_and_grad

__all__ = ["Derivative", "Pullback", "grad", "jvp", "value_and_grad", "vjp"]
