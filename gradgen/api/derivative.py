"""The object that ``grad`` returns: a function, and the code behind it."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

from gradgen.compiler import Request, Step, build, compile_program, parts_of
from gradgen.errors import ArgumentError
from gradgen.runtime.binding import Target, take_apart
from gradgen.runtime.dispatch import CacheInfo, Dispatcher, Program, guarded_call
from gradgen.runtime.keys import Key

P = ParamSpec("P")
R = TypeVar("R")
Args = tuple[Any, ...]


class Derivative(Generic[P, R]):
    """A derivative of a function, compiled for the types of the arguments of a call.

    Attributes
    ----------
    primal : Callable
        The function that it is the derivative of.
    """

    def __init__(self, primal: Callable[..., Any], step: Step) -> None:
        functools.update_wrapper(self, primal)
        self.primal = primal
        self._step = step
        inner = primal if isinstance(primal, Derivative) else None
        self._steps = (*(inner._steps if inner else ()), step)
        self._target: Target = inner._target if inner else take_apart(primal)
        self._dispatcher = Dispatcher(self._compile)
        self._floats: dict[tuple[type, ...], Program] = {}
        self._check_argnums()

    def _check_argnums(self) -> None:
        """Refuse numbers out of range at once, where the signature is fixed."""
        parameters = self._target.parameters
        if parameters.variadic is None:
            blank = (None,) * parameters.fixed
            Request(self._target, (), blank).selected(self._step)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the derivative at these arguments."""
        program = self._floats.get(tuple(map(type, args)))
        if program is not None and not kwargs:
            if program.check is None or program.check(args):
                self._dispatcher.hits += 1
                return guarded_call(program, 0, args)  # type: ignore[no-any-return]
        bound = self._target.arguments(args, kwargs)
        program = self._dispatcher.find(bound)
        if program.simple and all(type(x) is float for x in bound) and bound == args:
            self._floats[(float,) * len(args)] = program
        return program(bound)  # type: ignore[no-any-return]

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<{self._step.kind} of {self.__qualname__}>"  # type: ignore[attr-defined]

    def __reduce__(self) -> Any:
        if _found_by_name(self):
            return self.__qualname__  # type: ignore[attr-defined]
        return type(self), (self.primal, self._step)

    def _compile(
        self, args: Args, key: Key, promoted: tuple[int, ...]
    ) -> tuple[Program, bool]:
        request = Request(self._target, self._steps, args)
        compiled = compile_program(request, promoted)
        return build(request, parts_of(compiled)), False

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

    def cache_info(self) -> CacheInfo:
        """Return how often programs were at hand, on disk, or had to be compiled."""
        return self._dispatcher.info()


def _text(program: Program) -> str:
    return "\n\n".join(listing.source for listing in program.listings)


def _found_by_name(derivative: Any) -> bool:
    """Tell whether an import of the derivative's name gives the derivative itself."""
    found: Any = sys.modules.get(derivative.__module__)
    for name in derivative.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is derivative
