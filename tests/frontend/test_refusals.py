"""What is refused, and in which words: golden texts of error messages.

Each program is a module of its own, with a function ``f`` that is called with the
arguments on the right.
"""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradgen.errors import ShapeError, UnsupportedError
from tests.frontend.harness import lowered

PROGRAMS: dict[str, tuple[str, str]] = {
    "run_time_if": ("if x > 0:\n    return x\nreturn -x", "2.0"),
    "run_time_while": ("while x.sum() < 10:\n    x = x * 2\nreturn x", "X"),
    "run_time_conditional": ("return x if x > 0 else -x", "2.0"),
    "run_time_and": ("return x > 0 and x < 1", "2.0"),
    "run_time_any": ("return any(v > 1 for v in (x, x))", "2.0"),
    "run_time_range": (
        "s = 0.0\nfor i in range(len(x)):\n    s += x[i]\nreturn s",
        "X",
    ),
    "loop_over_array": ("return [row * 2 for row in x]", "X"),
    "write_into_argument": ("x[0] = 1.0\nreturn x", "X"),
    "write_into_part": ("y = x * 2\ny[1:] += 1\nreturn y", "X"),
    "change_argument_in_place": ("x += 1\nreturn x", "X"),
    "change_shared_array": ("y = x * 2\nz = y\ny -= x\nreturn z", "X"),
    "change_viewed_array": ("y = x * 2\nz = y[1:]\ny *= 2\nreturn z", "X"),
    "grow_in_place": ("y = x[:1] * 1\ny += x\nreturn y", "X"),
    "float_into_integers": ("y = np.arange(4)\ny += x\nreturn y", "X"),
    "change_a_number_that_may_be_an_array": ("x += 1\nreturn x", "np.array(2.0)"),
    "change_an_element_in_place": ("y = x[..., 0]\ny += 1\nreturn x", "X"),
    "append_to_argument": ("x.append(1.0)\nreturn x[0]", "[1.0]"),
    "assign_to_dict_argument": ("x['a'] = 2.0\nreturn x['b']", "{'b': 1.0}"),
    "assign_attribute": ("x.w = 2.0\nreturn 1.0", "Thing()"),
    "global_statement": ("global state\nstate = 1\nreturn x", "X"),
    "try_statement": ("try:\n    return x\nexcept ValueError:\n    return -x", "X"),
    "with_errstate": ("with np.errstate(all='ignore'):\n    return np.log(x)", "X"),
    "match_statement": ("match 1:\n    case 1:\n        return x", "X"),
    "class_inside": ("class C:\n    pass\nreturn x", "X"),
    "generator_inside": ("def g():\n    yield x\nreturn list(g())", "X"),
    "await_inside": ("async def g():\n    return x\nreturn x", "X"),
    "raise_always": ("if x.ndim == 1:\n    raise ValueError('flat')\nreturn x", "X"),
    "assert_never": ("assert x.ndim == 2, 'flat'\nreturn x", "X"),
    "read_before_bound": ("if x.ndim == 2:\n    y = x\nreturn y", "X"),
    "unknown_name": ("return x * missing", "X"),
    "unknown_attribute": ("return x.nonsense", "X"),
    "attribute_of_float": ("return x.sum()", "2.0"),
    "unknown_function": ("return np.fft.fft(x)", "X"),
    "unknown_object": ("return Thing() * x", "X"),
    "random_numbers": ("return x * np.random.rand()", "X"),
    "out_argument": ("return np.add(x, x, out=x)", "X"),
    "unknown_option": ("return np.sum(x, where=[True])", "X"),
    "wrong_axis": ("return np.sum(x, axis=3)", "X"),
    "wrong_arguments": ("def g(a, b):\n    return a\nreturn g(x)", "X"),
    "too_many_arguments": ("g = lambda a: a\nreturn g(x, x)", "X"),
    "argument_twice": ("g = lambda a: a\nreturn g(x, a=x)", "X"),
    "too_many_values": ("a, b = (x, x, x)\nreturn a", "X"),
    "missing_values": ("a, *b, c = [x]\nreturn a", "X"),
    "missing_key": ("d = {'a': x}\nreturn d['b']", "X"),
    "index_out_of_range": ("return [x, x][2]", "X"),
    "shapes_do_not_match": ("return np.ones((2, 3)) + np.ones((2, 2)) * x", "2.0"),
    "division_by_zero": ("return x * (1 / 0)", "X"),
    "list_times_array": ("return [1.0, 2.0] * x", "X"),
    "none_plus_array": ("return None + x", "X"),
    "sum_of_array": ("return sum(x)", "X"),
    "order_of_a_set": ("return [x * v for v in {1, 2}]", "X"),
    "return_a_function": ("return lambda: x", "X"),
    "return_an_object": ("return [x, thing]", "X"),
    "return_a_string": ("return f'{x}'", "X"),
    "text_of_array": ("return len(str(x))", "X"),
    "class_of_zero_dimensional": ("return isinstance(x, np.ndarray)", "np.array(2.0)"),
    "sort_by_values": ("return sorted([x, 1.0])", "2.0"),
    "endless_loop": ("while True:\n    x = x\nreturn x", "X"),
    "endless_recursion": ("return f(x)", "X"),
    "in_a_helper": ("return helper(x) + 1", "X"),
    "non_ascii": ("größe = 'ä' + 'ö' * 2; ü = x if größe > x else 2\nreturn ü", "2.0"),
    "tabs": ("if True:\n\t\treturn\tx if x > 0 else 1.0", "2.0"),
    "several_lines": (
        "return np.sum(\n    x\n    + np.where(\n        x > 0,\n    )\n)",
        "X",
    ),
    "integer_from_array": ("return [x] * int(x[0])", "X"),
    "delete_attribute": ("del x.w\nreturn 1.0", "Thing()"),
    "binding_outside": ("return outer_counter(x)", "X"),
}

PREAMBLE = """
import numpy as np

class Thing:
    w = 1.0

thing = Thing()

def helper(x):
    return np.fft.fft(x)

def make_counter():
    count = 0
    def counter(x):
        nonlocal count
        count += 1
        return x * count
    return counter

outer_counter = make_counter()
"""


def module(name: str, text: str) -> dict[str, Any]:
    """Execute source that only linecache knows."""
    file = f"<{name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(text, file, "exec", dont_inherit=True), namespace)
    return namespace


def message(name: str) -> str:
    """Return the error of a program, its notes included."""
    body, argument = PROGRAMS[name]
    text = PREAMBLE + "\n\ndef f(x):\n" + textwrap.indent(body, "    ") + "\n"
    namespace = module(name, text)
    value = eval(argument, {**namespace, "X": np.arange(1.0, 5.0)})
    with pytest.raises((UnsupportedError, ShapeError)) as caught:
        lowered(namespace["f"], value)
    return (
        "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])]) + "\n"
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_says_what_is_wrong(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"errors/{name}.txt", message(name))


@pytest.mark.parametrize("name", PROGRAMS)
def test_points_at_the_place(name: str) -> None:
    """The caret stands under a whole expression or statement of the program."""
    lines = message(name).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("  -->"))
    source, carets = lines[place + 2 : place + 4]
    start, end = carets.index("^"), carets.rindex("^") + 1
    marked = source[start:end]
    assert marked == marked.strip()
    assert marked


def test_every_refused_syntax_is_known_to_python() -> None:
    from gradgen.frontend.accept import REFUSED
    from gradgen.frontend.frame import EVALUATORS, EXECUTORS

    accepted = {*EVALUATORS, *EXECUTORS}
    kinds = {
        kind
        for base in (ast.stmt, ast.expr)
        for kind in base.__subclasses__()
        if kind.__module__ == "ast"
    }
    silent = {ast.Starred, ast.NamedExpr, getattr(ast, "TypeAlias", None)}
    silent |= {getattr(ast, "TemplateStr", None), getattr(ast, "Interpolation", None)}
    assert kinds - accepted - set(REFUSED) <= silent
