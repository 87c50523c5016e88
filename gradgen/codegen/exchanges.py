"""What is computed only to be handed on: ``a, b = b, a + b`` needs no third name."""

from __future__ import annotations

from gradgen.codegen.liveness import lives_of
from gradgen.codegen.statements import (
    Bind,
    Compute,
    Nodes,
    Program,
    inner_nodes,
    targets_of,
    walk,
)
from gradgen.codegen.uses import Uses
from gradgen.codegen.webs import Webs, name_key, webs_of
from gradgen.errors import errstate_of
from gradgen.ir.core import Op, Value
from gradgen.ir.types import Scalar
from gradgen.primitives.registry import PRIMITIVES

LARGEST = 6
"""How many operands an expression may have that is handed on in one statement."""


def settle(program: Program) -> Webs:
    """Return which values share a name.

    A number that would need a name only until it is bound is printed where it is bound.
    """
    webs = webs_of(program, lives_of(program))
    uses = program.uses
    while uses is not None and _inline_some(program.nodes, webs, uses):
        webs = webs_of(program, lives_of(program))
    return webs


def _inline_some(nodes: Nodes, webs: Webs, uses: Uses) -> bool:
    """Print numbers inside the bindings of a block, and of those in it."""
    changed = False
    for node in nodes[::-1]:
        for inner in inner_nodes(node):
            changed |= _inline_some(inner, webs, uses)
        if isinstance(node, Bind):
            for target, source in node.pairs:
                changed |= _inline(nodes, node, target, source, webs, uses)
    return changed


def _inline(
    nodes: Nodes, bind: Bind, target: Value, source: object, webs: Webs, uses: Uses
) -> bool:
    if not isinstance(source, Value) or webs.find(source) is webs.find(target):
        return False
    if uses.count(source) != 1 or name_key(source) not in (None, webs.key(target)):
        return False
    found = [n for n in nodes if isinstance(n, Compute) and n.op.results == (source,)]
    if not found or not _may_wait(webs.program, found[0].op, nodes, found[0], bind):
        return False
    if bind.span and errstate_of(bind.span) != errstate_of(found[0].op.span):
        return False
    nodes.remove(found[0])
    webs.program.inlined[source] = found[0].op
    bind.span = bind.span or found[0].op.span
    return True


def _may_wait(
    program: Program, op: Op, nodes: Nodes, made: Compute, bind: Bind
) -> bool:
    """Tell whether numbers can be computed as late as they are bound."""
    primitive = PRIMITIVES.get(op.name)
    if primitive is None or primitive.effect or op.into is not None:
        return False
    read = list(program.reads_of(op))
    if len(read) > LARGEST or not all(isinstance(x.type, Scalar) for x in read):
        return False
    if not all(isinstance(x.type, Scalar) for x in op.operands):
        return False
    between = nodes[nodes.index(made) + 1 : nodes.index(bind)]
    return not any(set(read).intersection(targets_of(node)) for node in walk(between))
