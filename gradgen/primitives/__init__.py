"""Primitives: one declaration each, one module a family of functions."""

from gradgen.primitives import (
    arithmetic,
    control,
    creation,
    elementary,
    indexing,
    likes,
    linalg,
    reduction,
    shaping,
)
from gradgen.primitives.registry import PRIMITIVES, Handle, Primitive, apply

__all__ = [
    "PRIMITIVES",
    "Handle",
    "Primitive",
    "apply",
    "arithmetic",
    "control",
    "creation",
    "elementary",
    "indexing",
    "likes",
    "linalg",
    "reduction",
    "shaping",
]
