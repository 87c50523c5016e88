"""How loops and functions are left: ``else`` of a loop, ``return`` in it, ``raise``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gradgen.codegen.liveness import lives_of, reads_by
from gradgen.codegen.statements import (
    Bind,
    Break,
    For,
    If,
    Line,
    Nodes,
    Program,
    Return,
    While,
    inner_nodes,
    is_undefined,
    never_ends,
    walk,
)
from gradgen.codegen.webs import filler
from gradgen.ir.core import Atom, Literal, Value
from gradgen.ir.regions import loop_parts, surely_begins


def settle_exits(program: Program, *, forward: bool) -> None:
    """Say how loops and functions are left as one does in Python.

    Before -> after, the last one only if there is no reverse sweep behind it::

        left = False                     for v in x:
        for v in x:                          if v > 1:
            if v > 1:                            y = v
                y = v                            break
                left = True         ->       else:
                break                            y = 0
        if not left:
            y = 0
        if c:                            if c:
            y = x                            return x
        else:                       ->   y = 2.0 * x
            y = 2.0 * x                  return y
        return y
    """
    _settle(program, program.nodes)
    _tell_apart(program.nodes)
    if forward:
        _return_early(program, program.nodes)
    _forget(program)


def _settle(program: Program, nodes: Nodes) -> None:
    """Settle a block and those in it, inner ones last."""
    _end_at_raise(nodes)
    for loop in [x for x in nodes if isinstance(x, For | While)]:
        _add_else(program, nodes, loop)
    for node in nodes:
        for inner in inner_nodes(node):
            _settle(program, inner)


def _end_at_raise(nodes: Nodes) -> None:
    """Do not nest in an ``else`` what follows ``if c: raise ValueError``."""
    k = 0
    while k < len(nodes):
        node = nodes[k]
        if never_ends(node):
            del nodes[k + 1 :]
        elif isinstance(node, If):
            for arm, other in (
                (node.then, node.otherwise),
                (node.otherwise, node.then),
            ):
                _end_at_raise(arm)
                if arm and never_ends(arm[-1]):
                    nodes[k + 1 : k + 1] = other
                    other.clear()
                    break
        k += 1


def _tell_apart(nodes: Nodes) -> None:
    """Make two statements of what stands in two places."""
    for k, node in enumerate(nodes):
        if isinstance(node, Bind):
            nodes[k] = Bind(node.pairs, node.origin, node.span)
        for inner in inner_nodes(node):
            _tell_apart(inner)


def _add_else(program: Program, nodes: Nodes, loop: For | While) -> None:
    """Let ``else`` of a loop do what is done if it was not left by ``break``."""
    if not loop.op.attrs["exits"] or (isinstance(loop, While) and loop.head):
        return
    left = loop.op.results[-1]
    flags: set[Atom] = {left}
    breaks = list(_left_from(loop.body))
    k = nodes.index(loop) + 1
    while k < len(nodes):
        branch = nodes[k]
        if not isinstance(branch, If) or branch.test not in flags:
            return
        if branch.origin == "adjoint" != loop.origin:
            return
        del nodes[k]
        loop.orelse.extend(branch.otherwise)
        if not all(isinstance(node, Bind) for node in branch.then):
            kept = If(branch.test, branch.then, [], branch.span, branch.origin)
            nodes.insert(k, kept)
            return
        for block in breaks:
            again = (x for x in branch.then if isinstance(x, Bind))
            block[-1:-1] = [Bind(x.pairs, x.origin) for x in again]
        more = _flags(loop.orelse, breaks, flags)
        program.aliases.update(dict.fromkeys(more - flags, left))
        flags |= more


def _flags(orelse: Nodes, breaks: list[Nodes], known: set[Atom]) -> set[Value]:
    """Return what is true at the end of each of ``breaks``, and false at the other."""
    ended = {y for y, x in _bound_last(orelse) if x == Literal.of(False)}
    true = (*known, Literal.of(True))
    for block in breaks:
        ended &= {y for y, x in _bound_last(block[:-1]) if x in true}
    return ended


def _bound_last(nodes: Nodes) -> Iterator[tuple[Value, Atom]]:
    for node in reversed(nodes):
        if not isinstance(node, Bind):
            return
        yield from node.pairs


def _left_from(nodes: Nodes) -> Iterator[Nodes]:
    """Yield the blocks that end with the ``break`` of a loop with this body."""
    if nodes and isinstance(nodes[-1], Break):
        yield nodes
    for node in nodes:
        if isinstance(node, If):
            yield from _left_from(node.then)
            yield from _left_from(node.otherwise)


def _return_early(program: Program, nodes: Nodes) -> None:
    """Return from within the loop or branch that comes last, if that is all it does."""
    *rest, end = nodes
    k = len(rest)
    while k and isinstance(rest[k - 1], Bind):
        k -= 1
    last = rest[k - 1] if k else None
    if not isinstance(end, Return) or any(x in program.inlined for x in end.atoms):
        return
    if isinstance(last, For | While):
        _return_from_loop(program, nodes, k, end)
    elif isinstance(last, If) and all(isinstance(x, Bind) for x in last.then):
        then = [*last.then, *rest[k:]]
        atoms = _passed_back(program, then, end.atoms)
        otherwise = [*last.otherwise, *nodes[k:]]
        nodes[k - 1 :] = [
            If(last.test, [Return(atoms)], [], last.span, last.origin),
            *otherwise,
        ]
        _return_early(program, nodes)
    elif nodes is not program.nodes or any(isinstance(x, If) for x in rest):
        behind = rest[k:]
        atoms = _passed_back(program, behind, end.atoms)
        nodes[:] = [*rest[:k], *behind, Return(atoms)]


def _return_from_loop(program: Program, nodes: Nodes, k: int, end: Return) -> None:
    """Return where the loop at ``k - 1``, or one in it, is left."""
    loop = nodes[k - 1]
    assert isinstance(loop, For | While)
    behind, orelse = nodes[k:-1], loop.orelse
    blocks = list(_left_from(loop.body))
    if not blocks:
        return
    for block in blocks:
        before = [*block[:-1], *behind]
        atoms = _passed_back(program, before, end.atoms)
        block[:] = [*before, Return(atoms)]
    loop.orelse = []
    if _always_left(loop):
        del nodes[k:]
    else:
        nodes[k:k] = orelse
    _return_from_inner(loop.body)
    _return_early(program, nodes)


def _always_left(loop: For | While) -> bool:
    """Tell whether a loop that returns where it is left never comes to its end."""
    if isinstance(loop, While):
        return loop.is_endless
    return surely_begins(loop_parts(loop.op).range) and _never_goes_on(loop.body)


def _never_goes_on(nodes: Nodes) -> bool:
    """Tell whether each path through a block ends the function."""
    end = nodes[-1]
    if isinstance(end, If):
        return all(arm and _never_goes_on(arm) for arm in (end.then, end.otherwise))
    return never_ends(end)


def _return_from_inner(nodes: Nodes) -> None:
    """Return at once where a loop is left only to return then."""
    for loop, branch in pairwise(nodes):
        if not isinstance(loop, For | While) or not isinstance(branch, If):
            continue
        left = branch.test is loop.op.results[-1] and not branch.otherwise
        if left and len(branch.then) == 1 and isinstance(branch.then[0], Return):
            for block in _left_from(loop.body):
                block[-1] = Return(branch.then[0].atoms)
            nodes.remove(branch)
            _return_from_inner(loop.body)
            return


def _passed_back(
    program: Program, nodes: Nodes, atoms: tuple[Atom, ...]
) -> tuple[Atom, ...]:
    """Return what is bound last in ``nodes``, in place of what it is bound to."""
    while nodes and isinstance(bind := nodes[-1], Bind):
        nodes.pop()
        bound: dict[Atom, Atom] = {
            program.variable(y): Literal(filler(y), y.type) if is_undefined(x) else x
            for y, x in bind.pairs
        }
        atoms = tuple(bound.get(_variable(program, x), x) for x in atoms)
    return atoms


def _variable(program: Program, atom: Atom) -> Atom:
    return program.variable(atom) if isinstance(atom, Value) else atom


def _forget(program: Program) -> None:
    """Do not bind what nobody asks for any more, such as how a loop ended."""
    read: set[Value] = set()
    ends: set[Value] = set()
    for node in walk(program.nodes):
        read.update(reads_by(program, node))
        if isinstance(node, For | While):
            ends.update(node.op.results[-2:])
    _drop(program.nodes, ends - read)
    while unread := lives_of(program).unread:
        for bind in {bind for bind, _ in unread}:
            bind.pairs = tuple(p for p in bind.pairs if (bind, p[0]) not in unread)


def _drop(nodes: Nodes, unread: set[Value]) -> None:
    nodes[:] = [x for x in nodes if not (isinstance(x, Line) and x.target in unread)]
    for node in nodes:
        for inner in inner_nodes(node):
            _drop(inner, unread)


def drop_repeated(nodes: Nodes, target: Value, literal: Literal) -> None:
    """Do not bind what each iteration but the last would leave as it was at first."""
    staying = list(_binds_that_stay(nodes))
    pairs = [pair for node in staying for pair in node.pairs if pair[0] is target]
    if all(source == literal for _, source in pairs):
        for node in staying:
            node.pairs = tuple(pair for pair in node.pairs if pair[0] is not target)


def _binds_that_stay(nodes: Nodes) -> Iterator[Bind]:
    """Yield the bindings after which a loop goes on."""
    for node in [] if leaves(nodes) else nodes:
        if isinstance(node, Bind):
            yield node
        elif isinstance(node, If):
            yield from _binds_that_stay(node.then)
            yield from _binds_that_stay(node.otherwise)


def leaves(nodes: Nodes) -> bool:
    """Tell whether a block ends with ``break``."""
    return bool(nodes) and isinstance(nodes[-1], Break)
