"""A program before code is generated for it, with what a call brings it."""

from __future__ import annotations

from typing import Any

from gradgen.compiler.entering import enter_transforms
from gradgen.compiler.pipeline import intermediate, place_of
from gradgen.compiler.request import Request
from gradgen.ir.core import Function
from gradgen.runtime.places import compile_fetch


def opened(request: Request) -> tuple[Function, tuple[Any, ...]]:
    """Return the optimised IR for a request, and what its parameters stand for.

    It may be differentiated once more.
    """
    enter_transforms()
    functions, lowered, _ = intermediate(request, further=1)
    readers = request.target.parameters.readers(len(request.args))
    places = [place_of(capture.root) for capture in lowered.captures]
    fetch = compile_fetch(places, readers)
    outside = () if fetch is None else fetch(request.args)
    return functions[0], (*request.args, *outside)
