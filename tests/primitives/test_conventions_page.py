"""Each line of the table of singular points in the documentation holds."""

from __future__ import annotations

import importlib.util
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradgen import grad, jvp

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "conventions.md"


class Line(NamedTuple):
    """A function of one or two arguments, where it is taken, and its slopes there."""

    code: str
    x: str
    y: str
    in_x: str
    in_y: str
    strict: str

    @property
    def args(self) -> list[Any]:
        return [number(text) for text in (self.x, self.y) if text]

    @property
    def slopes(self) -> list[Any]:
        return [number(text) for text in (self.in_x, self.in_y) if text]


def number(text: str) -> Any:
    """Return the number or vector that a cell of the table shows."""
    if text.startswith("["):
        return np.array([float(part) for part in text[1:-1].split(",")])
    return float(text)


def lines() -> Iterator[Line]:
    section = PAGE.read_text().split("## Singular points, line by line")[1]
    for row in section.split("\n## ")[0].splitlines():
        cells = [cell.strip(" `") for cell in re.split(r"\|", row)[1:-1]]
        if len(cells) == 6 and row.startswith("| `") and "in `x`" not in row:
            yield Line(*cells)


LINES = list(lines())


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> list[Callable[..., Any]]:
    """Return the functions of the table, from a file, so that they have a source."""
    path = tmp_path_factory.mktemp("page") / "lines_of_the_page.py"
    bodies = [
        f"def f{i}({'x, y' if line.y else 'x'}):\n    return {line.code}\n"
        for i, line in enumerate(LINES)
    ]
    special = "from scipy import special\n" if importlib.util.find_spec("scipy") else ""
    path.write_text("import numpy as np\n" + special + "".join(bodies))
    spec = importlib.util.spec_from_file_location("lines_of_the_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [getattr(module, f"f{i}") for i in range(len(LINES))]


@pytest.mark.parametrize("index", range(len(LINES)), ids=lambda i: " ".join(LINES[i]))
def test_slope_on_the_page(functions: list[Callable[..., Any]], index: int) -> None:
    line, function = LINES[index], functions[index]
    if "special" in line.code:
        pytest.importorskip("scipy")
    for argnum, wanted in enumerate(line.slopes):
        found = grad(function, argnums=argnum)(*line.args)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        np.testing.assert_allclose(pushed(function, line.args, argnum), wanted, 1e-12)


@pytest.mark.parametrize("index", range(len(LINES)), ids=lambda i: " ".join(LINES[i]))
def test_strict_on_the_page(functions: list[Callable[..., Any]], index: int) -> None:
    line, function = LINES[index], functions[index]
    if "special" in line.code:
        pytest.importorskip("scipy")
    for argnum, wanted in enumerate(line.slopes):
        derivative = grad(function, argnums=argnum, strict=True)
        if "xy"[argnum] in line.strict:
            with pytest.raises(FloatingPointError, match=r"page\.py:\d"):
                derivative(*line.args)
            with pytest.raises(FloatingPointError, match=r"page\.py:\d"):
                pushed(function, line.args, argnum, strict=True)
        else:
            np.testing.assert_allclose(derivative(*line.args), wanted, rtol=1e-12)
            found = pushed(function, line.args, argnum, strict=True)
            np.testing.assert_allclose(found, wanted, rtol=1e-12)


def pushed(
    function: Callable[..., Any], args: list[Any], argnum: int, strict: bool = False
) -> Any:
    """Return the gradient in one argument by tangents, one for each element."""
    x = args[argnum]
    rows = np.eye(np.size(x)).reshape(np.size(x), *np.shape(x))
    dots: list[list[Any]] = [[None] * len(args) for _ in rows]
    for dot, row in zip(dots, rows, strict=True):
        dot[argnum] = row if np.ndim(x) else 1.0
    slopes = [jvp(function, tuple(args), tuple(d), strict=strict)[1] for d in dots]
    return slopes if np.ndim(x) else slopes[0]


def test_the_page_has_a_table() -> None:
    assert len(LINES) > 50
