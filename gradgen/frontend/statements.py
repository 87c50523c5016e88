"""Statements."""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.containers import check_owned, is_open, key_in, test_of, truth
from gradgen.frontend.displays import define, evaluate_all
from gradgen.frontend.frame import (
    Flow,
    Frame,
    always,
    evaluate,
    evaluate_optional,
    executes,
    guarded,
    static_int,
)
from gradgen.frontend.lists import RunList, is_dict
from gradgen.frontend.running import (
    Consumed,
    Ending,
    execute,
    executes_with_rest,
    return_value,
)
from gradgen.frontend.targets import bind_target
from gradgen.frontend.values import NOTHING, Static
from gradgen.ir.core import Block, Op, walk_ops
from gradgen.primitives.messages import emit_assert, emit_raise
from gradgen.primitives.registry import PRIMITIVES, Handle

if TYPE_CHECKING:
    from gradgen.frontend import branches, messages, rundicts, runlists
else:
    branches = Deferred("gradgen.frontend.branches")
    messages = Deferred("gradgen.frontend.messages")
    rundicts = Deferred("gradgen.frontend.rundicts")
    runlists = Deferred("gradgen.frontend.runlists")


@executes(ast.Assign)
def _assign(frame: Frame, node: ast.Assign) -> None:
    optional = all(isinstance(t, ast.Name | ast.Attribute) for t in node.targets)
    value = (evaluate_optional if optional else evaluate)(frame, node.value)
    for target in node.targets:
        bind_target(frame, target, value)


@executes(ast.AnnAssign)
def _annotated(frame: Frame, node: ast.AnnAssign) -> None:
    if node.value is not None:
        bind_target(frame, node.target, evaluate_optional(frame, node.value))


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
    if is_dict(owner) or (isinstance(owner, dict) and is_open(frame, index)):
        check_owned(frame.context, owner)
        rundicts.delete(frame, owner, index)
        return
    if isinstance(owner, RunList):
        runlists.delete(frame, owner, index)
        return
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
    value = NOTHING if node.value is None else evaluate_optional(frame, node.value)
    return return_value(frame, value)


@executes(ast.Break)
def _break(frame: Frame, node: ast.Break) -> Flow:
    return Flow("break")


@executes(ast.Continue)
def _continue(frame: Frame, node: ast.Continue) -> Flow:
    return Flow("continue")


@executes(ast.Expr)
def _expression(frame: Frame, node: ast.Expr) -> None:
    evaluate(frame, node.value)


MODES = ("ignore", "warn", None)
FAULTS = ("divide", "over", "under", "invalid")


@executes(ast.With)
def _with(frame: Frame, node: ast.With) -> Flow | None:
    """Carry out a block whose context only says which warnings NumPy gives."""
    context = frame.context
    outer = context.errstate
    try:
        for item in node.items:
            given = guarded(frame, item.context_expr, _enter)
            if item.optional_vars is not None:
                bind_target(frame, item.optional_vars, given)
        return execute(frame, node.body)
    finally:
        context.errstate = outer


def _enter(frame: Frame, node: ast.expr) -> Any:
    """Enter a context, and return what ``as`` binds."""
    callee = evaluate(frame, node.func) if isinstance(node, ast.Call) else None
    entered = callee.value if isinstance(callee, Static) else None
    if not isinstance(node, ast.Call) or entered not in (np.errstate, nullcontext):
        raise Refusal(
            f"'with {ast.unparse(node)}' is not supported",
            "enter the context around the call of the function",
        )
    args = evaluate_all(frame, node.args)
    if entered is nullcontext:
        return args[0] if args else NOTHING
    modes = {k.arg: evaluate(frame, k.value) for k in node.keywords}
    known = all(isinstance(m, Static) and m.value in MODES for m in modes.values())
    if args or not known or not modes.keys() <= {"all", *FAULTS}:
        raise Refusal(
            "np.errstate with other modes than 'ignore' and 'warn' is not supported",
            "enter it around the call of the function",
        )
    given = {str(name): mode.value for name, mode in modes.items() if mode.value}
    frame.context.errstate = _both(frame.context.errstate, given)
    return NOTHING


def _both(outer: str, given: dict[str, str]) -> str:
    """Return the arguments of one ``np.errstate`` that says what two say."""
    pairs = (pair.split("=") for pair in outer.split(", ") if pair)
    joined = {} if "all" in given else {name: mode[1:-1] for name, mode in pairs}
    if "all" in joined:
        joined = dict.fromkeys(FAULTS, joined["all"]) | joined
        del joined["all"]
    joined |= given
    return ", ".join(f'{name}="{mode}"' for name, mode in joined.items())


@executes(ast.FunctionDef)
def _define(frame: Frame, node: ast.FunctionDef) -> None:
    define(frame, node)


LEAVING = (ast.Break, ast.Continue, ast.Return, ast.Raise)


@executes_with_rest(ast.If)
def _if(frame: Frame, node: Any, rest: Sequence[ast.stmt]) -> Ending:
    """Carry out an ``if``; what follows a branch that leaves belongs to the other."""
    cond = test_of(frame, node.test)
    if not isinstance(cond, Handle):
        return execute(frame, node.body if cond else node.orelse)
    then, otherwise = list(node.body), list(node.orelse)
    consumed = True
    if isinstance(then[-1], LEAVING):
        otherwise += rest
    elif otherwise and isinstance(otherwise[-1], LEAVING):
        then += rest
    else:
        consumed = False
    run = functools.partial(execute, frame)
    flow = branches.branch(frame, cond, lambda: run(then), lambda: run(otherwise))
    return Consumed(flow) if consumed else flow


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
    before = len(frame.builder.ops)
    message = None if said is None else evaluate(frame, said)
    _check_silent(frame.builder.ops[before:])
    text = "" if message is None else messages.text_of(message, operands)
    emit_assert(frame.builder, operands, text)


def _check_silent(ops: Sequence[Op]) -> None:
    """Refuse effects of the message of an assertion, which is only made if it fails."""
    for op in walk_ops(Block((), tuple(ops), ())):
        drawn = op.name in PRIMITIVES and PRIMITIVES[op.name].effect and op.results
        if drawn or op.name == "print" or (op.name == "call" and op.attrs["effect"]):
            raise Refusal(
                "the message of this assertion has an effect, and only if it fails",
                "a value that is computed before the assertion",
            )


@executes(ast.Raise)
def _raise(frame: Frame, node: ast.Raise) -> Flow:
    """Raise where the program runs, unless that is certain now."""
    said = "" if node.exc is None else f" {ast.unparse(node.exc)}"
    if not frame.builder.outer:
        raise Refusal(f"this call always raises{said}")
    if node.exc is None or node.cause is not None:
        raise Refusal("'raise' in this form is not supported", "raise Error(message)")
    is_call = isinstance(node.exc, ast.Call)
    error = evaluate(frame, node.exc.func if is_call else node.exc)  # type: ignore[attr-defined]
    operands: list[Handle] = []
    parts = evaluate_all(frame, node.exc.args) if is_call else []  # type: ignore[attr-defined]
    inner = ", ".join(messages.text_of(part, operands) for part in parts)
    name = _error_name(error)
    text = f"raise {name}({inner})" if is_call else f"raise {name}"
    emit_raise(frame.builder, operands, text)
    return Flow("raise")


def _error_name(error: Any) -> str:
    """Return how generated code names a class of errors."""
    cls: Any = error.value if isinstance(error, Static) else None
    if isinstance(cls, type) and issubclass(cls, BaseException):
        name: str = cls.__name__
        if getattr(builtins, name, None) is cls:
            return name
        if cls is np.linalg.LinAlgError:
            return "np.linalg.LinAlgError"
    raise Refusal(
        "raising an error of one's own is not supported", "a builtin error, ValueError"
    )
