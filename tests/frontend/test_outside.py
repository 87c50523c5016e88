"""What a function reads from outside: captured, or folded and guarded."""

from __future__ import annotations

import functools
import types
from typing import Any

import numpy as np
import pytest

import gradgen
from tests.frontend.harness import lowered

X = np.arange(1.0, 5.0)


def define(source: str, **names: Any) -> dict[str, Any]:
    """Return the namespace of a module of its own."""
    from tests.frontend.test_refusals import module

    define.count = getattr(define, "count", 0) + 1  # type: ignore[attr-defined]
    space = module(f"outside {define.count}", "import numpy as np\n" + source)  # type: ignore[attr-defined]
    space.update(names)
    return space


def slope(function: Any, x: float = 1.0) -> float:
    return float(function(x))


CHANGES = {
    "float": ("s = 2.0\ndef f(x): return s * x", "s = 5.0", 2.0, 5.0),
    "int": ("n = 2\ndef f(x): return n * x", "n = 5", 2.0, 5.0),
    "int becomes float": ("n = 2\ndef f(x): return n * x", "n = 5.0", 2.0, 5.0),
    "flag": ("b = True\ndef f(x): return x if b else -x", "b = False", 1.0, -1.0),
    "text": ("m = 'a'\ndef f(x): return x * len(m)", "m = 'abc'", 1.0, 3.0),
    "array": (
        "w = np.ones(3)\ndef f(x): return np.sum(w * x)",
        "w = np.ones(5)",
        3.0,
        5.0,
    ),
    "array in place": (
        "w = np.ones(3)\ndef f(x): return np.sum(w * x)",
        "w *= 2",
        3.0,
        6.0,
    ),
    "tuple": ("t = (1, 2)\ndef f(x): return x * t[1]", "t = (1, 7)", 2.0, 7.0),
    "list grows": (
        "t = [1.0]\ndef f(x): return x * sum(t)",
        "t.append(2.0)",
        1.0,
        3.0,
    ),
    "dict of all kinds": (
        "c = {'n': 2, 'r': 3.0, 'm': 'a'}\n"
        "def f(x):\n"
        "    for _ in range(c['n']): x = x * c['r']\n"
        "    return x if c['m'] == 'a' else -x",
        "c.update(n=1, m='b')",
        9.0,
        -3.0,
    ),
    "helper": (
        "def g(x): return 2 * x\ndef f(x): return g(x)",
        "def g(x): return 5 * x",
        2.0,
        5.0,
    ),
    "code of a helper": (
        "def g(x): return 2 * x\ndef h(x): return 5 * x\ndef f(x): return g(x)",
        "g.__code__ = h.__code__",
        2.0,
        5.0,
    ),
    "default of a helper": (
        "def g(x, s=2.0): return s * x\ndef f(x): return g(x)",
        "g.__defaults__ = (5.0,)",
        2.0,
        5.0,
    ),
    "keyword default of a helper": (
        "def g(x, *, n=2): return n * x\ndef f(x): return g(x)",
        "g.__kwdefaults__['n'] = 5",
        2.0,
        5.0,
    ),
    "builtin is shadowed": (
        "def f(x): return x * len((1, 2))",
        "def len(t): return 5",
        2.0,
        5.0,
    ),
    "closure": (
        "def make():\n"
        "    s = 2.0\n"
        "    def f(x): return s * x\n"
        "    def change():\n"
        "        nonlocal s\n"
        "        s = 5.0\n"
        "    return f, change\n"
        "f, change = make()",
        "change()",
        2.0,
        5.0,
    ),
    "attribute": (
        "class C: pass\nc = C(); c.s = 2.0\ndef f(x): return c.s * x",
        "c.s = 5.0",
        2.0,
        5.0,
    ),
    "integer attribute": (
        "class C: pass\nc = C(); c.n = 2\ndef f(x): return c.n * x",
        "c.n = 5",
        2.0,
        5.0,
    ),
    "class attribute": (
        "class C: s = 2.0\ndef f(x): return C.s * x",
        "C.s = 5.0",
        2.0,
        5.0,
    ),
    "method of a class": (
        "class C:\n    def g(self, x): return 2 * x\nc = C()\ndef f(x): return c.g(x)",
        "C.g = lambda self, x: 5 * x",
        2.0,
        5.0,
    ),
    "method of an instance": (
        "class C:\n    def g(self, x): return 2 * x\nc = C()\ndef f(x): return c.g(x)",
        "c.g = lambda x: 5 * x",
        2.0,
        5.0,
    ),
    "property": (
        "class C:\n    @property\n    def s(self): return 2.0\nc = C()\n"
        "def f(x): return c.s * x",
        "C.s = property(lambda self: 5.0)",
        2.0,
        5.0,
    ),
    "another object of another class": (
        "class C:\n    def g(self, x): return 2 * x\n"
        "class D:\n    def g(self, x): return 5 * x\n"
        "c = C()\ndef f(x): return c.g(x)",
        "c = D()",
        2.0,
        5.0,
    ),
    "objects in a list": (
        "class C:\n    s = 1.0\n"
        "cs = [C(), C()]\n"
        "def f(x):\n    for c in cs: x = x * (c.s + 1)\n    return x",
        "cs.append(C())",
        4.0,
        8.0,
    ),
    "an attribute appears": (
        "class C: pass\nc = C()\ndef f(x): return x * getattr(c, 's', 2.0)",
        "c.s = 5.0",
        2.0,
        5.0,
    ),
    "partial": (
        "import functools\ndef g(s, x): return s * x\n"
        "p = functools.partial(g, 2.0)\ndef f(x): return p(x)",
        "p = functools.partial(g, 5.0)",
        2.0,
        5.0,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_outside_is_seen(name: str) -> None:
    source, change, before, after = CHANGES[name]
    space = define(source)
    derivative = gradgen.grad(space["f"])
    assert float(derivative(1.0)) == before
    assert float(derivative(1.0)) == before
    file = space["f"].__code__.co_filename
    exec(compile(change, "<change>", "exec"), space)
    if "def " in change or "lambda" in change:
        _give_source(change, space, file)
    assert float(derivative(1.0)) == after


def _give_source(change: str, space: dict[str, Any], file: str) -> None:
    """Execute a change again, from source that linecache knows."""
    import linecache

    linecache.cache["<change>"] = (
        1,
        None,
        change.splitlines(keepends=True),
        "<change>",
    )


def test_floats_are_captured_and_integers_folded() -> None:
    space = define("s, n = 2.0, 3\ndef f(x): return x * s * n")
    found = lowered(space["f"], 1.0)
    assert [capture.root.name for capture in found.captures] == ["s"]
    assert [guard.value for guard in found.guards] == [3]


def test_captured_names_do_not_clash() -> None:
    space = define("def g(v): return v * x\nx = 3.0\ndef f(x): return g(x)")
    found = lowered(space["f"], 2.0)
    assert [param.name for param in found.function.params] == ["x", "x2"]


def test_helpers_are_listed_once() -> None:
    space = define("def g(v): return v * v\ndef f(x): return g(x) + g(2.0)")
    assert [h.name for h in lowered(space["f"], 2.0).helpers] == ["g"]


def test_objects_given_as_arguments_are_read_at_every_call() -> None:
    space = define("class C: pass\ndef f(x, c): return x * c.s * c.n")
    c = space["C"]()
    c.s, c.n = 2.0, 3
    derivative = gradgen.grad(space["f"])
    assert float(derivative(1.0, c)) == 6.0
    c.s, c.n = 5.0, 4
    assert float(derivative(1.0, c)) == 20.0


def test_objects_inside_of_arguments() -> None:
    space = define(
        "class C:\n    def __init__(self, s): self.s = s\n"
        "    def __call__(self, x): return x * self.s\n"
        "def f(x, cs): return cs['a'][0](x) + cs['b'](x)"
    )
    make = space["C"]
    derivative = gradgen.grad(space["f"])
    assert float(derivative(1.0, {"a": [make(2.0)], "b": make(3.0)})) == 5.0
    assert float(derivative(1.0, {"a": [make(4.0)], "b": make(5.0)})) == 9.0


def test_attributes_of_functions_are_read_at_every_call() -> None:
    space = define("def g(x): return x\ng.s = 2.0\ndef f(x): return x * g.s")
    derivative = gradgen.grad(space["f"])
    assert float(derivative(1.0)) == 2.0
    space["g"].s = 5.0
    assert float(derivative(1.0)) == 5.0


def test_attributes_that_stand_before_those_of_the_class() -> None:
    space = define(
        "import dataclasses\n"
        "from typing import ClassVar\n"
        "@dataclasses.dataclass\nclass C:\n    s: float\n    n: ClassVar[int] = 2\n"
        "def f(x, c): return x * c.s * c.n"
    )
    derivative = gradgen.grad(space["f"])
    c = space["C"](3.0)
    assert float(derivative(1.0, c)) == 6.0
    c.n = 5
    assert float(derivative(1.0, c)) == 15.0
    del c.n
    space["C"].n = 7
    assert float(derivative(1.0, c)) == 21.0


def test_private_names_of_a_class() -> None:
    space = define(
        "class C:\n"
        "    def __init__(self): self.__s = 3.0\n"
        "    def f(self, x): return x * self.__s"
    )
    assert float(gradgen.grad(space["C"]().f)(1.0)) == 3.0


def test_wrappers_are_interpreted() -> None:
    def f(x):
        return x * x

    @functools.wraps(f)
    def wrapper(x):
        return 3 * f(x)

    assert isinstance(wrapper, types.FunctionType)
    assert float(gradgen.grad(wrapper)(2.0)) == 12.0
