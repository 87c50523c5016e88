"""Calls of functions for which the user has given a rule.

A function that can be read becomes a helper, and so do its rules, which derivative code
calls. Floating numbers and arrays among the arguments are parameters of the helpers.
All else that these read, integers among it, they get as it is outside.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, Buffer
from gradgen.frontend.frame import Context, Frame, Raised, call
from gradgen.frontend.helpers import Closing, close, enter_helper, free_name
from gradgen.frontend.opaque import call_as_it_is
from gradgen.frontend.rulebinding import Given, bind_call, name_of
from gradgen.frontend.rulecalls import Ruled, RuleHelper, span_of_function
from gradgen.frontend.rulevalues import (
    CALLABLE,
    Returned,
    form_of,
    guest,
    leaves_of,
    mapped,
    moves,
    returned_leaves,
    type_of,
)
from gradgen.frontend.values import Root, Static, from_python
from gradgen.ir.core import Function, Op, Param, Value
from gradgen.ir.naming import unused
from gradgen.ir.regions import make_call
from gradgen.ir.rules import RULE, RuleCall, UserRule
from gradgen.ir.tree import leaf
from gradgen.ir.types import is_floating
from gradgen.markers import stop_gradient
from gradgen.primitives.registry import Handle
from gradgen.rules import Rule
from gradgen.structs import replace, struct

if TYPE_CHECKING:
    from gradgen.frontend import lifting, solutions
else:
    lifting = Deferred("gradgen.frontend.lifting")
    solutions = Deferred("gradgen.frontend.solutions")

SHARED = "this is what a function with a rule returned, and may be one of its arguments"

Plain = Callable[[Sequence[Any], dict[str, Any]], Any]
"""Calls a function as if it had no rule."""


def call_with_rule(
    frame: Frame, rule: Rule, args: Sequence[Any], kwargs: dict[str, Any], plain: Plain
) -> Any:
    """Return the abstract value of a call of a function that has a rule."""
    context = frame.context
    _rely_on(context, rule)
    if rule.callbacks:
        args, kwargs = lifting.lifted(frame, rule, args, kwargs)
    if rule.instead is not None and rule.result is None:
        plain = functools.partial(solutions.solved, frame, rule)
        if not rule.nondiff:
            return plain(args, kwargs)
    if rule.nondiff:
        return _constant(frame, rule, args, kwargs, plain)
    if context.plain and rule.result is None:
        return plain(args, kwargs)
    given = bind_call(frame, rule, args, kwargs)
    if rule.result is not None:
        return _as_it_is(frame, rule, given, plain)
    if not any(moves(x) or isinstance(x, CALLABLE) for x in given.leaves):
        return plain(args, kwargs)
    try:
        return _as_helper(frame, rule, given, plain)
    except Raised:
        return plain(args, kwargs)


def _rely_on(context: Context, rule: Rule) -> None:
    for name in ("adjoint", "tangent", "result", "nondiff"):
        context.guard(Root("object", rule, name), getattr(rule, name))


def _constant(
    frame: Frame, rule: Rule, args: Sequence[Any], kwargs: dict[str, Any], plain: Plain
) -> Any:
    """Call a function whose result counts as a constant."""
    frame.context.plain += 1
    try:
        if rule.result is None:
            value = plain(args, kwargs)
        else:
            value = _as_it_is(frame, rule, bind_call(frame, rule, args, kwargs), plain)
    finally:
        frame.context.plain -= 1

    def stop(x: Any) -> Any:
        return call(frame, Static(stop_gradient), [x], {}) if moves(x) else x

    return mapped(value, stop)


def _as_it_is(frame: Frame, rule: Rule, given: Given, plain: Plain) -> Any:
    """Append the call of a function that is not read."""

    def expected() -> Any:
        args, kwargs = given.passed
        if rule.result is rule.function:
            return plain(args, kwargs)
        return call(frame, Static(rule.result), args, kwargs)

    context = frame.context
    context.plain += 1
    try:
        op, value, slots = call_as_it_is(frame, rule, given.passed, expected)
    finally:
        context.plain -= 1
    if not context.plain and any(map(moves, given.leaves)):
        slots = {**slots, **_defaults(op, given, slots)}
        found = _Ruling(frame, rule, given, value, slots).find(len(op.operands))
        op.operands = (*op.operands, *found.more)
        op.attrs = {**op.attrs, RULE: found.rule}
    frame.builder.append(op)
    return _owned(value)


def _defaults(op: Op, given: Given, slots: dict[int, int]) -> dict[int, int]:
    """Add defaults that are numbers from outside to the operands."""
    more = [x for x in given.leaves if moves(x) and id(x) not in slots]
    first = len(op.operands)
    op.operands = (*op.operands, *(x.atom for x in more))
    return {id(x): first + k for k, x in enumerate(more)}


def _owned(value: Any) -> Any:
    """Return a result as arrays of which nobody else is known to hold the memory."""

    def own(x: Any) -> Any:
        return from_python(Handle(x.builder, x.atom)) if isinstance(x, Handle) else x

    return mapped(value, own)


@struct
class Found:
    """A rule, and the operands that it needs besides those of the function."""

    rule: UserRule
    more: tuple[Value, ...] = ()


@struct
class _Ruling:
    """Lowers the rules of a call."""

    frame: Frame
    rule: Rule
    given: Given
    value: Any
    slots: dict[int, int]

    def find(self, count: int) -> Found:
        """Return the rules, as far as derivatives are going to be asked for.

        ``count`` is the number of operands that there are already.
        """
        builder, rule = self.frame.builder, self.rule
        if builder.order <= 0:
            return Found(UserRule(name_of(rule), lowered=False))
        for y in leaves_of(self.value):
            if isinstance(y, Handle):
                builder.dims.note(y.type)
        context = self.frame.context
        under_way, context.activations = context.activations, []
        builder.order -= 1  # so that rules that call one another come to an end
        try:
            calls = [self._lower("adjoint"), self._lower("tangent")]
        finally:
            builder.order += 1
            context.activations = under_way
        more = list(dict.fromkeys(x for _, captured in calls for x in captured))
        adjoint, tangent = (
            _given_more(made, [count + more.index(x) for x in captured])
            for made, captured in calls
        )
        return Found(UserRule(name_of(rule), adjoint, tangent), tuple(more))

    def _lower(self, kind: str) -> tuple[RuleCall | None, tuple[Value, ...]]:
        function = getattr(self.rule, kind)
        if function is None:
            return None, ()
        ruled = Ruled(name_of(self.rule), self.given, self.value, self.slots)
        made, captured = RuleHelper(self.frame, ruled, kind, function).make()
        _check_captured(self.frame.context, captured, name_of(self.rule))
        return made, captured


def _given_more(made: RuleCall | None, slots: Sequence[int]) -> RuleCall | None:
    if made is None:
        return None
    return replace(made, given=(*made.given, *(("operand", slot) for slot in slots)))


def _check_captured(context: Context, captured: Sequence[Value], name: str) -> None:
    """Refuse what a function depends on besides its arguments."""
    constants = {
        x for _, param, _ in context.captures.values() for x in param.tree.leaves()
    }
    for x in captured:
        if is_floating(x.type) and x not in constants:
            raise Refusal(
                f"'{name}' has a rule, but depends on '{x.hint or 'a value'}' of a "
                "function that it is given",
                "pass that as an argument, too",
            )


@struct
class Unit:
    """A function that has become a helper, and its rules.

    ``captured`` is what it reads from outside, ``value`` what it returns, in terms of
    the helper. ``given`` are the arguments that it was made for.
    """

    function: Function
    captured: tuple[Value, ...]
    value: Any
    rule: UserRule
    effect: bool
    given: Given

    def holds_everywhere(self, context: Context) -> bool:
        """Tell whether what it reads is the same wherever it gets equal arguments.

        What a function that is passed to it sees may change.
        """
        if any(isinstance(x, CALLABLE) for x in self.given.leaves):
            return False
        integers = {x.atom for x in self.given.leaves if isinstance(x, Handle)}
        makers = context.builder.makers
        return all(
            x in context.inputs
            or x in integers
            or (x in makers and _is_length_of(makers[x], context.inputs))
            for x in self.captured
        )


def _is_length_of(op: Op, inputs: set[Value]) -> bool:
    return op.name == "dim" and op.operands[0] in inputs


def _as_helper(frame: Frame, rule: Rule, given: Given, plain: Plain) -> Any:
    """Append the call of the helper that a function becomes."""
    builder, context = frame.builder, frame.context
    arguments = form_of([given.positional, given.keywords], builder)
    facts = frozenset(builder.dims.parent.items())
    key = (id(rule), builder.order, context.errstate, arguments, facts)
    unit = context.memo.get(key)
    if unit is None:
        unit = _make_unit(frame, rule, given, plain)
        if unit.holds_everywhere(context):
            context.memo[key] = unit
    op = _call_op(frame, unit.function, given, unit.captured)
    op.attrs = {**op.attrs, "effect": unit.effect, RULE: unit.rule}
    if op.results or unit.effect:
        op.origin = builder.origin
        builder.append(op)
    return _outer(frame, op, given, unit.value)


def _call_op(
    frame: Frame, function: Function, given: Given, captured: Sequence[Value]
) -> Op:
    builder = frame.builder
    atoms = [x.atom for x in given.leaves if moves(x)]
    operands = [*atoms, *captured]
    return make_call(function.name, function, operands, builder.dims, builder.span)


def _outer(frame: Frame, op: Op, given: Given, value: Any) -> Any:
    """Return what a helper returned, with the results of its call."""
    supply = iter(op.results)
    leaves = given.leaves

    def outer(x: Any) -> Any:
        if not isinstance(x, Returned):
            return x
        y = next(supply)
        frame.context.stands_for(y, (x.atom,))
        made = from_python(Handle(frame.builder, y))
        if isinstance(made, ArrayObject):
            found = (given.owners.get(id(leaves[k])) for k in x.shared)
            _share(frame.context, made.buffer, [b for b in found if b is not None])
            made.buffer.guest = x.guest
        return made

    return mapped(value, outer)


def _share(context: Context, made: Buffer, owners: Sequence[Buffer]) -> None:
    """Note that a result may be memory of an argument."""
    if owners:
        made.either, made.open = tuple(owners), SHARED
        context.buffers.append(made)


def _make_unit(frame: Frame, rule: Rule, given: Given, plain: Plain) -> Unit:
    """Make a helper of a function, and of its rules."""
    builder = frame.builder
    closing, value = _closed(frame, rule, given, plain)
    span = span_of_function(frame, rule.function)
    made = replace(closing.function, doc=f"{name_of(rule)} itself", span=span)
    _check_captured(frame.context, closing.captured, name_of(rule))
    enter_helper(builder, made)
    trial = _call_op(frame, made, given, closing.captured)
    cells = [x for x in given.leaves if moves(x)]
    slots = {id(x): k for k, x in enumerate(cells)}
    ruling = _Ruling(frame, rule, given, _outer(frame, trial, given, value), slots)
    found = ruling.find(len(trial.operands))
    function = _taking(made, found.more)
    enter_helper(builder, function)
    captured = (*closing.captured, *found.more)
    return Unit(function, captured, value, found.rule, closing.effect, given)


def _closed(
    frame: Frame, rule: Rule, given: Given, plain: Plain
) -> tuple[Closing, Any]:
    """Interpret a function over parameters of its own; return that, and its result."""
    builder, context = frame.builder, frame.context
    params: dict[int, Value] = {}

    def enter(x: Any) -> Any:
        if not moves(x):
            return x
        value = params[id(x)] = Value(type_of(x), given.hints.get(id(x), "x"))
        context.stands_for(value, (x.atom,))
        return guest(builder, value, x)

    context.plain += 1
    try:
        with builder.region() as ops:
            builder.views = {}
            args, kwargs = mapped([given.positional, given.keywords], enter)
            context.borrow([args, kwargs])
            value = plain(args, kwargs)
            inner = leaves_of([args, kwargs])
            value = returned_leaves(value, inner, name_of(rule))
            atoms = [x.atom for x in leaves_of(value) if isinstance(x, Returned)]
    finally:
        context.plain -= 1
    name = free_name(builder, name_of(rule))
    inputs = [params[id(x)] for x in given.leaves if moves(x)]
    return close(builder, name, inputs, ops, atoms, (), None), value


def _taking(function: Function, more: Sequence[Value]) -> Function:
    """Return a helper that takes more than it reads, for its rules."""
    if not more:
        return function
    own = [Value(x.type, x.hint) for x in more]
    names = {param.name for param in function.params}
    params = []
    for value in own:
        value.hint = unused(value.hint or "x", names)
        names.add(value.hint)
        params.append(Param(value.hint, leaf(value)))
    block = replace(function.body, params=(*function.body.params, *own))
    return replace(function, params=(*function.params, *params), body=block)
