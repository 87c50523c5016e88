"""docs/coverage.md says what is there."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.primitives.coverage import page, state
from tests.primitives.public import AUTOGRAD, found

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def version(text):
    """The first two numbers of a version."""
    return ".".join(text.split(".")[:2])


def test_the_page_is_current(request):
    scipy = pytest.importorskip("scipy")
    here = version(np.__version__), version(scipy.__version__)
    if request.config.getoption("--update-goldens"):
        PAGE.write_text(page(*here), encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    there = re.search(r"NumPy (\S+) and SciPy (\S+)\.", text).groups()
    if here != there:
        pytest.skip(f"the page is about NumPy {there[0]} and SciPy {there[1]}")
    assert text == page(*here), "run pytest --update-goldens"


def test_states_of_functions():
    assert state(np.sum) == "done"
    assert state(np.save) == "refused"
    assert state(np.issubdtype) == "known"
    assert state(len) == "known"


def test_autograds_names_are_those_of_functions():
    names = AUTOGRAD["numpy"].split()
    newest = [n for n in names if found("numpy", n) is None]
    assert set(newest) <= {"row_stack"} or np.__version__ < "2.1"
