"""An element of known items, at a place that only a run knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.forms import (
    as_leaf,
    buffers_of,
    common_form,
    form_of,
    leaf_types,
    leaves_of,
)
from gradgen.frontend.frame import Frame, Raised, always
from gradgen.frontend.likeness import Unlike, atom_of
from gradgen.frontend.runlists import GUEST, item_at
from gradgen.frontend.widening import listed, run_list
from gradgen.ir.core import Atom, Literal
from gradgen.ir.types import Type
from gradgen.primitives import lists
from gradgen.primitives.messages import emit_raise
from gradgen.primitives.registry import Handle


def out_of_range(frame: Frame) -> Exception:
    """Return what becomes of a path on which an element is read that is not there."""
    if not frame.builder.outer:
        return always("IndexError", "list index out of range")
    emit_raise(frame.builder, [], 'raise IndexError("list index out of range")')
    return Raised()


def any_item(frame: Frame, items: Sequence[Any], index: Any) -> Any:
    """Return ``items[index]`` for known items and an index known at run time only."""
    if not items:
        raise out_of_range(frame)
    builder = frame.builder
    items = [listed(frame, item) for item in items]
    form = form_of(frame.builder, items[0])
    try:
        for item in items[1:]:
            form = common_form(builder, form, form_of(frame.builder, item))
    except Unlike as unlike:
        raise Refusal(f"this list {unlike.reason}", unlike.hint) from None
    rows = [[atom_of(x) for x in leaves_of(item)] for item in items]
    columns = [
        _outside(frame, [row[k] for row in rows], type_)
        for k, type_ in enumerate(leaf_types(form))
    ]
    held = [b for item in items for b in buffers_of(item)]
    whole = run_list(frame, form, columns, held)
    whole.held.guest = GUEST
    return item_at(frame, whole, index)


def _outside(frame: Frame, atoms: Sequence[Atom], element: Type) -> Atom:
    """Return a list made as far out as possible, once for all turns of a loop."""
    builder = frame.builder
    levels = [(ops, views) for ops, _, _, _, views in builder.outer]
    levels.append((builder.ops, builder.views))
    known = {*frame.context.inputs, *(x for x in atoms if isinstance(x, Literal))}
    for level in levels:
        ops, views = level
        known.update(y for op in ops for y in op.results)
        if known.issuperset(atoms):
            break
    key = ("list", tuple(atoms), element)
    if key not in views:
        current, builder.ops = builder.ops, ops
        values = [Handle(builder, as_leaf(builder, x, element)) for x in atoms]
        views[key] = lists.from_values(builder, values, element).atom
        builder.ops = current
    return views[key]
