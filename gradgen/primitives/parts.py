"""Parts of complex numbers that rules are written with; real numbers are their own.

Cotangents are transposed, not conjugated: ``x_bar = y_bar * f'(x)`` for a holomorphic
function. The derivative of a real value is real, that of a complex one complex.
"""

from __future__ import annotations

from gradgen.ir.core import Literal
from gradgen.ir.types import is_complex
from gradgen.primitives.registry import Handle, apply


def real_part(x: Handle) -> Handle:
    """Return the real part of a number or array."""
    return apply("real", x) if is_complex(x.type) else x


def imaginary_part(x: Handle) -> Handle:
    """Return the imaginary part of a complex number or array."""
    return apply("imag", x)


def conjugated(x: Handle) -> Handle:
    """Return the conjugate of a number or array."""
    return apply("conjugate", x) if is_complex(x.type) else x


def in_field_of(derivative: Handle, x: Handle) -> Handle:
    """Return the real part of a derivative of a real ``x``, that of a complex complex.

    What a real value contributes to, or depends on, is its real part alone.
    """
    if is_complex(derivative.type) == is_complex(x.type):
        return derivative
    if not is_complex(x.type):
        return real_part(derivative)
    if isinstance(derivative.atom, Literal) and derivative.type.weak:
        return Handle(x.builder, Literal.of(complex(derivative.atom.value)))
    if derivative.type.weak:
        return apply("complex", derivative)
    return apply("cast", derivative, dtype=x.dtype)
