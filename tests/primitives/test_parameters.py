"""Each parameter of each function is handled, refused by name, or ignored.

What is ignored is so for a reason that stands in a table.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from gradgen import jvp
from gradgen.primitives.lowering import Lowering
from gradgen.primitives.registry import LOWERINGS
from tests.primitives.calls import BY_FUNCTION
from tests.primitives.calls.call import Call, M
from tests.primitives.parameters import check_default, parameters_of, state_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def is_signed() -> bool:
    """Tell whether this version of NumPy tells the signatures of its C functions."""
    try:
        inspect.signature(np.where)
    except ValueError:
        return False
    return True


PARAMETERS = [
    pytest.param(calls, name, default, id=f"{function} {name}")
    for function, calls in BY_FUNCTION.items()
    for name, default in parameters_of(calls[0].function).items()
]


@pytest.mark.skipif(not is_signed(), reason="this NumPy does not tell its signatures")
@pytest.mark.parametrize(("calls", "name", "default"), PARAMETERS)
def test_what_becomes_of_a_parameter(
    calls: list[Call], name: str, default: Any
) -> None:
    state_of(calls, name)
    check_default(calls, name, default)


def summed_where(x: Any, mask: Any) -> Any:
    total = np.ones(4)
    np.sum(x, axis=0, out=total, where=mask)
    return total


def test_where_of_a_reduction_is_no_mask_for_out() -> None:
    x, mask = np.ones((3, 4)), np.array([True, False, True, True])
    for found in jvp(summed_where, (x, mask), (x, None)):
        np.testing.assert_array_equal(found, [3.0, 0.0, 3.0, 3.0])


def test_a_value_that_is_ignored_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself is checked: by a lowering that takes no notice of ``axis``."""
    careless = Lowering(lambda a, axis=None, *, builder: a * 2.0 - a, "np.flip")
    monkeypatch.setitem(LOWERINGS, np.flip, careless)
    with pytest.raises(AssertionError):
        state_of([Call(np.flip, (np.ones(2),)), Call(np.flip, (M,))], "axis")
