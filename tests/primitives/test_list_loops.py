"""Lists that loops fill, change and empty, and the loops of their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Block, Literal, Value
from gradgen.ir.regions import make_for
from gradgen.ir.types import FLOAT, PY_INT, Scalar, Type
from gradgen.ir.verify import verify
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.primitives import lists
from gradgen.primitives.facts import infer
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle, apply, dims_of
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.harness import build, check_derivatives, random_like
from tests.primitives.test_generated import assert_agree

NUMBER = Scalar(FLOAT)
A = np.array([0.3, -0.5, 0.7, 1.1])
W = np.float64(1.2)


def slot_type(type_: Type) -> Type:
    return Scalar(type_.dtype, type_.weak) if isinstance(type_, Scalar) else type_


def loop(
    a: Handle, initial: Sequence[Handle], body: Callable[..., Sequence[Handle]]
) -> list[Handle]:
    """Append ``for i in range(len(a))`` over slots, and return what they hold then."""
    builder, count = a.builder, dims_of(a)[0]
    index = Value(PY_INT, "i")
    slots = [Value(slot_type(x.atom.type)) for x in initial]
    with builder.region() as ops:
        results = body(*(Handle(builder, value) for value in (index, *slots)))
    block = Block((index, *slots), tuple(ops), tuple(x.atom for x in results))
    bounds = (Literal.of(0), count.atom, Literal.of(1))
    atoms = [x.atom for x in initial]
    op = make_for(bounds, atoms, [], block, builder.dims.fresh())
    builder.append(op)
    return [Handle(builder, y) for y in op.results[: len(slots)]]


def one(a: Handle) -> Handle:
    return apply("cast", 1.0, builder=a.builder, dtype=FLOAT)


def recurrence(a: Handle, w: Handle) -> Handle:
    xs = lists.append(lists.empty(a.builder, NUMBER), w)

    def body(i: Handle, xs: Handle) -> list[Handle]:
        return [lists.append(xs, lists.get(xs, -1) * read(a, [i]) + w)]

    return loop(a, [xs], body)[0]


def read_later(a: Handle, w: Handle) -> Handle:
    xs = recurrence(a, w)
    term = lambda i, s: [s + lists.get(xs, i) * lists.get(xs, -1)]
    return loop(a, [one(a)], term)[0]


def read_later_plain(a: Any, w: Any) -> Any:
    xs = [w]
    for x in a:
        xs.append(xs[-1] * x + w)
    return 1.0 + sum(x * xs[-1] for x in xs[:-1])


def vectors(a: Handle, w: Handle) -> Handle:
    hs = lists.append(lists.empty(a.builder, a.type), a)

    def body(i: Handle, hs: Handle) -> list[Handle]:
        return [lists.append(hs, apply("sin", lists.get(hs, -1) * read(a, [i]) + w))]

    return lists.stack(loop(a, [hs], body)[0])


def vectors_plain(a: Any, w: Any) -> Any:
    hs = [a]
    for x in a:
        hs.append(np.sin(hs[-1] * x + w))
    return np.array(hs)


def emptied(a: Handle, w: Handle) -> Handle:
    def body(i: Handle, xs: Handle, s: Handle) -> list[Handle]:
        rest, item = lists.pop(xs)
        return [rest, s * item + w]

    xs, s = loop(a, [recurrence(a, w), one(a)], body)
    return s * lists.get(xs, 0)


def emptied_plain(a: Any, w: Any) -> Any:
    xs, s = [w], 1.0
    for x in a:
        xs.append(xs[-1] * x + w)
    for _ in a:
        s = s * xs.pop() + w
    return s * xs[0]


def overwritten(a: Handle, w: Handle) -> Handle:
    def body(i: Handle, xs: Handle) -> list[Handle]:
        new = lists.get(xs, 0) * read(a, [i]) + lists.get(xs, 1)
        return [lists.set_item(xs, apply("remainder", i, 2), new)]

    (xs,) = loop(a, [lists.from_values(a.builder, [w, w * w], NUMBER)], body)
    return lists.get(xs, 0) * lists.get(xs, 1)


def overwritten_plain(a: Any, w: Any) -> Any:
    xs = [w, w * w]
    for i, x in enumerate(a):
        xs[i % 2] = xs[0] * x + xs[1]
    return xs[0] * xs[1]


CASES = [
    (read_later, read_later_plain),
    (vectors, vectors_plain),
    (emptied, emptied_plain),
    (overwritten, overwritten_plain),
]


@pytest.mark.parametrize("length", [0, 1, 2, 4])
@pytest.mark.parametrize(("body", "plain"), CASES, ids=[c[1].__name__ for c in CASES])
def test_lists_in_loops(
    body: Callable[..., Any], plain: Callable[..., Any], length: int
) -> None:
    args = [A[:length], W]
    program = build(body, args)
    verify(program.function, infer)
    (value,) = program.run()
    np.testing.assert_allclose(value, plain(*args), rtol=1e-14)
    check_derivatives(program, 2)
    rng = np.random.default_rng(2)
    pullback = adjoint(program.function, Selection((0, 1), single=False))
    tangent = jvp(program.function, (0, 1))
    for function in (tangent, pullback):
        verify(function, infer)
    assert_agree(tangent, [*args, *(random_like(x, rng) for x in args)])
    assert_agree(pullback, [*args, random_like(value, rng)])


@pytest.mark.parametrize("body", [read_later, vectors, emptied, overwritten])
def test_no_list_is_copied(body: Callable[..., Any]) -> None:
    program = build(body, [A, W])
    pullback = adjoint(program.function, Selection((0, 1), single=False))
    assert ".copy()" not in emit(bufferize(optimise(pullback))).source
