"""A triangular solver that raises nothing, called by generated code.

It needs SciPy. Generated code imports it from this module.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg


def solve_triangular_or_nan(a: Any, b: Any, **options: Any) -> Any:
    """Return the solution of a triangular system, NaN if the matrix is singular.

    Examples
    --------
    >>> solve_triangular_or_nan(np.array([[2.0, 0.0], [0.0, 0.0]]), np.ones(2))
    array([nan, nan])
    """
    try:
        return linalg.solve_triangular(a, b, **options)
    except linalg.LinAlgError:
        return np.full(b.shape, np.nan, np.result_type(a, b))
