"""Options and fixtures that all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Two processes that test small matrices are slowed a lot by the threads of each.
# NumPy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gradgen.rules  # noqa: F401  (else its doctests have a registry of their own)

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("repeatable")

GOLDENS = Path(__file__).parent / "goldens"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write what the tests produce to the golden files instead of comparing",
    )
    parser.addoption(
        "--long",
        action="store_true",
        help="test with 10,000 random programs instead of a few hundred",
    )
    parser.addoption(
        "--few",
        action="store_true",
        help="test with 30 random programs, where a run with 300 was made elsewhere",
    )


def pytest_collection_finish() -> None:
    """Spare the garbage collector the tests themselves, of which there are many."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def example_count(request: pytest.FixtureRequest) -> int:
    """Return how many random programs a test tries."""
    if request.config.getoption("--long"):
        return 10_000
    return 30 if request.config.getoption("--few") else 300


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADGEN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return ``golden(path, text)``, which compares with a file byte for byte."""

    def compare(path: str, text: str) -> None:
        file = GOLDENS / path
        if request.config.getoption("--update-goldens"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        assert file.exists(), f"no golden file {path}; run pytest --update-goldens"
        assert text.encode() == file.read_bytes()

    return compare
