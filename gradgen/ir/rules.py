"""Calls whose derivative the user gives, and objects that generated code is handed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gradgen.errors import GradgenError
from gradgen.ir.core import Op
from gradgen.ir.tree import Tree
from gradgen.structs import frozen, replace, struct

RULE = "rule"
"""The attribute of a call that holds its :class:`UserRule`."""


CALL_OUTSIDE = "call_outside"
"""The primitive that calls a function of the user's as it is."""


@struct
class Outside:
    """An object of the user's that generated code gets under a name."""

    value: Any
    name: str

    def __repr__(self) -> str:
        return self.name


@frozen
class Arguments:
    """What a function is called with: trees whose leaves number operands.

    A leaf may be an :class:`Outside` instead.
    """

    positional: tuple[Tree, ...]
    keywords: tuple[tuple[str, Tree], ...] = ()

    def objects(self) -> list[Outside]:
        """Return the objects among the arguments, in order."""
        trees = (*self.positional, *(tree for _, tree in self.keywords))
        leaves = (x for tree in trees for x in tree.leaves())
        return list(dict.fromkeys(x for x in leaves if isinstance(x, Outside)))

    def arrays(self) -> list[int]:
        """Return the numbers of the operands among the arguments."""
        trees = (*self.positional, *(tree for _, tree in self.keywords))
        return [x for tree in trees for x in tree.leaves() if isinstance(x, int)]

    def in_tuples(self) -> list[int]:
        """Return the numbers of the operands in tuples."""
        trees = (*self.positional, *(tree for _, tree in self.keywords))
        leaves = (x for t in trees if t.kind == "tuple" for x in t.leaves())
        return [x for x in leaves if isinstance(x, int)]


def objects_of(attrs: Mapping[str, Any]) -> list[Outside]:
    """Return what has to be handed to generated code, the function first."""
    return [attrs["function"], *attrs["arguments"].objects()]


@frozen
class RuleCall:
    """How a helper that computes a derivative is called.

    ``given`` says what it takes: of what kind, ``"derivative"`` (of a result in an
    adjoint, of an operand in a tangent), ``"result"`` or ``"operand"``, and its number.
    ``returned`` numbers the operands, or results, whose derivatives it returns.
    """

    helper: str
    given: tuple[tuple[str, int], ...]
    returned: tuple[int, ...]
    effect: bool = False


@frozen
class UserRule:
    """The derivative of a call, in either mode; None where the user gives none.

    ``lowered`` is false where derivatives of so high an order were not asked for.
    """

    name: str
    adjoint: RuleCall | None = None
    tangent: RuleCall | None = None
    lowered: bool = True


class NeedsRules(GradgenError):
    """A rule is differentiated more often than was known when it was lowered."""


def rule_calls(op: Op) -> Iterator[RuleCall]:
    """Yield the calls that the derivatives of an op consist of."""
    rule = op.attrs.get(RULE)
    if rule is not None:
        yield from (call for call in (rule.adjoint, rule.tangent) if call is not None)


def callees(op: Op, *, rules: bool = True) -> Iterator[str]:
    """Yield the names of the helpers that an op, or its derivative, calls."""
    if op.name == "call":
        yield op.attrs["callee"]
    if rules:
        yield from (call.helper for call in rule_calls(op))


def rename_callees(op: Op, names: Mapping[str, str]) -> None:
    """Let an op call helpers by other names."""
    if op.name == "call":
        op.attrs = {**op.attrs, "callee": names[op.attrs["callee"]]}
    rule = op.attrs.get(RULE)
    if rule is not None:
        renamed = replace(
            rule,
            adjoint=_renamed(rule.adjoint, names),
            tangent=_renamed(rule.tangent, names),
        )
        op.attrs = {**op.attrs, RULE: renamed}


def _renamed(call: RuleCall | None, names: Mapping[str, str]) -> RuleCall | None:
    return None if call is None else replace(call, helper=names[call.helper])
