"""gradgen: derivatives of plain NumPy functions, as source code that you can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradgen.api import Derivative, grad, jvp, value_and_grad, vjp
from gradgen.deferred import Deferred
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

if TYPE_CHECKING:
    from gradgen.api.checks import check_rule

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

_checks = Deferred("gradgen.api.checks")


def __getattr__(name: str) -> Any:
    """Return what is imported when it is first asked for."""
    if name == "check_rule":
        return _checks.check_rule
    raise AttributeError(f"module 'gradgen' has no attribute '{name}'")
