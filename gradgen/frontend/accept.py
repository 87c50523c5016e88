"""Which syntax and calls are not accepted: the reason, and what to write instead."""

from __future__ import annotations

import ast
from typing import Any

from gradgen.rules import nondiff, rule

SIDE_EFFECT = "is a side effect, which derivative code would repeat"
COMING = "is not supported yet"

REFUSED: dict[type[ast.AST], tuple[str, str]] = {
    ast.AsyncFor: ("'async for' is not supported", "collect the items beforehand"),
    ast.AsyncFunctionDef: (
        "an 'async' function has no derivative",
        "a plain 'def', awaiting nothing",
    ),
    ast.AsyncWith: (
        "'async with' is not supported",
        "enter the context around the call of the function",
    ),
    ast.Await: ("'await' is not supported", "await the value outside, and pass it in"),
    ast.ClassDef: (
        "a class inside a differentiated function is not supported",
        "define the class at module level",
    ),
    ast.Global: (
        f"a 'global' statement {SIDE_EFFECT}",
        "return the value and bind it outside; reading needs no 'global'",
    ),
    ast.Match: ("'match' is not supported", "if ... elif ... else"),
    ast.Try: (
        f"'try' {COMING}",
        "test the condition beforehand, or put the 'try' around the call",
    ),
    ast.TryStar: (
        f"'try' {COMING}",
        "test the condition beforehand, or put the 'try' around the call",
    ),
    ast.Yield: (
        "a generator has no derivative",
        "build a list and return it",
    ),
    ast.YieldFrom: (
        "a generator has no derivative",
        "build a list and return it",
    ),
}
"""Syntax that is known and refused; whatever else has no evaluator is unknown."""


def refusal_of(node: ast.AST) -> tuple[str, str]:
    """Return why a node is refused, and what to write instead."""
    kind = type(node).__name__
    return REFUSED.get(type(node), (f"the syntax '{kind}' is not supported", ""))


HIDDEN = "runs code that cannot be seen when compiling", "the code itself"
AS_DATA = "reads names as data", "the names themselves, or a dict of one's own"
SAID_OUTSIDE = "says something of a function, once and for all", "say it outside"
EFFECT = SIDE_EFFECT, "call it outside and pass its result in"

CALLS: dict[Any, tuple[str, str]] = {
    **dict.fromkeys((eval, exec, compile, __import__), HIDDEN),
    **dict.fromkeys((locals, globals, vars, dir), AS_DATA),
    **dict.fromkeys((open, input), EFFECT),
    **dict.fromkeys((rule, nondiff), SAID_OUTSIDE),
}
"""Functions that are refused by name, for a reason of their own."""


def refusal_of_call(function: Any) -> tuple[str, str] | None:
    """Return why a call of a function is refused, if there is a reason of its own."""
    for other, (reason, hint) in CALLS.items():
        if function is other:
            return f"'{other.__name__}' {reason}", hint
    return None
