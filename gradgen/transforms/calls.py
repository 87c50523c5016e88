"""The adjoint of calls: a forward function that returns a tape, and a reverse one.

Cotangents of what a helper is given go through the reverse function, which adds its own
contributions: so reading an element of an array costs no array of zeros in any call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Op, Param, Value
from gradgen.ir.naming import unused
from gradgen.ir.regions import helper_result
from gradgen.ir.tree import leaf
from gradgen.ir.types import Array, Tape
from gradgen.primitives.packing import pack, unpack
from gradgen.primitives.registry import Handle, apply
from gradgen.structs import replace, struct
from gradgen.transforms.activity import active_values
from gradgen.transforms.cotangents import (
    Cotangents,
    Sweep,
    current_op,
    look_inside,
    replace_op,
    views_in,
)
from gradgen.transforms.fit import (
    derivative_value,
    exact,
    materialise,
    name_after,
    returned,
)
from gradgen.transforms.helpers import (
    Adjoint,
    added_to,
    floating_results,
    moving_inputs,
    reverse_takes,
    seed_for,
    seed_param,
    sweep_over,
)
from gradgen.transforms.residuals import (
    Forward,
    Plan,
    carry_out,
    distant_values,
    item_type,
    plan_residuals,
)


def reverse_call(
    sweep: Sweep, op: Op, cotangents: Cotangents, forward: list[Op]
) -> None:
    """Append the call of the reverse function; let the forward one return a tape."""
    builder, name = sweep.builder, op.attrs["callee"]
    helper = builder.helpers[name]
    active = [k for k, x in enumerate(op.operands) if x in sweep.active]
    made = adjoint_of(sweep, name, moving_inputs(helper, name, active, builder.strict))
    op = current_op(forward, op)
    tape = Value(Tape(made.forward), f"{name}_tape")
    builder.span, builder.origin = op.span, "adjoint"
    seeds = [
        _given(cotangents, op.results[j], helper.body.results[j])
        for j in floating_results(helper)
    ]
    started = [
        _given(cotangents, op.operands[k], helper.inputs[k])
        for k in added_to(helper, made.moving)
    ]
    operands = (tape, *(h.atom for h in (*seeds, *started)))
    bars = [_bar_of(op.operands[k], helper.inputs[k]) for k in made.moving]
    attrs = {
        "callee": made.reverse,
        "takes": reverse_takes(helper, made.moving),
        "effect": False,
    }
    builder.append(
        Op("call", operands, tuple(bars), attrs, (), op.span, builder.origin)
    )
    for k, bar in zip(made.moving, bars, strict=True):
        x = op.operands[k]
        cotangents.add(x, Handle(builder, bar))
    attrs = {**op.attrs, "callee": made.forward}
    replace_op(forward, op, replace(op, results=(*op.results, tape), attrs=attrs))


def _given(cotangents: Cotangents, x: Atom, model: Atom) -> Handle:
    """Take the cotangent of ``x`` as a helper gets that of ``model``."""
    handle = Handle(cotangents.builder, x)
    bar = cotangents.take(x) if isinstance(x, Value) else None
    whole = exact(materialise(bar, handle), item_type(model.type))
    if isinstance(x, Value):
        name_after(whole, x, "_bar")
    return whole


def _bar_of(x: Atom, model: Value) -> Value:
    """Return what stands for a cotangent that the reverse function returns."""
    if isinstance(x, Value) and x.hint:
        return derivative_value(x, item_type(x.type), "_bar")
    return Value(item_type(x.type), model.hint + "_bar")


def adjoint_of(sweep: Sweep, name: str, moving: tuple[int, ...]) -> Adjoint:
    """Return the functions of a helper's adjoint, made when they are first needed."""
    helpers, derived = sweep.builder.helpers, sweep.derived
    if (name, moving) not in derived.adjoints:
        forward = unused(f"{name}_forward", helpers, "_")
        reverse = unused(f"{name}_reverse", helpers, "_")
        found = derived.adjoints[name, moving] = Adjoint(forward, reverse, moving)
        _Splitter(sweep, helpers[name], found).run()
    return derived.adjoints[name, moving]


def _name_of(maker: Op | None) -> str:
    """Return a name for a residual that has none."""
    if maker is not None and maker.name == "getitem":
        source = maker.operands[0]
        if isinstance(source, Value) and source.hint:
            return f"{source.hint}_part"
    return "saved"


@struct
class _Splitter:
    """Makes the forward and the reverse function of a helper."""

    outer: Sweep
    helper: Function
    made: Adjoint

    def run(self) -> None:
        helper, made = self.helper, self.made
        helpers = self.outer.builder.helpers
        # Recursive calls look up the names before the functions are there.
        helpers[made.forward] = helpers[made.reverse] = helper
        builder = sweep_over(helper, helpers, self.outer.builder.strict)
        forward = Forward(helper.inputs, builder.ops)
        results = helper.body.results
        seeds = [seed_for(results[j], "_bar") for j in floating_results(helper)]
        added = [helper.inputs[k] for k in added_to(helper, made.moving)]
        started = {x: seed_for(x, "_bar") for x in added}
        with builder.region() as ops:
            yields = self.reverse(builder, seeds, started, forward.ops)
        inputs = [*seeds, *started.values()]
        with builder.region() as head:
            self.know_lengths(builder, forward, inputs)
        plan = plan_residuals(forward, ops, yields, frozenset())
        tape = Value(Tape(made.forward), "tape")
        with builder.region(head):
            atoms = self.unpacked(builder, forward, plan, tape)
        reverse_ops, yields = carry_out(plan, atoms, yields, "adjoint")
        helpers[made.forward] = self.forward_function(builder, forward, plan)
        block = Block((tape, *inputs), (*head, *reverse_ops), tuple(yields))
        helpers[made.reverse] = self.reverse_function(block)

    def reverse(
        self,
        builder: Builder,
        seeds: Sequence[Value],
        started: Mapping[Value, Value],
        forward: list[Op],
    ) -> list[Atom]:
        """Append the reverse sweep; return the cotangents of what moves."""
        helper, body = self.helper, self.helper.body
        inputs = [helper.inputs[k] for k in self.made.moving]
        active = active_values(body, inputs, body.results, builder.strict)
        look_inside(builder, body)
        cotangents = Cotangents(builder, active, views_in(body.ops))
        builder.origin = "adjoint"
        cotangents.bars.update(
            (x, Handle(builder, x_bar)) for x, x_bar in started.items()
        )
        for j, seed in zip(floating_results(helper), seeds, strict=True):
            cotangents.add(body.results[j], Handle(builder, seed))
        sweep = Sweep(
            builder,
            active,
            self.outer.reverse,
            distant=distant_values(helper.inputs, body.ops, frozenset()),
            derived=self.outer.derived,
        )
        sweep.reverse(sweep, body.ops, cotangents, forward)
        bars = [
            returned(
                materialise(cotangents.take(x), Handle(builder, x)), item_type(x.type)
            )
            for x in inputs
        ]
        for bar, x in zip(bars, inputs, strict=True):
            name_after(bar, x, "_bar")
        return [bar.atom for bar in bars]

    def know_lengths(
        self, builder: Builder, forward: Forward, inputs: Sequence[Value]
    ) -> None:
        """Have lengths that cotangents tell read from these, not from the tape."""
        known = {
            dim: (x, axis)
            for x in inputs
            if isinstance(x.type, Array)
            for axis, dim in enumerate(x.type.shape)
        }
        for op in forward.ops:
            source = op.operands[0].type if op.name == "dim" else None
            dim = source.shape[op.attrs["axis"]] if isinstance(source, Array) else None
            if dim in known:
                x, axis = known[dim]
                length = apply("dim", Handle(builder, x), axis=axis)
                forward.given[op.results[0]] = length.atom

    def unpacked(
        self, builder: Builder, forward: Forward, plan: Plan, tape: Value
    ) -> dict[Value, Atom]:
        """Return what stands for the residuals in the reverse function."""
        atoms = {x: forward.given[x] for x in plan.given}
        if plan.taped:
            types = [item_type(x.type) for x in plan.taped]
            items = unpack(Handle(builder, tape), types)
            makers = forward.makers()
            for x, item in zip(plan.taped, items, strict=True):
                assert isinstance(item.atom, Value)
                x.hint = x.hint or _name_of(makers.get(x))
                item.atom.hint, item.atom.base = x.hint, x.base
                item.atom.suffix = x.suffix
                atoms[x] = item.atom
        return atoms

    def forward_function(
        self, builder: Builder, forward: Forward, plan: Plan
    ) -> Function:
        helper, name = self.helper, self.made.forward
        with builder.region(forward.ops):
            builder.origin = "primal"
            taped = [Handle(builder, x) for x in plan.taped]
            tape = pack(builder, taped, name)
            assert isinstance(tape.atom, Value)
            tape.atom.hint = "residuals"
        results = (*helper.body.results, tape.atom)
        return Function(
            name,
            helper.params,
            Block(helper.inputs, tuple(forward.ops), results),
            helper_result(results),
            f"Forward sweep of {helper.name}: its results, and a tape",
            helper.span,
            takes=helper.takes,
        )

    def reverse_function(self, block: Block) -> Function:
        helper = self.helper
        tape, *inputs = block.params
        params = (Param("tape", leaf(tape), "residual"), *map(seed_param, inputs))
        return Function(
            self.made.reverse,
            params,
            block,
            helper_result(block.results),
            f"Reverse sweep of {helper.name}: what it adds to cotangents",
            helper.span,
            takes=reverse_takes(helper, self.made.moving),
        )
