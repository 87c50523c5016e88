"""Rules as helpers: what a user's adjoint or tangent takes, and what it returns."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from gradgen.errors import Refusal, Span, UnsupportedError, refuse
from gradgen.frontend.frame import Frame, Raised, call
from gradgen.frontend.helpers import close, enter_helper, free_name
from gradgen.frontend.raising import what_is_raised
from gradgen.frontend.rulebinding import Given
from gradgen.frontend.rulevalues import (
    guest,
    leaves_of,
    live_ops,
    mapped,
    moves,
    type_of,
)
from gradgen.frontend.source import returned, span_of
from gradgen.frontend.values import Record, Static, describe
from gradgen.ir.core import Atom, Literal, Value
from gradgen.ir.rules import RuleCall
from gradgen.ir.types import Array, Scalar, same_type
from gradgen.primitives.registry import Handle, apply, require_same_shape
from gradgen.structs import replace, struct

Source = tuple[str, int]
"""What a parameter of a rule is: of which kind, and its number."""


@struct
class Ruled:
    """A call whose rule is lowered: its arguments and result, as the caller has them.

    ``slots`` numbers the operands that leaves of the arguments are, by identity.
    """

    name: str
    given: Given
    value: Any
    slots: Mapping[int, int]

    @property
    def positional(self) -> list[Any]:
        """Return the arguments that are passed by position."""
        return self.given.positional

    @property
    def results(self) -> dict[int, int]:
        """Return the number of each leaf of the result, by identity."""
        leaves = [x for x in leaves_of(self.value) if isinstance(x, Handle)]
        return {id(x): k for k, x in enumerate(leaves)}


class RuleHelper:
    """Makes a helper of a rule for one kind of derivative, ``adjoint`` or ``tangent``.

    ``sources`` says what each of its parameters is, ``names`` what the derivatives of
    these are called.
    """

    def __init__(self, frame: Frame, ruled: Ruled, kind: str, function: Any) -> None:
        self.frame = frame
        self.builder = frame.builder
        self.ruled = ruled
        self.results = ruled.results
        self.kind = kind
        self.function = function
        self.sources: dict[Value, Source] = {}
        self.names: dict[Value, str] = {}

    def make(self) -> tuple[RuleCall, tuple[Value, ...]]:
        """Return how the helper is called, and what it reads from outside besides."""
        builder = self.builder
        with builder.region() as ops:
            builder.views = {}
            pairs = self._interpreted()
        atoms = [atom for _, atom in pairs]
        kept, read = live_ops(ops, atoms)
        params = [x for x in self.sources if x in read]
        name = free_name(builder, self._name())
        made = close(builder, name, params, kept, atoms, (), None)
        doc = f"{self.kind.capitalize()} of {self.ruled.name}, by its rule"
        span = span_of_function(self.frame, self.function)
        enter_helper(builder, replace(made.function, doc=doc, span=span))
        given = tuple(self.sources[x] for x in params)
        numbers = tuple(number for number, _ in pairs)
        return RuleCall(name, given, numbers, made.effect), made.captured

    def _name(self) -> str:
        name = str(getattr(self.function, "__name__", "<rule>"))
        return name if name.isidentifier() else f"{self.ruled.name}_{self.kind}"

    def _interpreted(self) -> list[tuple[int, Atom]]:
        """Call the rule; return the numbers and derivatives of what these are of."""
        ruled = self.ruled
        taken = ruled.positional[: self._count()]
        if self.kind == "adjoint":
            bars = [self._derivative(ruled.value, self.results, "_bar")]
        else:
            bars = [self._derivative(x, ruled.slots, "_dot") for x in taken]
        value = mapped(ruled.value, self._result)
        args = [mapped(x, self._operand) for x in taken]
        keywords = {name: mapped(x, self._operand) for name, x in self._keywords()}
        found = self._call([*bars, value, *args], keywords)
        try:
            return list(self._fitted(found, args, value))
        except Refusal as refusal:
            raise self._refused(refusal) from None

    def _count(self) -> int:
        """Return how many arguments the rule gets.

        Defaults that the call leaves as they are need no place in it.
        """
        given = self.ruled.given
        code = getattr(self.function, "__code__", None)
        if code is None or code.co_flags & inspect.CO_VARARGS:
            return len(given.positional)
        places: int = code.co_argcount
        taken = places - 2 if self.kind == "adjoint" else (places - 1) // 2
        return max(taken, len(given.passed[0]))

    def _keywords(self) -> Iterator[tuple[str, Any]]:
        given = self.ruled.given
        for name, value in given.keywords.items():
            if name not in given.passed[1] and not self._takes(name):
                continue
            if any(map(moves, leaves_of(value))):
                raise Refusal(
                    f"'{name}' of '{self.ruled.name}' is passed by keyword only, so "
                    "that its rule has no derivative for it",
                    "a parameter that is passed by position",
                )
            yield name, value

    def _takes(self, name: str) -> bool:
        code = getattr(self.function, "__code__", None)
        return code is None or name in code.co_varnames

    def _call(self, given: list[Any], keywords: dict[str, Any]) -> Any:
        self.frame.context.borrow(given)
        try:
            return call(self.frame, Static(self.function), given, keywords)
        except Raised:
            reason = f"this rule always raises{what_is_raised(self.builder.ops)}"
            raise self._refused(Refusal(reason)) from None

    def _refused(self, refusal: Refusal) -> UnsupportedError | Refusal:
        """Return a refusal that points at where the rule returns."""
        source = self.frame.context.sources.get(self.function)
        if source is None:
            return refusal
        span = span_of(source.file, returned(source.node))
        return refuse(refusal.reason, span, refusal.hint)

    def _derivative(self, like: Any, numbers: Mapping[int, int], suffix: str) -> Any:
        """Return parameters for the derivatives of a value."""

        def make(x: Any) -> Any:
            if moves(x):
                source = "derivative", numbers[id(x)]
                return self._param(x, source, self._hint(x) + suffix)
            number = isinstance(x, Static) and isinstance(x.value, float)
            return Static(0.0 if number and suffix == "_dot" else None)

        return mapped(like, make)

    def _result(self, x: Any) -> Any:
        if not isinstance(x, Handle):
            return x
        return self._param(x, ("result", self.results[id(x)]), self._hint(x))

    def _operand(self, x: Any) -> Any:
        if not moves(x):
            return x
        return self._param(x, ("operand", self.ruled.slots[id(x)]), self._hint(x))

    def _param(self, like: Handle, source: Source, hint: str) -> Handle:
        value = Value(type_of(like), hint)
        self.sources[value] = source
        self.names[value] = hint + ("_bar" if self.kind == "adjoint" else "_dot")
        self.frame.context.stands_for(value, (like.atom,))
        return guest(self.builder, value, like)

    def _hint(self, x: Handle) -> str:
        return self.ruled.given.hints.get(id(x), "value")

    def _fitted(
        self, found: Any, args: list[Any], value: Any
    ) -> Iterator[tuple[int, Atom]]:
        """Yield the numbers of what has a derivative, and that in its type."""
        if self.kind == "tangent":
            pairs = list(_matched(value, found, "the result"))
        else:
            pairs = [
                pair
                for k, (arg, bar) in enumerate(self._by_argument(found, args))
                for pair in _matched(arg, bar, f"argument {k + 1}")
            ]
        for like, derivative in pairs:
            assert isinstance(like.atom, Value)
            atom = self._as_type(derivative, like)
            if isinstance(atom, Value) and not atom.hint:
                atom.hint = self.names[like.atom]
            yield self.sources[like.atom][1], atom

    def _by_argument(self, found: Any, args: list[Any]) -> list[tuple[Any, Any]]:
        """Return each argument with what an adjoint returns for it."""
        if len(args) == 1:
            several = isinstance(found, tuple) and len(found) == 1
            is_one = several and not isinstance(args[0], tuple)
            return [(args[0], found[0] if is_one else found)]
        if not isinstance(found, list | tuple) or len(found) != len(args):
            count = len(found) if isinstance(found, list | tuple) else 1
            raise Refusal(
                f"this rule must return {len(args)} cotangents, one for each argument "
                f"of '{self.ruled.name}', not {count}",
                "None for an argument without derivative",
            )
        return list(zip(args, found, strict=True))

    def _as_type(self, derivative: Any, like: Handle) -> Atom:
        """Return a derivative in the type of what it is of."""
        if isinstance(derivative, Static) and isinstance(derivative.value, int | float):
            derivative = Handle(self.builder, Literal.of(float(derivative.value)))
        if not isinstance(derivative, Handle):
            raise Refusal(
                f"{describe(derivative)} is no derivative of a number",
                "a number, or None where there is none",
            )
        if not require_same_shape(derivative, like):
            raise Refusal(
                f"this rule returns {derivative.type} as derivative of {like.type}; "
                "shapes must be the same",
                "sum over the axes that were broadcast",
            )
        return _cast(derivative, like).atom


def span_of_function(frame: Frame, function: Any) -> Span | None:
    """Return the place of a function that has been read."""
    source = frame.context.sources.get(function)
    return None if source is None else span_of(source.file, source.node)


def _matched(like: Any, found: Any, where: str) -> Iterator[tuple[Handle, Any]]:
    """Yield the leaves of a value that can move, each with its derivative.

    None stands for no derivative, of a part as well.
    """
    if isinstance(found, Static) and found.value is None:
        return
    if moves(like):
        yield like, found
        return
    parts = _parts(like)
    if parts is None:
        return
    others = _parts(found)
    if others is None or list(parts) != list(others):
        raise Refusal(
            f"the derivative of {where} is of another structure than that",
            "the structure of the argument, with None for what has no derivative",
        )
    for key, part in parts.items():
        yield from _matched(part, others[key], where)


def _parts(value: Any) -> dict[Any, Any] | None:
    """Return what a container holds, by place; None for anything else."""
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if isinstance(value, Record):
        return value.fields
    return value if isinstance(value, dict) else None


def _cast(x: Handle, like: Handle) -> Handle:
    """Return a derivative in the dtype of ``like``, whose shape it has."""
    type_ = like.atom.type
    if isinstance(type_, Array):
        return _cast_array(x, type_)
    assert isinstance(type_, Scalar)
    if same_type(x.type, type_):
        return x
    if type_.weak:
        return apply("complex" if type_.dtype.kind == "c" else "float", x)
    if isinstance(x.atom, Literal):
        return Handle(x.builder, Literal.of(type_.dtype.type(x.atom.value)))
    return apply("cast", x, dtype=type_.dtype)


def _cast_array(x: Handle, type_: Array) -> Handle:
    """Return an array with lengths by the names that they have in ``type_``."""
    if x.dtype != type_.dtype:
        x = apply("cast", x, dtype=type_.dtype)
    found = x.atom
    if found.type != type_ and found not in x.builder.makers:
        x = apply("copy", x)
        found = x.atom
    if isinstance(found, Value):
        found.type = type_
    return Handle(x.builder, found)
