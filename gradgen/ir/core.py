"""The IR: structured SSA. Data only: ``builder`` makes it, ``verify`` checks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from gradgen.errors import Span
from gradgen.ir.tree import Tree
from gradgen.ir.types import Scalar, Type, is_complex, literal_type
from gradgen.structs import field, frozen, replace, struct


@struct
class Value:
    """The result of an op or a parameter. ``hint`` is the name a reader would use.

    A derivative knows the value it belongs to: ``base`` and the ``suffix`` that turns
    the name of that value into its own, such as ``_bar``.
    """

    type: Type
    hint: str = ""
    base: Value | None = None
    suffix: str = ""


class Undefined:
    """What a variable holds that was never bound."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


@frozen
class Literal:
    """A constant in operand position, or ``undefined``, which nobody may read."""

    value: Any
    type: Type

    @staticmethod
    def of(value: Any) -> Literal:
        """Wrap a Python or NumPy scalar, or a string."""
        return Literal(value, literal_type(value))

    @staticmethod
    def zero(type_: Scalar) -> Literal:
        """Return the zero of a type of numbers that carry derivatives."""
        if type_.weak:
            return Literal.of(0j if is_complex(type_) else 0.0)
        return Literal.of(type_.dtype.type(0))

    @staticmethod
    def undefined(type_: Type) -> Literal:
        """Return what a slot or result of ``type_`` holds where it is never read."""
        return Literal(UNDEFINED, type_)

    @property
    def is_undefined(self) -> bool:
        """Tell whether this stands for a value that does not exist."""
        return self.value is UNDEFINED

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Literal)
            and type(self.value) is type(other.value)
            and self.type == other.type
            and repr(self.value) == repr(other.value)
        )

    def __hash__(self) -> int:
        return hash((type(self.value), repr(self.value)))


Atom: TypeAlias = Value | Literal


@struct
class Op:
    """One operation. ``name`` is the primitive; ``regions`` belong to control ops.

    ``origin`` tells the forward sweep (``"primal"``) from what a transform added.
    ``bufferize`` sets the rest: ``into`` numbers the operand whose memory the result
    takes over, ``inline`` marks an op that is printed inside the one that uses it.
    """

    name: str
    operands: tuple[Atom, ...]
    results: tuple[Value, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    regions: tuple[Block, ...] = ()
    span: Span | None = None
    origin: str = "primal"
    into: int | None = None
    inline: bool = False

    def with_operands(self, operands: tuple[Atom, ...]) -> Op:
        """Return the op over other operands, defining the same results."""
        return Op(
            self.name,
            operands,
            self.results,
            self.attrs,
            self.regions,
            self.span,
            self.origin,
            self.into,
            self.inline,
        )


@struct
class Block:
    """Parameters, straight-line ops, and the atoms that the block yields."""

    params: tuple[Value, ...]
    ops: tuple[Op, ...]
    results: tuple[Atom, ...]


@frozen
class Param:
    """A parameter of a function: its name and the tree of values it brings.

    ``role`` is ``"primal"``, ``"seed"`` (a tangent or cotangent coming in),
    ``"residual"`` or ``"captured"`` (a name read from the user's module or closure).
    """

    name: str
    tree: Tree
    role: str = "primal"
    default: Any = None


@struct
class Function:
    """A compiled function: parameters as trees of values, one block, a result tree.

    ``helpers`` are the functions that it calls, by name, and those that these call; the
    table of the function that is called from outside is the one that counts. ``takes``
    pairs leaves of the parameters with results: the function may overwrite the memory
    of the one, of which the other is the new version.
    """

    name: str
    params: tuple[Param, ...]
    body: Block
    result: Tree
    doc: str = ""
    span: Span | None = None
    helpers: Mapping[str, Function] = field(default_factory=dict)
    takes: tuple[tuple[int, int], ...] = ()

    @property
    def inputs(self) -> tuple[Value, ...]:
        """Return the leaves of all parameters, in order."""
        return self.body.params


def with_body(function: Function, body: Block) -> Function:
    """Return ``function`` with another body, its result tree filled accordingly."""
    return replace(function, body=body, result=function.result.fill(body.results))


def map_helpers(function: Function, change: Callable[[Function], Function]) -> Function:
    """Return ``function`` with ``change`` applied to it and to all its helpers."""
    if not function.helpers:
        return change(function)
    helpers = {name: change(helper) for name, helper in function.helpers.items()}
    return replace(change(function), helpers=helpers)


def walk_ops(block: Block) -> Iterator[Op]:
    """Yield every op of ``block`` and of its regions, outer before inner."""
    for op in block.ops:
        yield op
        for region in op.regions:
            yield from walk_ops(region)


def namesake(x: Value, type_: Type | None = None) -> Value:
    """Return a new value that is called as ``x`` is, of its type or another one."""
    return Value(x.type if type_ is None else type_, x.hint, x.base, x.suffix)


def map_operands(block: Block, mapping: Callable[[Atom], Atom]) -> Block:
    """Return ``block`` with every operand and yield, regions included, mapped."""
    ops = tuple(
        replace(
            op,
            operands=tuple(mapping(a) for a in op.operands),
            regions=tuple(map_operands(r, mapping) for r in op.regions),
        )
        for op in block.ops
    )
    return Block(block.params, ops, tuple(mapping(a) for a in block.results))


def use_counts(block: Block) -> dict[Value, int]:
    """Count the uses of every value as an operand or a yield."""
    counts: dict[Value, int] = {}
    for op in walk_ops(block):
        _count(op.operands, counts)
        for region in op.regions:
            _count(region.results, counts)
    _count(block.results, counts)
    return counts


def _count(atoms: tuple[Atom, ...], counts: dict[Value, int]) -> None:
    for atom in atoms:
        if isinstance(atom, Value):
            counts[atom] = counts.get(atom, 0) + 1
