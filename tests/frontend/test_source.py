"""Finding the source of functions, and noticing that it has changed."""

from __future__ import annotations

import functools
import importlib.util
import linecache
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradgen.errors import SourceError
from gradgen.frontend.source import find_source, span_of, unwrap

factor = 2.0


def plain(x, k=3, *, z=2.0):
    """Docstring."""
    return x + k + z


@functools.lru_cache
def decorated(x): return x * factor  # fmt: skip


class Outer:
    @staticmethod
    def static(x):
        return x

    class Inner:
        def private(self, x):
            self.__hidden = x
            return self.__hidden + super().__sizeof__()


def make(a):
    b = 2

    def inner(x):
        return a * x + b

    return inner, lambda x: a + x, (lambda y: b * y, lambda y: y * y + a)


pair = [lambda x: x + 1, lambda x: x + 2]
twins = [lambda x: x * x, lambda x: x * x]
long = (lambda x:
        x +
        3)  # fmt: skip


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (plain, "def plain(x, k=3, *, z=2.0):"),
        (decorated.__wrapped__, "def decorated(x): return x * factor"),
        (Outer.static, "def static(x):"),
        (Outer.Inner.private, "def private(self, x):"),
        (make(1)[0], "def inner(x):"),
        (make(1)[1], "lambda x: a + x"),
        (make(1)[2][0], "lambda y: b * y"),
        (make(1)[2][1], "lambda y: y * y + a"),
        (pair[0], "lambda x: x + 1"),
        (pair[1], "lambda x: x + 2"),
        (twins[1], "lambda x: x * x"),
        (long, "lambda x:\n        x +\n        3"),
    ],
)
def test_finds(function: Any, text: str) -> None:
    assert find_source(function).text.startswith(text)


def test_tells_twins_apart_by_their_columns() -> None:
    first, second = (find_source(f).node.col_offset for f in twins)
    assert first < second


def test_unwrap() -> None:
    outer = Outer()
    assert unwrap(Outer.static) is Outer.static
    assert unwrap(functools.partial(functools.partial(plain, 1), k=2)) is plain
    assert unwrap(Outer.Inner().private) is Outer.Inner.private
    for builtin in (len, outer, int):
        with pytest.raises(SourceError, match="not a Python function"):
            unwrap(builtin)


def load(path: Path, text: str) -> Any:
    """Import a file that is written here."""
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_file_that_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "edited.py"
    module = load(path, "def f(x):\n    return x * 2\n")
    path.write_text("def f(x):\n    return x * 3  # longer\n")
    with pytest.raises(SourceError, match="has changed since"):
        find_source(module.f)


def test_function_that_moved_is_found(tmp_path: Path) -> None:
    path = tmp_path / "moved.py"
    module = load(path, "def g(x):\n    return 1\n\ndef f(x):\n    return x * 2\n")
    path.write_text("import math\n\n\ndef f(x):\n    return x * 2\n")
    assert find_source(module.f).node.lineno == 4
    with pytest.raises(SourceError, match="not to be found"):
        find_source(module.g)


def test_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    module = load(path, "def f(x):\n    return x * 2\n")
    path.write_text("def f(x:\n    return x * 2\n")
    with pytest.raises(SourceError, match="has changed or is no Python"):
        find_source(module.f)


def test_names_that_are_imported_where_the_code_is_compiled(tmp_path: Path) -> None:
    text = "from math import pi as fractions\nfrom fractions import Fraction\n"
    text += "def f(x):\n    return Fraction.from_float(x) + fractions.real\n"
    assert find_source(load(tmp_path / "imported.py", text).f).node.lineno == 3


def test_warnings_of_the_source_are_not_given_again(tmp_path: Path) -> None:
    text = "def f(x):\n    return x is 1 or '\\d'\n"
    with pytest.warns((SyntaxWarning, DeprecationWarning)):
        module = load(tmp_path / "warned.py", text)
    assert find_source(module.f).node.lineno == 1


def test_tabs_and_wide_characters_in_columns(tmp_path: Path) -> None:
    text = "def f(x):\n\tgröße = 'ä'; return x\n"
    source = find_source(load(tmp_path / "wide.py", text).f)
    span = span_of(source.file, source.node.body[1])
    assert (span.column, span.end_column) == (14, 22)


def test_no_source() -> None:
    space: dict[str, Any] = {}
    exec("def f(x): return x", space)
    with pytest.raises(SourceError, match="register its text in linecache"):
        find_source(space["f"])


def test_notebook_cell() -> None:
    """Cells stand in linecache under a name that is no file."""
    text = "def f(x):\n    return x\n"
    file = "<ipython-input-1-0123>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {}
    exec(compile(text, file, "exec"), space)
    assert find_source(space["f"]).file == file


def test_function_on_the_command_line() -> None:
    script = (
        "from gradgen.frontend.source import find_source\n"
        "from gradgen.errors import SourceError\n"
        "def f(x): return x\n"
        "try: find_source(f)\n"
        "except SourceError as error: print(error)\n"
        "else: print('found')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    expected = "is not to be found" if sys.version_info < (3, 13) else ""
    assert expected in done.stdout


def test_doctest() -> None:
    """Doctest serves its examples through linecache.

    >>> twice = lambda x: 2 * x
    >>> find_source(twice).text
    'lambda x: 2 * x'
    """
