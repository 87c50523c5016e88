"""Binding the arguments of a call to parameters, as Python itself does."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Sequence
from typing import Any

from gradgen.errors import ArgumentError, SourceError
from gradgen.markers import is_checkpoint
from gradgen.structs import frozen

Args = tuple[Any, ...]
MAX_BINDERS = 256


@frozen
class Parameters:
    """The parameters of a plain function by kind.

    Arguments are kept in the order positional, those of ``*args``, keyword-only, dict
    of ``**kwargs``. ``prefix`` is how many a bound method or a ``partial`` has fixed.
    """

    positional: tuple[str, ...]
    variadic: str | None
    keyword_only: tuple[str, ...]
    keywords: str | None
    prefix: int = 0

    @property
    def fixed(self) -> int:
        """Return the number of arguments besides those of ``*args``."""
        keywords = 0 if self.keywords is None else 1
        return len(self.positional) + len(self.keyword_only) + keywords

    def names(self, count: int) -> tuple[str, ...]:
        """Return a name for each of ``count`` arguments."""
        last = () if self.keywords is None else (self.keywords,)
        others = {*self.positional, *self.keyword_only, *last}
        stem = f"{self.variadic}_"
        while any(name.startswith(stem) for name in others):
            stem += "_"
        extra = tuple(f"{stem}{i}" for i in range(count - self.fixed))
        return (*self.positional, *extra, *self.keyword_only, *last)

    def readers(self, count: int) -> dict[str, str]:
        """Return for each parameter the expression of its argument among ``args``."""
        readers = {name: f"args[{i}]" for i, name in enumerate(self.names(count))}
        if self.variadic is not None:
            first = len(self.positional)
            readers[self.variadic] = f"args[{first}:{first + count - self.fixed}]"
        return readers

    def selectable(self, count: int) -> int:
        """Return how many of ``count`` arguments a position can select."""
        return len(self.positional) - self.prefix + count - self.fixed


def parameters_of(function: types.FunctionType, prefix: int = 0) -> Parameters:
    """Return the parameters of a plain function."""
    code = function.__code__
    names = code.co_varnames
    first = code.co_argcount
    second = first + code.co_kwonlyargcount
    variadic = names[second] if code.co_flags & inspect.CO_VARARGS else None
    third = second + (variadic is not None)
    keywords = names[third] if code.co_flags & inspect.CO_VARKEYWORDS else None
    return Parameters(names[:first], variadic, names[first:second], keywords, prefix)


class Target:
    """A callable taken apart: a plain function and the arguments fixed beforehand."""

    __slots__ = ("bind", "function", "keywords", "parameters", "prefix")

    def __init__(
        self,
        function: types.FunctionType,
        prefix: Args,
        keywords: dict[str, Any],
        parameters: Parameters,
        bind: types.FunctionType,
    ) -> None:
        self.function = function
        self.prefix = prefix
        self.keywords = keywords
        self.parameters = parameters
        self.bind = bind

    def arguments(self, args: Args, kwargs: dict[str, Any]) -> Args:
        """Return the arguments of a call in the order of the parameters."""
        if self.keywords:
            kwargs = {**self.keywords, **kwargs}
        bind, function = self.bind, self.function
        if bind.__defaults__ is not function.__defaults__:
            bind.__defaults__ = function.__defaults__
        if bind.__kwdefaults__ is not function.__kwdefaults__:
            bind.__kwdefaults__ = function.__kwdefaults__
        bound: Args = bind(*self.prefix, *args, **kwargs)
        return bound


def take_apart(callable_: Any) -> Target:
    """Return the plain function behind a method, partial or callable object.

    To compute all of a function again would save nothing: it is taken from behind
    ``checkpoint``, too.

    Raises
    ------
    SourceError
        For what is not written in Python.
    """
    prefix: Args = ()
    keywords: dict[str, Any] = {}
    function = callable_
    while not _is_plain(function):
        if isinstance(function, types.FunctionType):
            function = function.__wrapped__  # type: ignore[attr-defined]
        elif isinstance(function, functools.partial):
            prefix = (*function.args, *prefix)
            keywords = {**function.keywords, **keywords}
            function = function.func
        elif isinstance(function, types.MethodType):
            prefix = (function.__self__, *prefix)
            function = function.__func__
        else:
            function = _call_method(function, callable_)
    bare = bare_target(function, len(prefix))
    return Target(function, prefix, keywords, bare.parameters, bare.bind)


def _is_plain(function: Any) -> bool:
    return isinstance(function, types.FunctionType) and not is_checkpoint(function)


@functools.lru_cache(MAX_BINDERS)
def bare_target(function: types.FunctionType, prefix: int) -> Target:
    """Return a plain function as target; ``prefix`` of its arguments are fixed."""
    parameters = parameters_of(function, prefix)
    return Target(function, (), {}, parameters, _binder(function, parameters))


def _call_method(function: Any, original: Any) -> types.MethodType:
    method = getattr(function, "__call__", None)  # noqa: B004
    if isinstance(function, type) or not isinstance(method, types.MethodType):
        kind = type(original).__name__
        raise SourceError(f"{original!r} is a {kind}, not a function written in Python")
    return method


def _binder(function: types.FunctionType, parameters: Parameters) -> types.FunctionType:
    """Return a function with the signature of ``function`` that returns its arguments.

    Python binds arguments for it, at Python's speed and with Python's own messages.
    """
    positional = list(parameters.positional)
    count = function.__code__.co_posonlyargcount
    head = [*positional[:count], "/", *positional[count:]] if count else positional
    star = ["*" + parameters.variadic] if parameters.variadic else []
    if parameters.keyword_only and not star:
        star = ["*"]
    last = ["**" + parameters.keywords] if parameters.keywords else []
    takes = ", ".join([*head, *star, *parameters.keyword_only, *last])
    gives = [
        *positional,
        *(["*" + parameters.variadic] if parameters.variadic else []),
        *parameters.keyword_only,
        *([parameters.keywords] if parameters.keywords else []),
    ]
    bind = eval(f"lambda {takes}: ({''.join(name + ',' for name in gives)})", {})
    bind.__defaults__ = function.__defaults__
    bind.__kwdefaults__ = function.__kwdefaults__
    bind.__name__, bind.__qualname__ = function.__name__, function.__qualname__
    result: types.FunctionType = bind
    return result


def select(
    parameters: Parameters, argnums: Sequence[int], count: int, name: str
) -> tuple[int, ...]:
    """Return which of ``count`` arguments ``argnums`` select.

    Raises
    ------
    ArgumentError
        For a number out of range, and for an argument selected twice.
    """
    available = parameters.selectable(count)
    selected = []
    for number in argnums:
        if not -available <= number < available:
            raise ArgumentError(_out_of_range(parameters, number, available, name))
        selected.append(parameters.prefix + number % available)
    if len(set(selected)) < len(selected):
        raise ArgumentError(f"argnums={tuple(argnums)} selects an argument twice")
    return tuple(selected)


def _out_of_range(
    parameters: Parameters, number: int, available: int, name: str
) -> str:
    message = f"argnums={number} is out of range: {name} takes {available} "
    message += "positional argument" + ("" if available == 1 else "s")
    if parameters.keyword_only:
        names = ", ".join(parameters.keyword_only)
        message += f" (keyword-only ones cannot be selected: {names})"
    if parameters.keywords:
        message += f"; those that reach {name} through **{parameters.keywords} "
        message += "must be passed by position"
    return message
