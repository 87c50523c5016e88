"""What is imported when: what a program does not need costs it nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STRAIGHT = "def f(x):\n    return np.sum(np.sin(x) * x)\n"
LOOP = "def f(x):\n    y = x * 1.0\n    for i in range(x.size):\n        y = y * x[i]\n"
LOOP += "    return np.sum(y)\n"
COMPILE = """
import linecache, sys
import numpy as np
import gradgen
source = {source!r}
linecache.cache["f.py"] = (len(source), None, source.splitlines(True), "f.py")
exec(compile(source, "f.py", "exec"))
gradgen.grad(f).compiled(np.ones(3))
print(*(name for name in sys.modules if name.startswith(("gradgen.", "scipy"))))
"""
OF_LOOPS = {
    "gradgen.codegen.schedule",
    "gradgen.frontend.branches",
    "gradgen.frontend.joins",
    "gradgen.frontend.loops",
    "gradgen.transforms.loops",
}
OF_OTHERS = {
    "gradgen.frontend.rundicts",
    "gradgen.frontend.runlists",
    "gradgen.primitives.mappings",
    "gradgen.transforms.revolve",
}


def deferred_in(path):
    """The modules that a file shows to type checkers, and those it really defers."""
    shown, deferred = set(), set()
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.If) or not node.orelse:
            continue
        assert ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body:
            shown |= {
                (alias.name, f"{part.module}.{alias.name}") for alias in part.names
            }
        for part in node.orelse:
            deferred.add((part.targets[0].id, part.value.args[0].value))
    return shown, deferred


FILES = [p for p in sorted((ROOT / "gradgen").rglob("*.py")) if any(deferred_in(p))]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_what_is_deferred_is_what_type_checkers_see(path):
    shown, deferred = deferred_in(path)
    assert shown == deferred
    assert shown


def imported_for(source, tmp_path):
    """The modules that are there when a gradient has been compiled."""
    command = [sys.executable, "-c", COMPILE.format(source=source)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"GRADGEN_CACHE": "0", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_a_program_without_loops_imports_nothing_for_them(tmp_path):
    modules = imported_for(STRAIGHT, tmp_path)
    assert not modules & (OF_LOOPS | OF_OTHERS)
    assert not any(name.startswith("scipy") for name in modules)


def test_a_loop_imports_what_loops_need(tmp_path):
    modules = imported_for(LOOP, tmp_path)
    assert modules >= OF_LOOPS
    assert not modules & OF_OTHERS
