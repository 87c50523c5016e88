"""Every program of the corpus, computed again instead of stored."""

from __future__ import annotations

import ast
import inspect
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradgen import (
    CopyInLoopWarning,
    UnsupportedError,
    checkpoint,
    checkpointed,
    vjp,
)
from tests.emission import leaves
from tests.programs.harness import Case, cases
from tests.programs.test_programs import NAMES, PROGRAMS

OWN = ("checkpoint_", "every_", "memory_")
"""How the programs begin that have checkpoints already."""
REFUSED = {
    "returns_one_list_of_two": "one of several objects",
    "draws_in_a_loop": "a loop that may leave early, which is computed again",
    "draws_that_end_a_loop": "a loop that may leave early, which is computed again",
    "draws_in_recursion": "a recursive call, which is computed again",
}
"""What no region can hand on, or draws nobody knows how often."""
WITH_LOOPS = [
    name
    for name in NAMES
    if "\n    for " in inspect.getsource(PROGRAMS[name].function)
    and not name.startswith(OWN)
    and PROGRAMS[name].function.__closure__ is None
]


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_changes_nothing(name: str) -> None:
    (case,) = cases(PROGRAMS[name], ((3, 2),))
    again = checkpoint(case.program.function)
    with warnings.catch_warnings():
        if case.program.copies:
            warnings.simplefilter("ignore", CopyInLoopWarning)
        if name in REFUSED:
            with pytest.raises(UnsupportedError, match=REFUSED[name]):
                check_same(case, lambda *args: again(*args))
        else:
            check_same(case, lambda *args: again(*args))


@pytest.mark.parametrize("option", ["every=2", "memory=600"])
def test_a_checkpointed_loop_changes_nothing(option: str, tmp_path: Path) -> None:
    """Whatever loop is not refused has the derivative that it has without."""
    refused = []
    for name in WITH_LOOPS:
        (case,) = cases(PROGRAMS[name], ((3, 2),))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CopyInLoopWarning)
                check_same(case, with_checkpoints(case, option, tmp_path))
        except UnsupportedError:
            refused.append(name)
    assert len(refused) < len(WITH_LOOPS) / 2


def with_checkpoints(case: Case, option: str, folder: Path) -> Any:
    """Return a program with all its loops checkpointed."""
    function = case.program.function
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    for node in ast.walk(definition):
        if isinstance(node, ast.For):
            text = f"checkpointed({ast.unparse(node.iter)}, {option})"
            node.iter = ast.parse(text, mode="eval").body
    file = folder / f"{function.__name__}.py"
    file.write_text(ast.unparse(tree))
    names = {**function.__globals__, "checkpointed": checkpointed}
    exec(compile(file.read_text(), str(file), "exec"), names)
    return names[function.__name__]


def check_same(case: Case, function: Any) -> None:
    """Compare value and cotangents with those of the program as it is."""
    weights = case.weights()
    value, pullback = vjp(function, *case.args)
    wanted, plain_pullback = vjp(case.program.function, *case.args)
    pairs = [(value, wanted), (pullback(weights), plain_pullback(weights))]
    tolerance = 1e-5 if case.program.single else 1e-10
    for found, plain in pairs:
        for x, y in zip(leaves(found), leaves(plain), strict=True):
            np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)
