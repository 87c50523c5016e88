"""``solve_ivp``, whose result has attributes: what it is called with, and returns."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.containers import items_of
from gradgen.frontend.frame import Frame, always, call, refusing
from gradgen.frontend.values import Record, Static
from gradgen.primitives.registry import Handle
from gradgen.rules import Rule

NAME = "solve_ivp"
MESSAGE = "The solver successfully reached the end of the integration interval."
STEPS = "at which times it has values, and so the shape of its result, only a run knows"
UNKNOWN = {
    "dense_output": "pass the times as t_eval and read .y",
    "events": "pass the time as t_eval, if it is known",
}


class OdeResult:
    """What ``solve_ivp`` returns, while compiling."""


def solved(
    frame: Frame, rule: Rule, args: Sequence[Any], kwargs: dict[str, Any]
) -> Record:
    """Call what stands for ``solve_ivp``, and return a record of its results."""
    given = _bound(rule.function, args, kwargs)
    for name, hint in UNKNOWN.items():
        value = given.pop(name, Static(None))
        if value != Static(None) and value != Static(False):
            raise Refusal(f"argument '{name}' of {NAME} is not supported", hint)
    if given.get("t_eval", Static(None)) == Static(None):
        raise Refusal(f"{NAME} without 't_eval': {STEPS}", "t_eval=[t1], and .y[:, -1]")
    times = _vector(frame, "t_eval", given.pop("t_eval"))
    y0 = _vector(frame, "y0", given.pop("y0"))
    span = _span(frame, given.pop("t_span"))
    parameters = _parameters(given.pop("args", Static(None)))
    function, columns = given.pop("fun"), _known_flag(given)
    options = {**given.pop("options", {}), **given}
    operands = [function, *span, y0, times, parameters, columns, options]
    y, nfev, njev, nlu = call(frame, Static(rule.instead), operands, {})
    fields = {
        "t": call(frame, Static(np.array), [times], {}),
        "y": y,
        **dict.fromkeys(("sol", "t_events", "y_events"), Static(None)),
        "nfev": nfev,
        "njev": njev,
        "nlu": nlu,
        "status": Static(0),
        "message": Static(MESSAGE),
        "success": Static(True),
    }
    return Record(OdeResult, fields)


def _bound(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise always("TypeError", f"{NAME}(): {error}") from None
    return dict(bound.arguments)


def _vector(frame: Frame, name: str, value: Any) -> Handle:
    """Return an argument as a vector of real numbers."""
    with refusing():
        found = call(frame, Static(np.asarray), [value], {})
    if not isinstance(found, Handle) or found.rank != 1:
        raise always("ValueError", f"'{name}' of {NAME} must be a vector")
    if found.dtype.kind == "c":
        raise Refusal(
            f"'{name}' of {NAME} that is complex is not supported",
            "real and imaginary parts as one vector",
        )
    return found


def _span(frame: Frame, value: Any) -> list[Any]:
    found = list(items_of(frame, value))
    if len(found) != 2:
        raise always("ValueError", f"'t_span' of {NAME} must be a start and an end")
    return found


def _parameters(value: Any) -> tuple[Any, ...]:
    if value == Static(None):
        return ()
    if not isinstance(value, list | tuple):
        raise Refusal(f"'args' of {NAME} that is no tuple is not supported", "(k,)")
    return tuple(value)


def _known_flag(given: dict[str, Any]) -> Static:
    value = given.pop("vectorized", Static(False))
    if not isinstance(value, Static):
        raise Refusal(f"'vectorized' of {NAME} must be known when compiling")
    return Static(bool(value.value))
