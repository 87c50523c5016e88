"""The support functions of generated code, as the source of a module of its own."""

import ast
from collections import Counter

import pytest

from gradgen.codegen.bundle import Imports, support_source
from gradgen.codegen.numpy_target import KERNELS_OF, SUPPORT, SUPPORT_NAMES


def bundle(wanted):
    imports = Imports(members={("__future__", "annotations", "annotations")})
    sources = support_source(wanted, imports)
    return "\n".join([*imports.lines(), *sources]) + "\n"


def test_what_a_function_calls_comes_with_it():
    text = bundle([(SUPPORT, "revolve_advance"), (SUPPORT, "sum_to")])
    names = [x.name for x in ast.parse(text).body if isinstance(x, ast.FunctionDef)]
    assert "sum_to" in names
    assert "Examples" not in text
    namespace = {}
    exec(compile(text, "<bundle>", "exec"), namespace)
    assert namespace["sum_to"](namespace["np"].ones((2, 3)), 1).tolist() == [6.0]


def test_all_of_them_can_stand_in_one_module_without_gradgen():
    """So none of two modules has the name of another's."""
    pytest.importorskip("scipy")
    wanted = [(SUPPORT, name) for name in SUPPORT_NAMES]
    wanted += [
        (f"gradgen.kernels.{m}", name) for m in KERNELS_OF for name in KERNELS_OF[m]
    ]
    text = bundle(wanted)
    assert "gradgen" not in {
        str(x.module).partition(".")[0]
        for x in ast.walk(ast.parse(text))
        if isinstance(x, ast.ImportFrom)
    }
    body = ast.parse(text).body
    names = Counter(
        x.name for x in body if isinstance(x, ast.FunctionDef | ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []
    exec(compile(text, "<bundle>", "exec"), {"__name__": "bundle"})
