"""Which calls return an array that shares memory with the one that they are given.

Writing to one of two arrays that share memory changes the other. What is not listed
here returns memory of its own.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

Sharing: TypeAlias = Literal["always", "readonly", "maybe", "never"]

ALWAYS = frozenset[str]().union(
    ("T", "mT", "real", "imag", "conj", "conjugate", "real_if_close"),
    ("transpose", "permute_dims", "matrix_transpose"),
    ("swapaxes", "moveaxis", "rollaxis"),
    ("squeeze", "expand_dims", "atleast_1d", "atleast_2d", "atleast_3d"),
    ("flip", "fliplr", "flipud", "rot90"),
    ("split", "array_split", "hsplit", "vsplit", "dsplit", "unstack"),
    ("view", "astype", "asarray", "asanyarray", "einsum", "diff", "stop_gradient"),
    ("matrix_power", "ix_", "broadcast_arrays", "as_strided"),
    ("histogram", "histogram_bin_edges", "trim_zeros"),
    (np.dtype(code).type.__name__ for code in "?bhilqBHILQfdFD"),
)
"""The result is a view wherever its lowering is made of views alone.

It is none where the lowering casts, copies or computes: ``np.asarray`` or
``np.float32`` of another dtype, ``astype`` without ``copy=False``, ``np.einsum`` that
sums.
"""

READONLY = frozenset(("diagonal", "diag", "broadcast_to", "sliding_window_view"))
"""A view, too, but NumPy refuses writing to it."""

MAYBE = frozenset(("reshape", "ravel", "ascontiguousarray", "require"))
"""A view or a copy: that depends on how the elements lie in memory."""


def sharing(target: Any) -> Sharing:
    """Tell how the result of a function, method or attribute shares memory.

    Parameters
    ----------
    target : callable or str
        A function, or the name of a method or an attribute of arrays.

    Examples
    --------
    >>> sharing(np.transpose), sharing("ravel"), sharing(np.exp)
    ('always', 'maybe', 'never')
    """
    name = target if isinstance(target, str) else getattr(target, "__name__", "")
    if name in ALWAYS:
        return "always"
    if name in READONLY:
        return "readonly"
    return "maybe" if name in MAYBE else "never"
