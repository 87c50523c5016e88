"""The composer of the parts: from a function and a call's arguments to a program."""

from gradgen.compiler.build import shaped_like
from gradgen.compiler.request import TRANSFORMS, Request, Step
from gradgen.compiler.store import obtain, show_ir, show_source

__all__ = [
    "TRANSFORMS",
    "Request",
    "Step",
    "obtain",
    "shaped_like",
    "show_ir",
    "show_source",
]
