"""Builtins and functions of itertools that iterate."""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.containers import items_of, truth
from gradgen.frontend.expressions import combine
from gradgen.frontend.frame import Frame, always, call, static_int
from gradgen.frontend.known import KNOWN, Known, knows
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import (
    Static,
    Stream,
    Walk,
    describe,
    from_python,
    is_static,
    to_python,
)
from gradgen.frontend.walks import (
    backwards,
    beside,
    enumerated,
    is_walked,
    mapped,
    paired,
    walk_of,
    zipped,
)
from gradgen.primitives.registry import Handle

if TYPE_CHECKING:
    from gradgen.frontend import folds, sets
else:
    folds = Deferred("gradgen.frontend.folds")
    sets = Deferred("gradgen.frontend.sets")


def _stream(frame: Frame, items: Iterator[Any], *holds: Any) -> Stream:
    return Stream(items, holds)


@knows(zip)
def _zip(frame: Frame, *values: Any, strict: Any = None) -> Any:
    exact = strict is not None and truth(frame, strict)
    walks = None if exact else _walks(frame, values)
    if walks is not None:
        return zipped(frame, walks)
    items = zip(*(items_of(frame, v) for v in values), strict=exact)
    return _stream(frame, _raising(items), *values)


def _walks(frame: Frame, values: Sequence[Any]) -> list[Walk] | None:
    """Return walks over all of ``values``, None if the items of none are unknown."""
    if not any(map(is_walked, values)):
        return None
    walks = [beside(frame, value) for value in values]
    return None if None in walks else walks  # type: ignore[return-value]


def _raising(items: Iterator[Any]) -> Iterator[Any]:
    """Turn what an iterator raises into a refusal."""
    try:
        yield from items
    except ValueError as error:
        raise always("ValueError", str(error)) from None


@knows(enumerate)
def _enumerate(frame: Frame, values: Any, start: Any = Static(0)) -> Any:  # noqa: B008
    walk = walk_of(frame, values)
    if walk is not None:
        return enumerated(frame, walk, start)
    first = static_int(start)
    items = enumerate(items_of(frame, values), first)
    return _stream(frame, ((Static(i), x) for i, x in items), values)


@knows(map)
def _map(frame: Frame, function: Any, *values: Any) -> Any:
    walks = _walks(frame, values)
    if walks is not None:
        together = zipped(frame, walks)
        return mapped(
            together, lambda row: call(frame, function, list(row), {}), function
        )
    rows = zip(*(items_of(frame, v) for v in values), strict=False)
    results = (_call_holding(frame, values, function, list(row)) for row in rows)
    return _stream(frame, results, function, *values)


def _call_holding(frame: Frame, held: Any, function: Any, args: list[Any]) -> Any:
    """Call a function with items of ``held``, which refers to them meanwhile."""
    with frame.context.holding(held):
        return call(frame, function, args, {})


@knows(filter)
def _filter(frame: Frame, function: Any, values: Any) -> Any:
    def kept(frame: Frame, item: Any) -> Any:
        if isinstance(function, Static) and function.value is None:
            return item
        return _call_holding(frame, values, function, [item])

    def run(visit: folds.Visit) -> Any:
        return folds.run_over(
            frame,
            values,
            lambda inner, item: folds.if_true(
                inner, kept(inner, item), lambda: visit(inner, item)
            ),
        )

    def items() -> Iterator[Any]:
        for item in items_of(frame, values):
            if truth(frame, kept(frame, item)):
                yield item

    return folds.Generation(items(), (frame, function, values), run=run)


@knows(reversed)
def _reversed(frame: Frame, values: Any) -> Any:
    if isinstance(values, Stream):
        raise Refusal("reversed takes no iterator", "reversed(list(…))")
    walk = walk_of(frame, values)
    if walk is not None:
        return backwards(frame, walk)
    return _stream(frame, iter(list(items_of(frame, values))[::-1]), values)


@knows(iter)
def _iter(frame: Frame, values: Any) -> Any:
    if isinstance(values, Stream):
        return values
    return _stream(frame, items_of(frame, values), values)


@knows(next)
def _next(frame: Frame, stream: Any, *default: Any) -> Any:
    if not isinstance(stream, Stream):
        raise Refusal(f"{describe(stream)} is no iterator", "iter(…)")
    for item in stream.items:
        return item
    if default:
        return default[0]
    raise always("StopIteration", "the iterator is exhausted")


@knows(sorted)
def _sorted(frame: Frame, values: Any, *, key: Any = None, reverse: Any = None) -> Any:
    if isinstance(values, RunList):
        raise Refusal(
            "sorting a list whose length is known only at run time",
            "np.sort(np.array(…))",
        )
    items = _items_to_sort(frame, values, key)
    if key is None:
        keys = items
    else:
        keys = [_call_holding(frame, values, key, [item]) for item in items]
    if not is_static(keys):
        raise Refusal("sorting by run-time values is not supported", "np.sort(…)")
    backwards = reverse is not None and truth(frame, reverse)
    plain = to_python(keys)
    order = sorted(range(len(items)), key=plain.__getitem__, reverse=backwards)
    return [items[i] for i in order]


def _items_to_sort(frame: Frame, values: Any, key: Any) -> list[Any]:
    """Return the items, for which without a key it does not matter how they stand."""
    if key is None and sets.is_known_set(values):
        items = list(sets.members_of(frame, values))
        backwards = items[::-1]
        if repr(sorted(items)) != repr(sorted(backwards)):
            raise Refusal("the order of these members of a set is not defined")
        return list(map(from_python, items))
    return list(items_of(frame, values))


@knows(functools.reduce)
def _reduce(frame: Frame, function: Any, values: Any, *initial: Any) -> Any:
    def step(frame: Frame, total: Any, item: Any) -> Any:
        return _call_holding(frame, values, function, [total, item])

    with frame.context.holding(function):
        if initial:
            return folds.reduce_items(frame, values, step, initial[0])
        return folds.reduce_from_first(frame, values, step, "reduce")


def _itertool(function: Any) -> Known:
    def known(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if kwargs:
            raise Refusal(
                f"itertools.{function.__name__} with such arguments", "a 'for' loop"
            )
        return _stream(frame, function(*(items_of(frame, v) for v in args)), *args)

    return known


KNOWN[itertools.product] = _itertool(itertools.product)


@knows(itertools.chain)
def _chain(frame: Frame, *sources: Any) -> Any:
    def run(visit: folds.Visit) -> Any:
        left = Static(False)
        for values in sources:
            left = folds.run_over(frame, values, visit)
            if isinstance(left, Handle) or left.value:
                raise Refusal("leaving itertools.chain early", "a loop over each")
        return left

    items = itertools.chain.from_iterable(items_of(frame, v) for v in sources)
    if not any(map(is_walked, sources)):
        return _stream(frame, items, *sources)
    return folds.Generation(items, (frame, sources), run=run)


@knows(itertools.pairwise)
def _pairwise(frame: Frame, values: Any) -> Any:
    walk = walk_of(frame, values)
    if walk is not None:
        return paired(frame, walk)
    return _stream(frame, itertools.pairwise(items_of(frame, values)), values)


@knows(itertools.accumulate)
def _accumulate(frame: Frame, values: Any, function: Any = None) -> Any:
    if is_walked(values):
        raise Refusal(
            "itertools.accumulate over items whose number only a run knows",
            "a loop that appends the total, or np.cumsum(…)",
        )

    def step(total: Any, item: Any) -> Any:
        if function is None:
            return combine(frame, ast.Add, total, item)
        return _call_holding(frame, values, function, [total, item])

    return _stream(frame, itertools.accumulate(items_of(frame, values), step), values)


@knows(itertools.combinations)
def _combinations(frame: Frame, values: Any, count: Any) -> Any:
    items = list(items_of(frame, values))
    return _stream(frame, itertools.combinations(items, static_int(count)), values)
