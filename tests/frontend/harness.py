"""Lowers functions and runs their IR, to compare with the functions themselves."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.frontend.lower import Lowered, lower
from gradgen.frontend.source import find_source, unwrap
from gradgen.ir.abstract import abstract_tree
from gradgen.ir.builder import Builder
from gradgen.ir.core import Param
from gradgen.ir.tree import Tree, tree_of
from gradgen.ir.verify import verify
from gradgen.primitives.lowering import NeedsStatic
from gradgen.testing.interp import interpret


def lowered(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Lowered:
    """Return the IR of ``function`` for arguments like these.

    Integers that shape the program are folded, as the compiler does.
    """
    folded: set[str] = set()
    while True:
        builder = Builder()
        params = parameters(function, args, kwargs, builder, folded)
        names = {x: x.hint for param in params for x in param.tree.leaves()}
        try:
            return lower(find_source(unwrap(function)), params, builder)
        except NeedsStatic as request:
            folded = folded | {names[request.value]}


def parameters(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    builder: Builder,
    folded: set[str],
) -> list[Param]:
    """Return the parameters for a call; defaults are left to the frontend."""
    bound = inspect.signature(unwrap(function), follow_wrapped=False).bind(
        *args, **kwargs
    )
    params = []
    for name, value in bound.arguments.items():
        tree = abstract_tree(tree_of(value), name, builder.dims)
        params.append(Param(name, fold(tree, tree_of(value), folded)))
    return params


def fold(tree: Tree, given: Tree, folded: set[str]) -> Tree:
    """Return ``tree`` with the integers in ``folded`` made static."""
    if tree.kind == "leaf":
        if tree.leaf.hint in folded:
            return Tree("static", leaf=given.leaf)
        return tree
    pairs = zip(tree.children, given.children, strict=True)
    children = tuple(fold(child, part, folded) for child, part in pairs)
    return Tree(tree.kind, children, tree.keys, tree.cls, tree.leaf)


def outside(root: Any, arguments: dict[str, Any]) -> Any:
    """Read a captured place, as the runtime does."""
    names: dict[str, Any] = {"owner": root.owner, "arguments": arguments}
    steps = "".join(a if a.startswith("[") else "." + a for a in root.attributes)
    if root.kind == "global":
        start = f"owner.__globals__[{root.name!r}]"
    elif root.kind == "closure":
        index = root.owner.__code__.co_freevars.index(root.name)
        start = f"owner.__closure__[{index}].cell_contents"
    elif root.kind == "argument":
        start = f"arguments[{root.name!r}]"
    elif root.kind == "default":
        start = f"signature(owner).parameters[{root.name!r}].default"
        names["signature"] = inspect.signature
    else:
        start = f"owner.{root.name}"
    return eval(start + steps, names)


def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Lower ``function``, verify its IR, check its guards, and run it."""
    found = lowered(function, *args, **kwargs)
    verify(found.function)
    arguments = inspect.signature(unwrap(function), follow_wrapped=False)
    bound = arguments.bind(*args, **kwargs).arguments
    for guard in found.guards:
        value = outside(guard.root, bound)
        assert value is guard.value or value == guard.value
    captured = [outside(capture.root, bound) for capture in found.captures]
    return interpret(found.function, [*bound.values(), *captured])


def agree(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Check that the IR computes what Python computes, types included."""
    found = run(function, *copy.deepcopy(args), **copy.deepcopy(kwargs))
    assert_same(found, function(*args, **kwargs))


def assert_same(found: Any, expected: Any) -> None:
    """Compare results: structure, class, dtype, shape, and value to the bit."""
    left, right = tree_of(found), tree_of(expected)
    assert left.map(lambda _: 0) == right.map(lambda _: 0)
    for x, y in zip(left.leaves(), right.leaves(), strict=True):
        assert type(x) is type(y), (x, y)
        if isinstance(y, np.ndarray):
            assert x.dtype == y.dtype
            assert x.shape == y.shape
        np.testing.assert_array_max_ulp(x, y, 4) if isinstance(
            y, float | np.floating
        ) or (isinstance(y, np.ndarray) and y.dtype.kind == "f") else _equal(x, y)


def _equal(x: Any, y: Any) -> None:
    assert np.all(x == y), (x, y)
