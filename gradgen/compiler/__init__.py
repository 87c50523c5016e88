"""The composer of the parts: from a function and a call's arguments to a program."""

from gradgen.compiler.build import obtain, shaped_like
from gradgen.compiler.pipeline import Request, Step, compile_program, intermediate

__all__ = [
    "Request",
    "Step",
    "compile_program",
    "intermediate",
    "obtain",
    "shaped_like",
]
