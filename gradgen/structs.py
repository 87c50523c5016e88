"""Data classes that cost next to nothing to define.

A compiler has many small classes, of which a program needs few. One that
:mod:`dataclasses` makes takes up to half a millisecond when its module is imported,
since every method is compiled by itself. Here only ``__init__`` is compiled, and that
when the first instance is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, NamedTuple, TypeVar, dataclass_transform

T = TypeVar("T")
REQUIRED: Any = object()


class Field(NamedTuple):
    """How a field gets its value if none is given; ``__post_init__`` sets some."""

    default_factory: Callable[[], Any] | None
    init: bool


def field(
    *, default_factory: Callable[[], Any] | None = None, init: bool = True
) -> Any:
    """Say of a field that its default is made anew, or that it is no parameter."""
    return Field(default_factory, init)


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def struct(cls: type[T]) -> type[T]:
    """Give a class slots and an ``__init__`` for its annotated names.

    >>> @struct
    ... class Count:
    ...     name: str
    ...     number: int = 0
    >>> Count("turns")
    Count(name='turns', number=0)
    """
    return _with_slots(cls, {})


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a :func:`struct` that is compared and hashed by its fields.

    Nothing may be assigned to its fields; mypy sees to that, and no check at run time,
    which would make each instance three times as expensive.

    >>> @frozen
    ... class Point:
    ...     x: float
    ...     y: float
    >>> Point(1.0, 2.0) == Point(1.0, 2.0)
    True
    """
    names = (*getattr(cls, "__match_args__", ()), *_annotated(cls))
    return _with_slots(cls, _by_fields(names))


def replace(thing: T, **changes: Any) -> T:
    """Return a struct like ``thing`` with some fields changed."""
    cls: Any = type(thing)
    for name in cls.__match_args__:
        if name not in changes:
            changes[name] = getattr(thing, name)
    made: T = cls(**changes)
    return made


def _annotated(cls: type) -> Sequence[str]:
    return tuple(cls.__annotations__)


def _with_slots(cls: type[T], shared: dict[str, Any]) -> type[T]:
    """Return the class made anew, since slots are given to a class when it is made."""
    body = {k: v for k, v in cls.__dict__.items() if k not in _MADE_ANEW}
    own = _annotated(cls)
    fields: dict[str, Any] = dict(getattr(cls, "__fields__", {}))
    fields.update((name, body.pop(name, REQUIRED)) for name in own)
    for name, value in {"__repr__": _repr, **shared}.items():
        body.setdefault(name, value)
    body["__fields__"] = fields
    body["__match_args__"] = tuple(n for n, d in fields.items() if _is_parameter(d))
    body["__slots__"] = own
    made: Any = type(cls.__name__, cls.__bases__, body)

    def compile_first(self: T, *args: Any, **kwargs: Any) -> None:
        made.__init__ = _initializer(made, fields)
        made.__init__(self, *args, **kwargs)

    made.__init__ = compile_first
    return made  # type: ignore[no-any-return]


_MADE_ANEW = ("__dict__", "__weakref__")


def _is_parameter(default: Any) -> bool:
    return not isinstance(default, Field) or default.init


def _initializer(cls: type, fields: dict[str, Any]) -> Any:
    """Compile ``__init__``, with names that no field has for what it refers to."""
    parameters, lines = ["self"], []
    for name, default in fields.items():
        if not isinstance(default, Field):
            known = "" if default is REQUIRED else f"=_fields[{name!r}]"
            parameters.append(f"{name}{known}")
            lines.append(f" self.{name} = {name}")
        elif default.init:
            made = f"_fields[{name!r}].default_factory()"
            parameters.append(f"{name}=_REQUIRED")
            lines.append(f" self.{name} = {made} if {name} is _REQUIRED else {name}")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    text = f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or [" pass"])
    names: dict[str, Any] = {"_fields": fields, "_REQUIRED": REQUIRED}
    exec(text, names)
    names["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return names["__init__"]


def _by_fields(names: Sequence[str]) -> dict[str, Any]:
    """Return ``__eq__`` and ``__hash__`` over the tuple of some fields."""
    if len(names) > 1:
        key: Callable[[Any], Any] = attrgetter(*names)
    else:
        # Tuples take the same object for equal to itself, even if it is NaN.
        key = lambda self: tuple(getattr(self, name) for name in names)  # noqa: E731

    def equal(self: Any, other: Any) -> Any:
        if self is other:
            return True
        if self.__class__ is not other.__class__:
            return NotImplemented
        return key(self) == key(other)

    return {"__eq__": equal, "__hash__": lambda self: hash(key(self))}


@recursive_repr("...")
def _repr(self: Any) -> str:
    parts = [f"{name}={getattr(self, name)!r}" for name in self.__match_args__]
    return f"{type(self).__qualname__}({', '.join(parts)})"
