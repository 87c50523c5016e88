"""From calls of Python callables to primitives: signatures, refusals, static values."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Literal, Value
from gradgen.ir.types import Scalar
from gradgen.primitives.registry import LOWERINGS, METHODS, Handle, builder_of
from gradgen.primitives.tables import short_name
from gradgen.primitives.ufuncs import place_of
from gradgen.structs import frozen

F = TypeVar("F", bound=Callable[..., Any])


class NeedsStatic(Exception):
    """An integer argument turned out to shape the program; fold it and start again."""

    def __init__(self, value: Value) -> None:
        super().__init__("an integer argument must be known when compiling")
        self.value = value


def static(value: Any) -> Any:
    """Return what must be known when compiling: an axis, a count, a tuple of those."""
    if isinstance(value, Handle):
        return _static_integer(value.atom)
    if isinstance(value, list | tuple):
        return type(value)(static(item) for item in value)
    return value


def _static_integer(atom: Atom) -> Any:
    if isinstance(atom, Literal):
        return atom.value
    if isinstance(atom.type, Scalar) and atom.type.weak and atom.type.dtype.kind == "i":
        raise NeedsStatic(atom)
    raise Refusal(
        "this value must be known when compiling, but it is computed at run time",
        "write the value itself there",
    )


@frozen
class Only:
    """Default of a parameter for which only one value is supported."""

    value: Any = None


@frozen
class Lowering:
    """How calls of a Python callable become primitives.

    ``function`` has the signature of the callable. A parameter whose default is
    :class:`Only` is refused by name when given anything else; a keyword-only parameter
    ``builder`` gets the builder, for callables whose arguments may all be known.
    """

    function: Callable[..., Any]
    name: str

    def takes(self, name: str) -> bool:
        """Tell whether the callable has a parameter of this name."""
        return name in _signature(self.function).parameters

    def argument(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Return what a call gives for a parameter, None where it is left out."""
        position = list(_signature(self.function).parameters).index(name)
        return args[position] if position < len(args) else kwargs.get(name)

    @property
    def makes_arrays(self) -> bool:
        """Tell whether the callable makes arrays out of what is known."""
        return self.takes("builder")

    def __call__(
        self, *args: Any, builder: Builder | None = None, **kwargs: Any
    ) -> Any:
        """Append what a call with these arguments does, and return its result."""
        if self.makes_arrays:
            kwargs["builder"] = builder or builder_of(*args, *kwargs.values())
        try:
            bound = _signature(self.function).bind(*args, **kwargs)
        except TypeError as error:
            raise Refusal(f"{self.name}: {error}") from None
        for name, value in list(bound.arguments.items()):
            default = _signature(self.function).parameters[name].default
            if isinstance(default, Only):
                self._check_only(name, value, default.value)
                del bound.arguments[name]
        return self.function(*bound.args, **bound.kwargs)

    def _check_only(self, name: str, value: Any, allowed: Any) -> None:
        if value is not allowed and (type(value), value) != (type(allowed), allowed):
            raise Refusal(f"argument '{name}' of {self.name} is not supported")


@frozen
class Refused:
    """A Python callable that has no derivative, or none that gradgen knows, and why."""

    name: str
    reason: str
    hint: str = ""

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Refuse the call."""
        raise Refusal(f"{self.name}: {self.reason}", self.hint)


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def lowers(*callables: Any, method: str = "", name: str = "") -> Callable[[F], F]:
    """Declare how calls of ``callables``, and of a method of arrays, are lowered.

    The decorated function has the signature of the callable; see :class:`Lowering`.
    ``name`` is what messages call it, if that is not the first callable's own name.
    """

    def declare(function: F) -> F:
        shown = name or (describe(callables[0]) if callables else method)
        lowering = Lowering(function, shown)
        for target in callables:
            LOWERINGS[target] = lowering
        if method:
            METHODS[method] = Lowering(function, f"the method '{method}'")
        return function

    return declare


def refuses(*callables: Any, reason: str, hint: str = "") -> None:
    """Declare that calls of ``callables`` are refused, and why."""
    for target in callables:
        LOWERINGS[target] = Refused(describe(target), reason, hint)


def describe(function: Any) -> str:
    """Return the name by which a reader knows a callable, such as ``np.sum``."""
    if isinstance(function, np.ufunc):
        return place_of(function)
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return f"{place_of(function.__self__)}.{function.__name__}"
    if isinstance(function, types.MethodType):
        module = type(function.__self__).__module__
    else:
        module = getattr(function, "__module__", None) or ""
    public = ".".join(part for part in module.split(".") if not part.startswith("_"))
    prefix = {"builtins": "", "numpy": "np.", "_operator": "operator."}
    shown = prefix.get(module, public.replace("numpy", "np") + ".")
    return f"{shown}{short_name(function)}"
