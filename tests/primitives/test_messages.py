"""Errors that generated code raises as the user's own code does."""

from __future__ import annotations

import numpy as np
import pytest

from gradgen.primitives.messages import emit_check_bound, emit_raise
from gradgen.primitives.registry import Handle
from tests.primitives.harness import build
from tests.primitives.test_generated import run_generated


def test_raise_is_repeated_with_its_message() -> None:
    def body(x: Handle) -> Handle:
        emit_raise(x.builder, [x], "raise ValueError('no root', {0})")
        return x

    program = build(body, [1.5])
    with pytest.raises(ValueError, match=r"\('no root', 1.5\)"):
        program.run()
    with pytest.raises(ValueError, match=r"\('no root', 1.5\)"):
        run_generated(program.function, [1.5])


def test_reading_what_is_not_bound_raises_what_python_raises() -> None:
    def body(flag: Handle, x: Handle) -> Handle:
        emit_check_bound(flag, "total")
        return x

    x = np.ones(2)
    program = build(lambda flag, x: body(flag > 0.0, x), [-1.0, x])
    with pytest.raises(UnboundLocalError, match="local variable 'total'"):
        program.run()
    with pytest.raises(UnboundLocalError, match="local variable 'total'"):
        run_generated(program.function, [-1.0, x])
    np.testing.assert_array_equal(run_generated(program.function, [1.0, x])[0], x)
