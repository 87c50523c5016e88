"""Every rule of ``bufferize`` is needed: without it, some program goes wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from gradgen.codegen.numpy_target import emit
from gradgen.passes import aliases, copies, donation, joining, memory, plan
from gradgen.passes import bufferize as whole
from gradgen.passes.aliases import memory_of
from gradgen.passes.bufferize import bufferize
from gradgen.passes.pipeline import optimise
from gradgen.primitives.registry import PRIMITIVES
from tests.codegen.test_goldens import emitted
from tests.codegen.zoo import ZOO
from tests.emission import check_emitted, derive
from tests.passes.corpus import CORPUS


def always(*_: Any) -> bool:
    return True


def never(*_: Any) -> bool:
    return False


def without_bufferize(block: Any) -> Any:
    return block


@pytest.mark.parametrize("name", CORPUS)
def test_code_computes_what_the_ir_means(name: str) -> None:
    check_emitted(CORPUS[name]())


@pytest.mark.parametrize("kind", ["jvp", "adjoint"])
@pytest.mark.parametrize("name", [n for n in CORPUS if not n.startswith("mask_")])
def test_derivatives_compute_what_their_ir_means(name: str, kind: str) -> None:
    check_emitted(derive(CORPUS[name](), kind))


def is_wrong(name: str) -> bool:
    """Tell whether the code of a program cannot be made, or computes another thing."""
    try:
        check_emitted(CORPUS[name]())
    except Exception:
        return True
    return False


def rule_name(value: Any) -> str:
    return value if isinstance(value, str) else getattr(value, "__name__", "")


ABLATIONS: list[tuple[Any, str, Callable[..., Any]]] = [
    (copies, "writable", always),
    (donation, "writable", always),
    (copies, "read_by_others", lambda memory, write: []),
    (copies, "shared_already", never),
    (joining, "takes_in", always),
    (joining, "overwritten_between", never),
    (
        donation,
        "fits",
        lambda plan, x, y: hasattr(x.type, "shape") and x.type.shape != (),
    ),
    (donation, "read_after", never),
    (plan, "read_at", lambda plan, position: position),
    (donation, "takes_out", always),
    (whole, "needed_copies", lambda block: copies.Needed({}, set(), memory_of(block))),
    (aliases, "shared_slots", lambda op: ()),
    (aliases, "is_fixed", never),
]


@pytest.mark.parametrize(("module", "rule", "instead"), ABLATIONS, ids=rule_name)
def test_without_the_rule_a_program_goes_wrong(
    module: Any,
    rule: str,
    instead: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, rule, instead)
    assert any(map(is_wrong, CORPUS))


def is_printed_alone(of: Any, x: Any) -> bool:
    return of.statement[of.makers[x]] == of.makers[x]


READABILITY: list[tuple[Any, str, Callable[..., Any]]] = [
    (joining, "reads_well", always),
    (joining, "has_room", always),
    (donation, "names_agree", always),
    (donation, "donor_slots", lambda op: (0,)),
    (donation, "is_operator", always),
    (donation, "is_statement", is_printed_alone),
    (memory, "is_view", always),
]


def all_sources() -> list[str]:
    corpus = (emit(bufferize(optimise(make()))).source for make in CORPUS.values())
    return [*(emitted(example).source for example in ZOO), *corpus]


@pytest.mark.parametrize(("module", "rule", "instead"), READABILITY, ids=rule_name)
def test_without_the_rule_code_reads_otherwise(
    module: Any,
    rule: str,
    instead: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = all_sources()
    monkeypatch.setattr(module, rule, instead)
    assert all_sources() != before


def test_shapes_are_no_reads() -> None:
    source = check_emitted(CORPUS["reads_a_dead_array_for_its_shape"]())
    assert "a += y" in source
    assert ".copy()" not in source


HELPERS = {"choose_donor", "joins_user"}
HELPERS |= {"may_donate", "copied", "is_expression", "is_view_op", "join_users"}
HELPERS |= {
    "origins_of",
    "own_results",
    "put_in_lists",
    "needed_copies",
    "is_safe",
    "is_repeated",
    "is_called_alike",
    "is_converted",
    "writes_between",
}


def test_every_rule_is_ablated() -> None:
    own = {
        name
        for module in (copies, joining, donation)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    ablated = {rule for _, rule, _ in (*ABLATIONS, *READABILITY)}
    assert own - HELPERS <= ablated


def test_every_primitive_that_shares_is_known_to_the_rules() -> None:
    sharing = {name for name, primitive in PRIMITIVES.items() if primitive.shares}
    assert sharing >= {"transpose", "reshape", "broadcast_to", "expand_dims", "getitem"}
