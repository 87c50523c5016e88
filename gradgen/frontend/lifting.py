"""Inner functions that are handed to functions of SciPy's: lambda lifting.

SciPy calls a function that it is given with some arguments of its own, then with those
in ``args``. What an inner function sees around it comes in between: numbers and arrays
become further parameters, and what is known becomes variables of a function around it
(Johnsson, "Lambda lifting: transforming programs to recursive equations", 1985).
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.capturing import Capturing
from gradgen.frontend.frame import Frame, always
from gradgen.frontend.opaque import is_from_outside
from gradgen.frontend.values import Closure, Partial, Static
from gradgen.rules import Rule
from gradgen.structs import struct

Captured = dict[str, Any]


def lifted(
    frame: Frame, rule: Rule, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return the arguments of a call with functions that can be handed over in it."""
    try:
        bound = inspect.signature(rule.function).bind(*args, **kwargs)
    except TypeError as error:
        raise always("TypeError", f"{rule.function.__name__}(): {error}") from None
    given = bound.arguments
    options = given.get("options", {})
    places = {k: d for k in rule.callbacks for d in (given, options) if k in d}
    if not any(_is_inside(d[k]) for k, d in places.items()):
        return args, kwargs
    user = _user_arguments(rule, given.get("args", Static(None)))
    callbacks = {
        k: _callback(frame, k, d[k], rule.callbacks[k], len(user))
        for k, d in places.items()
        if _is_inside(d[k]) or _is_function(d[k])
    }
    captured = _captured_by([x.capturing for x in callbacks.values()])
    for name, callback in callbacks.items():
        places[name][name] = callback.made(captured)
    if captured:
        given["args"] = (*captured.values(), *user)
    return bound.args, bound.kwargs


def _is_inside(function: Any) -> bool:
    """Tell whether a function was made in the function that is compiled."""
    return isinstance(function, Closure | Partial) and not is_from_outside(function)


def _is_function(value: Any) -> bool:
    return is_from_outside(value) and callable(getattr(value, "value", len))


def _user_arguments(rule: Rule, value: Any) -> tuple[Any, ...]:
    """Return what the user passes on to the function."""
    if value == Static(None):
        return ()
    if not isinstance(value, tuple):
        name = rule.function.__name__
        reason = f"'args' of {name} that is no tuple, and an inner function,"
        raise Refusal(f"{reason} are not supported together", "args=(k,)")
    return value


def _captured_by(all_of: Sequence[Capturing]) -> Captured:
    """Return what several functions see, which share their parameters for it."""
    captured: Captured = {}
    for capturing in all_of:
        for name, value in capturing.params.items():
            if captured.setdefault(name, value) is not value:
                raise _clash(name)
    return captured


def _clash(name: str) -> Refusal:
    reason = f"'{name}' is not the same in all functions that are passed here"
    return Refusal(reason, "another name in one of them")


@struct
class Callback:
    """A function that is handed on, called with ``first``, what it sees, and ``rest``.

    ``given`` is what it was handed on as.
    """

    given: Any
    name: str
    capturing: Capturing
    first: list[str]
    rest: list[str]
    vararg: ast.arg | None = None
    kwarg: ast.arg | None = None

    def made(self, captured: Captured) -> Any:
        """Return the function that takes what is captured by position."""
        if not captured and is_from_outside(self.given):
            return self.given
        for name in captured:
            if name in self.capturing.used and name not in self.capturing.params:
                raise _clash(name)
        named = [ast.arg(name) for name in (*self.first, *captured, *self.rest)]
        spec = ast.arguments([], named, self.vararg, [], [], self.kwarg, [])
        draft = self.capturing.draft(self.name, spec, captured=tuple(captured))
        return Static(draft.make())


def _callback(
    frame: Frame, parameter: str, function: Any, count: int, more: int
) -> Callback:
    """Find what a function sees that takes ``count`` arguments, then ``more``."""
    if not isinstance(function, Closure):
        return _calling(frame, parameter, function, count)
    node, spec = function.node, function.node.args
    capturing = Capturing(frame, function.frame, node, (function,))
    capturing.see_all()
    names = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    if len(names) < count or (len(names) < count + more and spec.vararg is None):
        reason = f"'{function.name}' is called with {count + more} arguments"
        raise function.frame.refuse(node, reason, "a parameter for each")
    others = [arg.arg for arg in spec.kwonlyargs]
    for name in (*names[count + more :], *others):
        if name not in function.defaults:
            raise always("TypeError", f"{function.name}() misses '{name}'")
        capturing.bind_default(name, function.defaults[name])
    return Callback(
        function,
        node.name if isinstance(node, ast.FunctionDef) else parameter,
        capturing,
        names[:count],
        names[count : count + more],
        spec.vararg and ast.arg(spec.vararg.arg),
        spec.kwarg and ast.arg(spec.kwarg.arg),
    )


def _calling(frame: Frame, parameter: str, function: Any, count: int) -> Callback:
    """Return a function that calls another one, which takes less."""
    first = [f"x{k + 1}_" for k in range(count)]
    body = ast.Constant(None)
    spec = ast.arguments([], [], None, [], [], None, [])
    node = ast.Lambda(spec, body)
    span = frame.builder.span
    node.lineno = node.end_lineno = 1 if span is None else span.line
    node.col_offset = node.end_col_offset = 0
    capturing = Capturing(frame, frame, ast.fix_missing_locations(node))
    args = [ast.Name(name, ast.Load()) for name in first]
    rest = ast.Starred(ast.Name("rest_", ast.Load()), ast.Load())
    callee = capturing.expression(function, "function_")
    node.body = ast.copy_location(ast.Call(callee, [*args, rest], []), node)
    ast.fix_missing_locations(node)
    capturing.used.update((*first, "rest_"))
    return Callback(function, parameter, capturing, first, [], ast.arg("rest_"))
