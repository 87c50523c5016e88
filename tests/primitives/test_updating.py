"""Writing and adding through every form of an index, compared with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal, ShapeError
from gradgen.ir.verify import verify
from gradgen.kernels import last_written
from gradgen.primitives.facts import infer
from gradgen.primitives.indexing import index_of, read
from gradgen.primitives.registry import LOWERINGS, PRIMITIVES, Handle, Sample, apply
from gradgen.primitives.updating import add_into, write
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.harness import (
    build,
    check_derivatives,
    operands_of,
    program_of,
    random_like,
)
from tests.primitives.test_generated import assert_agree
from tests.primitives.test_indexing import ADVANCED, STATIC, X, items_of

s = np.s_
RNG = np.random.default_rng(8)
MUTATING = [
    pytest.param(name, sample, id=f"{name}-{index}")
    for name, primitive in sorted(PRIMITIVES.items())
    if primitive.mutates
    for index, sample in enumerate(primitive.samples)
]


def check(body: Callable[..., Any], args: list[Any], wanted: Any) -> None:
    """Check the value of a program, its derivatives and the code generated for them."""
    program = build(body, args)
    verify(program.function, infer)
    np.testing.assert_array_equal(program.run()[0], wanted)
    check_derivatives(program, 2)
    moving = program.moving
    tangent = jvp(program.function, moving)
    pullback = adjoint(program.function, Selection(moving, single=False))
    verify(tangent, infer)
    verify(pullback, infer)
    dots = [random_like(args[i], RNG) for i in moving]
    assert_agree(tangent, [*args, *dots])
    assert_agree(pullback, [*args, random_like(wanted, RNG)])


def written(x: Any, index: Any, value: Any) -> Any:
    result = np.array(x)
    result[index] = value
    return result


@pytest.mark.parametrize(("name", "sample"), MUTATING)
def test_printed_statement_does_what_evaluate_returns(
    name: str, sample: Sample
) -> None:
    operands = operands_of(sample, name)
    op = program_of(name, sample, operands).function.body.ops[-1]
    names = [f"x{i}" for i in range(len(operands))]
    template = PRIMITIVES[name].print_as([x.type for x in op.operands], op.attrs)
    scope = dict(zip(names, [np.array(operands[0]), *operands[1:]], strict=True))
    exec(template.format(*names), {"np": np}, scope)
    wanted = PRIMITIVES[name].evaluate(*operands, **sample.attrs)
    np.testing.assert_array_equal(scope["x0"], wanted)


@pytest.mark.parametrize("index", STATIC, ids=str)
def test_index_known_when_compiling(index: Any) -> None:
    value = RNG.standard_normal(X[index].shape)[()]
    body = lambda x, v: write(x, items_of(index), v)
    check(body, [X, value], written(X, index, value))


@pytest.mark.parametrize(
    ("parts", "index"), [case[1:] for case in ADVANCED], ids=[c[0] for c in ADVANCED]
)
def test_index_known_at_run_time(parts: list[Any], index: Any) -> None:
    def body(x: Handle, v: Handle, *parts: Handle) -> Handle:
        return write(x, items_of(index(*parts)), v)

    where = index(*parts)
    value = RNG.standard_normal(X[where].shape)[()]
    check(body, [X, value, *parts], written(X, where, value))


@pytest.mark.parametrize(
    ("parts", "index"), [case[1:] for case in ADVANCED], ids=[c[0] for c in ADVANCED]
)
def test_a_number_written_to_many_places(parts: list[Any], index: Any) -> None:
    def body(x: Handle, v: Handle, *parts: Handle) -> Handle:
        return write(x, items_of(index(*parts)), v)

    check(body, [X, 0.5, *parts], written(X, index(*parts), 0.5))


@pytest.mark.parametrize(
    ("parts", "index"), [case[1:] for case in ADVANCED], ids=[c[0] for c in ADVANCED]
)
@pytest.mark.parametrize(("ufunc", "sign"), [(np.add, 1), (np.subtract, -1)])
def test_adding_at_an_index(
    parts: list[Any], index: Any, ufunc: np.ufunc, sign: int
) -> None:
    def body(x: Handle, v: Handle, *parts: Handle) -> Handle:
        return add_into(x, items_of(index(*parts)), v, sign=sign)

    where = index(*parts)
    value = RNG.standard_normal(X[where].shape)[()]
    wanted = np.array(X)
    ufunc.at(wanted, where, value)
    check(body, [X, value, *parts], wanted)


@pytest.mark.parametrize("shape", [(), (5,), (1,), (3, 1), (1, 1, 2, 3, 5), (2, 1, 1)])
def test_a_value_is_broadcast(shape: tuple[int, ...]) -> None:
    value = RNG.standard_normal(shape)[()]
    wanted = written(X, s[1:3], value)
    check(lambda x, v: write(x, [slice(1, 3)], v), [X, value], wanted)


@pytest.mark.parametrize("length", [0, 1, 2, 3])
@pytest.mark.parametrize("index", [s[1:], s[:-1], s[1:-1], s[::-1], s[::2], s[:]])
def test_small_lengths(length: int, index: Any) -> None:
    x = RNG.standard_normal(length)
    for value in (RNG.standard_normal(x[index].shape), np.ones(1), 2.0):
        wanted = written(x, index, value)
        check(lambda x, v: write(x, [index], v), [x, value], wanted)


def test_of_duplicates_the_last_one_counts() -> None:
    x, at = np.zeros(3), np.array([0, 2, 2, 0])
    value = np.array([1.0, 2.0, 3.0, 4.0])
    program = build(lambda x, at, v: write(x, [at], v), [x, at, value])
    pull = adjoint(program.function, Selection((2,)))
    check(lambda x, at, v: write(x, [at], v), [x, at, value], np.array([4.0, 0.0, 3.0]))
    assert "last_written" in {op.name for op in pull.body.ops}


@pytest.mark.parametrize("at", [[[0, 1], [1, 1]], [[2, 2], [2, 2]], [[0, 1], [2, 3]]])
def test_duplicates_in_a_matrix_of_indices(at: Any) -> None:
    at = np.array(at)
    value = RNG.standard_normal((4, 2, 2))
    wanted = written(np.zeros((4, 5)), s[:, at], value)
    check(
        lambda x, at, v: write(x, [slice(None), at], v),
        [np.zeros((4, 5)), at, value],
        wanted,
    )


ORDERED = [
    (np.array([0, 2, 2]),),
    (np.array([2, 2, 0])[::-1],),
    (np.array([[0, 2], [2, 0]])[:, ::1],),
    (np.array([0, 2, 2]), np.array([1])),
    (np.array([True, False, True]), np.array([0, 0])),
]
UNORDERED = [
    (np.array([[0, 2], [2, 0]]).T,),
    (np.array([0, 2, 2])[::-1], np.array([1])),
    (np.array([[0], [0]]), np.array([1, 2])),
]


@pytest.mark.parametrize("index", ORDERED, ids=str)
@pytest.mark.parametrize("reverse", [False, True])
def test_the_last_of_several_values_stays(index: Any, reverse: bool) -> None:
    x = np.zeros((3, 3))
    numbers = np.arange(x[index].size).reshape(x[index].shape)
    value = np.flip(np.flip(numbers).copy()) if reverse else numbers
    x[index] = value
    np.testing.assert_array_equal(last_written(x.shape, index), x[index] == value)


@pytest.mark.parametrize("index", UNORDERED, ids=str)
def test_an_order_that_depends_on_the_layout_is_refused_when_run(index: Any) -> None:
    with pytest.raises(ValueError, match="lie in memory"):
        last_written((3, 3), index)


def test_any_layout_will_do_where_no_element_is_named_twice() -> None:
    assert last_written((3, 3), (np.array([[0, 1], [2, 0]]).T, [[0, 1], [1, 2]])).all()


@pytest.mark.parametrize("target", [np.float32, np.float64])
@pytest.mark.parametrize("source", [np.float32, np.float64, np.int64])
def test_dtype_of_the_array_is_kept(target: Any, source: Any) -> None:
    x, v = np.arange(4).astype(target), np.array([7, 8]).astype(source)
    check(lambda x, v: write(x, [slice(1, 3)], v), [x, v], written(x, s[1:3], v))


def test_floats_written_into_integers_are_cut_and_carry_no_derivative() -> None:
    x, v = np.arange(4), np.array([1.7, -1.7])
    program = build(lambda x, v: write(x, [slice(1, 3)], v) * 1.0, [x, v])
    np.testing.assert_array_equal(program.run()[0], [0.0, 1.0, -1.0, 3.0])
    check_derivatives(program, 1, differences=False)


class View:
    """A step of a view, in the form in which it comes from outside."""

    def __init__(self, name: str, *parts: Handle, **attrs: Any) -> None:
        self.name, self.attrs = name, attrs
        self.parts = tuple(part.atom for part in parts)


def view(x: Handle, *items: Any) -> View:
    """Return the step ``[items]``, whose items are numbers, handles and slices."""
    operands = [x]
    index = index_of(x.rank, items, operands)
    return View("getitem", *operands[1:], index=index)


Views = Callable[[Handle, Handle], list[View]]
Taken = Callable[[Any], Any]
PATHS: dict[str, tuple[Views, Taken]] = {
    "transpose": (
        lambda x, i: [View("transpose", axes=(2, 0, 1))],
        lambda x: x.transpose(2, 0, 1),
    ),
    "row": (lambda x, i: [view(x, i)], lambda x: x[1]),
    "slices": (
        lambda x, i: [view(x, slice(1, None), slice(None, None, -1))],
        lambda x: x[1:, ::-1],
    ),
    "run-time slice": (lambda x, i: [view(x, slice(i, None))], lambda x: x[1:]),
    "flip": (lambda x, i: [View("flip", axis=(1,))], lambda x: x[:, ::-1]),
    "new axis": (lambda x, i: [View("expand_dims", axis=(0,))], lambda x: x[None]),
    "row of a transpose": (
        lambda x, i: [View("transpose", axes=(2, 1, 0)), view(x, i)],
        lambda x: x.T[1],
    ),
}


@pytest.mark.parametrize("items", [[0], [slice(1, None)], [slice(None)], [-1]], ids=str)
@pytest.mark.parametrize(("views", "taken"), PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("adding", [False, True])
def test_writing_through_a_view(
    views: Views,
    taken: Taken,
    items: list[Any],
    adding: bool,
) -> None:
    change = add_into if adding else write
    wanted = np.array(X)
    place = taken(wanted)
    value = RNG.standard_normal(place[items[0]].shape)
    place[items[0]] = value + place[items[0]] if adding else value
    check(
        lambda x, v, i: change(x, items, v, views(x, i)),
        [X, value, 1],
        wanted,
    )


def test_writing_through_a_view_at_an_array_of_indices() -> None:
    at, value = np.array([0, 1, 1]), RNG.standard_normal((3, 4))
    wanted = np.array(X[:, :, 0])
    wanted.T[at] = value
    check(
        lambda x, v, at: write(x, [at], v, [View("transpose", axes=(1, 0))]),
        [X[:, :, 0], value, at],
        wanted,
    )


def test_a_path_is_printed_as_it_is_written() -> None:
    def body(a: Handle, i: Handle, v: Handle) -> Handle:
        return write(
            a, [0, slice(1, None)], v, [view(a, i), View("transpose", axes=(1, 0))]
        )

    program = build(body, [X, 1, 2.0])
    op = program.function.body.ops[-1]
    text = PRIMITIVES["update"].print_as([x.type for x in op.operands], op.attrs)
    assert text == "{0}[{1}].T[{2}, 1:] = {3}"


REFUSALS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "single element with an array": (lambda x, v: write(x, [0, 0, 0], v), [X, X[0, 0]]),
    "indices for an array": (lambda x, v: write(x, [0] * 4, v), [X, 1.0]),
    "an index of type float": (lambda x, v: write(x, [v], v), [X, 1.0]),
    "no array": (lambda x, v: write(x, [], v), [1.0, 1.0]),
    "through a mask": (lambda x, m, v: write(x, [m], v), [X, X > 0, X]),
    "through a view of it": (
        lambda x, v: write(x, [], v, [view(x, 0, 0, 0)]),
        [X, 1.0],
    ),
    "more axes": (lambda x, v: add_into(x, [0], v), [X, X]),
    "in place": (lambda x, v: add_into(x, [0], v), [np.arange(3), 1.5]),
}


@pytest.mark.parametrize(
    ("reason", "body", "args"), [(k, *v) for k, v in REFUSALS.items()], ids=REFUSALS
)
def test_what_numpy_refuses_is_refused(
    reason: str, body: Callable[..., Any], args: list[Any]
) -> None:
    with pytest.raises(Refusal, match=reason):
        build(body, args)


def test_shapes_that_never_fit_are_found_out() -> None:
    def body(x: Handle) -> Handle:
        rows = apply("zeros", 3, 2, builder=x.builder, dtype=x.dtype)
        return write(x, [slice(None)], rows)

    with pytest.raises(ShapeError):
        build(body, [np.ones((1, 2))])


def test_an_empty_array_that_is_filled() -> None:
    def body(x: Handle) -> Handle:
        rows = LOWERINGS[np.empty_like](x)
        rows = write(rows, [0], read(x, [1]))
        return write(rows, [slice(1, None)], read(x, [slice(None, -1)]))

    wanted = np.concatenate([X[1:2], X[:-1]])
    check(body, [X], wanted)


def test_an_empty_array_has_the_shape_and_dtype_asked_for() -> None:
    empty = lambda x: LOWERINGS[np.empty]((2, 3), np.float32, builder=x.builder)
    (found,) = build(empty, [1.0]).run()
    assert (found.shape, found.dtype) == ((2, 3), np.float32)
