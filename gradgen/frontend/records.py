"""Making NamedTuples and dataclass instances, and what their own methods do."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.frame import Frame
from gradgen.frontend.outside import outside_value
from gradgen.frontend.values import Record, Root, Static
from gradgen.frontend.writing import store_into


def make_record(
    frame: Frame, cls: type, args: list[Any], kwargs: dict[str, Any]
) -> Record:
    """Return a new instance, as ``cls(*args, **kwargs)`` makes it."""
    names = _field_names(cls)
    try:
        bound = inspect.Signature([_parameter(name, cls) for name in names]).bind(
            *args, **kwargs
        )
    except TypeError as error:
        raise Refusal(f"{cls.__name__}: {error}") from None
    fields = {}
    for name in names:
        if name in bound.arguments:
            fields[name] = bound.arguments[name]
        else:
            fields[name] = _default(frame, cls, name)
    return Record(cls, fields)


def _field_names(cls: type) -> list[str]:
    if issubclass(cls, tuple):
        if "__new__" in vars(cls) and cls.__bases__ != (tuple,):
            raise Refusal(
                f"the class {cls.__name__} makes its instances in its own way"
            )
        return list(cls._fields)  # type: ignore[attr-defined]
    own_init = cls.__dataclass_params__.init  # type: ignore[attr-defined]
    fields = _fields(cls)
    plain = own_init and all(f.init and not f.kw_only for f in fields)
    if not plain or hasattr(cls, "__post_init__") or cls.__new__ is not object.__new__:
        raise Refusal(f"the class {cls.__name__} makes its instances in its own way")
    return [f.name for f in fields]


def _fields(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _default(frame: Frame, cls: type, name: str) -> Any:
    if issubclass(cls, tuple):
        defaults = cls._field_defaults  # type: ignore[attr-defined]
        root = Root("object", cls, "_field_defaults", (f"[{name!r}]",))
        return outside_value(frame, root, defaults[name])
    root = Root("object", cls, "__dataclass_fields__", (f"[{name!r}]", "default"))
    field = next(f for f in _fields(cls) if f.name == name)
    return outside_value(frame, root, field.default)


def _parameter(name: str, cls: type) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if issubclass(cls, tuple):
        has_default = name in cls._field_defaults  # type: ignore[attr-defined]
    else:
        field = next(f for f in _fields(cls) if f.name == name)
        if field.default_factory is not dataclasses.MISSING:
            raise Refusal(f"the class {cls.__name__} has a default factory", "pass it")
        has_default = field.default is not dataclasses.MISSING
    default = None if has_default else inspect.Parameter.empty
    return inspect.Parameter(name, kind, default=default)


def record_method(
    frame: Frame, owner: Record, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``_replace`` or ``_asdict`` of a NamedTuple returns."""
    if name == "_asdict":
        return dict(owner.fields)
    unknown = set(kwargs) - set(owner.fields)
    if args or unknown:
        raise Refusal(f"{owner.cls.__name__}._replace with such arguments")
    return Record(owner.cls, {**owner.fields, **kwargs})


def set_attribute(frame: Frame, owner: Any, name: str, value: Any) -> None:
    """Do ``owner.name = value`` for an object that the function made itself."""
    if isinstance(owner, ArrayObject):
        _set_part(frame, owner, name, value)
        return
    if not isinstance(owner, Record) or id(owner) in frame.context.borrowed:
        raise Refusal(
            "binding an attribute changes an object that others may hold",
            "make a new object, or keep the value in a variable",
        )
    cls = owner.cls
    params = getattr(cls, "__dataclass_params__", None)
    plain = cls.__setattr__ is object.__setattr__ and not owner.is_tuple
    known = any(name in vars(base) for base in cls.__mro__ if base is not object)
    if params is None or params.frozen or not plain or _is_managed(cls, name, known):
        raise Refusal(f"binding '{name}' of a {cls.__name__} is not supported")
    owner.fields[name] = value


def _set_part(frame: Frame, owner: ArrayObject, name: str, value: Any) -> None:
    """Do ``owner.real = value`` for an array."""
    if name != "real":
        raise Refusal(f"binding '{name}' of an array is not supported", "x[...] = …")
    same = isinstance(value, ArrayObject) and value.buffer is owner.buffer
    if not (same and value.steps == owner.steps):
        store_into(frame, owner, Static(...), value)


def _is_managed(cls: type, name: str, known: bool) -> bool:
    """Tell whether the class has a say in what binding an attribute does."""
    if not known:
        return name not in owner_fields(cls)
    found = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
    return hasattr(found, "__set__")


def owner_fields(cls: type) -> tuple[str, ...]:
    """Return the names of a dataclass's fields."""
    return tuple(field.name for field in _fields(cls))
