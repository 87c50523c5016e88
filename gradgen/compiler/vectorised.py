"""The transforms that go over many examples or directions at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.compiler.arguments import all_leaves
from gradgen.compiler.axes import axes_of_results
from gradgen.compiler.request import Request, Step
from gradgen.compiler.results import check_floating, check_inputs, check_pair
from gradgen.errors import OutputError
from gradgen.ir.core import Function
from gradgen.ir.tree import tree_of
from gradgen.ir.types import Array, Scalar, Sym, is_complex, is_floating
from gradgen.passes.pipeline import optimise
from gradgen.transforms import derive, jacobians
from gradgen.transforms.derive import Selection
from gradgen.transforms.vmap import vmap


def over_examples(request: Request, k: int, function: Function) -> Function:
    """Return a function of one example as one of many."""
    axes: dict[Any, int] = {}
    lengths: dict[Any, int] = {}
    args, given = request.mapped()[k]
    for param, arg, own in zip(function.params, args, given, strict=False):
        leaves = zip(all_leaves(param.tree), tree_of(arg).leaves(), own, strict=True)
        for x, value, axis in leaves:
            if axis is not None:
                axes[x], lengths[x] = axis, value.shape[axis]
    step = request.steps[k]
    assert step.axes is not None
    out = axes_of_results(step.axes[1], function.result)
    return vmap(function, axes, out, lengths)


def jacobian(
    request: Request, k: int, function: Function, selection: Selection
) -> Function:
    """Return the function that computes a Jacobian, by rows or by columns."""
    step = request.steps[k]
    _check_result(function, step)
    _check_field(function, selection, step)
    if _goes_by_rows(request, k, function, selection):
        joint = derive.adjoint(function, selection, step.aux)
        return jacobians.by_rows(optimise(joint), step.aux)
    joint = optimise(derive.jvp(function, selection.params, aux=step.aux))
    count, single = len(selection.params), selection.single
    return jacobians.by_columns(joint, count, single, step.aux)


def _check_result(function: Function, step: Step) -> None:
    if step.aux:
        check_pair(function)
    check_floating(function)
    for y in function.result.leaves():
        if not isinstance(y.type, Scalar | Array):
            raise OutputError(
                f"a Jacobian needs arrays and numbers, but {function.name} returns "
                f"{y.type}; return an array, as with np.array"
            )


def _check_field(function: Function, selection: Selection, step: Step) -> None:
    """Refuse complex functions, unless they are said to be holomorphic."""
    target = function.result.children[0] if step.aux else function.result
    xs = derive.selected_leaves(function, selection)
    ys = [y for y in target.leaves() if is_floating(y.type)]
    if step.holomorphic:
        check_inputs(function, xs)
        if not all(is_complex(y.type) for y in ys):
            raise OutputError("with holomorphic=True, all results must be complex")
    elif any(is_complex(x.type) for x in (*xs, *ys)):
        raise OutputError(
            f"{step.kind} needs a real function of real numbers, unless with "
            f"holomorphic=True; take .real and .imag apart in {function.name}"
        )


def _goes_by_rows(
    request: Request, k: int, function: Function, selection: Selection
) -> bool:
    """Tell whether a Jacobian is computed by rows, as it is if there are few of them.

    A length that is known only when the program runs counts as many.
    """
    step = request.steps[k]
    if step.kind != "jacobian":
        return step.kind == "jacrev"
    known = _lengths(function, request.arguments(k))
    xs = derive.selected_leaves(function, selection)
    target = function.result.children[0] if step.aux else function.result
    ys = [y for y in target.leaves() if is_floating(y.type)]
    columns, rows = _total(xs, known), _total(ys, known)
    return columns is None or (rows is not None and rows < columns)


def _lengths(function: Function, args: Sequence[Any]) -> dict[str, int]:
    """Return the lengths that symbols stand for in a call."""
    known: dict[str, int] = {}
    for param, arg in zip(function.params, args, strict=False):
        for x, value in zip(all_leaves(param.tree), tree_of(arg).leaves(), strict=True):
            lengths = getattr(value, "shape", ())
            dims = getattr(getattr(x, "type", None), "shape", ())
            for dim, length in zip(dims, lengths, strict=False):
                if isinstance(dim, Sym) and isinstance(length, int):
                    known[dim.name] = length
    return known


def _total(values: Sequence[Any], known: dict[str, int]) -> int | None:
    total = 0
    for x in values:
        size = 1
        for dim in x.type.shape:
            if isinstance(dim, Sym) and dim.name not in known:
                return None
            size *= known[dim.name] + dim.offset if isinstance(dim, Sym) else dim
        total += size
    return total
