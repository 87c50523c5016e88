"""What Python does with a dict whose keys only a run knows."""

from __future__ import annotations

from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.branches import choose_value
from gradgen.frontend.forms import Form, atoms_of, form_between, form_of, matches
from gradgen.frontend.frame import Frame, Raised, always
from gradgen.frontend.homes import is_stored
from gradgen.frontend.likeness import Unlike
from gradgen.frontend.lists import RunList
from gradgen.frontend.raising import raise_unless
from gradgen.frontend.runlists import change_columns, changeable, element_at, keep
from gradgen.frontend.values import NOTHING, Static, View, Walk
from gradgen.frontend.widening import is_walked, listed, widened
from gradgen.primitives import lists, mappings
from gradgen.primitives.messages import emit_raise
from gradgen.primitives.registry import Handle, apply, lift

NO_KEY = "a key that is computed at run time must be an integer"


def key_of(frame: Frame, index: Any) -> Handle:
    """Return a key as a handle."""
    key = lift(frame.builder, index.value) if isinstance(index, Static) else index
    if not isinstance(key, Handle) or key.shape or key.dtype.kind not in "iu":
        raise Refusal(NO_KEY, "int(…)")
    return key


def as_run_dict(frame: Frame, owner: Any, value: Any = None) -> RunList:
    """Return a dict as one whose keys only a run knows, with room for ``value``."""
    builder = frame.builder
    given = [] if value is None else [form_of(builder, listed(frame, value))]
    if isinstance(owner, RunList):
        whole = form_between(builder, [owner.form, *given])
        if whole is None or not matches(builder, whole, owner.form):
            owner = _widened(frame, owner, whole)
        return owner  # type: ignore[no-any-return]
    if not all(type(k) is int for k in owner):
        raise Refusal("a dict with keys of unlike kinds", "integers as keys")
    forms = [form_of(builder, x) for x in owner.values()]
    return _widened(frame, owner, form_between(builder, [*forms, *given]))


def _widened(frame: Frame, owner: Any, form: Form | None) -> RunList:
    if form is None:
        raise Refusal("this dict holds values of unlike kinds", "values of one type")
    try:
        return widened(frame, owner, form)
    except Unlike as unlike:
        raise Refusal(f"this dict {unlike.reason}", unlike.hint) from None


def get_item(frame: Frame, owner: Any, index: Any) -> Any:
    """Return ``owner[index]``."""
    if isinstance(owner, dict) and not owner:
        raise _no_such_key(frame)
    xs = as_run_dict(frame, owner)
    key = key_of(frame, index)
    values = [mappings.at(column, key) for column in xs.handles]
    return element_at(frame, xs, values, key, mappings.put)


def _no_such_key(frame: Frame) -> Exception:
    """Return what becomes of a path on which a key is read from an empty dict."""
    if not frame.builder.outer:
        return always("KeyError", "the dict is empty")
    emit_raise(frame.builder, [], 'raise KeyError("the dict is empty")')
    return Raised()


def set_item(frame: Frame, owner: Any, index: Any, value: Any) -> None:
    """Do ``owner[index] = value``."""
    value = listed(frame, value)
    xs = as_run_dict(frame, owner, value)
    key = key_of(frame, index)
    if is_stored(xs, key, value):
        return
    key = _as_int(key)
    changeable(frame, xs, resized=False)
    new = [Handle(frame.builder, x) for x in atoms_of(frame.builder, value, xs.form)]
    keep(frame, xs, value)
    if is_walked(frame, xs):
        _check_size(frame, apply("map_contains", xs.handles[0], key))
    pairs = zip(xs.handles, new, strict=True)
    change_columns(frame, xs, [mappings.put(c, key, v) for c, v in pairs])


def _check_size(frame: Frame, known: Handle) -> None:
    """Raise as Python does where a dict that is iterated over gets a new key."""
    reason = "dictionary changed size during iteration"
    raise_unless(frame.builder, known, f"raise RuntimeError({reason!r})")


def _as_int(key: Handle) -> Handle:
    """Return a key as a Python integer, as all keys are."""
    return key if key.type.weak else apply("int", key)


def delete(frame: Frame, owner: Any, index: Any) -> None:
    """Do ``del owner[index]``."""
    xs = as_run_dict(frame, owner)
    key = key_of(frame, index)
    changeable(frame, xs)
    new = [apply("map_remove", column, key) for column in xs.handles]
    change_columns(frame, xs, new)


def contains(frame: Frame, owner: Any, index: Any) -> Any:
    """Return ``index in owner``."""
    if isinstance(owner, dict) and not owner:
        return Static(False)
    xs = as_run_dict(frame, owner)
    return apply("map_contains", xs.handles[0], key_of(frame, index))


def pop(frame: Frame, owner: Any, index: Any, *default: Any) -> Any:
    """Return ``owner.pop(index)``."""
    if default:
        raise Refusal("pop with a default from a dict with run-time keys", "del")
    item = get_item(frame, owner, index)
    delete(frame, as_run_dict(frame, owner), index)
    return item


def get(frame: Frame, owner: Any, index: Any, default: Any = NOTHING) -> Any:
    """Return ``owner.get(index, default)``."""
    found = contains(frame, owner, index)
    if not isinstance(found, Handle):
        return default
    xs = as_run_dict(frame, owner)
    return choose_value(
        frame, found, lambda: get_item(frame, xs, index), lambda: default
    )


def view(kind: str) -> Any:
    """Return the method that gives the keys, values or items of a dict."""
    return lambda frame, owner: View(owner, kind)


def walk(frame: Frame, owner: RunList, kind: str) -> Walk:
    """Return the walk over keys, values or items, in the order of insertion."""
    first = owner.handles[0]
    keys = apply("map_keys", first)
    count = lists.length(keys)
    zero, one = (lift(frame.builder, n) for n in (0, 1))

    def item(turn: Handle) -> Any:
        key = lists.get(keys, turn)
        if kind == "keys":
            return key
        value = get_item(frame, owner, key)
        return value if kind == "values" else (key, value)

    return Walk((zero, count, one), item, (owner,))
