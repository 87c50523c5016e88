"""gradgen: derivatives of plain NumPy functions, as source code that you can read."""

from gradgen.api import Derivative, check_rule, grad, jvp, value_and_grad, vjp
from gradgen.errors import (
    ArgumentError,
    CacheError,
    CopyInLoopWarning,
    DerivativeError,
    GradgenError,
    OutputError,
    ShapeError,
    SignatureError,
    SourceError,
    UnsupportedError,
)
from gradgen.markers import checkpoint, checkpointed, stop_gradient
from gradgen.rules import nondiff, rule
from gradgen.runtime.cache import CacheWarning

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "CacheError",
    "CacheWarning",
    "CopyInLoopWarning",
    "Derivative",
    "DerivativeError",
    "GradgenError",
    "OutputError",
    "ShapeError",
    "SignatureError",
    "SourceError",
    "UnsupportedError",
    "check_rule",
    "checkpoint",
    "checkpointed",
    "grad",
    "jvp",
    "nondiff",
    "rule",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]
