"""Reading with every form of an index, compared with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen.errors import Refusal
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle
from gradgen.transforms.derive import Selection, adjoint, jvp
from tests.primitives.harness import build, check_derivatives, random_like
from tests.primitives.test_generated import assert_agree

X = np.random.default_rng(5).standard_normal((4, 3, 5))
I, J = np.array([0, 2, 2]), np.array([1, 0, -1])
GRID = np.array([[0, 1], [2, 2]])
MASK = np.array([True, False, True, True])
MASK2 = X[:, :, 0] > 0
s = np.s_

STATIC = [
    s[0],
    s[-1],
    s[1, 2],
    s[1, 2, 3],
    s[1:],
    s[:-1],
    s[1:-1],
    s[::2],
    s[::-1],
    s[3:0:-1],
    s[-2:],
    s[:0],
    s[2:9],
    s[9:],
    s[:, 1],
    s[:, 1:2],
    s[..., 0],
    s[0, ...],
    s[...],
    s[:, None],
    s[None, ..., None],
    s[1:, ::-1, None, 2],
    s[:, :, 1:4:2],
    s[-3:-1, 1],
]
ADVANCED = [
    ("rows", [I], lambda i: s[i]),
    ("columns", [J], lambda i: s[:, i]),
    ("last", [I], lambda i: s[..., i]),
    ("grid", [GRID], lambda i: s[i, 1:]),
    ("pairs", [I, J], lambda i, j: s[i, j]),
    ("apart", [I, J], lambda i, j: s[i, :, j]),
    ("with number", [I], lambda i: s[i, 1]),
    ("number apart", [I], lambda i: s[0, :, i]),
    ("broadcast", [GRID, np.array([0, 1])], lambda i, j: s[i, j]),
    ("new axis", [I], lambda i: s[None, i]),
    ("slice first", [I, J], lambda i, j: s[1:, i, j]),
    ("mask", [MASK], lambda m: s[m]),
    ("mask and slice", [MASK], lambda m: s[m, 1:]),
    ("matrix mask", [MASK2], lambda m: s[m]),
    ("matrix mask and number", [MASK2], lambda m: s[m, 1]),
    ("mask of axis 1", [MASK[:3]], lambda m: s[:, m]),
    ("numbers", [2, 1], lambda i, j: s[i, j]),
    ("bounds", [1, 3], lambda i, j: s[i:j]),
    ("from the end", [-1, -3], lambda i, j: s[j:i, i]),
    ("stride", [2], lambda k: s[::k]),
    ("backwards", [3, -1], lambda i, k: s[i::k]),
    ("out of range", [1, 99], lambda i, j: s[:, i:j]),
]


def items_of(index: Any) -> list[Any]:
    return list(index) if isinstance(index, tuple) else [index]


def check(body: Any, args: list[Any], wanted: Any) -> None:
    program = build(body, args)
    found = program.run()[0]
    np.testing.assert_array_equal(found, wanted)
    assert np.shape(found) == np.shape(wanted)
    check_derivatives(program, 2)
    rng = np.random.default_rng(1)
    dot = random_like(args[0], rng)
    bar = random_like(wanted, rng)
    assert_agree(jvp(program.function, (0,)), [*args, dot])
    assert_agree(adjoint(program.function, Selection((0,), single=False)), [*args, bar])


@pytest.mark.parametrize("index", STATIC, ids=str)
def test_index_known_when_compiling(index: Any) -> None:
    check(lambda x: read(x, items_of(index)), [X], X[index])


@pytest.mark.parametrize(
    ("args", "index"), [case[1:] for case in ADVANCED], ids=[c[0] for c in ADVANCED]
)
def test_index_known_at_run_time(args: list[Any], index: Any) -> None:
    def body(x: Handle, *parts: Handle) -> Handle:
        return read(x, items_of(index(*parts)))

    check(body, [X, *args], X[index(*args)])


@pytest.mark.parametrize("length", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "index", [s[1:], s[:-1], s[1:-1], s[::-1], s[::2], s[-1:]], ids=str
)
def test_index_for_every_small_length(index: Any, length: int) -> None:
    x = np.arange(1.0, length + 1.0)
    check(lambda x: read(x, items_of(index)), [x], x[index])


def test_list_as_an_index() -> None:
    check(lambda x: read(x, [[0, 2]]), [X], X[[0, 2]])


def test_too_many_indices_are_refused() -> None:
    with pytest.raises(Refusal, match="4 indices for an array of rank 3"):
        build(lambda x: read(x, [0, 0, 0, 0]), [X])


def test_a_float_as_an_index_is_refused() -> None:
    with pytest.raises(Refusal, match="an index of type float"):
        build(lambda x, i: read(x, [i]), [X, 1.5])
