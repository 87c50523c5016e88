"""From statements with names to lines of source."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence
from itertools import groupby

from gradgen.codegen.containers import construction
from gradgen.codegen.expressions import (
    augmented,
    constant,
    dotted,
    fill,
    fill_statement,
    name,
    negated,
    update,
)
from gradgen.codegen.layout import INDENT
from gradgen.codegen.page import Printer
from gradgen.codegen.statements import (
    Bind,
    Break,
    Compute,
    For,
    If,
    Line,
    Node,
    Nodes,
    Operand,
    Phrase,
    Return,
    While,
    is_undefined,
)
from gradgen.codegen.webs import filler
from gradgen.errors import errstate_of
from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.rules import CALL_OUTSIDE, objects_of
from gradgen.ir.types import Scalar
from gradgen.primitives.registry import PRIMITIVES

SECTIONS = {"primal": "# forward sweep", "adjoint": "# reverse sweep"}


def print_nodes(printer: Printer, nodes: Nodes) -> None:
    """Print the statements of a block."""
    shown = [node for node in nodes if not _is_empty(printer, node)]
    for (state, _), group in groupby(shown, functools.partial(_quietness, printer)):
        if state:
            _print_quiet(printer, state, list(group))
            continue
        for node in group:
            if printer.indent == INDENT:
                _print_section(printer, node)
            _print_node(printer, node)


def _quietness(printer: Printer, node: Node) -> tuple[str, bool]:
    """Return which ``np.errstate`` a statement needs, and if in the reverse sweep."""
    span = node.op.span if isinstance(node, Compute) else getattr(node, "span", None)
    state = errstate_of(span)
    reverse = _origin(node) == "adjoint"
    return ("", False) if state == printer.errstate else (state, reverse)


def _origin(node: Node) -> str:
    return node.op.origin if isinstance(node, Compute) else node.origin


def _print_quiet(printer: Printer, state: str, nodes: Nodes) -> None:
    """Print statements in a ``with np.errstate(...)``."""
    if printer.indent == INDENT:
        _print_section(printer, nodes[0])
    printer.outside.add("np")
    printer.add_header(f"with np.errstate({state})", None, None)
    outer, printer.errstate = printer.errstate, state
    _print_inside(printer, nodes)
    printer.errstate = outer


def _print_section(printer: Printer, node: Node) -> None:
    """Mark where the forward and the reverse sweep begin."""
    origin = _origin(node)
    if not printer.sweeps or printer.section in (origin, "adjoint"):
        return
    if origin in SECTIONS and not _is_empty(printer, node):
        printer.section = origin
        printer.lines.append((INDENT + SECTIONS[origin], None))


def _print_node(printer: Printer, node: Node) -> None:
    if isinstance(node, Compute):
        printer.add(_statement(printer, node.op), node.op.span)
    elif isinstance(node, Line):
        printer.add(_line(printer, node), None)
    elif isinstance(node, Bind):
        _print_bind(printer, node)
    elif isinstance(node, If):
        _print_if(printer, node, "if ")
    elif isinstance(node, For):
        targets = ", ".join(printer.names[x] for x in node.targets)
        head = f"for {targets} in "
        printer.add_header(head, _operand(printer, node.iterable), node.span)
        _print_inside(printer, node.body)
        _print_else(printer, node.orelse)
    elif isinstance(node, While):
        _print_while(printer, node)
    elif isinstance(node, Break):
        printer.add(ast.Break(), None)
    else:
        _print_return(printer, node)


def _print_return(printer: Printer, node: Return) -> None:
    tree = printer.result.fill(node.atoms)
    value = construction(tree, lambda x: _atom(printer, x), printer.classes)
    printer.add(ast.Return(value), None)


def _print_inside(printer: Printer, nodes: Nodes) -> None:
    """Print an indented block."""
    outer = printer.indent
    printer.indent += INDENT
    if all(_is_empty(printer, node) for node in nodes):
        printer.add(ast.Pass(), None)
    print_nodes(printer, nodes)
    printer.indent = outer


def _is_empty(printer: Printer, node: Node) -> bool:
    """Tell whether nothing is printed for a statement."""
    if isinstance(node, Bind):
        return not _moves(printer, node)
    if isinstance(node, If):
        return all(_is_empty(printer, x) for x in (*node.then, *node.otherwise))
    return False


def _print_if(printer: Printer, node: If, keyword: str) -> None:
    then, otherwise = (
        [x for x in arm if not _is_empty(printer, x)]
        for arm in (node.then, node.otherwise)
    )
    if not then and not otherwise:
        return
    test = _condition(printer, node.test)
    if not then:
        printer.add_header(keyword, negated(test), node.span)
        _print_inside(printer, otherwise)
        return
    printer.add_header(keyword, test, node.span)
    _print_inside(printer, then)
    if len(otherwise) == 1 and isinstance(otherwise[0], If):
        _print_if(printer, otherwise[0], "elif ")
    else:
        _print_else(printer, otherwise)


def _print_else(printer: Printer, nodes: Nodes) -> None:
    if not all(_is_empty(printer, node) for node in nodes):
        printer.add_header("else", None, None)
        _print_inside(printer, nodes)


def _print_while(printer: Printer, node: While) -> None:
    test = _condition(printer, node.test)
    if not node.head:
        printer.add_header("while ", test, node.span)
        _print_inside(printer, node.body)
        _print_else(printer, node.orelse)
        return
    printer.add_header("while ", ast.Constant(True), node.span)
    leave = If(node.test, [], [Break(node.origin)], None, node.origin)
    _print_inside(printer, [*node.head, leave, *node.body])


def _moves(printer: Printer, node: Bind) -> list[tuple[Value, Atom]]:
    """Return the pairs of a binding that need a statement."""
    find, names = printer.webs.find, printer.names
    moves: list[tuple[Value, Atom]] = []
    for target, source in node.pairs:
        if is_undefined(source):
            if find(target) in printer.filled:
                moves.append((target, Literal(filler(target), target.type)))
        elif (
            not isinstance(source, Value)
            or source in printer.program.inlined
            or (find(source) is not find(target) and names[source] != names[target])
        ):
            moves.append((target, source))
    return moves


def _print_bind(printer: Printer, node: Bind) -> None:
    """Print one assignment after the other, or in one where each reads the other's."""
    moves = _moves(printer, node)
    while moves:
        ready = next((m for m in moves if _is_free(printer, m, moves)), None)
        if ready is None:
            printer.add(_exchange(printer, moves), node.span)
            return
        moves.remove(ready)
        target, source = ready
        numbers = isinstance(target.type, Scalar)
        expression = _source(printer, target, source)
        statement = _assign(_stored(printer, target), expression, numbers)
        printer.add(statement, node.span)


def _source(printer: Printer, target: Value, source: Atom) -> ast.expr:
    """Return what a variable is bound to, a Python number where that will do."""
    number = source.value if isinstance(source, Literal) else None
    if isinstance(number, float) and target in printer.program.plain:
        return constant(float(number))
    return _atom(printer, source)


def _exchange(printer: Printer, moves: Sequence[tuple[Value, Atom]]) -> ast.stmt:
    """Return ``a, b = b, a``."""
    targets: list[ast.expr] = [_stored(printer, target) for target, _ in moves]
    sources = [_atom(printer, source) for _, source in moves]
    pair = ast.Tuple(targets, ast.Store())
    return ast.Assign([pair], ast.Tuple(sources, ast.Load()), lineno=1)


def _is_free(
    printer: Printer, move: tuple[Value, Atom], moves: Sequence[tuple[Value, Atom]]
) -> bool:
    """Tell whether no other pair reads what this one binds."""
    target = printer.names[move[0]]
    return not any(
        printer.names[x] == target
        for other in moves
        if other is not move
        for x in printer.program.reads(other[1])
    )


def _stored(printer: Printer, value: Value) -> ast.Name:
    return ast.Name(printer.names[value], ast.Store())


def _line(printer: Printer, node: Line) -> ast.stmt:
    operands = [_operand(printer, x) for x in node.phrase.operands]
    if node.target is None:
        return fill_statement(node.phrase.template, operands)
    expression = fill(node.phrase.template, operands)
    numbers = isinstance(node.target.type, Scalar)
    return _assign(_stored(printer, node.target), expression, numbers)


def _statement(printer: Printer, op: Op) -> ast.stmt:
    if op.regions:
        target = _stored(printer, op.results[0])
        return ast.Assign([target], _expression(printer, op), lineno=1)
    if op.name == "call" or PRIMITIVES[op.name].several:
        return _several(printer, op)
    primitive = PRIMITIVES[op.name]
    if primitive.effect and op.results:
        return _drawn(printer, op)
    if primitive.effect or primitive.mutates or not op.results:
        operands = [_atom(printer, x) for x in op.operands]
        statement = fill_statement(template_of(op), operands)
        return augmented(statement) if _updates_alike(printer, op) else statement
    target = _stored(printer, op.results[0])
    if op.into is not None:
        return _in_place(printer, op, target)
    return _assign(target, _expression(printer, op), _are_numbers(op))


def _drawn(printer: Printer, op: Op) -> ast.stmt:
    """Return ``y = f(x)``, or ``f(x)`` where nobody reads what comes of an effect."""
    (y,), expression = op.results, _expression(printer, op)
    if not _is_read(printer, y):
        return ast.Expr(expression)
    return ast.Assign([_stored(printer, y)], expression, lineno=1)


def _several(printer: Printer, op: Op) -> ast.stmt:
    """Return ``a, _, b = f(x)``, with a name for what is read later alone."""
    expression = _expression(printer, op)
    if not op.results:
        return ast.Expr(expression)
    names = [_target(printer, y) for y in op.results]
    if len(names) == 1:
        return ast.Assign([names[0]], expression, lineno=1)
    return ast.Assign([ast.Tuple(names, ast.Store())], expression, lineno=1)


def _target(printer: Printer, value: Value) -> ast.expr:
    if _is_read(printer, value):
        return _stored(printer, value)
    return ast.Name(printer.names.unused, ast.Store())


def _is_read(printer: Printer, value: Value) -> bool:
    return any(start != end for start, end in printer.webs.intervals(value))


def _assign(target: ast.Name, expression: ast.expr, numbers: bool) -> ast.stmt:
    """Return ``target = expression``; ``a = a + b`` of numbers is ``a += b``."""
    statement = ast.Assign([target], expression, lineno=1)
    return augmented(statement) if numbers else statement


def _updates_alike(printer: Printer, op: Op) -> bool:
    """Tell whether an update writes what has the type of the parts it is made from.

    Then ``x[i] = x[i] * y`` is ``x[i] *= y``, which neither casts nor broadcasts.
    """
    if op.name != "update":
        return False
    value, inlined = op.operands[-1], printer.program.inlined
    if not isinstance(value, Value) or value not in inlined:
        return False
    dtypes = {getattr(x.type, "dtype", None) for x in (op.operands[0], value)}
    read = (inlined.get(x) for x in inlined[value].operands if isinstance(x, Value))
    parts = [op.results[0] for op in read if op is not None and op.name == "getitem"]
    return len(dtypes) == 1 and all(x.type == value.type for x in parts)


def _are_numbers(op: Op) -> bool:
    """Tell whether ``op`` has numbers alone, so that ``a += b`` changes no array."""
    return all(isinstance(x.type, Scalar) for x in op.operands)


def _in_place(printer: Printer, op: Op, target: ast.Name) -> ast.stmt:
    """Return ``a += b``, or the call with ``out=`` where there is no such operator."""
    assert op.into is not None
    operands = [_atom(printer, x) for x in op.operands]
    slots = [name("_"), name("_")]
    expression = fill(template_of(op), slots) if len(operands) == 2 else None
    if isinstance(expression, ast.BinOp):
        return update(target, expression.op, operands[1 - op.into])
    out = ast.keyword("out", operands[op.into])
    return ast.Expr(ast.Call(dotted(PRIMITIVES[op.name].ufunc), operands, [out]))


def template_of(op: Op) -> str:
    """Return the template that prints an op of a primitive."""
    return PRIMITIVES[op.name].print_as([x.type for x in op.operands], op.attrs)


def _expression(printer: Printer, op: Op) -> ast.expr:
    if op.name == "if":
        return _choice(printer, op)
    if op.name == "cast" and op.results[0] in printer.program.plain:
        return _atom(printer, op.operands[0])
    if op.name == "call":
        arguments = [_atom(printer, x) for x in op.operands]
        return ast.Call(name(printer.callees[op.attrs["callee"]]), arguments, [])
    operands = [_atom(printer, x) for x in op.operands]
    if op.name == CALL_OUTSIDE:
        operands += [name(printer.callees[x]) for x in objects_of(op.attrs)]
        return fill(template_of(op), operands)
    found = fill(template_of(op), operands)
    if PRIMITIVES[op.name].several and len(op.results) == 1:
        return ast.Subscript(found, ast.Constant(0), ast.Load())
    return found


def _choice(printer: Printer, op: Op) -> ast.expr:
    """Return ``a if c else b``, or ``c and d`` where that is the same."""
    test, arms = _condition(printer, op.operands[0]), [r.results[0] for r in op.regions]
    word = printer.program.connectives.get(op, "")
    if not word:
        then, otherwise = (_source(printer, op.results[0], x) for x in arms)
        return ast.IfExp(test, then, otherwise)
    last = arms[0] if word == "and" else arms[1]
    truth = op.results[0] in printer.program.truths
    end = _condition(printer, last) if truth else _atom(printer, last)
    return ast.BoolOp(ast.And() if word == "and" else ast.Or(), [test, end])


def _condition(printer: Printer, atom: Atom) -> ast.expr:
    """Return an expression of which only the truth matters: ``bool(x)`` is ``x``."""
    op = printer.program.inlined.get(atom) if isinstance(atom, Value) else None
    if op is not None and op.name in ("bool", "cast"):
        return _condition(printer, op.operands[0])
    return _atom(printer, atom)


def _operand(printer: Printer, operand: Operand) -> ast.expr:
    if isinstance(operand, Phrase):
        operands = [_operand(printer, x) for x in operand.operands]
        return fill(operand.template, operands)
    return _atom(printer, operand)


def _atom(printer: Printer, atom: object) -> ast.expr:
    if isinstance(atom, Literal):
        return constant(None if atom.is_undefined else atom.value)
    assert isinstance(atom, Value)
    op = printer.program.inlined.get(atom)
    if op is not None:
        return _expression(printer, op)
    return name(printer.names[atom])
