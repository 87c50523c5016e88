"""Algebraic rewriting. Each rule takes an op over handles and returns what replaces it.

The primal's own arithmetic is changed by exact identities only; what a transform added
may be reassociated as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Literal, Op, Value, use_counts
from gradgen.ir.types import Scalar, same_type
from gradgen.primitives.registry import PRIMITIVES, Handle, apply


@dataclass(slots=True)
class Scope:
    """What a rule may look at: who defines a value, and how often it is used."""

    builder: Builder
    uses: dict[Value, int]
    makers: dict[Value, Op] = field(default_factory=dict)
    primal: bool = True

    def maker(self, handle: Handle, *names: str) -> Op | None:
        """Return the op that made ``handle`` if it is one of ``names``."""
        op = self.makers.get(handle.atom) if isinstance(handle.atom, Value) else None
        return op if op is not None and op.name in names else None

    def once(self, handle: Handle) -> bool:
        """Tell whether ``handle`` is used only here."""
        return isinstance(handle.atom, Value) and self.uses.get(handle.atom, 0) <= 1

    def operands(self, op: Op) -> list[Handle]:
        """Return the operands of another op as handles."""
        return [Handle(self.builder, x) for x in op.operands]


Rule = Callable[[Scope, Op, Sequence[Handle]], Handle | None]
RULES: dict[str, list[Rule]] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for the primitives ``names``."""

    def enter(function: Rule) -> Rule:
        for name in names:
            RULES.setdefault(name, []).append(function)
        return function

    return enter


def simplify(block: Block) -> Block:
    """Apply the first rule that fits to each op, in order."""
    builder = Builder()
    builder.enter(())
    scope = Scope(builder, use_counts(block))
    replaced: dict[Value, Atom] = {}
    for value in block.params:
        builder.dims.note(value.type)
    for op in block.ops:
        _rewrite(scope, _renamed(op, replaced), replaced)
    results = [_look_up(x, replaced) for x in block.results]
    return builder.block(block.params, results)


def _renamed(op: Op, replaced: dict[Value, Atom]) -> Op:
    return op.with_operands(tuple(_look_up(x, replaced) for x in op.operands))


def _look_up(atom: Atom, replaced: dict[Value, Atom]) -> Atom:
    return replaced.get(atom, atom) if isinstance(atom, Value) else atom


def _rewrite(scope: Scope, op: Op, replaced: dict[Value, Atom]) -> None:
    builder = scope.builder
    builder.span, builder.origin = op.span, op.origin
    scope.primal = op.origin == "primal"
    mark = len(builder.ops)
    handles = [Handle(builder, x) for x in op.operands]
    for candidate in RULES.get(op.name, ()) if len(op.results) == 1 else ():
        found = candidate(scope, op, handles)
        if found is not None and same_type(found.atom.type, op.results[0].type):
            _accept(scope, op.results[0], found.atom, mark, replaced)
            return
        del builder.ops[mark:]
    builder.append(op)
    scope.makers.update(dict.fromkeys(op.results, op))


def _accept(
    scope: Scope, old: Value, new: Atom, mark: int, replaced: dict[Value, Atom]
) -> None:
    for op in scope.builder.ops[mark:]:
        scope.makers.update(dict.fromkeys(op.results, op))
    replaced[old] = new
    if isinstance(new, Value):
        made_here = any(new in op.results for op in scope.builder.ops[mark:])
        if made_here or not new.hint:
            new.hint = old.hint or new.hint
        scope.uses[new] = scope.uses.get(new, 0) + scope.uses.get(old, 0)
        if not made_here:
            scope.uses[new] -= 1


def constant(handle: Handle) -> Any:
    """Return the value of a literal, else None."""
    return handle.atom.value if isinstance(handle.atom, Literal) else None


@rule("add", "subtract", "multiply", "divide", "negative", "power")
def fold(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``2 * 3 -> 6``, for Python numbers and where it raises nothing."""
    values = [constant(x) for x in xs]
    if any(v is None for v in values) or not all(x.type.weak for x in xs):
        return None
    if op.attrs or (scope.primal and not all(isinstance(v, int) for v in values)):
        return None
    try:
        result = PRIMITIVES[op.name].evaluate(*values)
    except (ArithmeticError, ValueError):
        return None
    return Handle(scope.builder, Literal.of(result))


@rule("multiply")
def multiply_by_one(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``1 * x -> x`` and ``-1.0 * x -> -x``."""
    for factor, other in (xs, xs[::-1]):
        if constant(factor) == 1:
            return other
        if constant(factor) == -1 and not scope.primal:
            return -other
    return None


@rule("divide")
def divide_by_one(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x / 1 -> x``."""
    return xs[0] if constant(xs[1]) == 1 else None


@rule("power")
def power_of_one(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x ** 1 -> x``."""
    return xs[0] if constant(xs[1]) == 1 else None


@rule("add")
def add_negative(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``a + (-b) -> a - b``."""
    if scope.primal:
        return None
    for first, second in (xs, xs[::-1]):
        made = scope.maker(second, "negative")
        if made is not None:
            return first - scope.operands(made)[0]
    return None


@rule("add")
def add_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``a + a -> 2 * a``."""
    return 2 * xs[0] if xs[0].atom is xs[1].atom and not scope.primal else None


@rule("subtract")
def subtract_negative(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``a - (-b) -> a + b``."""
    made = scope.maker(xs[1], "negative")
    if made is None or scope.primal:
        return None
    return xs[0] + scope.operands(made)[0]


@rule("negative")
def negative_of(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``-(-a) -> a`` and ``-(a - b) -> b - a``."""
    made = scope.maker(xs[0], "negative", "subtract")
    if made is None or scope.primal:
        return None
    inner = scope.operands(made)
    if made.name == "negative":
        return inner[0]
    return inner[1] - inner[0] if scope.once(xs[0]) else None


@rule("multiply", "divide")
def pull_out_sign(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``(-a) * b -> -(a * b)``, so that sums can turn it into a difference."""
    if scope.primal:
        return None
    for slot in (0, 1):
        made = scope.maker(xs[slot], "negative")
        if made is not None:
            parts = list(xs)
            parts[slot] = scope.operands(made)[0]
            return -apply(op.name, *parts, **op.attrs)
    return None


@rule("multiply")
def gather_scalars(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``s * (t * x) -> (s * t) * x`` for numbers ``s``, ``t`` and an array ``x``."""
    if scope.primal:
        return None
    for outer, product in (xs, xs[::-1]):
        made = scope.maker(product, "multiply")
        if made is None or outer.rank or not product.rank or not scope.once(product):
            continue
        for inner, array in _both_ways(scope.operands(made)):
            if not inner.rank:
                return (outer * inner) * array
    return None


@rule("multiply")
def literal_into_quotient(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``2 * (3 / n) -> 6 / n`` and ``2 * (3 * x) -> 6 * x`` for literals."""
    if scope.primal:
        return None
    for factor, other in (xs, xs[::-1]):
        made = scope.maker(other, "divide", "multiply")
        if constant(factor) is None or made is None or not scope.once(other):
            continue
        first, second = scope.operands(made)
        if constant(first) is not None:
            product = factor * first
            return product / second if made.name == "divide" else product * second
    return None


def _both_ways(pair: Sequence[Handle]) -> tuple[Sequence[Handle], Sequence[Handle]]:
    return pair, pair[::-1]


def spread_operand(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``full(s, shape) * x -> s * x`` where ``x`` has that shape anyway."""
    for slot, x in enumerate(xs):
        made = scope.maker(x, "full", "broadcast_to")
        if made is None:
            continue
        parts = list(xs)
        parts[slot] = scope.operands(made)[0]
        found = apply(op.name, *parts, **op.attrs)
        if found.atom.type == op.results[0].type:
            return found
    return None


for _name, _primitive in PRIMITIVES.items():
    if _primitive.elementwise:
        rule(_name)(spread_operand)


@rule("full", "broadcast_to")
def broadcast_of_broadcast(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``broadcast_to(full(s, a), b) -> full(s, b)``."""
    made = scope.maker(xs[0], "full", "broadcast_to")
    if made is None:
        return None
    return apply(made.name, scope.operands(made)[0], *xs[1:], **made.attrs)


@rule("transpose")
def transpose_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x.T.T -> x``, and two permutations become one."""
    axes = op.attrs["axes"]
    if axes == tuple(range(len(axes))):
        return xs[0]
    made = scope.maker(xs[0], "transpose")
    if made is None:
        return None
    inner = made.attrs["axes"]
    return apply(
        "transpose", scope.operands(made)[0], axes=tuple(inner[axis] for axis in axes)
    )


@rule("squeeze", "expand_dims")
def undo_expansion(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``squeeze(expand_dims(x, a), a) -> x``, and the other way round."""
    inverse = "expand_dims" if op.name == "squeeze" else "squeeze"
    made = scope.maker(xs[0], inverse)
    if made is None or made.attrs["axis"] != op.attrs["axis"]:
        return None
    return scope.operands(made)[0]


@rule("reshape")
def reshape_twice(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x.reshape(a).reshape(b) -> x.reshape(b)``, or ``x`` if that is its shape."""
    made = scope.maker(xs[0], "reshape")
    source = scope.operands(made)[0] if made is not None else xs[0]
    if source.atom.type == op.results[0].type:
        return source
    return apply("reshape", source, *xs[1:]) if made is not None else None


@rule("copy")
def copy_of_value(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``x.copy() -> x``: values never change; ``bufferize`` copies where it must."""
    return xs[0]


@rule("cast", "broadcast_to", "sum_to")
def same_already(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """Leave out what changes nothing."""
    return xs[0] if same_type(xs[0].atom.type, op.results[0].type) else None


MASKING = ("where", "add_at", "update", "masked_multiply", "masked_divide", "larger")


@rule("masked_multiply", "masked_divide")
def unmasked(scope: Scope, op: Op, xs: Sequence[Handle]) -> Handle | None:
    """``masked_divide(a, b) -> a / b`` where no mask can have made ``a`` zero."""
    if not op.attrs.get("demote") or may_be_masked(scope, xs[0]):
        return None
    return xs[0] * xs[1] if op.name == "masked_multiply" else xs[0] / xs[1]


def may_be_masked(scope: Scope, bar: Handle) -> bool:
    """Tell whether zeros in ``bar`` may come from a mask, a selection or a seed."""
    pending = [bar.atom]
    seen: set[Value] = set()
    while pending:
        atom = pending.pop()
        if not isinstance(atom, Value) or atom in seen:
            continue
        seen.add(atom)
        op = scope.makers.get(atom)
        if op is None:
            if atom.hint.endswith(("_bar", "_dot")):
                return True
            continue
        if op.name in MASKING or any(_is_mask(x) for x in op.operands):
            return True
        pending.extend(op.operands)
    return False


def _is_mask(atom: Atom) -> bool:
    return not isinstance(atom.type, Scalar) and atom.type.dtype.kind == "b"  # type: ignore[union-attr]


