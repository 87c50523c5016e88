"""Real and complex operands: who refuses them, and which module computes with them."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.ir.types import Type, is_complex

PARTS = "the real and imaginary parts, z.real and z.imag"


def refuse_complex(shown: str, types: Sequence[Type]) -> None:
    """Refuse complex numbers where the rules of a primitive hold for real ones only."""
    if any(map(is_complex, types)):
        raise Refusal(f"'{shown}' of complex numbers is not supported", PARTS)


def scalar_library(
    function: Callable[..., Any], types: Sequence[Type]
) -> Mapping[str, Any]:
    """Return the module whose function computes with Python numbers, as an attribute.

    There is none where ``cmath`` has no such function as ``math`` has.
    """
    if not any(map(is_complex, types)):
        return {"lib": "math"}
    return {"lib": "cmath"} if hasattr(cmath, function.__name__) else {}
