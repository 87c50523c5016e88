"""Each parameter of each function is handled, refused by name, or ignored.

What is ignored is so for a reason that stands in a table.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.primitives.calls import BY_FUNCTION
from tests.primitives.calls.call import Call
from tests.primitives.parameters import check_default, parameters_of, state_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PARAMETERS = [
    pytest.param(calls, name, default, id=f"{function} {name}")
    for function, calls in BY_FUNCTION.items()
    for name, default in parameters_of(calls[0].function).items()
]


@pytest.mark.parametrize(("calls", "name", "default"), PARAMETERS)
def test_what_becomes_of_a_parameter(
    calls: list[Call], name: str, default: Any
) -> None:
    state_of(calls, name)
    check_default(calls, name, default)
