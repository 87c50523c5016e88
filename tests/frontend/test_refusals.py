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
    "float_into_integers": ("y = np.arange(4)\ny += x\nreturn y", "X"),
    "change_a_number_that_may_be_an_array": ("x += 1\nreturn x", "np.array(2.0)"),
    "change_an_element_in_place": ("y = x[..., 0]\ny += 1\nreturn x", "X"),
    "append_to_argument": ("x.append(1.0)\nreturn x[0]", "[1.0]"),
    "assign_to_dict_argument": ("x['a'] = 2.0\nreturn x['b']", "{'b': 1.0}"),
    "assign_attribute": ("x.w = 2.0\nreturn 1.0", "Thing()"),
    "global_statement": ("global state\nstate = 1\nreturn x", "X"),
    "try_statement": ("try:\n    return x\nexcept ValueError:\n    return -x", "X"),
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
    "unknown_function": ("return np.polynomial.chebyshev.chebval(0.5, x)", "X"),
    "unknown_object": ("return Thing() * x", "X"),
    "random_numbers": ("return x * np.random.rand()", "X"),
    "unknown_option": ("return np.sum(np.add(x, x, casting='no'))", "X"),
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
    "tabs": ("if True:\n\t\treturn\tx if missing else 1.0", "2.0"),
    "several_lines": (
        "return np.sum(\n    x\n    + np.where(\n        x > 0,\n    )\n)",
        "X",
    ),
    "integer_from_array": ("return (x,) * int(x[0])", "X"),
    "delete_attribute": ("del x.w\nreturn 1.0", "Thing()"),
    "binding_outside": ("return outer_counter(x)", "X"),
    "unlike_kinds": ("y = x if x > 0 else 'text'\nreturn y * 2", "2.0"),
    "unlike_functions": (
        "f = (lambda v, s=x * x: v * s) if x > 0 else np.cos\nreturn f(x)",
        "2.0",
    ),
    "unlike_ranks": ("y = x if x[0] > 0 else x[0]\nreturn y", "X"),
    "shape_of_a_slot": ("for v in x:\n    x = x[1:]\nreturn x", "X"),
    "written_through_another_name": (
        "y = x * 1\nz = y if x[0] > 0 else x * 2\nw = z if x[1] > 0 else y\n"
        "w[0] = 1.0\nreturn w",
        "X",
    ),
    "view_or_copy": ("y = x.T.ravel()\ny[0] = 1.0\nreturn x", "np.ones((2, 3))"),
    "read_only_view": ("np.diagonal(x)[0] = 1.0\nreturn x", "np.ones((3, 3))"),
    "write_to_outside": ("buffer[0] = x[0]\nreturn buffer", "X"),
    "shape_is_bound": ("x.shape = (2, 2)\nreturn x", "X"),
    "truth_of_an_array": ("if x > 0:\n    return x\nreturn -x", "X"),
    "raise_own_error": ("if x > 0:\n    raise Own('no')\nreturn x", "2.0"),
    "raise_from": ("if x > 0:\n    raise ValueError from None\nreturn x", "2.0"),
    "always_raises_in_a_loop": ("for v in x:\n    raise ValueError\nreturn x", "X"),
    "recursion_on_lists": ("return x if x < 0.1 else f([x * 0.5])", "2.0"),
    "with_file": ("with open('f') as file:\n    return x", "X"),
    "with_raising_errstate": (
        "with np.errstate(all='raise'):\n    return np.log(x)",
        "X",
    ),
    "zip_used_twice": (
        "z = zip(x, x)\nreturn sum(a for a, _ in z) + sum(b for _, b in z)",
        "X",
    ),
    "iterator_on_one_path": (
        "z = iter([x, 1.0])\nif x > 0:\n    next(z)\nreturn next(z)",
        "2.0",
    ),
    "class_with_slots": ("return Slotted(x).x", "2.0"),
    "return_an_instance": ("return Plain(x)", "2.0"),
    "attribute_of_an_instance": ("return Plain(x).y", "2.0"),
    "unknown_method": ("return x.tobytes()", "X"),
    "eval_of_text": ("return eval('x * x')", "X"),
    "exec_of_text": ("exec('y = x')\nreturn x", "X"),
    "locals_as_data": ("return locals()['x']", "X"),
}

PREAMBLE = """
import numpy as np

class Thing:
    w = 1.0

thing = Thing()

def helper(x):
    return np.polynomial.chebyshev.chebval(0.5, x)

def make_counter():
    count = 0
    def counter(x):
        nonlocal count
        count += 1
        return x * count
    return counter

outer_counter = make_counter()
"""

AFTERWARDS = """
buffer = np.zeros(3)

class Plain:
    def __init__(self, x):
        self.x = x

class Slotted:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

class Own(Exception):
    pass
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
    text += AFTERWARDS
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
    from gradgen.frontend.running import BLOCKS

    accepted = {*EVALUATORS, *EXECUTORS, *BLOCKS}
    kinds = {
        kind
        for base in (ast.stmt, ast.expr)
        for kind in base.__subclasses__()
        if kind.__module__ == "ast"
    }
    silent = {ast.Starred, ast.NamedExpr, getattr(ast, "TypeAlias", None)}
    silent |= {getattr(ast, "TemplateStr", None), getattr(ast, "Interpolation", None)}
    assert kinds - accepted - set(REFUSED) <= silent
