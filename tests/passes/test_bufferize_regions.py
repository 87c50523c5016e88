"""What happens in place in branches and loops is right, and happens where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.ir.core import Function, walk_ops
from gradgen.passes import (
    aliases,
    copies,
    donation,
    joining,
    memory,
    order,
    plan,
    writes,
)
from gradgen.passes import bufferize as whole
from gradgen.passes.bufferize import bufferize
from gradgen.passes.inserting import copies_in_loops
from gradgen.passes.memory import NOWHERE
from gradgen.testing.check import check_ir
from gradgen.testing.interp import interpret
from tests.emission import assert_apart, assert_same, loaded
from tests.generate import arguments
from tests.passes.buffer_programs import region_program
from tests.passes.dangers import DANGERS
from tests.passes.executor import execute
from tests.passes.loops_in_place import IN_PLACE

LENGTHS = ({"n": 2}, {"n": 3})


def check(function: Function, run: Callable[..., Any]) -> None:
    """Compare with the interpreter what a bufferized function returns."""
    for seed, lengths in enumerate(LENGTHS):
        args = arguments(function, lengths, seed)
        before = [np.array(x) for x in args]
        with np.errstate(all="ignore"):
            try:
                wanted = interpret(function, args)
            except IndexError:
                continue
            found = run(*args)
        assert_same(found, wanted, 1e-9)
        for x, old in zip(args, before, strict=True):
            np.testing.assert_array_equal(x, old, "an argument was changed")
        arrays = [x for x in found if isinstance(x, np.ndarray)]
        assert_apart(arrays, args)


def check_emitted(function: Function) -> None:
    check(function, loaded(emit(bufferize(function))))


def check_executed(function: Function) -> None:
    made = bufferize(function)
    check(function, lambda *args: execute(made, args))


@pytest.mark.parametrize("name", IN_PLACE)
def test_copies_are_few_and_enough(name: str) -> None:
    wanted, forced, make = IN_PLACE[name]
    function = make()
    check_ir(function)
    made = bufferize(function)
    found = [op for op in walk_ops(made.body) if op.name == "copy"]
    assert (len(found), len(copies_in_loops(made))) == (wanted, forced)
    check_executed(function)
    check(function, loaded(emit(made)))


@pytest.mark.parametrize("name", DANGERS)
def test_code_computes_what_the_ir_means(name: str) -> None:
    function = DANGERS[name]()
    check_ir(function)
    check_emitted(function)
    check_executed(function)


def test_random_programs_compute_what_they_mean(example_count: int) -> None:
    for seed in range(example_count):
        function = region_program(seed)
        check_ir(function)
        check_executed(function)
        if seed % 10 == 0:
            check_emitted(function)


def is_wrong(name: str) -> bool:
    """Tell whether the code of a program cannot be made, or computes another thing."""
    function = DANGERS[name]()
    try:
        check_emitted(function)
        check_executed(function)
    except Exception:
        return True
    return False


def never(*_: Any, **__: Any) -> bool:
    return False


def always(*_: Any, **__: Any) -> bool:
    return True


def nothing(*_: Any, **__: Any) -> Any:
    return set()


def own_all(tracer: Any) -> None:
    for join in tracer.joins:
        tracer.memory.owned.update(join.targets)


def only_position(plan: Any, position: int, region: Any) -> set[Any]:
    return {root for root, last in plan.read.items() if last > position}


def params_written(tracer: Any, test: Any) -> Any:
    return [root for value in test.params for root in tracer.declare(value)]


def fresh_element(tracer: Any, element: Any, scanned: Any) -> None:
    tracer.make(element)


def own_targets(op: Any) -> Any:
    return op.operands[:1] if memory.mutates(op) else []


Tracer = aliases._Tracer
ABLATIONS: dict[str, list[tuple[Any, str, Callable[..., Any]]]] = {
    "slots may share": [(aliases, "_meet", never)],
    "what comes from others is theirs": [(aliases, "_find_owned", own_all)],
    "tests leave slots alone": [(Tracer, "declare_test", params_written)],
    "tapes refer": [(Tracer, "item", lambda *_: NOWHERE)],
    "elements are views": [(Tracer, "trace_element", fresh_element)],
    "lists hold": [(Tracer, "put_in", lambda *_: NOWHERE)],
    "loops read again": [(writes, "free_reads", nothing)],
    "loops scan again": [(writes, "kept_in_loop", nothing)],
    "slots go on with what is there": [(order, "writes_between", never)],
    "masks read while writing": [(writes, "_read_while_writing", nothing)],
    "loops read again, in donation": [(plan, "free_reads", nothing)],
    "loops scan again, in donation": [(plan, "kept_in_loop", nothing)],
    "reads after a loop": [(whole, "read_inside", only_position)],
    "writes in regions": [(plan, "targets_in", own_targets)],
    "uses in regions": [(plan, "free_values", nothing)],
    "slots need names": [(joining, "takes_in", always)],
    "donors may be other names": [(donation, "read_after", never)],
    "donors are owned": [(donation, "writable", always)],
    "writes are safe": [(copies, "is_safe", always)],
    "results are owned": [(copies, "own_results", lambda *_: {})],
    "others read": [(copies, "read_by_others", lambda *_: [])],
}


@pytest.mark.parametrize("rule", ABLATIONS)
def test_without_the_rule_a_program_goes_wrong(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owner, name, instead in ABLATIONS[rule]:
        monkeypatch.setattr(owner, name, instead)
    assert any(map(is_wrong, DANGERS))


CHEAPER: list[tuple[Any, str, Callable[..., Any]]] = [
    (copies.Search, "entries", lambda *_: iter([{}])),
    (copies.Search, "cure", lambda *_: {}),
    (copies.Search, "drop_superfluous", lambda _: None),
    (plan, "is_test", never),
]


def costs() -> list[tuple[int, int]]:
    made = [bufferize(make()) for _, _, make in IN_PLACE.values()]
    ops = [list(walk_ops(function.body)) for function in made]
    copied = [sum(op.name == "copy" for op in found) for found in ops]
    inlined = [sum(op.inline for op in found) for found in ops]
    forced = [len(copies_in_loops(function)) for function in made]
    return list(zip(copied, inlined, forced, strict=True))


@pytest.mark.parametrize(("owner", "name", "instead"), CHEAPER)
def test_without_the_choice_code_costs_more(
    owner: Any, name: str, instead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = costs()
    monkeypatch.setattr(owner, name, instead)
    assert costs() != before


def test_copies_that_the_user_made_are_no_news() -> None:
    """A copy of an array that the primal reads later was a copy in Python."""
    wanted, forced, make = IN_PLACE["old_version_kept_in_each_iteration"]
    function = make()
    for op in walk_ops(function.body):
        op.origin = "primal"
    made = bufferize(function)
    assert [op.name for op in walk_ops(made.body)].count("copy") == wanted == forced
    assert not copies_in_loops(made)
