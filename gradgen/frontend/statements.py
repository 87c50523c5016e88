"""Statements."""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.containers import (
    check_owned,
    items_of,
    key_in,
    truth,
    truth_of,
)
from gradgen.frontend.displays import define
from gradgen.frontend.frame import (
    Flow,
    Frame,
    always,
    evaluate,
    execute,
    executes,
    guarded,
    static_int,
)
from gradgen.frontend.messages import text_of
from gradgen.frontend.targets import bind_target
from gradgen.frontend.values import NOTHING
from gradgen.primitives.messages import emit_assert
from gradgen.primitives.registry import Handle

MAX_TURNS = 10_000


@executes(ast.Assign)
def _assign(frame: Frame, node: ast.Assign) -> None:
    value = evaluate(frame, node.value)
    for target in node.targets:
        bind_target(frame, target, value)


@executes(ast.AnnAssign)
def _annotated(frame: Frame, node: ast.AnnAssign) -> None:
    if node.value is not None:
        bind_target(frame, node.target, evaluate(frame, node.value))


@executes(ast.Delete)
def _delete(frame: Frame, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id in frame.names:
            del frame.names[target.id]
        elif isinstance(target, ast.Subscript):
            _delete_item(frame, target)
        else:
            raise Refusal("'del' of this is not supported", "leave it out")


def _delete_item(frame: Frame, target: ast.Subscript) -> None:
    owner = evaluate(frame, target.value)
    index = evaluate(frame, target.slice)
    if not isinstance(owner, list | dict):
        raise Refusal("'del' of this is not supported", "leave it out")
    check_owned(frame.context, owner)
    if isinstance(owner, dict):
        del owner[key_in(owner, index)]
        return
    position = static_int(index)
    if not -len(owner) <= position < len(owner):
        raise always("IndexError", "list assignment index out of range")
    del owner[position]


@executes(ast.Return)
def _return(frame: Frame, node: ast.Return) -> Flow:
    return Flow(
        "return", NOTHING if node.value is None else evaluate(frame, node.value)
    )


@executes(ast.Break)
def _break(frame: Frame, node: ast.Break) -> Flow:
    return Flow("break")


@executes(ast.Continue)
def _continue(frame: Frame, node: ast.Continue) -> Flow:
    return Flow("continue")


@executes(ast.Expr)
def _expression(frame: Frame, node: ast.Expr) -> None:
    evaluate(frame, node.value)


@executes(ast.FunctionDef)
def _define(frame: Frame, node: ast.FunctionDef) -> None:
    define(frame, node)


@executes(ast.If)
def _if(frame: Frame, node: ast.If) -> Flow | None:
    return execute(frame, node.body if truth_of(frame, node.test) else node.orelse)


WHILE = "a 'for' loop over a known number of turns"


@executes(ast.For)
def _for(frame: Frame, node: ast.For) -> Flow | None:
    iterable = evaluate(frame, node.iter)
    items = guarded(frame, node.iter, lambda frame, _: items_of(frame, iterable))
    with frame.context.holding(iterable):
        return _run_for(frame, node, _counted(items))


def _too_long() -> Refusal:
    reason = f"a loop of more than {MAX_TURNS} turns is not unrolled"
    return Refusal(reason, "array operations, or fewer turns")


def _counted(items: Iterator[Any]) -> Iterator[Any]:
    for turn, item in enumerate(items):
        if turn == MAX_TURNS:
            raise _too_long()
        yield item


def _run_for(frame: Frame, node: ast.For, items: Iterator[Any]) -> Flow | None:
    for item in items:
        bind_target(frame, node.target, item)
        flow = execute(frame, node.body)
        if flow is not None and flow.kind == "return":
            return flow
        if flow is not None and flow.kind == "break":
            return None
    return execute(frame, node.orelse)


@executes(ast.While)
def _while(frame: Frame, node: ast.While) -> Flow | None:
    for turn in itertools.count():
        if not truth_of(frame, node.test, WHILE):
            break
        if turn == MAX_TURNS:
            raise _too_long()
        flow = execute(frame, node.body)
        if flow is not None and flow.kind == "return":
            return flow
        if flow is not None and flow.kind == "break":
            return None
    return execute(frame, node.orelse)


@executes(ast.Assert)
def _assert(frame: Frame, node: ast.Assert) -> None:
    for test in _conjuncts(node.test):
        value = evaluate(frame, test)
        if isinstance(value, Handle):
            guarded(frame, test, functools.partial(_assert_later, node.msg, value))
        elif not truth(frame, value):
            raise always("AssertionError", "the assertion is false")


def _conjuncts(test: ast.expr) -> Iterator[ast.expr]:
    """Yield tests that, asserted one by one, assert ``test``."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for part in test.values:
            yield from _conjuncts(part)
    else:
        yield test


def _assert_later(
    said: ast.expr | None, value: Handle, frame: Frame, node: ast.expr
) -> None:
    if value.shape:
        raise Refusal("the truth of an array is ambiguous", "np.all(…) or np.any(…)")
    operands = [value]
    message = None if said is None else evaluate(frame, said)
    text = "" if message is None else text_of(message, operands)
    emit_assert(frame.builder, operands, text)


@executes(ast.Raise)
def _raise(frame: Frame, node: ast.Raise) -> None:
    said = "" if node.exc is None else f" {ast.unparse(node.exc)}"
    raise Refusal(f"this call always raises{said}")
