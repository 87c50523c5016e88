"""Instances made inside the function, and what binding their attributes does.

An instance is a :class:`~gradgen.frontend.values.Record`, known by its attributes. Its
``__init__`` is interpreted like any function; that of a dataclass is done here.
"""

from __future__ import annotations

import abc
import dataclasses
import inspect
import types
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.attributes import (
    MISSING,
    Parent,
    attribute_of,
    bound,
    class_attribute,
)
from gradgen.frontend.frame import Frame, always, call
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.outside import outside_value
from gradgen.frontend.values import NOTHING, Native, Record, Root, Static, describe
from gradgen.frontend.writing import store_into
from gradgen.ir.types import is_complex

if TYPE_CHECKING:
    from gradgen.frontend import distribution, flats
else:
    distribution = Deferred("gradgen.frontend.distribution")
    flats = Deferred("gradgen.frontend.flats")

KEEP_OUTSIDE = "a plain class or a dataclass, or make the object outside"
NO_WRITES = "make a new object, or keep the value in a variable"


def make_record(
    frame: Frame, cls: type, args: list[Any], kwargs: dict[str, Any]
) -> Record:
    """Return a new instance, as ``cls(*args, **kwargs)`` makes it."""
    _check_plain(cls)
    if issubclass(cls, tuple):
        bound_fields = _bind(frame, cls, _tuple_parameters(cls), args, kwargs)
        return Record(cls, bound_fields)
    made = Record(cls, {})
    with frame.context.holding(made):
        initialise(frame, cls, made, args, kwargs)
    return made


def _check_plain(cls: type) -> None:
    """Refuse classes that have a say in how their instances are made or kept."""
    if issubclass(cls, tuple):
        own = "__new__" if "__new__" in vars(cls) and cls.__bases__ != (tuple,) else ""
    else:
        own = _own_way(cls)
    if own:
        raise Refusal(
            f"the class {cls.__name__} makes its instances in its own way ({own})",
            KEEP_OUTSIDE,
        )


def _own_way(cls: type) -> str:
    """Return what makes a class other than a plain one, if anything."""
    if type(cls) not in (type, abc.ABCMeta):
        return f"the metaclass {type(cls).__name__}"
    if inspect.isabstract(cls):
        return "it is abstract"
    for name in ("__new__", "__getattribute__"):
        if getattr(cls, name) is not getattr(object, name):
            return name
    if class_attribute(cls, "__getattr__") is not MISSING:
        return "__getattr__"
    if any(vars(base).get("__slots__") for base in cls.__mro__):
        return "__slots__"
    is_frozen = _params(cls) is not None and _params(cls).frozen
    if _has_own_setattr(cls) and not is_frozen:
        return "__setattr__"
    return ""


def _has_own_setattr(cls: Any) -> bool:
    return cls.__setattr__ is not object.__setattr__


def _params(cls: type) -> Any:
    return getattr(cls, "__dataclass_params__", None)


def initialise(
    frame: Frame, cls: type, made: Any, args: list[Any], kwargs: dict[str, Any]
) -> None:
    """Do ``cls.__init__(made, *args, **kwargs)``."""
    base = next(base for base in cls.__mro__ if "__init__" in vars(base))
    if base is object:
        if args or kwargs:
            raise always("TypeError", f"{cls.__name__}() takes no arguments")
        return
    function = vars(base)["__init__"]
    if _params(base) is not None and _is_generated(function):
        _fill(frame, base, made, args, kwargs)
        return
    if not isinstance(function, types.FunctionType):
        raise Refusal(
            f"objects of class {cls.__name__} cannot be made here",
            "a dataclass or a dict, or make it outside and pass it in",
        )
    frame.context.guard(Root("object", base, "__init__"), function)
    call(frame, Static(function), [made, *args], kwargs)


def _is_generated(function: Any) -> bool:
    """Tell whether ``dataclass`` wrote the function."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename == "<string>"


def _fill(
    frame: Frame, cls: type, made: Record, args: list[Any], kwargs: dict[str, Any]
) -> None:
    """Bind the fields of a dataclass, and do its ``__post_init__``."""
    kinds = {f._field_type.name for f in cls.__dataclass_fields__.values()}  # type: ignore[attr-defined]
    if "_FIELD_INITVAR" in kinds:
        raise Refusal(f"the class {cls.__name__} has an InitVar", "a plain field")
    taken = _bind(frame, cls, _field_parameters(cls), args, kwargs)
    for field in dataclasses.fields(cls):
        if field.name in taken:
            made.fields[field.name] = taken[field.name]
        elif not field.init and _has_default(field):
            made.fields[field.name] = _default(frame, cls, field.name)
    found = class_attribute(made.cls, "__post_init__")
    if isinstance(found, types.FunctionType):
        root = Root("object", made.cls, "__post_init__")
        call(frame, bound(frame, made, root, made.cls, found), [], {})


def _field_parameters(cls: type) -> list[inspect.Parameter]:
    fields = [f for f in dataclasses.fields(cls) if f.init]
    ordered = sorted(fields, key=lambda f: bool(f.kw_only))
    return [_parameter(f.name, _has_default(f), bool(f.kw_only)) for f in ordered]


def _has_default(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing


def _tuple_parameters(cls: Any) -> list[inspect.Parameter]:
    return [_parameter(name, name in cls._field_defaults) for name in cls._fields]


def _parameter(
    name: str, has_default: bool, keyword: bool = False
) -> inspect.Parameter:
    default = None if has_default else inspect.Parameter.empty
    if keyword:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
    return inspect.Parameter(
        name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default
    )


def _bind(
    frame: Frame,
    cls: type,
    parameters: list[inspect.Parameter],
    args: list[Any],
    kwargs: dict[str, Any],
) -> dict[str, Any]:
    """Return the values of fields by name, in order, defaults included."""
    try:
        found = inspect.Signature(parameters).bind(*args, **kwargs).arguments
    except TypeError as error:
        raise Refusal(f"{cls.__name__}: {error}") from None
    names = [parameter.name for parameter in parameters]
    return {n: found[n] if n in found else _default(frame, cls, n) for n in names}


def _default(frame: Frame, cls: Any, name: str) -> Any:
    """Return the default of a field, made anew if a factory makes it."""
    if issubclass(cls, tuple):
        root = Root("object", cls, "_field_defaults", (f"[{name!r}]",))
        return outside_value(frame, root, cls._field_defaults[name])
    root = Root("object", cls, "__dataclass_fields__", (f"[{name!r}]",))
    field = cls.__dataclass_fields__[name]
    if field.default_factory is dataclasses.MISSING:
        return outside_value(frame, root.child("default"), field.default)
    factory = field.default_factory
    return call(
        frame, outside_value(frame, root.child("default_factory"), factory), [], {}
    )


def record_method(
    frame: Frame, owner: Record, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``_replace`` or ``_asdict`` of a NamedTuple returns."""
    if name == "_asdict":
        return dict(owner.fields)
    unknown = set(kwargs) - set(owner.fields)
    if args or unknown:
        raise Refusal(
            f"{owner.cls.__name__}._replace with such arguments",
            "the fields by their names",
        )
    return Record(owner.cls, {**owner.fields, **kwargs})


def set_attribute(frame: Frame, owner: Any, name: str, value: Any) -> None:
    """Do ``owner.name = value`` for an object that the function made itself."""
    if isinstance(owner, OneOf):
        distribution.distribute(
            frame, lambda x, v: set_attribute(frame, x, name, v), owner, value
        )
        return
    if isinstance(owner, ArrayObject):
        _set_part(frame, owner, name, value)
        return
    if not isinstance(owner, Record) or id(owner) in frame.context.borrowed:
        raise Refusal(
            f"binding the attribute '{name}' of {describe(owner)} changes what others "
            "may hold",
            NO_WRITES,
        )
    _check_writable(owner.cls, name)
    found = class_attribute(owner.cls, name)
    if isinstance(found, property):
        root = Root("object", owner.cls, name).child("fset")
        frame.context.guard(root, found.fset)
        call(frame, Static(found.fset), [owner, value], {})
    elif hasattr(found, "__set__"):
        raise Refusal(
            f"binding '{name}' of a {owner.cls.__name__} calls a descriptor",
            "a property, or a plain attribute",
        )
    else:
        owner.fields[name] = value


def _check_writable(cls: type, name: str) -> None:
    if issubclass(cls, tuple):
        raise always("AttributeError", f"a {cls.__name__} cannot be changed", NO_WRITES)
    if _params(cls) is not None and _params(cls).frozen:
        raise always("FrozenInstanceError", f"'{name}' of a {cls.__name__}", NO_WRITES)
    found = class_attribute(cls, name)
    if isinstance(found, property) and found.fset is None:
        raise always("AttributeError", f"the property '{name}' has no setter")
    if _has_own_setattr(cls):
        raise Refusal(
            f"the class {cls.__name__} has a __setattr__ of its own", NO_WRITES
        )


def _set_part(frame: Frame, owner: ArrayObject, name: str, value: Any) -> None:
    """Do ``owner.real = value``, or ``.imag`` or ``.flat``, for an array."""
    if name == "flat":
        flats.store(frame, flats.flat_of(frame, owner), Static(...), value)
        return
    if name != "real" and not (name == "imag" and is_complex(owner.type)):
        raise Refusal(f"binding '{name}' of an array is not supported", "x[...] = …")
    part = attribute_of(frame, owner, name)
    same = isinstance(value, ArrayObject) and value.buffer is part.buffer
    if not (same and value.steps == part.steps):
        store_into(frame, part, Static(...), value)


def parent_of(frame: Frame, cls: type, owner: Any) -> Parent:
    """Return what ``super(cls, owner)`` gives."""
    own = owner.cls if isinstance(owner, Record) else type(owner.value)
    order = own.__mro__
    rest = order[order.index(cls) + 1 :] if cls in order else ()

    def find(frame: Frame, name: str) -> Any:
        base = next((b for b in rest if name in vars(b)), None)
        if base is None:
            raise always("AttributeError", f"'super' object has no '{name}'")
        found = vars(base)[name]
        if name == "__init__" and isinstance(owner, Record):
            return Native(lambda frame, args, kwargs: start(frame, base, args, kwargs))
        if not isinstance(found, types.FunctionType | property):
            raise Refusal(
                f"super().{name} is not supported",
                "the class by its name: Base.method(self)",
            )
        return bound(frame, owner, Root("object", base, name), own, found)

    def start(frame: Frame, base: type, args: Any, kwargs: dict[str, Any]) -> Any:
        initialise(frame, base, owner, list(args), kwargs)
        return NOTHING

    return Parent(find)
