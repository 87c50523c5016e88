"""Methods of lists, dicts, tuples, strings and records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend import distribution, rundicts, runlists, sets
from gradgen.frontend.containers import check_owned, fold, is_open, items_of, key_in
from gradgen.frontend.frame import Frame, always, static_int
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.lists import CHANGING, RunList
from gradgen.frontend.records import record_method
from gradgen.frontend.values import (
    NOTHING,
    KnownSet,
    Record,
    Static,
    View,
    describe,
    from_python,
    is_static,
    to_python,
)

ContainerMethod = Callable[..., Any]


def call_method(
    frame: Frame, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return the abstract value of ``owner.name(*args, **kwargs)``."""
    if OneOf in map(type, (owner, *args)):
        return distribution.distribute(
            frame,
            lambda x, named, *xs: call_method(frame, x, name, list(xs), named),
            owner,
            kwargs,
            *args,
        )
    if isinstance(owner, Record):
        return record_method(frame, owner, name, args, kwargs)
    if isinstance(owner, Static):
        return _known_method(frame, owner.value, name, args, kwargs)
    if isinstance(owner, KnownSet):
        return sets.call_method(frame, owner, name, args, kwargs)
    if isinstance(owner, RunList):
        return run_list_method(frame, owner, name, args, kwargs)
    table = (
        LISTS if isinstance(owner, list) else DICTS if isinstance(owner, dict) else {}
    )
    if name in CHANGING:
        check_owned(frame.context, owner)
    if name == "update" and not args and isinstance(owner, dict):
        args, kwargs = [kwargs], {}
    if name in table and not kwargs:
        try:
            return table[name](frame, owner, *args)
        except TypeError:
            raise Refusal(
                f"the method '{name}' with such arguments",
                "the arguments alone that have no default",
            ) from None
    if name in ("index", "count") and is_static(owner) and is_static(args):
        return fold(getattr(to_python(owner), name), *to_python(args))
    raise Refusal(
        f"the method '{name}' of {describe(owner)} is not supported",
        "write out what it does, or give it a rule (gradgen.rule)",
    )


RUN_LISTS: dict[str, ContainerMethod] = {
    "append": runlists.append,
    "extend": runlists.extend,
    "insert": runlists.insert,
    "pop": runlists.pop,
    "clear": runlists.clear,
    "reverse": runlists.reverse,
    "copy": runlists.copied,
}


RUN_DICTS: dict[str, ContainerMethod] = {
    "keys": rundicts.view("keys"),
    "values": rundicts.view("values"),
    "items": rundicts.view("items"),
    "get": rundicts.get,
    "pop": rundicts.pop,
    "copy": runlists.copied,
}


def run_list_method(
    frame: Frame, owner: RunList, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Call a method of a list whose length is known only at run time."""
    table = RUN_LISTS if owner.key is None else RUN_DICTS
    if name == "sort":
        raise Refusal(
            "sorting a list whose length is known only at run time",
            "np.sort(np.array(…))",
        )
    if name not in table or kwargs:
        raise Refusal(
            f"the method '{name}' of {describe(owner)} is not supported",
            "write out what it does, or give it a rule (gradgen.rule)",
        )
    try:
        return table[name](frame, owner, *args)
    except TypeError:
        raise Refusal(
            f"the method '{name}' with such arguments",
            "the arguments alone that have no default",
        ) from None


def _known_method(
    frame: Frame, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    if name == "join" and args:
        args = [list(items_of(frame, args[0]))]
    if not (is_static(args) and is_static(kwargs)):
        kind = type(owner).__name__
        raise Refusal(
            f"the method '{name}' of a {kind} on run-time values is not supported",
            "an f-string",
        )
    return fold(getattr(owner, name), *to_python(args), **to_python(kwargs))


def _append(frame: Frame, owner: list[Any], value: Any) -> Static:
    owner.append(value)
    return NOTHING


def _extend(frame: Frame, owner: list[Any], values: Any) -> Static:
    owner.extend(list(items_of(frame, values)))
    return NOTHING


def _insert(frame: Frame, owner: list[Any], index: Any, value: Any) -> Static:
    owner.insert(static_int(index), value)
    return NOTHING


def _pop(frame: Frame, owner: list[Any], index: Any = Static(-1)) -> Any:  # noqa: B008
    position = static_int(index)
    if not -len(owner) <= position < len(owner):
        raise always("IndexError", "pop index out of range")
    return owner.pop(position)


def _clear(frame: Frame, owner: Any) -> Static:
    owner.clear()
    return NOTHING


def _reverse(frame: Frame, owner: list[Any]) -> Static:
    owner.reverse()
    return NOTHING


def _copy(frame: Frame, owner: Any) -> Any:
    return owner.copy()


LISTS: dict[str, ContainerMethod] = {
    "append": _append,
    "extend": _extend,
    "insert": _insert,
    "pop": _pop,
    "clear": _clear,
    "reverse": _reverse,
    "copy": _copy,
}


def _get(frame: Frame, owner: dict[Any, Any], key: Any, default: Any = NOTHING) -> Any:
    if is_open(frame, key):
        return rundicts.get(frame, owner, key, default)
    return owner.get(key_in(owner, key, present=False), default)


def _pop_key(frame: Frame, owner: dict[Any, Any], key: Any, *default: Any) -> Any:
    if is_open(frame, key):
        return rundicts.pop(frame, owner, key, *default)
    return owner.pop(key_in(owner, key, present=not default), *default)


def _set_default(
    frame: Frame, owner: dict[Any, Any], key: Any, default: Any = NOTHING
) -> Any:
    return owner.setdefault(key_in(owner, key, present=False), default)


def _update(frame: Frame, owner: dict[Any, Any], other: Any) -> Static:
    if not isinstance(other, dict):
        raise Refusal(
            f"update takes a dict here, not {describe(other)}",
            "a dict, or one item after the other",
        )
    owner.update(other)
    return NOTHING


def _pop_item(frame: Frame, owner: dict[Any, Any]) -> Any:
    if not owner:
        raise always("KeyError", "the dict is empty")
    key, value = owner.popitem()
    return (from_python(key), value)


DICTS: dict[str, ContainerMethod] = {
    "keys": lambda frame, owner: View(owner, "keys"),
    "values": lambda frame, owner: View(owner, "values"),
    "items": lambda frame, owner: View(owner, "items"),
    "get": _get,
    "pop": _pop_key,
    "setdefault": _set_default,
    "update": _update,
    "popitem": _pop_item,
    "clear": _clear,
    "copy": _copy,
}
