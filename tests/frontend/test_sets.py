"""Sets whose members are known while compiling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.errors import UnsupportedError
from tests.frontend.harness import agree, lowered

X = np.array([0.3, 0.7, 0.95, 0.2])


def seen_before(x):
    seen = set()
    total = 0.0
    for k in (0, 1, 0, 2, 1):
        if k in seen:
            continue
        seen.add(k)
        total = total + x[k] ** 2
    return total * len(seen)


def depth_first(x):
    edges = {0: (1, 2), 1: (2,), 2: (0, 3), 3: ()}
    seen = {0}
    stack = [0]
    total = x[0]
    while stack:
        for k in edges[stack.pop()]:
            if k not in seen:
                seen.add(k)
                stack.append(k)
                total = total * x[k] + x[k]
    return total


def two_names(x):
    one = {1, 2}
    other = one
    other |= {3}
    third = one.copy()
    third.discard(1)
    one.remove(2)
    return x[min(sorted(other))] * len(one) + len(third) * 10.0


def operators(x):
    a, b = {0, 1, 2}, frozenset((1, 2, 3))
    c = (a & b) | {0}
    c -= {2}
    c ^= {3, 0}
    flags = (c == {1, 3}, c <= {1, 2, 3}, c.isdisjoint({0}), b > {1}, not set())
    return x[sorted(c)[-1]] * sum(flags) + len(a.union((7, 8), {9}))


def classes(x):
    s = {1, 2}
    s.update(range(3))
    kinds = (isinstance(s, set), isinstance(s, frozenset), isinstance(s & s, set))
    return [float(kind) * x[0] for kind in kinds], [x[k] for k in sorted(s)]


def in_branches(x):
    seen = {1}
    if x[0] > 0.0:
        total = x[1] * (1 in seen)
    else:
        total = x[0]
    for v in x:
        local = set()
        local.add(2)
        total = total + v * (2 in local) * len(seen)
    return total


def made_in_comprehension(x):
    odd = {k % 3 for k in range(4)}
    return x[max(sorted(odd))]


@pytest.mark.parametrize(
    "function",
    [
        seen_before,
        depth_first,
        two_names,
        operators,
        classes,
        in_branches,
        made_in_comprehension,
    ],
)
def test_agree(function: Callable[..., Any]) -> None:
    agree(function, X)


def changed_on_a_path(x):
    seen = set()
    if x[0] > 0.0:
        seen.add(1)
    return x[0] * len(seen)


def changed_in_turns(x):
    seen = set()
    for k in range(len(x)):
        seen.add(k)
    return x[0] * len(seen)


def changed_by_turns_alike(x):
    seen = set()
    total = x[0]
    for v in np.append(x, np.ones(20)):
        total = total + v * len(seen)
        seen.add("first")
    return total


def of_arrays(x):
    return len({x[0], x[1]}) * x[0]


def returned(x):
    return {1, 2}, x


def iterated(x):
    return sum([x[k] for k in {0, 1}])


def popped(x):
    return x[{0, 1}.pop()]


def no_member(x):
    seen = {0}
    seen.remove(1)
    return x


def sorted_by_ties(x):
    return x[sorted({0, 1}, key=lambda k: 0)[0]]


def from_outside(x, seen={0}):  # noqa: B006
    return x * len(seen)


def frozen_changed(x):
    frozenset((1,)).add(2)
    return x


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (changed_on_a_path, "set is changed on some paths only"),
        (changed_in_turns, "a set of what only a run knows is not supported"),
        (changed_by_turns_alike, "set is changed"),
        (of_arrays, "a set of what only a run knows is not supported"),
        (returned, "a set cannot be returned"),
        (iterated, "the order of a set is not defined"),
        (popped, "the order of a set is not defined"),
        (no_member, "this always raises KeyError: 1"),
        (sorted_by_ties, "the order of a set is not defined"),
        (
            from_outside,
            "the length of a set from outside, which may change[^=]*= instead",
        ),
        (frozen_changed, "no 'add' in 'frozenset'"),
    ],
)
def test_refused(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        lowered(function, X)
