"""Arrays made in the shape of another one, whose contents are not read.

Transforms never make these: to them a shape is a tuple of lengths, so that nothing
seems to depend on the array. ``prefer_like`` puts them in before code is printed.
"""

from __future__ import annotations

import numpy as np

from gradgen.primitives.registry import Primitive, Sample, register

zeros_like = register(
    Primitive(
        name="zeros_like",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=np.zeros_like,
        template="np.zeros_like({0})",
        shape_only=(0,),
        samples=(Sample(("f64[3,4]",)),),
    )
)
ones_like = register(
    Primitive(
        name="ones_like",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=np.ones_like,
        template="np.ones_like({0})",
        shape_only=(0,),
        samples=(Sample(("f64[3,4]",)),),
    )
)
full_like = register(
    Primitive(
        name="full_like",
        type_rule=lambda dims, types, attrs: types[0],
        evaluate=np.full_like,
        template="np.full_like({0}, {1})",
        shape_only=(0,),
        samples=(Sample(("f64[3,4]", "f64")),),
    )
)
