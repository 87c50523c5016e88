"""The cheapest values from which all that is needed can be computed: a minimum cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from gradgen.ir.core import Value

UNBOUNDED = 1 << 62
Node: TypeAlias = tuple[Value | None, str]
Capacities: TypeAlias = dict[Node, dict[Node, int]]

SOURCE: Node = (None, "source")
SINK: Node = (None, "sink")


def minimum_cut(
    needed: Iterable[Value],
    sources: Callable[[Value], Sequence[Value] | None],
    weight: Callable[[Value], int],
) -> set[Value]:
    """Return the values to keep so that ``needed`` can be computed, of least weight.

    ``sources(v)`` holds the values that ``v`` is computed from, or None if ``v`` can
    only be kept. By the theorem of Ford and Fulkerson, the least weight is that of a
    maximum flow through a graph in which each value is an edge of that capacity.
    """
    capacities = _graph(needed, sources, weight)
    while path := _path(capacities):
        _push(capacities, path)
    reached = set(_search(capacities))
    return {
        value
        for value, side in reached
        if value is not None and side == "kept" and (value, "made") not in reached
    }


def _graph(
    needed: Iterable[Value],
    sources: Callable[[Value], Sequence[Value] | None],
    weight: Callable[[Value], int],
) -> Capacities:
    capacities: Capacities = {SOURCE: {}, SINK: {}}
    pending = list(needed)
    for value in pending:
        _connect(capacities, SOURCE, (value, "kept"), UNBOUNDED)
    seen = set(pending)
    while pending:
        value = pending.pop()
        made = (value, "made")
        _connect(capacities, (value, "kept"), made, weight(value))
        found = sources(value)
        if found is None:
            _connect(capacities, made, SINK, UNBOUNDED)
        for x in found or ():
            _connect(capacities, made, (x, "kept"), UNBOUNDED)
            if x not in seen:
                seen.add(x)
                pending.append(x)
    return capacities


def _connect(capacities: Capacities, start: Node, end: Node, capacity: int) -> None:
    capacities.setdefault(start, {})[end] = capacity
    capacities.setdefault(end, {}).setdefault(start, 0)


def _search(capacities: Capacities) -> dict[Node, Node]:
    """Return what can be reached from the source, each with what comes before it."""
    reached = {SOURCE: SOURCE}
    queue = deque([SOURCE])
    while queue:
        node = queue.popleft()
        for end, capacity in capacities[node].items():
            if capacity and end not in reached:
                reached[end] = node
                queue.append(end)
    return reached


def _path(capacities: Capacities) -> list[tuple[Node, Node]]:
    """Return the edges of a path from the source to the sink, none if there is none."""
    reached = _search(capacities)
    if SINK not in reached:
        return []
    edges, node = [], SINK
    while node != SOURCE:
        edges.append((reached[node], node))
        node = reached[node]
    return edges


def _push(capacities: Capacities, path: Sequence[tuple[Node, Node]]) -> None:
    """Send as much through a path as fits."""
    amount = min(capacities[start][end] for start, end in path)
    for start, end in path:
        capacities[start][end] -= amount
        capacities[end][start] += amount
