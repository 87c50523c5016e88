"""Forward mode: the tangent of every op right after its primal.

The tangents of a loop's slots are further slots, those of what a branch yields are
further results: a region op becomes one op that computes both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gradgen.deferred import Deferred
from gradgen.errors import Refusal, refused_at
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value
from gradgen.ir.flow import note_lengths
from gradgen.ir.naming import unused
from gradgen.ir.regions import REGION_OPS, LoopParts, helper_result, loop_parts
from gradgen.ir.rules import RULE
from gradgen.ir.types import Seq, Type
from gradgen.primitives.registry import PRIMITIVES, Handle
from gradgen.structs import field, replace, struct
from gradgen.transforms.activity import active_values
from gradgen.transforms.extending import Additions, column_type, extend_if, extend_loop
from gradgen.transforms.fit import (
    derivative_value,
    exact,
    is_weaker,
    materialise,
    name_after,
    returned,
    start,
    strengthened,
    tangent_for,
)
from gradgen.transforms.helpers import (
    Derived,
    Moving,
    floating_results,
    moving_inputs,
    seed_for,
    seed_param,
    tangent_takes,
)
from gradgen.transforms.residuals import item_type

if TYPE_CHECKING:
    from gradgen.transforms import rules
else:
    rules = Deferred("gradgen.transforms.rules")


@struct
class Tangents:
    """The tangents found so far. A value without one does not move.

    ``strong`` holds the slots of Python numbers whose tangents are NumPy scalars,
    ``derived`` the tangents of helpers.
    """

    builder: Builder
    active: set[Value]
    dots: dict[Value, Handle]
    strong: set[Value] = field(default_factory=set)
    derived: Derived = field(default_factory=Derived)

    def of(self, x: Atom) -> Handle | None:
        """Return the tangent of ``x``, None for zero."""
        return self.dots.get(x) if isinstance(x, Value) else None

    def real(self, x: Atom) -> Handle:
        """Return the tangent of ``x`` with its zeros; that of nothing is nothing."""
        if isinstance(x, Literal) and x.is_undefined:
            return Handle(self.builder, x)
        return materialise(self.of(x), Handle(self.builder, x))


def tangent_sweep(
    function: Function, seeds: Mapping[Value, Value]
) -> tuple[Builder, dict[Value, Handle]]:
    """Return a builder with primal and tangent ops, and the tangents of all values.

    ``seeds`` maps the inputs that move to the values that hold their tangents. A value
    without a tangent does not depend on them.
    """
    tangents = _swept(function, seeds, dict(function.helpers), Derived())
    return tangents.builder, tangents.dots


def _swept(
    function: Function,
    seeds: Mapping[Value, Value],
    helpers: dict[str, Function],
    derived: Derived,
) -> Tangents:
    active = active_values(function.body, seeds, function.body.results)
    builder = start(function.inputs)
    builder.helpers = helpers
    note_lengths(builder.dims, function.body)
    dots = {x: Handle(builder, dot) for x, dot in seeds.items()}
    tangents = Tangents(builder, active, dots, derived=derived)
    _sweep(tangents, function.body.ops)
    return tangents


def _sweep(tangents: Tangents, ops: Sequence[Op]) -> None:
    """Append ops, each with its tangent after it."""
    for op in ops:
        _append_primal(tangents, op)
        if op.name not in REGION_OPS or RULE in op.attrs:
            _push(tangents, op)


def _append_primal(tangents: Tangents, op: Op) -> None:
    """Append an op; a region op or a call comes with its tangents."""
    builder = tangents.builder
    computes_both = op.name in REGION_OPS and RULE not in op.attrs
    if computes_both and any(y in tangents.active for y in op.results):
        with refused_at(op.span):
            op = _with_tangents(tangents, op)
    builder.origin = "primal"
    builder.append(op)


def push_tangents(builder: Builder, block: Block, dots: dict[Value, Handle]) -> None:
    """Append the tangents of ops that stand in the builder already.

    ``dots`` holds the tangents of the inputs, and gets those of what depends on them.
    What stands in the builder from the first region op on moves to the end.
    """
    active = active_values(block, dots, block.results)
    tangents = Tangents(builder, active, dots)
    late = from_first_region(block.ops)
    if late:
        _take_out(builder, late)
    for op in block.ops[: len(block.ops) - len(late)]:
        _push(tangents, op)
    _sweep(tangents, late)


def from_first_region(ops: Sequence[Op]) -> Sequence[Op]:
    """Return the ops from the first region op on."""
    places = (k for k, op in enumerate(ops) if op.name in REGION_OPS)
    return ops[next(places, len(ops)) :]


def _take_out(builder: Builder, ops: Sequence[Op]) -> None:
    """Remove ops from a builder, in which nothing depends on them."""
    removed = set(map(id, ops))
    builder.ops[:] = [op for op in builder.ops if id(op) not in removed]
    made = {y for op in ops for y in op.results}
    builder.forget_lengths(made)
    for op in builder.ops:
        if any(x in made for x in op.operands):
            raise Refusal("a tangent that depends on what it is pushed through")


def _push(tangents: Tangents, op: Op) -> None:
    builder = tangents.builder
    if not any(y in tangents.active for y in op.results):
        return
    x_dots = [tangents.of(x) for x in op.operands]
    if all(dot is None for dot in x_dots):
        return
    if RULE in op.attrs:
        tangents.dots.update(rules.push_rule(builder, op, x_dots))
        return
    primitive = PRIMITIVES[op.name]
    assert primitive.tangent is not None, op.name
    builder.span, builder.origin = op.span, "tangent"
    builder.scalar_math = op.attrs.get("lib") in ("math", "cmath")
    xs = [Handle(builder, x) for x in op.operands]
    ys = [Handle(builder, y) for y in op.results]
    with refused_at(op.span):
        if primitive.several:
            dots = primitive.tangent(ys, x_dots, *xs, **op.attrs)
        else:
            dots = [primitive.tangent(ys[0], x_dots, *xs, **op.attrs)]
    builder.scalar_math = False
    for y, handle, dot in zip(op.results, ys, dots, strict=True):
        if dot is not None:
            tangents.dots[y] = tangent_for(dot, handle)
            name_after(tangents.dots[y], y, "_dot")


def _with_tangents(tangents: Tangents, op: Op) -> Op:
    """Return a region op that computes the tangents of its results as well."""
    if op.name == "call":
        return _call_with_tangents(tangents, op)
    if op.name == "if":
        return _branches_with_tangents(tangents, op)
    slots = set(loop_parts(op).carried)
    while True:
        strong = tangents.strong & slots
        extended = _loop_with_tangents(tangents, op)
        if tangents.strong & slots == strong:
            return extended


def _branches_with_tangents(tangents: Tangents, op: Op) -> Op:
    moving = [k for k, y in enumerate(op.results) if y in tangents.active]
    branches: list[list[Op]] = []
    yields: list[list[Handle]] = []
    for region in op.regions:
        with tangents.builder.region() as ops:
            _sweep(tangents, region.ops)
            tangents.builder.origin = "tangent"
            yields.append([tangents.real(region.results[k]) for k in moving])
        branches.append(ops)
    types = [_joined(op.results[k].type, pair) for k, pair in _pairs(moving, yields)]
    for ops, dots in zip(branches, yields, strict=True):
        with tangents.builder.region(ops):
            dots[:] = [exact(dot, t) for dot, t in zip(dots, types, strict=True)]
    results = [
        _result(tangents, op.results[k], t) for k, t in zip(moving, types, strict=True)
    ]
    return extend_if(op, branches, [[d.atom for d in ds] for ds in yields], results)


def _pairs(
    moving: Sequence[int], yields: Sequence[Sequence[Handle]]
) -> list[tuple[int, tuple[Handle, ...]]]:
    return list(zip(moving, zip(*yields, strict=True), strict=True))


def _joined(type_: Type, dots: Sequence[Handle]) -> Type:
    """Return the type of a tangent: a NumPy scalar if one of ``dots`` is."""
    strong = any(is_weaker(type_, dot.atom.type) for dot in dots)
    return strengthened(type_) if strong else type_


def _result(tangents: Tangents, y: Value, type_: Type) -> Value:
    """Return a new value for the tangent of ``y``."""
    dot = derivative_value(y, type_, "_dot")
    tangents.dots[y] = Handle(tangents.builder, dot)
    return dot


def _call_with_tangents(tangents: Tangents, op: Op) -> Op:
    builder, name = tangents.builder, op.attrs["callee"]
    helper = builder.helpers[name]
    given = [k for k, x in enumerate(op.operands) if tangents.of(x) is not None]
    moving = moving_inputs(helper, name, given)
    if not moving:
        return op
    callee = _tangent_of_helper(tangents, name, moving)
    builder.origin, builder.span = "tangent", op.span
    dots = [
        exact(tangents.real(op.operands[k]), item_type(helper.inputs[k].type)).atom
        for k in moving
    ]
    floating = [op.results[j] for j in floating_results(helper)]
    results = [_result(tangents, y, item_type(y.type)) for y in floating]
    takes = tangent_takes(helper, moving)
    return replace(
        op,
        operands=(*op.operands, *dots),
        results=(*op.results, *results),
        attrs={**op.attrs, "callee": callee, "takes": takes},
    )


def _tangent_of_helper(tangents: Tangents, name: str, moving: Moving) -> str:
    """Return the name of the tangent of a helper, made when it is first needed."""
    helpers, made = tangents.builder.helpers, tangents.derived.tangents
    if (name, moving) not in made:
        helper = helpers[name]
        found = made[name, moving] = unused(f"{name}_jvp", helpers, "_")
        # A recursive call looks up the name before the function is there.
        helpers[found] = helper
        helpers[found] = _helper_with_tangents(tangents, helper, found, moving)
    return made[name, moving]


def _helper_with_tangents(
    tangents: Tangents, helper: Function, name: str, moving: Moving
) -> Function:
    seeds = {helper.inputs[k]: seed_for(helper.inputs[k], "_dot") for k in moving}
    helpers, derived = tangents.builder.helpers, tangents.derived
    inner = _swept(helper, seeds, helpers, derived)
    inner.builder.origin = "tangent"
    dots = []
    for j in floating_results(helper):
        y = helper.body.results[j]
        dot = returned(inner.real(y), item_type(y.type))
        if isinstance(y, Value):
            name_after(dot, y, "_dot")
        dots.append(dot.atom)
    results = (*helper.body.results, *dots)
    inputs = (*helper.inputs, *seeds.values())
    return Function(
        name,
        (*helper.params, *map(seed_param, seeds.values())),
        inner.builder.block(inputs, results),
        helper_result(results),
        f"Results of {helper.name} and their tangents",
        helper.span,
        takes=tangent_takes(helper, moving),
    )


def _loop_with_tangents(tangents: Tangents, op: Op) -> Op:
    parts, builder = loop_parts(op), tangents.builder
    builder.origin, builder.span = "tangent", op.span
    slots = [k for k, x in enumerate(parts.carried) if x in tangents.active]
    more = Additions()
    for k in slots:
        _enter_slot(tangents, parts.initial[k], parts.carried[k], more)
    for xs, e in zip(parts.scanned, parts.elements, strict=True):
        if e in tangents.active:
            more.scanned.append(tangents.real(xs).atom)
            more.elements.append(_result(tangents, e, e.type))
    columns = [k for k, y in enumerate(parts.stacked) if y in tangents.active]
    with builder.region() as ops:
        _sweep(tangents, op.regions[-1].ops)
        builder.origin, builder.span = "tangent", op.span
        _leave_slots(tangents, parts, slots, more)
        more.items = [_item(tangents, parts, k) for k in columns]
    more.final = [
        _result(tangents, parts.final[k], x.type)
        for k, x in zip(slots, more.carried, strict=True)
    ]
    more.stacked = [
        _result(tangents, parts.stacked[k], column_type(parts.stacked[k].type, x.type))
        for k, x in zip(columns, more.items, strict=True)
    ]
    return extend_loop(op, ops, more)


def _item(tangents: Tangents, parts: LoopParts, k: int) -> Atom:
    dot = tangents.real(parts.items[k])
    if isinstance(parts.stacked[k].type, Seq):
        dot = exact(dot, parts.items[k].type)
    return dot.atom


def _enter_slot(
    tangents: Tangents, initial: Atom, slot: Value, more: Additions
) -> None:
    dot = tangents.real(initial)
    if is_weaker(slot.type, dot.atom.type):
        tangents.strong.add(slot)
    strong = slot in tangents.strong
    type_ = strengthened(slot.type) if strong else slot.type
    more.initial.append(exact(dot, type_).atom)
    more.carried.append(_result(tangents, slot, type_))


def _leave_slots(
    tangents: Tangents, parts: LoopParts, slots: Sequence[int], more: Additions
) -> None:
    for k, slot in zip(slots, more.carried, strict=True):
        dot = tangents.real(parts.next[k])
        if is_weaker(slot.type, dot.atom.type):
            tangents.strong.add(parts.carried[k])
        more.next.append(exact(dot, slot.type).atom)
