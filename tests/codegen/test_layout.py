"""Statements that do not fit a line are broken, and mean the same."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradgen.codegen.comments import with_comment
from gradgen.codegen.expressions import constant, fill, fill_statement, name
from gradgen.codegen.layout import WIDTH, lay_out, to_text

LONG = [f"a_rather_long_name_{number}" for number in range(6)]

STATEMENTS = [
    f"return {', '.join(LONG)}",
    f"return {LONG[0]}, [({LONG[1]}, {LONG[2]}), ({LONG[3]}, {LONG[4]})]",
    f"return {{'first': {LONG[0]}, 'second': [{LONG[1]}, {LONG[2]}], 'x': {LONG[3]}}}",
    f"return Params(first={LONG[0]}, second={LONG[1]}, third={LONG[2]}, x={LONG[3]})",
    f"({LONG[0]}, {LONG[1]}), ({LONG[2]}, {LONG[3]}), ({LONG[4]}, _) = layers",
    f"x = {' + '.join(LONG)}",
    f"x = {LONG[0]} * ({LONG[1]} - {LONG[2]}) / {LONG[3]} @ {LONG[4]} - {LONG[5]}",
    f"x = {LONG[0]} - ({LONG[1]} - {LONG[2]} * {LONG[3]} * {LONG[4]} * {LONG[5]})",
    f"x = {LONG[0]} + {LONG[1]} * {LONG[2]} * {LONG[3]} * {LONG[4]} / {LONG[5]} * b",
    f"x = {LONG[0]} * ({LONG[1]} > {LONG[2]}) * ({LONG[3]} ** {LONG[4]}) - -{LONG[5]}",
    f"x = ({LONG[0]} + {LONG[1]} * {LONG[2]} - {LONG[3]}).sum(axis=1, keepdims=True)",
    f"x += ({LONG[0]} + {LONG[1]}) * ({LONG[2]} if {LONG[3]} else {LONG[4]}) ** 2",
    f"np.add.at({LONG[0]}, ({LONG[1]}, {LONG[2]}), {LONG[3]} * {LONG[4]} + {LONG[5]})",
    f"x = np.where({LONG[0]} > 0, {LONG[1]} + {LONG[2]}, np.exp({LONG[3]} - y), z)",
]


def parsed(lines: list[str]) -> str:
    return ast.dump(ast.parse("def f():\n" + "\n".join(lines)))


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_long_statement_is_broken_and_means_the_same(text: str) -> None:
    statement = ast.parse(f"def f():\n    {text}").body[0].body[0]  # type: ignore[attr-defined]
    lines = lay_out(statement)
    assert len(lines) > 1
    assert max(map(len, lines)) <= WIDTH
    assert parsed(lines) == parsed([f"    {text}"])


def test_a_string_on_a_line_by_itself_is_no_docstring() -> None:
    text = f"x = f({', '.join(LONG)}, 'same')"
    assert lay_out(ast.parse(text).body[0])[-2].strip() == "'same',"


@pytest.mark.parametrize("length", range(5, 40))
def test_brackets_stay_where_they_just_do_not_fit(length: int) -> None:
    a, b, c = "a" * length, "b" * 20, "c" * 10
    text = f"x = {LONG[0]} * {LONG[1]} - ({a} + {b} - {c} * {LONG[2]})"
    statement = ast.parse(f"def f():\n    {text}").body[0].body[0]  # type: ignore[attr-defined]
    assert parsed(lay_out(statement)) == parsed([f"    {text}"])


OPERATORS = st.sampled_from(
    [ast.Add(), ast.Sub(), ast.Mult(), ast.Div(), ast.MatMult(), ast.Pow(), ast.Mod()]
)
EXPRESSIONS = st.recursive(
    st.sampled_from(LONG).map(name) | st.floats(-1e3, 1e3).map(constant),
    lambda inner: st.one_of(
        st.builds(ast.BinOp, inner, OPERATORS, inner),
        st.builds(lambda x: ast.UnaryOp(ast.USub(), x), inner),
        st.builds(lambda x, y: ast.Compare(x, [ast.Lt()], [y]), inner, inner),
        st.builds(lambda x, y: ast.Call(name("f"), [x, y], []), inner, inner),
        st.builds(lambda x: ast.Attribute(x, "T", ast.Load()), inner),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_any_expression_means_the_same(expression: ast.expr) -> None:
    statement = ast.Assign([ast.Name("x", ast.Store())], expression, lineno=1)
    ast.fix_missing_locations(statement)
    assert parsed(lay_out(statement)) == parsed([f"    x = {ast.unparse(expression)}"])


def test_comments_stand_behind_or_above() -> None:
    assert with_comment(["    x = y"], "f.py:1") == ["    x = y  # f.py:1"]
    line = "    " + "x" * (WIDTH - 6)
    assert with_comment([line], "f.py:1") == ["    # f.py:1", line]


@pytest.mark.parametrize(
    ("template", "operands", "text"),
    [
        ("{0} + {1}", ["a", "-b"], "a - b"),
        ("{0} - {1}", ["a", "-2.0 * b"], "a + 2.0 * b"),
        ("{0} + {1}", ["a", "-b / c * d"], "a - b / c * d"),
        ("{0} - {1}", ["a", "(-b) ** 2"], "a - (-b) ** 2"),
        ("{0} * {1}", ["a + b", "c"], "(a + b) * c"),
        ("{0} ** {1}", ["-2.0", "c"], "(-2.0) ** c"),
        ("{0}.sum()", ["-a"], "(-a).sum()"),
    ],
)
def test_templates_are_filled(template: str, operands: list[str], text: str) -> None:
    parts = [ast.parse(operand, mode="eval").body for operand in operands]
    assert to_text(fill(template, parts)) == text


def test_an_update_by_a_negative_subtracts() -> None:
    minus = ast.parse("-2.0 * b", mode="eval").body
    assert (
        to_text(fill_statement("{0}[0] += {1}", [name("x"), minus]))
        == "x[0] -= 2.0 * b"
    )


@pytest.mark.parametrize("value", [-0.0, -1.5, 1e-300, 2, -3, True, float("inf")])
def test_a_constant_is_printed_exactly(value: float) -> None:
    import numpy as np

    found = eval(to_text(constant(value)), {"np": np})
    assert repr(found) == repr(value)
