"""Where a reverse sweep keeps states of a loop that it runs again in parts."""

from __future__ import annotations

from gradgen import kernels
from gradgen.ir.types import PY_INT
from gradgen.primitives.registry import Primitive, Sample, register

register(
    Primitive(
        name="revolve_advance",
        type_rule=lambda dims, types, attrs: PY_INT,
        evaluate=kernels.revolve_advance,
        template="revolve_advance({0}, {1})",
        samples=(Sample((9, 2)), Sample((9, 0))),
    )
)
