"""Programs with rules of the user's on the disk."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gradgen.runtime import cache

PROGRAM = """
import numpy as np
import gradgen
import other
from other import helper, hidden

def f(x):
    return np.sum(helper(x) ** 2) + hidden(x) + other.hidden(x)
"""
OTHER = """
import gradgen
import numpy as np

def helper(x):
    return 3.0 * x

def factor():
    return 3.0

def hidden(x):
    return eval("float(x[0])")

@gradgen.rule(helper)
def helper_adjoint(value_bar, value, x):
    return factor() * value_bar

@gradgen.rule(hidden, result=lambda x: 1.0)
def hidden_adjoint(value_bar, value, x):
    x_bar = np.zeros(len(x))
    x_bar[0] = value_bar
    return x_bar
"""
CALL = """
import sys; sys.path.insert(0, {folder!r})
import numpy as np, gradgen, program
d = gradgen.grad(program.f)
print(d(np.ones(2))[0], d.cache_info().disk_hits, "gradgen.frontend" in sys.modules)
"""
ROOT = Path(__file__).resolve().parents[2]
FOUND = (20.0, 1, False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A new cache, and a folder with two modules."""
    monkeypatch.setenv(cache.DIRECTORY, str(tmp_path / "cache"))
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "other.py").write_text(OTHER)
    return tmp_path


def call(folder):
    """The gradient, disk hits, and whether the compiler was loaded, in a process."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            textwrap.dedent(CALL.format(folder=str(folder))),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            # Python takes a file of the same second and size for unchanged.
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    value, hits, loaded = done.stdout.split()
    return float(value), int(hits), loaded == "True"


def test_another_process_finds_the_program(folder):
    assert call(folder) == (20.0, 0, True)
    assert call(folder) == FOUND


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("return factor() * value_bar", "return 5.0 * value_bar", 32.0),
        ("return 3.0\n", "return 4.0\n", 26.0),
        ("@gradgen.rule(helper)\n", "", 20.0),
        ("result=lambda x: 1.0", "result=lambda x: 2.0", 20.0),
        ("x_bar[0] = value_bar", "x_bar[0] = 2.0 * value_bar", 22.0),
        (
            "factor() * value_bar\n",
            "factor() * value_bar\n\ngradgen.nondiff(helper)\n",
            2.0,
        ),
        (
            "factor() * value_bar\n",
            "factor() * value_bar\n\ngradgen.rule(factor)(lambda b, v: ())\n",
            20.0,
        ),
    ],
)
def test_what_changed_is_compiled_anew(folder, old, new, expected):
    assert call(folder) == (20.0, 0, True)
    path = folder / "other.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert call(folder) == (expected, 0, True)
    path.write_text(text)
    assert call(folder) == FOUND


def test_a_rule_of_the_function_itself(folder):
    path = folder / "program.py"
    assert call(folder) == (20.0, 0, True)
    rule = (
        "\n@gradgen.rule(f)\ndef f_adjoint(value_bar, value, x):\n    return 7.0 * x\n"
    )
    path.write_text(PROGRAM + rule)
    assert call(folder) == (7.0, 0, True)
    assert call(folder) == (7.0, 1, False)
    path.write_text(PROGRAM)
    assert call(folder) == FOUND
