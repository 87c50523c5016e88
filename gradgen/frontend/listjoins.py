"""What holds after paths on which a list has unlike lengths, or one known at run time.

A list that is there before the paths part is made a run-time list there; a list that
is made on a path, at the end of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from gradgen.frontend.arrays import Buffer
from gradgen.frontend.forms import Form, form_within, matches
from gradgen.frontend.frame import Context, Widen
from gradgen.frontend.heap import State
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.lists import RunList
from gradgen.ir.builder import Builder

Listing = Callable[[int, list[Any], Any], RunList | None]


class Joining(Protocol):
    """What joins two states, as far as lists are concerned."""

    context: Context
    builder: Builder
    base: State
    own: State
    listing: Listing | None
    pairs: dict[tuple[int, int], Any]
    kept: list[Any]

    def column(self, one: Buffer, other: Buffer) -> Buffer:
        """Return the buffer that stands for either, a column of a list."""

    def check_alone(self, one: Any, other: Any) -> None:
        """Refuse lists that are one object on a path and two on the other."""


def join_lists(joiner: Joining, one: Any, other: Any) -> Any:
    """Join two lists of unlike lengths, or that only a run knows."""
    kinds = {_kind(x) for x in (one, other)}
    if len(kinds) > 1 or kinds == {None}:
        raise Unlike("is bound to values of unlike kinds")
    key = (id(one), id(other))
    if key not in joiner.pairs:
        form = _form_of_both(joiner, one, other)
        wish = wish_for(joiner, [one, other], form)
        if isinstance(wish, Widen):
            raise wish
        joiner.check_alone(one, other)
        pair = [_as_run_list(joiner, k, x, form) for k, x in enumerate((one, other))]
        joiner.pairs[key] = _run_lists(joiner, *pair)
        joiner.kept.extend((one, other, *pair))
    return joiner.pairs[key]


def _form_of_both(joiner: Joining, one: Any, other: Any) -> Form | None:
    try:
        return form_within(joiner.builder, one, other)
    except Unlike:
        return None


def _kind(value: Any) -> type | None:
    """Return the class of a list or dict, of run-time length or not."""
    if isinstance(value, RunList):
        return list if value.key is None else dict
    return type(value) if isinstance(value, list | dict) else None


def differs(one: Any, other: Any) -> bool:
    """Tell whether only a run knows which of two lists or dicts of integers is meant.

    Dicts with other keys stay what they are.
    """
    if isinstance(one, list):
        return len(one) != len(other)
    keys = (*one, *other)
    return list(one) != list(other) and all(type(key) is int for key in keys)


def _as_run_list(joiner: Joining, side: int, value: Any, form: Form | None) -> RunList:
    made = value
    if isinstance(value, list) and form is not None and joiner.listing is not None:
        made = joiner.listing(side, value, form)
    if not isinstance(made, RunList) or form is None:
        raise Unlike("has another length on other paths")
    return made


def _run_lists(joiner: Joining, one: RunList, other: RunList) -> RunList:
    """Join two lists of run-time length, column by column."""
    if not matches(joiner.builder, one.form, other.form):
        raise Unlike("has elements of unlike types on other paths")
    pairs = zip(one.columns, other.columns, strict=True)
    columns = tuple(joiner.column(a, b) for a, b in pairs)
    held = joiner.column(one.held, other.held)
    if columns == one.columns and held is one.held:
        return one
    loose = one.loose or other.loose
    return RunList(one.form, columns, held, loose=loose, key=one.key)


def wish_for(joiner: Joining, targets: list[Any], form: Form | None) -> Exception:
    """Return the wish to have a list as a run-time list with such items."""
    for target in sorted(targets, key=lambda x: isinstance(x, RunList)):
        known = id(target)
        if isinstance(target, RunList):
            if form is None or matches(joiner.builder, target.form, form):
                continue
            known = id(target.columns[0])
        inner = known not in joiner.base.objects or known in joiner.own.objects
        if form is not None and not inner and id(target) not in joiner.context.narrow:
            return Widen(target, form)
    return Unlike("has another length on other paths")
