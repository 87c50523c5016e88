"""What a transform asks of a function's result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradgen.errors import OutputError, Refusal
from gradgen.frontend.lists import RunList
from gradgen.frontend.values import Maybe
from gradgen.ir.core import Function, Value
from gradgen.ir.tree import Tree
from gradgen.ir.types import Array, Scalar, Seq, Text, is_complex, is_floating


def check_scalar(function: Function, aux: bool, holomorphic: bool = False) -> None:
    """Raise ``OutputError`` unless the result is a real number, or a pair with one.

    That of a function said to be ``holomorphic`` must be complex instead.
    """
    result = function.result
    if aux:
        check_pair(function)
        result = result.children[0]
    if result.kind != "leaf":
        message = f"grad needs a scalar, but {function.name} returns {_kind(result)}; "
        if result.kind == "tuple" and len(result.children) == 2 and not aux:
            message += "use has_aux=True if the second is not to be differentiated, or "
        raise OutputError(message + "use vjp for results with more than one number")
    if isinstance(result.leaf.type, Text):
        raise OutputError(f"grad needs a number, but {function.name} returns a string")
    if not isinstance(result.leaf.type, Scalar):
        kind = "a list" if isinstance(result.leaf.type, Seq) else "an array"
        raise OutputError(
            f"grad needs a scalar, but {function.name} returns {kind} "
            f"{result.leaf.type}; reduce it, as with np.sum, or use vjp"
        )
    if not is_floating(result.leaf.type):
        raise OutputError(
            f"grad needs a real number, but {function.name} returns "
            f"{result.leaf.type}, which has no derivative"
        )
    if is_complex(result.leaf.type) and not holomorphic:
        raise OutputError(
            f"grad needs a real number, but {function.name} returns "
            f"{result.leaf.type}; take its real part, as with .real, or say "
            "holomorphic=True if the function is complex differentiable"
        )
    if holomorphic and not is_complex(result.leaf.type):
        raise OutputError(
            f"with holomorphic=True, {function.name} must return a complex number, "
            f"not {result.leaf.type}"
        )


def check_array(function: Function) -> None:
    """Raise ``OutputError`` unless the result is a real number or an array of them."""
    result = function.result
    type_ = result.leaf.type if result.kind == "leaf" else None
    if isinstance(type_, Scalar | Array) and type_.dtype.kind == "f":
        return
    raise OutputError(
        f"elementwise_grad needs a real array, but {function.name} returns "
        f"{_kind(result)}; use jacobian or vjp"
    )


def check_pair(function: Function) -> None:
    """Raise ``OutputError`` unless the result is a pair."""
    result = function.result
    if result.kind != "tuple" or len(result.children) != 2:
        raise OutputError(
            f"with has_aux=True, {function.name} must return a pair "
            f"(value, anything), not {_kind(result)}"
        )


def check_form(y: Any) -> None:
    """Refuse what a function inside returns if it is no plain number or array."""
    if isinstance(y, Maybe):
        raise Refusal(
            "the derivative of a value that depends on what is None on some paths, in "
            "a function that is differentiated itself",
            "a number or an array on every path",
        )
    if isinstance(y, RunList) and any(is_floating(x.atom.type) for x in y.handles):
        raise Refusal(
            "the derivative of a list of unknown length, in a function that is "
            "differentiated itself",
            "return an array, as with np.array(…)",
        )


def check_inputs(function: Function, inputs: Iterable[Value]) -> None:
    """Raise ``OutputError`` unless a holomorphic function is one of complex numbers."""
    for x in inputs:
        if not is_complex(x.type):
            raise OutputError(
                f"with holomorphic=True, {x.hint} must be complex, not {x.type}: "
                f"{function.name} is differentiated along the complex plane"
            )


def check_floating(function: Function) -> None:
    """Raise ``OutputError`` unless some part of the result has a derivative."""
    if not any(is_floating(x.type) for x in function.result.leaves()):
        raise OutputError(
            f"{function.name} returns {_kind(function.result)}, which has no derivative"
        )


def _kind(tree: Tree) -> str:
    if tree.kind == "leaf":
        return str(tree.leaf.type)
    if tree.kind == "none":
        return "None"
    if tree.kind == "static":
        return repr(tree.leaf)
    if tree.kind == "record" and tree.cls is not None:
        return f"a {tree.cls.__name__}"
    return f"a {tree.kind} of {len(tree.children)}"
