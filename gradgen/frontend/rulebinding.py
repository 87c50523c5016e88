"""The arguments of a call of a function that has a rule."""

from __future__ import annotations

import inspect
import types
from collections.abc import Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.arrays import Buffer
from gradgen.frontend.frame import Frame, always
from gradgen.frontend.outside import default_value
from gradgen.frontend.rulevalues import entered, leaves_of
from gradgen.frontend.unknown import is_library
from gradgen.frontend.values import from_python
from gradgen.rules import Rule
from gradgen.structs import struct

VARIADIC = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


@struct
class Given:
    """The arguments of a call: as they are passed, and as a rule gets them.

    By identity, ``hints`` says what leaves are called, ``owners`` whose memory they
    are.
    """

    passed: tuple[tuple[Any, ...], dict[str, Any]]
    positional: list[Any]
    keywords: dict[str, Any]
    hints: dict[int, str]
    owners: dict[int, Buffer]

    @property
    def leaves(self) -> list[Any]:
        """Return the leaves of all arguments."""
        return leaves_of([self.positional, self.keywords])


def bind_call(
    frame: Frame, rule: Rule, args: Sequence[Any], kwargs: dict[str, Any]
) -> Given:
    """Bind arguments to the parameters of a function, with its defaults."""
    owners: dict[int, Buffer] = {}
    args = [entered(frame.context, x, owners) for x in args]
    kwargs = {name: entered(frame.context, x, owners) for name, x in kwargs.items()}
    signature = _signature_of(rule.function)
    if signature is None:
        if kwargs:
            reason = f"'{name_of(rule)}' does not say what its parameters are called"
            raise Refusal(reason, "pass all arguments by position") from None
        names = [f"x{k + 1}" for k in range(len(args))]
        return Given((tuple(args), {}), args, {}, _hints(names, args), owners)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise always("TypeError", f"{name_of(rule)}(): {error}") from None
    passed = bound.args, dict(bound.kwargs)
    for name, parameter in signature.parameters.items():
        if name not in bound.arguments and parameter.default is not parameter.empty:
            default = _default(frame, rule, name, parameter.default)
            bound.arguments[name] = entered(frame.context, default, owners)
    positional = list(bound.args)
    hints = _hints(_names(signature, len(positional)), positional)
    return Given(passed, positional, bound.kwargs, hints, owners)


def _signature_of(function: Any) -> inspect.Signature | None:
    """Return a signature, None for a function in C that has none or a made-up one."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    kinds = {p.kind for p in found.parameters.values()}
    in_python = isinstance(inspect.unwrap(function), types.FunctionType)
    is_told = in_python or not kinds or kinds - VARIADIC
    return found if is_told else None


def _default(frame: Frame, rule: Rule, name: str, value: Any) -> Any:
    if isinstance(rule.function, types.FunctionType) and not is_library(rule.function):
        return default_value(frame, rule.function, name, value)
    return from_python(value)


def _names(signature: inspect.Signature, count: int) -> list[str]:
    names: list[str] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{name}_{k}" for k in range(count - len(names))]
        names.append(name)
    return names[:count]


def _hints(names: Sequence[str], args: Sequence[Any]) -> dict[int, str]:
    """Return a name for each leaf, by identity."""
    hints = {}
    for name, value in zip(names, args, strict=True):
        leaves = leaves_of(value)
        for k, x in enumerate(leaves):
            hints[id(x)] = name if len(leaves) == 1 else f"{name}_{k}"
    return hints


def name_of(rule: Rule) -> str:
    """Return the name of a function that has a rule."""
    return getattr(rule.function, "__name__", type(rule.function).__name__)
