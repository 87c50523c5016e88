"""What is computed only to be handed on: ``a, b = b, a + b`` needs no third name."""

from __future__ import annotations

from collections.abc import Iterable

from gradgen.codegen.liveness import lives_of, reads_by
from gradgen.codegen.statements import (
    Bind,
    Compute,
    Line,
    Node,
    Nodes,
    Program,
    inner_nodes,
    targets_of,
    walk,
)
from gradgen.codegen.uses import Uses
from gradgen.codegen.webs import Webs, name_key, webs_of
from gradgen.errors import errstate_of
from gradgen.ir.core import Atom, Op, Value
from gradgen.ir.types import Scalar
from gradgen.primitives.registry import PRIMITIVES

LARGEST = 6
"""How many operands an expression may have that is handed on in one statement."""


def settle(program: Program, uses: Uses) -> Webs:
    """Return which values share a name.

    What would need a name only until it is bound is computed where it is bound.
    """
    webs = webs_of(program, lives_of(program))
    while _improve(program.nodes, webs, uses):
        webs = webs_of(program, lives_of(program))
    return webs


def _improve(nodes: Nodes, webs: Webs, uses: Uses) -> bool:
    """Compute later, in a block and those in it, what its bindings hand on."""
    changed = False
    for node in nodes[::-1]:
        for inner in inner_nodes(node):
            changed |= _improve(inner, webs, uses)
        if isinstance(node, Bind):
            for target, source in node.pairs:
                made = _maker(nodes, target, source, webs, uses)
                if made is not None and _may_wait(webs.program, nodes, made, node):
                    changed |= _put_off(nodes, made, node, target, webs)
    return changed


def _maker(
    nodes: Nodes, target: Value, source: Atom, webs: Webs, uses: Uses
) -> Compute | None:
    """Return what makes a value that is used once, to be bound to another name."""
    if not isinstance(source, Value) or webs.find(source) is webs.find(target):
        return None
    if uses.count(source) != 1 or name_key(source) not in ("", webs.key(target)):
        return None
    made = (n for n in nodes if isinstance(n, Compute) and n.op.results == (source,))
    return next(made, None)


def _may_wait(program: Program, nodes: Nodes, made: Compute, bind: Bind) -> bool:
    """Tell whether an op reads the same when it is computed right before ``bind``."""
    op = made.op
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or primitive.effect or op.into is not None:
        return False
    read = set(program.reads_of(op))
    arrays = not all(isinstance(x.type, Scalar) for x in read)
    between = nodes[nodes.index(made) + 1 : nodes.index(bind)]
    return not any(
        read.intersection(targets_of(node)) or (arrays and _may_write(node))
        for node in walk(between)
    )


def _may_write(node: Node) -> bool:
    """Tell whether a statement may write into an array or have another effect."""
    if isinstance(node, Compute):
        primitive = PRIMITIVES.get(node.op.name)
        return node.op.into is not None or primitive is None or primitive.effect
    return isinstance(node, Line) and node.target is None


def _put_off(
    nodes: Nodes, made: Compute, bind: Bind, target: Value, webs: Webs
) -> bool:
    """Compute numbers inside the binding, and the rest behind what reads its target.

    A value is put off no more than once: two could be put off behind each other.
    """
    program = webs.program
    others = [source for _, source in bind.pairs if source not in made.op.results]
    exchanged = any(_is_read(webs, target, program.reads(x)) for x in others)
    between = nodes[nodes.index(made) + 1 : nodes.index(bind)]
    reads = (reads_by(program, node) for node in walk(between))
    late = any(_is_read(webs, target, found) for found in reads)
    if late and not exchanged and made not in program.put_off:
        program.put_off.add(made)
        nodes.remove(made)
        nodes.insert(nodes.index(bind), made)
        return True
    if not _is_small(program, made.op) or not _same_errstate(made, bind):
        return False
    nodes.remove(made)
    program.inlined[made.op.results[0]] = made.op
    bind.span = bind.span or made.op.span
    return True


def _is_read(webs: Webs, target: Value, reads: Iterable[Value]) -> bool:
    return any(webs.find(x) is webs.find(target) for x in reads)


def _same_errstate(made: Compute, bind: Bind) -> bool:
    return not bind.span or errstate_of(bind.span) == errstate_of(made.op.span)


def _is_small(program: Program, op: Op) -> bool:
    """Tell whether an op computes with a few numbers."""
    read = list(program.reads_of(op))
    numbers = all(isinstance(x.type, Scalar) for x in (*op.operands, *read))
    return numbers and len(read) <= LARGEST
