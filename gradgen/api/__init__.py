"""What users call."""

from gradgen.api.derivative import Derivative
from gradgen.api.functions import grad, value_and_grad

__all__ = ["Derivative", "grad", "value_and_grad"]
