"""What is nested too deeply is refused as everything else is."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from gradgen import UnsupportedError, grad


def test_an_expression_deeper_than_the_stack_is_refused() -> None:
    source = f"def long(x):\n    return {' + '.join(['x'] * 900)}\n"
    file = "<deep expression>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {}
    exec(compile(source, file, "exec"), names)
    with pytest.raises(UnsupportedError, match="nested too deeply"):
        grad(names["long"])(1.0)
