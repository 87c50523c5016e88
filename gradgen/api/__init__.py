"""What users call."""

from gradgen.api.calls import Pullback, jvp, vjp
from gradgen.api.checks import RuleReport, check_rule
from gradgen.api.derivative import Derivative, unfold
from gradgen.api.functions import check_argnums, grad, value_and_grad

__all__ = [
    "Derivative",
    "Pullback",
    "RuleReport",
    "check_argnums",
    "check_rule",
    "grad",
    "jvp",
    "unfold",
    "value_and_grad",
    "vjp",
]
