"""gradgen: derivatives of plain NumPy functions, as source code that you can read."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gradgen.api import Derivative, grad, jvp, linearize, value_and_grad, vjp
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
    from gradgen.api.batching import vmap
    from gradgen.api.checks import check_rule
    from gradgen.api.gradients import check_grads
    from gradgen.api.implicit import custom_fixed_point, custom_root
    from gradgen.api.jacobians import (
        derivative,
        elementwise_grad,
        hessian,
        jacfwd,
        jacobian,
        jacrev,
    )
    from gradgen.api.products import gauss_newton_vp, hvp
    from gradgen.api.ravel import ravel_pytree
    from gradgen.api.sparse import sparse_hessian, sparse_jacobian

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
    "check_grads",
    "check_rule",
    "checkpoint",
    "checkpointed",
    "custom_fixed_point",
    "custom_root",
    "derivative",
    "elementwise_grad",
    "gauss_newton_vp",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "nondiff",
    "ravel_pytree",
    "rule",
    "sparse_hessian",
    "sparse_jacobian",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]

_LATER = {
    "check_grads": Deferred("gradgen.api.gradients"),
    "check_rule": Deferred("gradgen.api.checks"),
    "ravel_pytree": Deferred("gradgen.api.ravel"),
    "vmap": Deferred("gradgen.api.batching"),
    **dict.fromkeys(
        ("custom_fixed_point", "custom_root"), Deferred("gradgen.api.implicit")
    ),
    **dict.fromkeys(("gauss_newton_vp", "hvp"), Deferred("gradgen.api.products")),
    **dict.fromkeys(
        ("sparse_hessian", "sparse_jacobian"), Deferred("gradgen.api.sparse")
    ),
    **dict.fromkeys(
        (
            "derivative",
            "elementwise_grad",
            "hessian",
            "jacfwd",
            "jacobian",
            "jacrev",
        ),
        Deferred("gradgen.api.jacobians"),
    ),
}


def __getattr__(name: str) -> Any:
    """Return what is imported when it is first asked for."""
    if name == "optimize":
        return importlib.import_module("gradgen.optimize")  # takes SciPy
    if name in _LATER:
        return getattr(_LATER[name], name)
    raise AttributeError(f"module 'gradgen' has no attribute '{name}'")
