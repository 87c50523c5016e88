"""Calls that change an array, compared with what NumPy makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from gradgen import grad
from gradgen.errors import Refusal
from gradgen.primitives.registry import MUTATORS, Handle
from tests.primitives.harness import build
from tests.primitives.test_updating import check

RNG = np.random.default_rng(12)
V, W, M, N = (RNG.standard_normal(n) for n in (4, 4, (3, 4), (3, 3)))
MASK = np.array([True, False, True, True])
F32 = V.astype(np.float32)
INTS = np.arange(4)
TWICE = np.array([0, 2, -2, 2])


@dataclass(frozen=True)
class Change:
    """A call that changes its first argument; arrays and floats come in at run time."""

    target: Any
    x: Any
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        name = self.target if isinstance(self.target, str) else self.target.__qualname__
        shapes = [getattr(x, "shape", x) for x in (self.x, *self.args)]
        return f"{name}{shapes}{self.options}"

    def run(self) -> Any:
        """Return what the call makes of a copy of the array."""
        x = np.array(self.x)
        if isinstance(self.target, str):
            getattr(x, self.target)(*self.args, **self.options)
        else:
            self.target(x, *self.args, **self.options)
        return x

    def body(self) -> Callable[..., Handle]:
        """Return the function that computes the same on handles."""

        def call(x: Handle, *given: Handle) -> Handle:
            supply = iter(given)
            args = [next(supply) if comes_in(a) else a for a in self.args]
            options = {
                key: next(supply) if comes_in(a) else a
                for key, a in self.options.items()
            }
            return MUTATORS[self.target](x, *args, **options)

        return call

    def given(self) -> list[Any]:
        """Return the arguments that come in at run time."""
        rest = (*self.args, *self.options.values())
        return [self.x, *(a for a in rest if comes_in(a))]


def comes_in(value: Any) -> bool:
    return isinstance(value, np.ndarray | float)


CHANGES = [
    Change(np.copyto, V, (W,)),
    Change(np.copyto, V, (0.5,)),
    Change(np.copyto, M, (V,)),
    Change(np.copyto, M, (M[:1],)),
    Change(np.copyto, F32, (V,)),
    Change(np.copyto, INTS, (7,)),
    Change(np.copyto, V, (W,), {"where": MASK}),
    Change(np.copyto, V, (0.5,), {"where": MASK}),
    Change(np.copyto, M, (V,), {"where": MASK}),
    Change(np.copyto, M, (0.5,), {"where": MASK}),
    Change("fill", M, (0.5,)),
    Change("fill", INTS, (1.5,)),
    Change(np.put, V, (np.array([0, 2, 2]), V[:3])),
    Change(np.put, M, ([0, 5, -1], 0.5)),
    Change("put", V, (1, 0.5)),
    Change(np.place, V, (MASK, V[:3])),
    Change(np.place, V, (MASK, V[:2])),
    Change(np.place, V, (MASK, W)),
    Change(np.place, M, (M > 0, V)),
    Change(np.place, M, (M > 0, 0.5)),
    Change(np.place, V, (np.array([0, 1, 0, 2]), V[:2])),
    Change(np.putmask, V, (MASK, W)),
    Change(np.putmask, V, (MASK, W[:2])),
    Change(np.putmask, M, (M > 0, 0.5)),
    Change(np.putmask, M, (M > 0, 2 * M)),
    Change(np.putmask, M, (M > 0, V)),
    Change(np.fill_diagonal, N, (0.5,)),
    Change(np.fill_diagonal, N, (V[:3],)),
    Change(np.fill_diagonal, M, (V[:3],)),
    Change(np.fill_diagonal, M.T, (0.5,)),
    Change(np.put_along_axis, M, (np.array([[3], [0], [3]]), N[:, :1], 1)),
    Change(np.put_along_axis, M, (np.array([[2, 0, -1, 0]]), 0.5, 0)),
    Change(np.put_along_axis, M, (np.array([[3, 1]] * 3), N[:, :2]), {"axis": -1}),
    Change(np.put_along_axis, M, (np.array([7, -1]), V[:2], None)),
    Change("partition", M, (1,)),
    Change("partition", M, ((0, 2), 0)),
    Change("sort", M),
    Change("sort", M, (0,)),
    Change("sort", M, (), {"axis": 0}),
    Change(np.add.at, V, (np.array([0, 2, 2]), V[:3])),
    Change(np.add.at, M, ((slice(None), np.array([0, 0])), 0.5)),
    Change(np.subtract.at, V, (np.array([0, 2, 2]), V[:3])),
    Change(np.subtract.at, V, (1, 0.5)),
    Change(np.multiply.at, V, (1, 0.5)),
    Change(np.multiply.at, M, ((slice(1, None), MASK), 0.5)),
    Change(np.divide.at, V, (MASK, np.array([1.5, -0.5, 2.0]))),
    Change(np.maximum.at, V, (MASK, 0.1)),
    Change(np.negative.at, V, (MASK,)),
    Change(np.multiply.at, V, (TWICE, V[:4])),
    Change(np.multiply.at, V, (TWICE, np.array([0.0, 2.0, 0.0, 0.0]))),
    Change(np.multiply.at, M, ((slice(None), TWICE), M[:, :1])),
    Change(np.multiply.at, F32, (TWICE, 0.5)),
    Change(np.divide.at, V, (TWICE, np.array([1.5, -0.5, 2.0, 0.8]))),
    Change(np.divide.at, M, ((np.array([0, -1, 2]), TWICE[:3]), 1.5)),
    Change(np.maximum.at, V, (TWICE, W)),
    Change(np.minimum.at, M, ((np.array([[0], [2], [0]]), TWICE), 0.1)),
    Change(np.minimum.at, F32, (TWICE, W)),
]
REFUSED = [
    (Change(np.copyto, INTS, (0.5,)), "does not write"),
    (Change(np.copyto, INTS, (V,)), "does not write"),
    (Change(np.copyto, V, (M,), {"where": MASK}), "more axes"),
    (Change(np.copyto, V, (W,), {"where": INTS}), "for the mask"),
    (Change(np.copyto, V, (W,), {"casting": "unsafe"}), "'casting'"),
    (Change("fill", V, (V,)), "a number only"),
    (Change(np.put, V, (1, V)), "more or fewer values"),
    (Change(np.put, V, (INTS, V), {"mode": "clip"}), "'mode'"),
    (Change(np.place, M, (MASK, 0.5)), "needs the shape"),
    (Change(np.putmask, F32, (MASK, V)), "does not write"),
    (Change(np.fill_diagonal, N, (0.5,), {"wrap": True}), "'wrap'"),
    (Change(np.fill_diagonal, V, (0.5,)), "no matrix"),
    (Change(np.fill_diagonal, N, (N,)), "value for each row"),
    (Change(np.put_along_axis, M, (np.array([1]), 0.5, 0)), "same rank"),
    (Change("sort", N, (), {"kind": "stable"}), "'kind'"),
    (Change(np.add.at, INTS, (1, 0.5)), "does not add"),
    (Change(np.fmax.at, V, (INTS, 0.5)), "name an element twice"),
    (Change(np.multiply.at, INTS, (TWICE, 0.5)), "does not multiply"),
    (Change(np.divide.at, INTS, (1, 2)), "does not write"),
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_contents_are_what_numpy_leaves(change: Change) -> None:
    wanted = change.run()
    program = build(change.body(), change.given())
    (found,) = program.run()
    np.testing.assert_array_equal(found, wanted)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_derivatives(change: Change) -> None:
    if change.x.dtype.kind == "f":
        check(change.body(), change.given(), change.run())


def test_strict_derivatives_of_extremes_refuse_ties() -> None:
    def change(b: Any, i: Any) -> Any:
        x = np.array([1.0, 2.0, np.nan])
        np.maximum.at(x, i, b)
        return np.sum(x[:2])

    where = np.array([0, 0, 1])
    slopes = grad(change, strict=True)(np.array([2.0, 1.5, 0.5]), where)
    np.testing.assert_array_equal(slopes, [1.0, 0.0, 0.0])
    for b in ([1.5, 1.5, 0.0], [0.5, 1.0, 0.0], [0.5, 0.5, np.nan]):
        with pytest.raises(FloatingPointError), np.errstate(invalid="ignore"):
            grad(change, strict=True)(np.array(b), where)


@pytest.mark.parametrize(("change", "reason"), REFUSED, ids=lambda x: str(x))
def test_what_is_not_supported_is_refused(change: Change, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        build(change.body(), change.given())


def test_every_mutator_is_called() -> None:
    tested = {change.target for change in CHANGES}
    missing = {f for f in MUTATORS if f not in tested}
    missing.discard(np.random.Generator.shuffle)  # test_random.py
    assert all(getattr(f, "__name__", f) == "at" for f in missing)
