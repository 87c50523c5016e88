"""Calls of objects: instances with ``__call__``, bound methods, partial functions."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.attributes import MISSING, attribute_of, class_attribute
from gradgen.frontend.frame import Frame, call, calls
from gradgen.frontend.outside import outside_value
from gradgen.frontend.unknown import unknown
from gradgen.frontend.values import Foreign, Partial, Record, Static, describe
from gradgen.rules import find_rule

if TYPE_CHECKING:
    from gradgen.frontend import makers, rules
else:
    makers = Deferred("gradgen.frontend.makers")
    rules = Deferred("gradgen.frontend.rules")

OBJECTS: dict[type, Callable[..., Any]] = {}
"""What calling an object of a class of gradgen's own does; entered by its owner."""


@calls(Record, Foreign)
def _call_object(
    frame: Frame, callee: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    value = getattr(callee, "value", None)
    if isinstance(value, functools.partial):
        return _call_foreign_partial(frame, callee, args, kwargs)
    if isinstance(value, types.MethodType):
        return call(frame, _method_parts(frame, callee), args, kwargs)
    rule = find_rule(value) if isinstance(callee, Foreign) else None
    if rule is not None:
        frame.context.guard(callee.root, value)
        plain = functools.partial(_call_instance, frame, callee)
        return rules.call_with_rule(frame, rule, args, kwargs, plain)
    return _call_instance(frame, callee, args, kwargs)


def _call_instance(
    frame: Frame, callee: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    value = getattr(callee, "value", None)
    cls = callee.cls if isinstance(callee, Record) else type(value)
    if cls in OBJECTS:
        return OBJECTS[cls](frame, callee, args, kwargs)
    maker = None if value is None else makers.maker_of(value)
    if maker is not None:
        frame.context.guard(callee.root, value)
        return maker(frame, value, args, kwargs)
    if not _is_callable(cls) and not callable(value):
        raise Refusal(f"{describe(callee)} cannot be called")
    if cls.__module__.partition(".")[0] == "numpy" or not _is_callable(cls):
        raise Refusal(*unknown(value))
    return call(frame, attribute_of(frame, callee, "__call__"), args, kwargs)


def _is_callable(cls: type) -> bool:
    """Tell whether the calls of a class's instances are written in Python."""
    found = class_attribute(cls, "__call__")
    return found is not MISSING and not isinstance(found, types.WrapperDescriptorType)


def _method_parts(frame: Frame, callee: Foreign) -> Partial:
    root, method = callee.root, callee.value
    frame.context.guard(root.child("__func__"), method.__func__)
    owner = outside_value(frame, root.child("__self__"), method.__self__)
    return Partial(Static(method.__func__), (owner,), {})


def _call_foreign_partial(
    frame: Frame, callee: Foreign, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    value, root = callee.value, callee.root
    function = outside_value(frame, root.child("func"), value.func)
    fixed = [
        outside_value(frame, root.child("args").child(f"[{i}]"), arg)
        for i, arg in enumerate(value.args)
    ]
    frame.context.guard(root.child("args").child("__len__()"), len(value.args))
    named = {
        key: outside_value(frame, root.child("keywords").child(f"[{key!r}]"), arg)
        for key, arg in value.keywords.items()
    }
    frame.context.guard(root.child("keywords").child("__len__()"), len(named))
    return call(frame, function, [*fixed, *args], {**named, **kwargs})
