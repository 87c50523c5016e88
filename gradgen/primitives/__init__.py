"""Primitives: one declaration each, one module a family of functions.

A module is imported when something that it declares is first met; see ``tables``.
"""

from gradgen.primitives.registry import PRIMITIVES, Handle, Primitive, apply
from gradgen.primitives.tables import import_all

__all__ = ["PRIMITIVES", "Handle", "Primitive", "apply", "import_all"]
