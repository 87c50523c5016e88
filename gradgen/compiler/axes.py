"""Along which axes the examples of a ``vmap`` lie: from what a user says to leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradgen.errors import ArgumentError
from gradgen.ir.abstract import is_array_like
from gradgen.ir.tree import Tree, tree_of
from gradgen.runtime.convert import leaf_text

Axes = tuple[int | None, ...]
"""For every leaf of an argument the axis of the examples, None if they share it."""


def axes_of_arguments(
    spec: Tree, args: Sequence[Any], names: Sequence[str]
) -> list[Axes]:
    """Return the axes of all arguments that ``in_axes`` describes.

    One axis for all is that of every array; numbers and other objects are shared. Of
    several, one for each parameter, those that are left out are shared.

    Raises
    ------
    ArgumentError
        If an axis does not fit, nothing is mapped, or the numbers of examples differ.
    """
    if spec.kind in ("leaf", "none"):
        found = [
            _of_arrays(spec.leaf, arg, name)
            for arg, name in zip(args, names, strict=True)
        ]
    else:
        if len(spec.children) > len(args):
            raise ArgumentError(
                f"in_axes has {len(spec.children)} entries for {len(args)} arguments"
            )
        shared = [Tree("none")] * (len(args) - len(spec.children))
        entries = zip((*spec.children, *shared), args, names, strict=True)
        found = [tuple(_of_entry(*entry)) for entry in entries]
    _check_counts(found, args, names)
    return found


def _of_arrays(axis: int | None, arg: Any, name: str) -> Axes:
    tree = tree_of(arg)
    return tuple(
        None
        if axis is None or not is_array_like(x) or not x.shape
        else _normal(axis, len(x.shape), path)
        for path, x in zip(tree.paths(name), tree.leaves(), strict=True)
    )


def _of_entry(spec: Tree, arg: Any, name: str) -> Iterator[int | None]:
    tree = tree_of(arg)
    if spec.kind == "none":
        yield from (None for _ in tree.leaves())
    elif spec.kind == "leaf":
        for path, x in zip(tree.paths(name), tree.leaves(), strict=True):
            if not is_array_like(x):
                raise ArgumentError(
                    f"{path} is {leaf_text(x)}, which in_axes cannot map; say None"
                )
            yield _normal(spec.leaf, len(x.shape), path)
    else:
        same = (spec.kind, spec.cls, spec.keys) == (tree.kind, tree.cls, tree.keys)
        if not same or len(spec.children) != len(tree.children):
            raise ArgumentError(f"in_axes for {name} must have its structure")
        for child, part, step in zip(
            spec.children, tree.children, tree.steps(), strict=True
        ):
            yield from _of_entry(child, part.build(), name + step)


def _normal(axis: Any, rank: int, path: str) -> int:
    if type(axis) is not int:
        raise ArgumentError(f"an axis must be an integer or None, not {axis!r}")
    if not -rank <= axis < rank:
        raise ArgumentError(f"axis {axis} does not fit {path}, an array of rank {rank}")
    return axis % rank


def _check_counts(
    found: Sequence[Axes], args: Sequence[Any], names: Sequence[str]
) -> None:
    counts = {}
    for axes, arg, name in zip(found, args, names, strict=True):
        tree = tree_of(arg)
        for axis, path, x in zip(axes, tree.paths(name), tree.leaves(), strict=True):
            if axis is not None:
                counts[path] = x.shape[axis]
    if not counts:
        raise ArgumentError("vmap needs an array to map over; in_axes selects none")
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{path} has {count}" for path, count in counts.items())
        raise ArgumentError(f"the numbers of examples differ: {told}")


def one_example(args: Sequence[Any], axes: Sequence[Axes]) -> tuple[Any, ...]:
    """Return arguments of the types that one example has."""
    return tuple(
        _one(arg, own) if any(a is not None for a in own) else arg
        for arg, own in zip(args, axes, strict=True)
    )


def _one(arg: Any, axes: Axes) -> Any:
    supply = iter(axes)

    def cut(x: Any) -> Any:
        axis = next(supply)
        if axis is None:
            return x
        shape = x.shape[:axis] + x.shape[axis + 1 :]
        return np.zeros(shape, x.dtype)[()]

    return tree_of(arg).map(cut).build()


def axes_of_results(spec: Tree, result: Tree) -> Axes:
    """Return the axes of the leaves of a result that ``out_axes`` describes."""
    return tuple(_of_result(spec, result))


def _of_result(spec: Tree, result: Tree) -> Iterator[int | None]:
    if spec.kind in ("leaf", "none"):
        for y in result.leaves():
            rank = len(getattr(y.type, "shape", ())) + 1
            axis = None if spec.kind == "none" else spec.leaf
            yield None if axis is None else _normal(axis, rank, "the result")
        return
    if spec.kind != result.kind or len(spec.children) != len(result.children):
        raise ArgumentError("out_axes must have the structure of the result")
    for child, part in zip(spec.children, result.children, strict=True):
        yield from _of_result(child, part)
