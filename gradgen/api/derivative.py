"""The object that ``grad`` returns: a function, and the code behind it."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from gradgen.compiler import Request, Step, obtain, show_ir
from gradgen.errors import ArgumentError
from gradgen.runtime.binding import Target, take_apart
from gradgen.runtime.digests import value_text
from gradgen.runtime.dispatch import CacheInfo, Dispatcher, Program
from gradgen.runtime.keys import Key
from gradgen.runtime.places import ABSENT

P = ParamSpec("P")
R = TypeVar("R")
Args = tuple[Any, ...]


class Derivative(Generic[P, R]):
    """A derivative of a function, compiled for the types of the arguments of a call.

    Attributes
    ----------
    primal : Callable
        The function that it is the derivative of.
    step : Step
        The transform, and its options.
    """

    def __init__(self, primal: Callable[..., Any], step: Step) -> None:
        functools.update_wrapper(self, primal)
        self.primal = primal
        self.step = step
        self._target, inner = unfold(primal)
        self.steps = (*inner, step)
        self._dispatcher = Dispatcher(self._compile)
        self._check_argnums()

    def _check_argnums(self) -> None:
        """Refuse numbers out of range at once, where the signature is fixed."""
        parameters = self._target.parameters
        if parameters.variadic is None:
            blank = (None,) * parameters.fixed
            Request(self._target, (), blank).selected(self.step)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the derivative at these arguments."""
        route = self._dispatcher.route
        if route is not None and not kwargs:
            try:
                fits = route.matches(args)
            except ABSENT:
                fits = False
            if fits:
                self._dispatcher.hits += 1
                try:
                    return route.program.functions[0](*args)  # type: ignore[no-any-return]
                except Exception as error:
                    route.program.annotate(error)
                    raise
        bound = self._target.arguments(args, kwargs)
        return self._dispatcher.find(bound)(bound)  # type: ignore[no-any-return]

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(
        self, instance: object, owner: type | None = None
    ) -> Callable[..., R]: ...

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<{self.step.kind} of {self.__qualname__}>"  # type: ignore[attr-defined]

    def cache_text(self) -> str:
        """Return what identifies the derivative in another process."""
        return f"{self.step} of {value_text(self.primal)}"

    def __reduce__(self) -> Any:
        if _found_by_name(self):
            return self.__qualname__  # type: ignore[attr-defined]
        return type(self), (self.primal, self.step)

    def _compile(
        self, args: Args, key: Key, promoted: tuple[int, ...]
    ) -> tuple[Program, bool]:
        return obtain(Request(self._target, self.steps, args), key, promoted)

    def _program(self, args: Args, kwargs: dict[str, Any]) -> Program:
        return self._dispatcher.find(self._target.arguments(args, kwargs))

    def source(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the generated source for arguments of these types.

        Without arguments, of the only program compiled so far.
        """
        if not args and not kwargs and self._target.parameters.fixed:
            return _text(self._only_program())
        return _text(self._program(args, kwargs))

    def _only_program(self) -> Program:
        programs = list(self._dispatcher.programs())
        if len(programs) != 1:
            raise ArgumentError(
                f"{self!r} has {len(programs)} programs; say for which arguments"
            )
        return programs[0]

    def compiled(self, *args: P.args, **kwargs: P.kwargs) -> Callable[..., Any]:
        """Return the bare generated function for arguments of these types.

        It checks nothing, and must be called with such arguments by position.
        """
        return self._program(args, kwargs).functions[0]

    def ir(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the optimised IR for arguments of these types, as text."""
        bound = self._target.arguments(args, kwargs)
        return show_ir(Request(self._target, self.steps, bound))

    def cache_info(self) -> CacheInfo:
        """Return how often programs were at hand, on disk, or had to be compiled."""
        return self._dispatcher.info()


def _text(program: Program) -> str:
    return "\n\n".join(listing.source for listing in program.listings)


def unfold(function: Any) -> tuple[Target, tuple[Step, ...]]:
    """Return the function that a derivative starts from, and the steps to it."""
    if isinstance(function, Derivative):
        return function._target, function.steps
    return take_apart(function), ()


def _found_by_name(derivative: Any) -> bool:
    """Tell whether an import of the derivative's name gives the derivative itself."""
    found: Any = sys.modules.get(derivative.__module__)
    for name in derivative.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is derivative
