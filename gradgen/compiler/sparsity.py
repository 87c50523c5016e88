"""Patterns of derivatives, read from the IR of a request."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.compiler.interp import leaves_at
from gradgen.compiler.pipeline import intermediate, place_of
from gradgen.compiler.request import Request, Step
from gradgen.deferred import Deferred
from gradgen.errors import UnsupportedError
from gradgen.ir.abstract import is_sparse, is_tensor
from gradgen.ir.core import walk_ops
from gradgen.ir.rules import RULE
from gradgen.ir.tree import tree_of
from gradgen.runtime.places import compile_fetch
from gradgen.structs import frozen, replace
from gradgen.transforms.dependence import Content, Unproved, dependence

if TYPE_CHECKING:
    from scipy import sparse
else:
    sparse = Deferred("scipy.sparse")


@frozen
class Proof:
    """The pattern of a Jacobian, or the ``reason`` for which none is proved."""

    pattern: Any = None
    reason: str = ""


def prove(request: Request) -> Proof:
    """Return the pattern of the Jacobian of what a request computes.

    It is that by the one argument that the last step selects, and holds for all
    arguments with the same :func:`steering`.
    """
    (chosen,) = request.selected(request.steps[-1])
    (function,), lowered, _ = intermediate(request)
    readers = request.target.parameters.readers(len(request.args))
    places = [place_of(capture.root) for capture in lowered.captures]
    fetch = compile_fetch(places, readers)
    outside = () if fetch is None else fetch(request.args)
    contents: list[Content] = []
    values = (*request.args, *outside)
    for i, (param, value) in enumerate(zip(function.params, values, strict=True)):
        contents.extend(_content(x, i == chosen) for x in leaves_at(param.tree, value))
    try:
        result = dependence(function, contents)
    except (Unproved, UnsupportedError) as error:
        return Proof(reason=str(error))
    shape = (np.size(result.value), np.size(request.args[chosen]))
    found = result.sources
    pattern = sparse.csr_array(shape, dtype=bool) if found is None else found
    pattern.sum_duplicates()
    return Proof(pattern)


def has_rules(request: Request) -> bool:
    """Tell whether derivatives that the user gives are involved.

    A gradient that is made of them need not have a symmetric derivative.
    """
    primal = replace(request, steps=(Step("primal"),))
    (function,), _, _ = intermediate(primal)
    bodies = [function.body, *(helper.body for helper in function.helpers.values())]
    return any(RULE in op.attrs for body in bodies for op in walk_ops(body))


def _content(value: Any, chosen: bool) -> Content:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    unit = sparse.eye_array(np.size(value), dtype=bool, format="csr")
    return Content(value, unit if chosen else None, not _steers(value))


def _steers(value: Any) -> bool:
    """Tell whether a value is an integer, or an array of those."""
    return is_tensor(value) and np.asarray(value).dtype.kind in "biu"


def steering(values: Sequence[Any]) -> tuple[Hashable, ...]:
    """Return what a pattern depends on: shapes and integers.

    Examples
    --------
    >>> steering([np.zeros(3), 2.0]) == steering([np.ones(3), 4.0])
    True
    >>> steering([np.zeros(3), 2]) == steering([np.zeros(3), 4])
    False
    """
    return tuple(_key(x) for value in values for x in tree_of(value).leaves())


def _key(x: Any) -> Hashable:
    if is_sparse(x):
        a = sparse.csr_array(x)
        return (type(x), a.shape, a.indptr.tobytes(), a.indices.tobytes())
    if not is_tensor(x):
        return (type(x),)
    array = np.asarray(x)
    content = (array.tobytes(),) if _steers(x) else ()
    return (type(x), array.shape, array.dtype.str, *content)
