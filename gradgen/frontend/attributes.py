"""Attributes of arrays, containers, records, modules, classes and objects."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, share
from gradgen.frontend.frame import Context, Frame, always, call
from gradgen.frontend.likeness import OneOf
from gradgen.frontend.lists import RunList
from gradgen.frontend.outside import (
    TRUSTED,
    guard_absence,
    is_foldable,
    is_known,
    outside_value,
)
from gradgen.frontend.values import (
    NOTHING,
    Foreign,
    KnownSet,
    Law,
    Message,
    Method,
    Native,
    Partial,
    Record,
    Root,
    Static,
    View,
    describe,
    from_python,
)
from gradgen.ir.types import Curve, Random, Sparse
from gradgen.primitives.registry import ATTRIBUTES, METHODS, MUTATORS, Handle
from gradgen.primitives.sharing import sharing
from gradgen.structs import frozen

if TYPE_CHECKING:
    from gradgen.frontend import distribution, flats, laws, sparse, strides, writing
else:
    distribution = Deferred("gradgen.frontend.distribution")
    flats = Deferred("gradgen.frontend.flats")
    laws = Deferred("gradgen.frontend.laws")
    sparse = Deferred("gradgen.frontend.sparse")
    strides = Deferred("gradgen.frontend.strides")
    writing = Deferred("gradgen.frontend.writing")

BINDING = (types.FunctionType, staticmethod, classmethod, property)
"""What a class binds to its instances."""

CALL_OUTSIDE = (
    "call it outside and pass its result in, which counts as a constant then, like "
    "gradgen.stop_gradient(…)"
)
IMMUTABLE = (str, bytes, int, float, complex, slice, range, frozenset)
DESCRIPTIONS = (np.dtype, np.finfo, np.iinfo)
"""Objects that only describe a dtype: their attributes never change."""

AT_PLACES = "f(x), f(x, 1); else use it outside"
OF_CURVES = {
    "derivative": "f(x, 1)",
    "integrate": "F(b) - F(a), with F = f.antiderivative() made outside",
}
"""What to write instead of methods of curves."""


@frozen
class Parent:
    """What ``super()`` gives: ``find(frame, name)`` looks further among the bases."""

    find: Callable[[Frame, str], Any]


def attribute_of(frame: Frame, owner: Any, name: str) -> Any:
    """Return the abstract value of ``owner.name``."""
    if isinstance(owner, OneOf):
        return distribution.attribute_of_any(
            frame, owner, name, lambda x: attribute_of(frame, x, name)
        )
    if isinstance(owner, Handle):
        if isinstance(owner.atom.type, Random):
            return _generator_method(owner, name)
        if isinstance(owner.atom.type, Sparse):
            return sparse.attribute_of(owner, name)
        if isinstance(owner.atom.type, Curve):
            raise Refusal(f"'{name}' of a curve", OF_CURVES.get(name, AT_PLACES))
        if name == "strides" and owner.shape:
            return from_python(strides.strides_of(frame, owner))
        if name == "flat" and not owner.type.weak:
            return flats.flat_of(frame, owner)
        return _tensor_attribute(owner, name)
    if isinstance(owner, Record):
        return _record_attribute(frame, owner, name)
    if isinstance(owner, Foreign):
        return _foreign_attribute(frame, owner, name)
    if isinstance(owner, Static):
        return _static_attribute(frame, owner.value, name)
    if isinstance(owner, list | tuple | dict | View | RunList | KnownSet):
        return _container_method(owner, name)
    if isinstance(owner, Parent):
        return owner.find(frame, name)
    if isinstance(owner, Partial) and isinstance(owner.function, Native):
        raise Refusal(
            f"'{name}' of an interpolant that is made here",
            "f(x), and integrate.simpson(f(x), x=x) for an integral",
        )
    raise Refusal(
        f"the attribute '{name}' of {describe(owner)} is not supported",
        "take it outside, and pass it in",
    )


def _generator_method(owner: Handle, name: str) -> Native | Partial:
    """Return a method of a generator of random numbers, which is that of its class."""
    found = getattr(np.random.Generator, name, None)
    if found is None:
        raise always("AttributeError", f"no '{name}' in a Generator")
    if not callable(found):
        raise Refusal(
            f"the attribute '{name}' of a generator is not supported",
            "take it outside, and pass it in",
        )
    if name == "shuffle":
        return Native(lambda frame, args, kwargs: _shuffle(frame, owner, args, kwargs))
    return Partial(Static(found), (owner,), {})


def _shuffle(
    frame: Frame, owner: Handle, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Write to the array that is shuffled, which is not the first argument."""
    rest = dict(kwargs)
    array, *more = args or [rest.pop("x", NOTHING)]
    function = np.random.Generator.shuffle
    return writing.change(frame, function, [array, owner, *more], rest)


def class_of(value: Any) -> type:
    """Return the class that a value has when the program runs."""
    if isinstance(value, Handle) and isinstance(value.atom.type, Random):
        return np.random.Generator
    if isinstance(value, Handle):
        return _class_of_tensor(value)
    if isinstance(value, Static | Foreign):
        return type(value.value)
    if isinstance(value, Record):
        return value.cls
    if isinstance(value, Message):
        return str
    if isinstance(value, KnownSet):
        return set
    if isinstance(value, list | tuple | dict):
        return type(value)
    if isinstance(value, RunList):
        return list if value.key is None else dict
    raise Refusal(
        f"the class of {describe(value)} is not known",
        "isinstance(value, ...)",
    )


WEAK_CLASSES = {"b": bool, "i": int, "f": float, "c": complex}


def _class_of_tensor(value: Handle) -> type:
    if value.type.weak:
        return WEAK_CLASSES[value.dtype.kind]
    return np.ndarray if value.shape else value.dtype.type


def _tensor_attribute(owner: Handle, name: str) -> Any:
    cls = _class_of_tensor(owner)
    if not hasattr(cls, name):
        hint = "pass an array" if owner.type.weak else ""
        raise always("AttributeError", f"no '{name}' in a {cls.__name__}", hint)
    if name in ATTRIBUTES:
        found = ATTRIBUTES[name](owner)
        if isinstance(found, Handle) and isinstance(owner, ArrayObject):
            return share(found, [owner], sharing(name), name)
        return from_python(found)
    if name in METHODS or name in MUTATORS:
        return Method(owner, name)
    known = callable(getattr(np, name, None))
    hint = f"np.{name}(…)" if known else CALL_OUTSIDE
    raise Refusal(f"the attribute '{name}' of an array is not supported", hint)


def _container_method(owner: Any, name: str) -> Method:
    cls = class_of(owner) if isinstance(owner, RunList | KnownSet) else type(owner)
    cls = dict if isinstance(owner, View) else cls
    if not hasattr(cls, name):
        raise always("AttributeError", f"no '{name}' in a {cls.__name__}")
    return Method(owner, name)


def _record_attribute(frame: Frame, owner: Record, name: str) -> Any:
    if name in owner.fields:
        return owner.fields[name]
    if owner.cls is Law:
        return laws.method_of(frame, owner, name)
    if name in ("_replace", "_asdict") and owner.is_tuple:
        return Method(owner, name)
    found = class_attribute(owner.cls, name)
    if isinstance(found, BINDING):
        return bound(frame, owner, Root("object", owner.cls, name), owner.cls, found)
    is_field = dataclasses.is_dataclass(owner.cls) and name in {
        f.name for f in dataclasses.fields(owner.cls)
    }
    if found is MISSING or is_field:
        raise Refusal(f"a {owner.cls.__name__} has no attribute '{name}' here")
    if hasattr(found, "__get__") and not is_foldable(found):
        raise Refusal(
            f"the attribute '{name}' of {describe(owner)} calls a descriptor",
            "a property, or a plain attribute",
        )
    return outside_value(frame, Root("object", owner.cls, name), found)


MISSING = object()


def class_attribute(cls: type, name: str) -> Any:
    """Return what a class or its bases define under ``name``, unbound."""
    for base in cls.__mro__:
        if name in vars(base):
            return vars(base)[name]
    return MISSING


def bound(frame: Frame, owner: Any, root: Root, cls: type, found: Any) -> Any:
    """Return a function of a class as its instance ``owner`` gives it.

    ``root`` is where it is found, on the class.
    """
    if isinstance(found, staticmethod):
        return Static(_relied_on(frame.context, root, found.__func__))
    if isinstance(found, classmethod):
        function = _relied_on(frame.context, root.child("__func__"), found.__func__)
        return Partial(Static(function), (Static(cls),), {})
    if isinstance(found, property):
        getter = _relied_on(frame.context, root.child("fget"), found.fget)
        return call(frame, Static(getter), [owner], {})
    function = _relied_on(frame.context, root, found)
    return Partial(Static(function), (owner,), {})


def _relied_on(context: Context, root: Root, function: Any) -> Any:
    context.guard(root, function)
    return function


def _foreign_attribute(frame: Frame, owner: Foreign, name: str) -> Any:
    cls = type(owner.value)
    if cls.__module__.startswith("scipy."):
        method = getattr(owner.value, name, None)
        if isinstance(method, types.MethodType) and is_known(method):
            frame.context.guard(owner.root, owner.value)
            return Static(method)
        if laws.is_law(owner.value):
            return _record_attribute(frame, laws.given_law(frame, owner), name)
    found = class_attribute(cls, name)
    in_instance = name in getattr(owner.value, "__dict__", {})
    if isinstance(found, BINDING) and not in_instance:
        if hasattr(owner.value, "__dict__"):
            guard_absence(frame.context, owner.root.child("__dict__"), name)
        return bound(frame, owner, Root("object", cls, name), cls, found)
    try:
        value = getattr(owner.value, name)
    except AttributeError as error:
        raise always("AttributeError", str(error)) from None
    if isinstance(value, types.MethodType):
        return _bound_elsewhere(frame, owner.root.child(name), value)
    return outside_value(frame, owner.root.child(name), value)


def _bound_elsewhere(frame: Frame, root: Root, method: types.MethodType) -> Any:
    """Return a bound method that is kept in an attribute or variable."""
    function = method.__func__
    frame.context.guard(root.child("__func__"), function)
    owner = outside_value(frame, root.child("__self__"), method.__self__)
    return Partial(Static(function), (owner,), {})


def has_attribute(frame: Frame, owner: Foreign, name: str) -> bool:
    """Tell whether an object of the user's has an attribute, and rely on it."""
    cls = type(owner.value)
    if class_attribute(cls, name) is not MISSING:
        return True
    if class_attribute(cls, "__getattr__") is not MISSING:
        raise Refusal(
            f"the attributes of {describe(owner)} are computed", "name them one by one"
        )
    found = name in getattr(owner.value, "__dict__", {})
    if hasattr(owner.value, "__dict__"):
        step = f"__contains__({name!r})"
        frame.context.guard(owner.root.child("__dict__").child(step), found)
    return found


def _static_attribute(frame: Frame, owner: Any, name: str) -> Any:
    if not hasattr(owner, name):
        kind = getattr(owner, "__name__", type(owner).__name__)
        raise always("AttributeError", f"no '{name}' in '{kind}'")
    if isinstance(owner, types.ModuleType):
        return _module_attribute(frame, owner, name)
    if isinstance(owner, type):
        return _class_member(frame, owner, name)
    value = getattr(owner, name)
    if isinstance(owner, DESCRIPTIONS):
        return _constant(owner, name, value)
    if isinstance(value, types.MethodType) and is_known(value):
        return Static(value)
    if not isinstance(owner, IMMUTABLE):
        return outside_value(frame, Root("object", owner, name), value)
    return Method(Static(owner), name) if callable(value) else from_python(value)


def _constant(owner: Any, name: str, value: Any) -> Any:
    simple = isinstance(value, str | int | float | complex | type | np.dtype | None)
    if simple or isinstance(value, np.generic):
        return from_python(value)
    raise Refusal(
        f"the attribute '{name}' of {describe(Static(owner))} is not supported",
        "take it outside, and pass it in",
    )


def _module_attribute(frame: Frame, module: types.ModuleType, name: str) -> Any:
    value = getattr(module, name)
    if module.__name__.partition(".")[0] in TRUSTED:
        return Static(value)
    return outside_value(frame, Root("object", module, name), value)


def _class_member(frame: Frame, cls: type, name: str) -> Any:
    if name in ("__name__", "__qualname__", "__module__", "__doc__"):
        return Static(getattr(cls, name))
    value = getattr(cls, name)
    root = Root("object", cls, name)
    if isinstance(value, types.MethodType):
        frame.context.guard(root.child("__func__"), value.__func__)
        return Partial(Static(value.__func__), (Static(value.__self__),), {})
    if cls.__module__ in TRUSTED:
        return Static(value)
    return outside_value(frame, root, value)
