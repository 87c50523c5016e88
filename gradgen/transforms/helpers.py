"""What both modes know of helpers: what moves in them, and what is overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradgen.deferred import Deferred
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Function, Literal, Param, Value, walk_ops
from gradgen.ir.flow import note_lengths
from gradgen.ir.tree import leaf
from gradgen.ir.types import Array, Seq, Tape, is_floating
from gradgen.structs import field, struct
from gradgen.transforms.activity import varied_values
from gradgen.transforms.fit import derivative_value, start

if TYPE_CHECKING:
    from gradgen.transforms import residuals
else:
    residuals = Deferred("gradgen.transforms.residuals")

Moving = tuple[int, ...]
"""Inputs of a helper, by number, that carry a derivative."""

Takes = tuple[tuple[int, int], ...]


@struct
class Adjoint:
    """The functions of a helper's adjoint, by name, and which inputs it is for."""

    forward: str
    reverse: str
    moving: Moving


@struct
class Derived:
    """The derivatives of helpers made so far, by helper and moving inputs."""

    tangents: dict[tuple[str, Moving], str] = field(default_factory=dict)
    adjoints: dict[tuple[str, Moving], Adjoint] = field(default_factory=dict)


def moving_inputs(
    helper: Function, name: str, given: Iterable[int], strict: bool = False
) -> Moving:
    """Return which inputs move if those ``given`` do, in the calls of itself too."""
    moving = set(given)
    while True:
        varied = varied_values(helper.body, {helper.inputs[k] for k in moving}, strict)
        more = {
            k
            for op in walk_ops(helper.body)
            if op.name == "call" and op.attrs["callee"] == name
            for k, x in enumerate(op.operands)
            if x in varied and is_floating(helper.inputs[k].type)
        }
        if more <= moving:
            return tuple(sorted(moving))
        moving |= more


def floating_results(function: Function) -> list[int]:
    """Return which results of a helper can carry a derivative."""
    return [k for k, y in enumerate(function.body.results) if is_floating(y.type)]


def sweep_over(
    helper: Function, helpers: dict[str, Function], strict: bool = False
) -> Builder:
    """Return a builder that holds the ops of a helper."""
    builder = start(helper.inputs)
    builder.helpers, builder.strict = helpers, strict
    note_lengths(builder.dims, helper.body)
    for op in helper.body.ops:
        builder.append(op)
    return builder


def tangent_takes(helper: Function, moving: Moving) -> Takes:
    """Return what the tangent of a helper overwrites: tangents of what it does, too."""
    inputs, results = len(helper.inputs), len(helper.body.results)
    floating = floating_results(helper)
    dots = [
        (inputs + moving.index(i), results + floating.index(j))
        for i, j in helper.takes
        if i in moving and j in floating
    ]
    return (*helper.takes, *dots)


def seed_for(y: Atom, suffix: str) -> Value:
    """Return the parameter for the derivative of a value."""
    if isinstance(y, Literal) or not y.hint:
        return Value(residuals.item_type(y.type), "value" + suffix)
    return derivative_value(y, residuals.item_type(y.type), suffix)


def seed_param(value: Value) -> Param:
    """Return the parameter that brings ``value``."""
    return Param(value.hint, leaf(value), "seed")


def added_to(helper: Function, moving: Moving) -> list[int]:
    """Return the inputs whose cotangents go through the reverse function.

    Those of what is overwritten start anew, and those of tapes come from one place.
    """
    written = {i for i, _ in helper.takes}
    plain = (k for k in moving if not isinstance(helper.inputs[k].type, Tape))
    return [k for k in plain if k not in written]


def reverse_takes(helper: Function, moving: Moving) -> Takes:
    """Return what the reverse function overwrites: cotangents that it adds to.

    The cotangent of what the helper overwrote becomes that of what was there before.
    """
    floating = floating_results(helper)
    slots = {i: 1 + floating.index(j) for i, j in helper.takes if j in floating}
    added = added_to(helper, moving)
    slots.update((k, 1 + len(floating) + n) for n, k in enumerate(added))
    return tuple(
        (slots[k], n)
        for n, k in enumerate(moving)
        if isinstance(helper.inputs[k].type, Array | Seq)
    )
