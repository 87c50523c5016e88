"""Binding the arguments of a call to the parameters of a function, as Python does."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.frame import Frame, always
from gradgen.frontend.outside import default_value

if TYPE_CHECKING:
    from gradgen.frontend import lifted
else:
    lifted = Deferred("gradgen.frontend.lifted")

Default = Callable[[str], Any]
"""Gives the default of a parameter; None where it has none."""


def bind_function(
    frame: Frame,
    function: types.FunctionType,
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> dict[str, Any]:
    """Return the abstract value of every parameter of a function from outside."""
    source = frame.source
    default = defaults_of(frame, function)
    names = bind(source.name, source.node.args, args, kwargs, default)
    if source.captured:
        lifted.hold(frame.context, names, source.captured)
    return names


def bind(
    name: str,
    spec: ast.arguments,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    default: Default,
) -> dict[str, Any]:
    """Return the abstract value of every parameter.

    Raises
    ------
    Refusal
        Where Python raises a TypeError.
    """
    positional = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    bound: dict[str, Any] = dict(zip(positional, args, strict=False))
    rest = tuple(args[len(positional) :])
    if spec.vararg is not None:
        bound[spec.vararg.arg] = rest
    elif rest:
        count = len(positional)
        raise _misfit(f"{name}() takes {count} positional arguments, not {len(args)}")
    extra = _bind_keywords(name, spec, bound, kwargs)
    if spec.kwarg is not None:
        bound[spec.kwarg.arg] = extra
    elif extra:
        raise _misfit(f"{name}() has no parameter '{next(iter(extra))}'")
    for parameter in (*positional, *(arg.arg for arg in spec.kwonlyargs)):
        if parameter not in bound:
            bound[parameter] = _default(name, parameter, default)
    return bound


def _bind_keywords(
    name: str, spec: ast.arguments, bound: dict[str, Any], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Bind what is passed by name, and return what no parameter takes."""
    named = {arg.arg for arg in (*spec.args, *spec.kwonlyargs)}
    extra: dict[str, Any] = {}
    for key, value in kwargs.items():
        if key not in named:
            extra[key] = value
        elif key in bound:
            raise _misfit(f"{name}() gets the argument '{key}' twice")
        else:
            bound[key] = value
    return extra


def _default(name: str, parameter: str, default: Default) -> Any:
    value = default(parameter)
    if value is None:
        raise _misfit(f"{name}() misses the argument '{parameter}'")
    return value


def _misfit(reason: str) -> Refusal:
    return always("TypeError", reason)


def defaults_of(frame: Frame, function: types.FunctionType) -> Default:
    """Return how the defaults of a function from outside are read."""
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    given = function.__defaults__ or ()
    known = dict(zip(positional[len(positional) - len(given) :], given, strict=True))
    known.update(function.__kwdefaults__ or {})

    def default(name: str) -> Any:
        if name not in known:
            return None
        return default_value(frame, function, name, known[name])

    return default
