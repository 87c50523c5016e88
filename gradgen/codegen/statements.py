"""What generated code consists of before it has names: statements over values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from gradgen.errors import Span
from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.structs import field, struct

if TYPE_CHECKING:
    from gradgen.codegen.uses import Uses


@struct
class Phrase:
    """An expression or statement that belongs to no op: a template and its operands."""

    template: str
    operands: tuple[Operand, ...]


Operand: TypeAlias = Atom | Phrase


@struct
class Compute:
    """The statement of one op."""

    op: Op


@struct
class Line:
    """``target = phrase``, or the phrase alone where it is a statement."""

    phrase: Phrase
    target: Value | None
    origin: str


@struct
class Bind:
    """``a, b = c, d``: all sources are read before a target is bound.

    A pair of which both sides get one name is not printed, nor is what is undefined.
    """

    pairs: tuple[tuple[Value, Atom], ...]
    origin: str
    span: Span | None = None


@struct
class If:
    """A branch; values are bound in its arms, under names that outlive them."""

    test: Atom
    then: Nodes
    otherwise: Nodes
    span: Span | None
    origin: str


@struct
class For:
    """``for targets in iterable``; ``orelse`` follows if it is not left by ``break``.

    ``runs`` says that the body runs at least once.
    """

    op: Op
    targets: tuple[Value, ...]
    iterable: Phrase
    body: Nodes
    runs: bool
    orelse: Nodes = field(default_factory=list)

    @property
    def span(self) -> Span | None:
        """Return the place of the loop in the user's source."""
        return self.op.span

    @property
    def origin(self) -> str:
        """Return the sweep that the loop belongs to."""
        return self.op.origin


@struct
class While:
    """``while test``; ``head`` holds what has to be computed before each test."""

    op: Op
    head: Nodes
    test: Atom
    body: Nodes
    orelse: Nodes = field(default_factory=list)

    @property
    def is_endless(self) -> bool:
        """Tell whether the loop ends by ``break`` or ``return`` alone."""
        return isinstance(self.test, Literal) and self.test.value is True

    @property
    def span(self) -> Span | None:
        """Return the place of the loop in the user's source."""
        return self.op.span

    @property
    def origin(self) -> str:
        """Return the sweep that the loop belongs to."""
        return self.op.origin


@struct
class Break:
    """``break``."""

    origin: str


@struct
class Return:
    """``return`` of what the function's block yields."""

    atoms: tuple[Atom, ...]
    origin: str = "result"


Node: TypeAlias = Compute | Line | Bind | If | For | While | Break | Return
Nodes: TypeAlias = list[Node]


@struct
class Program:
    """The statements of a function, and how its values are used if it branches.

    ``inlined`` holds the ops that are printed inside others, ``aliases`` values that
    are just another value's name at a later time: the result of a loop is what its slot
    was last bound to. ``put_off`` are the statements that were moved, ``connectives``
    the branches that are printed with ``and`` or ``or``, ``truths`` the flags of which
    no more is asked than whether they are true, ``given`` the names of seeds,
    ``plain`` the numbers of NumPy's for which a Python number does as well.
    """

    nodes: Nodes
    uses: Uses | None = None
    inlined: dict[Value, Op] = field(default_factory=dict)
    aliases: dict[Value, Value] = field(default_factory=dict)
    put_off: set[Compute] = field(default_factory=set)
    connectives: dict[Op, str] = field(default_factory=dict)
    truths: set[Atom] = field(default_factory=set)
    given: dict[Value, str] = field(default_factory=dict)
    plain: set[Atom] = field(default_factory=set)

    def variable(self, value: Value) -> Value:
        """Return the value whose name ``value`` goes by."""
        return self.aliases.get(value, value)

    def reads(self, operand: Operand) -> Iterator[Value]:
        """Yield the variables that an operand reads where it is printed."""
        if isinstance(operand, Phrase):
            for part in operand.operands:
                yield from self.reads(part)
        elif isinstance(operand, Value):
            op = self.inlined.get(operand)
            if op is None:
                yield self.variable(operand)
            else:
                yield from self.reads_of(op)

    def reads_of(self, op: Op) -> Iterator[Value]:
        """Yield the variables that an op reads; those of a choice in its arms too."""
        for x in op.operands:
            yield from self.reads(x)
        for region in op.regions:
            for x in region.results:
                yield from self.reads(x)


def is_undefined(atom: Atom) -> bool:
    """Tell whether an atom stands for a value that was never bound."""
    return isinstance(atom, Literal) and atom.is_undefined


def never_ends(node: Node) -> bool:
    """Tell whether nothing behind a statement is reached by it."""
    if isinstance(node, Compute):
        return node.op.name == "raise"
    return isinstance(node, Return)


def walk(nodes: Nodes) -> Iterator[Node]:
    """Yield every statement in order, nested ones included."""
    for node in nodes:
        yield node
        for inner in inner_nodes(node):
            yield from walk(inner)


def inner_nodes(node: Node) -> tuple[Nodes, ...]:
    """Return the blocks of a compound statement."""
    if isinstance(node, If):
        return (node.then, node.otherwise)
    if isinstance(node, For):
        return (node.body, node.orelse)
    if isinstance(node, While):
        return (node.head, node.body, node.orelse)
    return ()


def targets_of(node: Node) -> Mapping[Value, None]:
    """Return what a statement binds by itself, in order."""
    if isinstance(node, Compute):
        return dict.fromkeys(node.op.results)
    if isinstance(node, Line):
        return {} if node.target is None else {node.target: None}
    if isinstance(node, Bind):
        return {y: None for y, x in node.pairs if not is_undefined(x)}
    if isinstance(node, For):
        return dict.fromkeys(node.targets)
    return {}


def named_by(node: Node) -> Mapping[Value, None]:
    """Return what a statement binds, or would if it were defined, in order."""
    if isinstance(node, Bind):
        return dict.fromkeys(target for target, _ in node.pairs)
    return targets_of(node)
