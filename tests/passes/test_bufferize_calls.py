"""Calls of helpers that overwrite what they are given: right, and without copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param, Value, walk_ops
from gradgen.ir.regions import helper_result, make_call
from gradgen.ir.tree import leaf
from gradgen.ir.types import FLOAT, Array
from gradgen.passes import aliases, joining, memory, writes
from gradgen.passes.bufferize import bufferize
from gradgen.passes.cleanup import eliminate_common
from gradgen.primitives.packing import unpack
from gradgen.primitives.registry import Handle, apply
from gradgen.structs import replace
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.emission import loaded
from tests.generate import arguments
from tests.passes.dangers import flip
from tests.passes.loops_in_place import TYPES, VECTOR, at, count, put, zeros
from tests.passes.regions import make_function
from tests.passes.test_bufferize_regions import check_emitted, check_executed

PROGRAMS: dict[str, Callable[[], Function]] = {}


def helper(name: str, takes: int, count: int, build: Callable[..., Any]) -> Function:
    """Return a helper over vectors that overwrites the first ``takes`` of them."""
    inputs = [Value(VECTOR, f"v{k}") for k in range(count)]
    builder = Builder()
    builder.enter(inputs)
    made = [h.atom for h in build(*(Handle(builder, v) for v in inputs))]
    body = builder.block(tuple(inputs), made)
    params = tuple(Param(v.hint, leaf(v)) for v in inputs)
    pairs = tuple((k, k) for k in range(takes))
    return Function(name, params, body, helper_result(made), takes=pairs)


def tape_of_first(v: Handle, w: Handle) -> list[Handle]:
    return [put(v, at(w, 1), 0), apply("pack", w, tape="kept")]


HELPERS = {
    "fill": helper("fill", 1, 1, lambda v: [put(v, 3.0 * at(v, 1), 0)]),
    "blend": helper(
        "blend", 1, 2, lambda v, w: [put(put(v, 5.0, 0), at(w, 0) + at(w, 1), 1)]
    ),
    "keep": helper("keep", 1, 2, tape_of_first),
}


def call(name: str, *operands: Handle) -> list[Handle]:
    builder = operands[0].builder
    function = HELPERS[name]
    op = make_call(name, function, [x.atom for x in operands], builder.dims)
    for result in op.results:
        if isinstance(result.type, Array):
            result.type = VECTOR
    builder.append(op)
    return [Handle(builder, y) for y in op.results]


def program(body: Callable[..., Any]) -> Callable[..., Any]:
    def make() -> Function:
        function = make_function({"x": TYPES["x"]}, body)
        called = {op.attrs["callee"] for op in walk_ops(function.body) if is_call(op)}
        return replace(function, helpers={k: HELPERS[k] for k in sorted(called)})

    PROGRAMS[body.__name__] = make
    return body


def is_call(op: Any) -> bool:
    return bool(op.name == "call")


@program
def overwrites_an_argument(x):
    return call("fill", x)[0] + x


@program
def overwrites_what_is_read_later(x):
    a = 2.0 * x
    (b,) = call("fill", a)
    return b * flip(a)


@program
def reads_what_it_has_overwritten(x):
    a = 2.0 * x
    return call("blend", a, flip(a))[0]


@program
def keeps_what_is_overwritten_later(x):
    a, b = 2.0 * x, 3.0 * x
    c, tape = call("keep", b, a)
    d = put(a, 9.0, 1)
    (kept,) = unpack(tape, (VECTOR,))
    return c + d * kept


@program
def merges_arrays_that_are_filled(x):
    a, b = (apply("zeros", count(x), dtype=FLOAT) for _ in range(2))
    (a,), (b,) = call("blend", a, x), call("fill", b)
    return a - b


@program
def prints_what_is_overwritten_inside(x):
    (a,) = call("fill", zeros(x) + 1.0)
    return a


@program
def returns_a_tape_of_an_argument(x):
    return call("keep", 2.0 * x, x)[1]


def check(name: str) -> None:
    function = PROGRAMS[name]()
    for each in (function, replace(function, body=eliminate_common(function.body))):
        check_ir(each)
        check_emitted(each)
        check_executed(each)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_calls_are_right(name: str) -> None:
    check(name)


def no_slots(op: Any) -> tuple[int, ...]:
    return (0,) if memory.mutates(op) else ()


def nothing_held(tracer: Any, op: Any) -> None:
    for y in op.results:
        tracer.make(y)


ABLATIONS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "calls overwrite": (writes, "overwritten_slots", no_slots),
    "others are read meanwhile": (writes, "_read_while_writing", lambda *_: set()),
    "tapes hold, results live on": (aliases._Tracer, "trace_call", nothing_held),
    "what is overwritten needs a name": (joining, "takes_in", lambda *_: True),
}


@pytest.mark.parametrize("rule", ABLATIONS)
def test_without_the_rule_a_program_goes_wrong(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*ABLATIONS[rule])
    assert any(map(is_wrong, PROGRAMS))


def is_wrong(name: str) -> bool:
    """Tell whether the code of a program cannot be made, or computes another thing."""
    try:
        check(name)
    except Exception:
        return True
    return False


def test_arrays_that_are_filled_stay_apart() -> None:
    body = eliminate_common(PROGRAMS["merges_arrays_that_are_filled"]().body)
    assert sum(op.name.startswith("zeros") for op in body.ops) == 2


def test_what_is_owned_is_not_copied() -> None:
    function = bufferize(PROGRAMS["prints_what_is_overwritten_inside"]())
    for each in (function, *function.helpers.values()):
        assert not any(op.name == "copy" for op in walk_ops(each.body))


def test_tapes_of_arguments_are_copied() -> None:
    function = PROGRAMS["returns_a_tape_of_an_argument"]()
    (x,) = arguments(function, {"n": 3}, 0)
    ((kept,),) = loaded(emit(bufferize(function)))(x)
    np.testing.assert_array_equal(kept, interpret(function, [x])[0][0])
    assert not np.shares_memory(kept, x)
