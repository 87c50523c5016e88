"""From statements to lines of source that fit the page."""

from __future__ import annotations

import ast
import functools
import textwrap
import warnings
from collections.abc import Callable, Sequence

INDENT = "    "
WIDTH = 88

SUM = (ast.Add, ast.Sub)
PRODUCT = (ast.Mult, ast.Div, ast.MatMult, ast.FloorDiv, ast.Mod)
SYMBOLS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


def lay_out(statement: ast.stmt, indent: str = INDENT) -> list[str]:
    """Return the lines of a statement, broken at its outermost brackets or operators.

    Examples
    --------
    >>> print(*lay_out(ast.parse("a = b + c").body[0]))
        a = b + c
    """
    text = to_text(statement)
    if len(indent) + len(text) <= WIDTH:
        return [indent + text]
    lines = _break(statement, text, indent)
    return lines if _reads_as(lines, text) else [indent + text]


def lay_out_header(head: str, node: ast.expr, indent: str = INDENT) -> list[str]:
    """Return the lines that begin a block: ``head``, an expression and a colon.

    Examples
    --------
    >>> print(*lay_out_header("while ", ast.parse("x > 0").body[0].value))
        while x > 0:
    """
    text = f"{head}{to_text(node)}:"
    if len(indent) + len(text) <= WIDTH:
        return [indent + text]
    lines = _broken(node, indent, head, ":")
    whole = f"{text} pass"
    same = _reads_as(
        [f"{line} pass" if line is lines[-1] else line for line in lines], whole
    )
    return lines if same else [indent + text]


def _reads_as(lines: Sequence[str], text: str) -> bool:
    """Tell whether broken lines mean what the statement in one line means."""
    try:
        found = ast.parse(textwrap.dedent("\n".join(lines)))
    except SyntaxError:
        return False
    return ast.dump(found) == ast.dump(ast.parse(text))


def _break(statement: ast.stmt, text: str, indent: str) -> list[str]:
    if isinstance(statement, ast.Return) and statement.value is not None:
        return _broken(statement.value, indent, "return ", "")
    if isinstance(statement, ast.Assign):
        return _assignment(statement, indent)
    if isinstance(statement, ast.AugAssign):
        symbol = SYMBOLS.get(type(statement.op), "**")
        head = f"{to_text(statement.target)} {symbol}= "
        return _broken(statement.value, indent, head, "")
    if isinstance(statement, ast.Expr):
        return _broken(statement.value, indent, "", "")
    return [indent + text]


def _assignment(statement: ast.Assign, indent: str) -> list[str]:
    target = statement.targets[0]
    head = to_text(target)
    if isinstance(target, ast.Tuple) and len(target.elts) > 1:
        head = head[1:-1]
    if len(head) > WIDTH // 2:
        value = f" = {to_text(statement.value)}"
        return _broken(target, indent, "", value)
    return _broken(statement.value, indent, f"{head} = ", "")


def _broken(node: ast.expr, indent: str, head: str, tail: str) -> list[str]:
    """Return ``head``, the expression and ``tail``, in several lines if need be."""
    line = f"{indent}{head}{to_text(node)}{tail}"
    if len(line) <= WIDTH:
        return [line]
    operation, method = _receiver(node)
    if operation is not None:
        lines = _operation(operation, indent + INDENT)
        return [f"{indent}{head}(", *lines, f"{indent}){method}{tail}"]
    parts = _bracketed(node)
    if parts is None:
        return [line]
    opening, members, closing = parts
    lines = [f"{indent}{head}{opening}"]
    for prefix, member in members:
        lines.extend(_broken(member, indent + INDENT, prefix, ","))
    return [*lines, f"{indent}{closing}{tail}"]


def _receiver(node: ast.expr) -> tuple[ast.BinOp | None, str]:
    """Return the operation that a method is called on, and the call; or the node."""
    method = ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        options = to_text(ast.Call(ast.Name("_", ast.Load()), node.args, node.keywords))
        method = f".{node.func.attr}{options.removeprefix('_')}"
        node = node.func.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, (*SUM, *PRODUCT)):
        return node, method
    return None, method


def _bracketed(
    node: ast.expr,
) -> tuple[str, Sequence[tuple[str, ast.expr]], str] | None:
    """Return what opens a display or call, its members with their keys, what closes."""
    if isinstance(node, ast.Tuple | ast.List):
        pair = "()" if isinstance(node, ast.Tuple) else "[]"
        return pair[0], [("", element) for element in node.elts], pair[1]
    if isinstance(node, ast.Dict):
        keys = [f"{to_text(key)}: " if key else "**" for key in node.keys]
        return "{", list(zip(keys, node.values, strict=True)), "}"
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        named = [(f"{k.arg}=", k.value) for k in node.keywords]
        members = [*(("", arg) for arg in node.args), *named]
        return f"{to_text(node.func)}(", members, ")"
    return None


def _operation(node: ast.BinOp, indent: str) -> list[str]:
    """Return one line for each operand of a chain of sums or products."""
    group = SUM if isinstance(node.op, SUM) else PRODUCT
    terms: list[tuple[str, ast.expr]] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp) and isinstance(first.op, group):
        terms.append((SYMBOLS[type(first.op)] + " ", first.right))
        first = first.left
    terms.append(("", first))
    return [
        line
        for head, term in reversed(terms)
        for line in _term(term, group, indent, head)
    ]


def _term(term: ast.expr, group: tuple[type, ...], indent: str, head: str) -> list[str]:
    """Return the lines of an operand; a product in a sum breaks at its factors."""
    brackets = _needs_brackets(term, group)
    text = f"({to_text(term)})" if brackets else to_text(term)
    line = f"{indent}{head}{text}"
    if len(line) <= WIDTH:
        return [line]
    if isinstance(term, ast.BinOp) and isinstance(term.op, PRODUCT) and not brackets:
        first, *rest = _operation(term, indent)
        return [f"{indent}{head}{first.removeprefix(indent)}", *rest]
    if not brackets:
        return _broken(term, indent, head, "")
    if isinstance(term, ast.BinOp) and isinstance(term.op, (*SUM, *PRODUCT)):
        inner = _operation(term, indent + INDENT)
        return [f"{indent}{head}(", *inner, f"{indent})"]
    return [line]


def _needs_brackets(term: ast.expr, group: tuple[type, ...]) -> bool:
    """Tell whether an operand of an operator of ``group`` needs brackets."""
    if isinstance(term, ast.BinOp):
        tighter = (ast.Pow, *PRODUCT) if group is SUM else (ast.Pow,)
        return not isinstance(term.op, tighter)
    return isinstance(term, ast.Compare | ast.BoolOp | ast.IfExp | ast.Lambda)


def to_text(node: ast.AST) -> str:
    """Return the source of a syntax tree in one line.

    Examples
    --------
    >>> to_text(ast.parse("(a, -b * c)", mode="eval").body)
    '(a, -b * c)'
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return repr(node.value)  # astor takes a string by itself for a docstring
    tree = ast.Expr(node) if isinstance(node, ast.expr) else node
    if any(isinstance(part, ast.JoinedStr) for part in ast.walk(tree)):
        # To print these, astor needs a class that Python 3.14 does not have.
        text = ast.unparse(ast.fix_missing_locations(tree))
    else:
        text = _printer()(tree).rstrip("\n")
    return f"({text})" if isinstance(node, ast.Tuple) else text


@functools.cache
def _printer() -> Callable[[ast.AST], str]:
    """Import astor late and quietly.

    It is needed only to compile, and mentions classes that newer Pythons warn about.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import astor

    return functools.partial(astor.to_source, pretty_source="".join)
