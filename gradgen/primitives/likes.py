"""Arrays made in the shape of another one, whose contents are not read.

Transforms never make these: to them a shape is a tuple of lengths, so that nothing
seems to depend on the array. ``prefer_like`` puts them in before code is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradgen.primitives.registry import Primitive, Sample, register


def _like(function: Callable[..., Any], text: str, sample: Sample) -> Primitive:
    return register(
        Primitive(
            name=function.__name__,
            type_rule=lambda dims, types, attrs: types[0],
            evaluate=function,
            template=text,
            shape_only=(0,),
            takes_complex=True,
            samples=(sample,),
        )
    )


zeros_like = _like(np.zeros_like, "np.zeros_like({0})", Sample(("f64[3,4]",)))
ones_like = _like(np.ones_like, "np.ones_like({0})", Sample(("f64[3,4]",)))
full_like = _like(np.full_like, "np.full_like({0}, {1})", Sample(("f64[3,4]", "f64")))
