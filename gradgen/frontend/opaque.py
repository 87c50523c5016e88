"""Calls of functions as they are, of whose results only the type is known."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.frame import Context, Frame, Raised
from gradgen.frontend.raising import what_is_raised
from gradgen.frontend.rulevalues import live_ops
from gradgen.frontend.source import is_made
from gradgen.frontend.values import (
    Foreign,
    Partial,
    Root,
    Static,
    describe,
    from_python,
)
from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.rules import CALL_OUTSIDE, Arguments, Outside
from gradgen.ir.tree import NONE, Tree, leaf
from gradgen.ir.types import Random
from gradgen.primitives.outside import Kind
from gradgen.primitives.registry import PRIMITIVES, Handle, apply
from gradgen.rules import Rule

MADE_OF_LENGTHS = ("empty", "ones", "zeros")
NUMBERS = (bool, int, float, complex, np.generic)


class Call:
    """A call of a function as it is: its operands, and which leaf each belongs to."""

    def __init__(self, frame: Frame, rule: Rule, given: Any) -> None:
        self.context = frame.context
        self.builder = frame.builder
        self.operands: list[Atom] = []
        self.slots: dict[int, int] = {}
        positional, keywords = given
        self.function = outside(self.context, rule.function)
        self.arguments = Arguments(
            tuple(map(self.tree, positional)),
            tuple((name, self.tree(x)) for name, x in keywords.items()),
        )
        given = [*positional, *keywords.values()]
        self.is_lifted = any(isinstance(x, Static) and is_made(x.value) for x in given)

    def tree(self, value: Any) -> Tree:
        """Return an argument, with the numbers of its operands as leaves."""
        if isinstance(value, list | tuple):
            return Tree(type(value).__name__, tuple(map(self.tree, value)))
        if isinstance(value, dict):
            children = tuple(map(self.tree, value.values()))
            return Tree("dict", children, tuple(value))
        if isinstance(value, Handle):
            if isinstance(value.atom.type, Random):
                raise Refusal(
                    "what a function that is not read draws from a generator is not "
                    "known",
                    "numbers that are drawn before and passed in",
                )
            self.slots[id(value)] = len(self.operands)
            return self.operand(value.atom)
        if isinstance(value, Static):
            return self.known(value.value)
        if isinstance(value, Foreign):
            self.context.guard(value.root, value.value)
            return leaf(outside(self.context, value.value))
        if isinstance(value, Partial) and is_from_outside(value):
            return leaf(_method(self.context, value))
        raise Refusal(
            f"{describe(value)} cannot be passed to a function that is not read",
            "what is defined outside, and gets as arguments what it needs",
        )

    def known(self, value: Any) -> Tree:
        """Return an argument that is known when compiling."""
        if value is None:
            return NONE
        if isinstance(value, NUMBERS):
            return self.operand(Literal.of(value))
        if isinstance(value, str | bytes):
            return Tree("static", leaf=value)
        if type(value) in (list, tuple, dict):
            return self.tree(from_python(value))
        return leaf(outside(self.context, value))

    def operand(self, atom: Atom) -> Tree:
        """Add an operand and return its number."""
        self.operands.append(atom)
        return leaf(len(self.operands) - 1)

    def kind(self, value: Any) -> Tree:
        """Return the type of a result, with the numbers of its lengths."""
        if isinstance(value, list | tuple):
            return Tree(type(value).__name__, tuple(map(self.kind, value)))
        if isinstance(value, dict):
            return Tree("dict", tuple(map(self.kind, value.values())), tuple(value))
        if isinstance(value, Static) and value.value is None:
            return NONE
        if isinstance(value, Static) and isinstance(value.value, NUMBERS):
            value = Handle(self.builder, Literal.of(value.value))
        if not isinstance(value, Handle):
            raise Refusal(f"result= of its rule gives {describe(value)}", "numbers")
        lengths = [self.length(value, axis) for axis in range(value.rank)]
        slots = tuple(self.operand(x).leaf for x in lengths)
        return leaf(Kind(value.dtype, value.type.weak, slots))

    def length(self, x: Handle, axis: int) -> Atom:
        """Return the length of an axis, from what the function is given if it tells."""
        atom = self.builder.dim_atom(x.shape[axis])
        if atom is not None:
            return atom
        maker = self.context.maker(x.atom) if isinstance(x.atom, Value) else None
        if maker is not None and maker.name in MADE_OF_LENGTHS:
            return maker.operands[axis]
        return apply("dim", x, axis=axis).atom

    def op(self, result: Tree) -> Op:
        """Return the op of the call."""
        attrs = {
            "function": self.function,
            "arguments": self.arguments,
            "result": result,
        }
        if self.is_lifted:
            attrs["held"] = tuple(self.arguments.in_tuples())
        types = [x.type for x in self.operands]
        found: Any = PRIMITIVES[CALL_OUTSIDE].type_rule(self.builder.dims, types, attrs)
        results = tuple(map(Value, found))
        span, origin = self.builder.span, self.builder.origin
        return Op(CALL_OUTSIDE, tuple(self.operands), results, attrs, (), span, origin)


def call_as_it_is(
    frame: Frame, rule: Rule, given: Any, expected: Callable[[], Any]
) -> tuple[Op, Any, dict[int, int]]:
    """Return the op of a call, what it returns, and which operand each leaf is.

    ``expected`` interprets what gives a value of the result's type.
    """
    builder = frame.builder
    made = Call(frame, rule, given)
    with builder.region() as ops:
        builder.views = {}
        try:
            value = expected()
        except Raised:
            reason = f"result= of the rule of '{made.function}' raises"
            raise Refusal(reason + what_is_raised(ops)) from None
        kinds = made.kind(value)
    needed, _ = live_ops(ops, made.operands, effects=False)
    for op in needed:
        builder.append(op)
    op = made.op(kinds)
    supply = iter(op.results)
    return op, _filled(kinds, lambda: Handle(builder, next(supply))), made.slots


def _filled(tree: Tree, leaf: Callable[[], Handle]) -> Any:
    """Return the abstract value of a result."""
    if tree.kind == "leaf":
        return leaf()
    if tree.kind == "none":
        return Static(None)
    parts = [_filled(child, leaf) for child in tree.children]
    if tree.kind == "dict":
        return dict(zip(tree.keys, parts, strict=True))
    return parts if tree.kind == "list" else tuple(parts)


def outside(context: Context, value: Any) -> Outside:
    """Return what stands for an object of the user's, which must stay the same."""
    key = ("outside", id(value))
    if key not in context.memo:
        _rely_on(context, value)
        context.memo[key] = Outside(value, _name_of(value))
    found: Outside = context.memo[key]
    return found


def is_from_outside(value: Any) -> bool:
    """Tell whether this is from outside, or a method of something from there."""
    if not isinstance(value, Partial):
        return isinstance(value, Static | Foreign)
    owner = value.args[0] if len(value.args) == 1 and not value.kwargs else None
    known = isinstance(value.function, Static)
    return isinstance(owner, Foreign) and known and callable(value.function.value)


def _method(context: Context, value: Partial) -> Outside:
    """Return what stands for a method; it and its object must stay the same."""
    (owner,), function = value.args, value.function.value
    context.guard(owner.root, owner.value)
    key = ("outside", id(function), id(owner.value))
    if key not in context.memo:
        method = types.MethodType(function, owner.value)
        context.memo[key] = Outside(method, _name_of(function))
    found: Outside = context.memo[key]
    return found


def _rely_on(context: Context, value: Any) -> None:
    """See to it that an object is found again, if nobody else does."""
    if any(guard.value is value for guard in context.guards.values()):
        return
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    name = getattr(value, "__name__", "")
    if module is not None and getattr(module, name, None) is value:
        context.guard(Root("object", module, name), value)


def _name_of(value: Any) -> str:
    name = getattr(value, "__name__", "") or type(value).__name__
    plain = re.sub(r"\W+", "_", name).strip("_")
    return plain if plain.isidentifier() else "function"
