"""Functions of ``scipy.linalg`` that have the derivatives of those of ``np.linalg``.

The values are SciPy's own: it calls other functions of LAPACK, or with other options.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import linalg

from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.factors import of_hermitian
from gradgen.primitives.leastsquares import ROUNDING
from gradgen.primitives.lowering import Only, lowers, refuses, static
from gradgen.primitives.matrixforms import as_matrix, known_number, turned
from gradgen.primitives.registry import (
    PRIMITIVES,
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    apply_several,
    register,
    require_same_shape,
)
from gradgen.primitives.samples import dominant, positive_definite
from gradgen.primitives.scipyforms import (
    adjoint_of,
    call_text,
    one_matrix,
    options_of,
    tangent_of,
)
from gradgen.primitives.spectra import projectors


def _with_rules_of(
    name: str, attrs_of: Callable[[Attrs], Attrs], *samples: Sample, **fields: Any
) -> None:
    """Declare SciPy's function by the rules of NumPy's function of the same name.

    ``attrs_of`` returns the attributes of NumPy's for the options of SciPy's.
    """
    numpy = PRIMITIVES[name]

    def type_rule(dims: Dims, types: Sequence[Any], options: Attrs) -> Any:
        return numpy.type_rule(dims, types, attrs_of(options))

    def tangent(
        y: Any, dots: Sequence[Handle | None], x: Handle, **options: Any
    ) -> Any:
        return tangent_of(name)(y, dots, x, **attrs_of(options))

    def adjoint(y_bar: Any, y: Any, x: Handle, **options: Any) -> Any:
        return adjoint_of(name)(y_bar, y, x, **attrs_of(options))

    declared: dict[str, Any] = {
        "type_rule": type_rule,
        "evaluate": getattr(linalg, name),
        "template": call_text(f"linalg.{name}", "{0}"),
        "several": numpy.several,
        **fields,
    }
    register(
        Primitive(
            name=f"scipy_{name}",
            tangent=tangent,
            adjoint=adjoint,
            takes_complex=True,
            samples=samples,
            **declared,
        )
    )


def _none(options: Attrs) -> Attrs:
    return {}


def _uplo(options: Attrs) -> Attrs:
    return {"UPLO": "L" if options.get("lower", True) else "U"}


def _full(options: Attrs) -> Attrs:
    return {"full": options.get("full_matrices", True)}


def _det_type(dims: Dims, types: Sequence[Any], options: Attrs) -> Type:
    """Type rule of what SciPy computes in double precision."""
    found: Any = PRIMITIVES["det"].type_rule(dims, types, options)
    return tensor(np.result_type(found.dtype, np.float64), found.shape)


_with_rules_of(
    "det",
    _none,
    Sample((dominant(3, 3),)),
    Sample((dominant(2, 1, 1),)),
    Sample((dominant(2, 2, phase=1j),)),
    Sample((dominant(2, 2).astype(np.float32),)),
    type_rule=_det_type,
    shares=(0,),
)
_with_rules_of(
    "eigh",
    _uplo,
    Sample((positive_definite(3, 3),), {"lower": False}, around=projectors),
)
_with_rules_of(
    "eigvalsh",
    _uplo,
    Sample((positive_definite(3, 3, phase=1j),), around=of_hermitian),
)
_with_rules_of("svd", _full, Sample((dominant(3, 3),)))
_with_rules_of("svdvals", _none, Sample((dominant(3, 2),)))
_with_rules_of("qr", _none, Sample((dominant(2, 3),)))
_with_rules_of("pinv", lambda options: {"hermitian": False}, Sample((dominant(3, 2),)))


@lowers(linalg.det)
def _det(
    a: Any,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    x = as_matrix(a, builder, "scipy.linalg.det")
    options = options_of(linalg.det, check_finite=check_finite)
    return apply("scipy_det", x, **options)


@lowers(linalg.eigh)
def _eigh(
    a: Any,
    b: Any = Only(),
    *,
    lower: Any = True,
    eigvals_only: Any = False,
    overwrite_a: Any = Only(False),
    overwrite_b: Any = Only(False),
    type: Any = Only(1),
    check_finite: Any = True,
    subset_by_index: Any = Only(),
    subset_by_value: Any = Only(),
    driver: Any = None,
    builder: Builder,
) -> Any:
    x = one_matrix(a, builder, "eigh")
    options = options_of(
        linalg.eigh, lower=lower, check_finite=check_finite, driver=driver
    )
    if static(eigvals_only):
        return apply("scipy_eigvalsh", x, **options)
    return tuple(apply_several("scipy_eigh", x, **options))


@lowers(linalg.eigvalsh)
def _eigvalsh(
    a: Any,
    b: Any = Only(),
    *,
    lower: Any = True,
    overwrite_a: Any = Only(False),
    overwrite_b: Any = Only(False),
    type: Any = Only(1),
    check_finite: Any = True,
    subset_by_index: Any = Only(),
    subset_by_value: Any = Only(),
    driver: Any = None,
    builder: Builder,
) -> Handle:
    x = one_matrix(a, builder, "eigvalsh")
    options = options_of(
        linalg.eigvalsh, lower=lower, check_finite=check_finite, driver=driver
    )
    return apply("scipy_eigvalsh", x, **options)


@lowers(linalg.svd)
def _svd(
    a: Any,
    full_matrices: Any = True,
    compute_uv: Any = True,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    lapack_driver: Any = "gesdd",
    *,
    builder: Builder,
) -> Any:
    x = one_matrix(a, builder, "svd")
    if not static(compute_uv):
        options = options_of(linalg.svdvals, check_finite=check_finite)
        return apply("scipy_svdvals", x, **options)
    options = options_of(
        linalg.svd,
        full_matrices=full_matrices,
        check_finite=check_finite,
        lapack_driver=lapack_driver,
    )
    return tuple(apply_several("scipy_svd", x, **options))


@lowers(linalg.svdvals)
def _svdvals(
    a: Any,
    overwrite_a: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    x = one_matrix(a, builder, "svdvals")
    options = options_of(linalg.svdvals, check_finite=check_finite)
    return apply("scipy_svdvals", x, **options)


def _is_wide(x: Handle) -> bool:
    """Tell whether there are no more rows than columns; have it checked to be square.

    That is what a matrix of which the sides are not known is taken for.
    """
    rows, columns = x.shape
    if isinstance(rows, int) and isinstance(columns, int):
        return rows <= columns
    return require_same_shape(x, turned(x))


@lowers(linalg.qr)
def _qr(
    a: Any,
    overwrite_a: Any = Only(False),
    lwork: Any = Only(),
    mode: Any = "full",
    pivoting: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Any:
    x, wanted = one_matrix(a, builder, "qr"), static(mode)
    if wanted != "economic" and not (wanted in ("full", "r") and _is_wide(x)):
        raise Refusal(
            f"argument 'mode' of scipy.linalg.qr as {wanted!r} is not supported where "
            "the matrix does not determine all that it returns",
            "mode='economic'",
        )
    options = options_of(linalg.qr, check_finite=check_finite)
    found = apply_several("scipy_qr", x, mode="economic", **options)
    return (found[1],) if wanted == "r" else tuple(found)


@lowers(linalg.pinv)
def _pinv(
    a: Any,
    *,
    atol: Any = Only(),
    rtol: Any = None,
    return_rank: Any = Only(False),
    check_finite: Any = True,
    builder: Builder,
) -> Handle:
    tolerance = known_number(rtol, "rtol")
    if tolerance is not None and tolerance > ROUNDING:
        raise Refusal(
            "argument 'rtol' of scipy.linalg.pinv that drops more than rounding errors",
            "np.linalg.pinv",
        )
    options = options_of(linalg.pinv, rtol=tolerance, check_finite=check_finite)
    return apply("scipy_pinv", one_matrix(a, builder, "pinv"), **options)


refuses(
    linalg.norm,
    reason="how an array lies in memory decides whether it returns a number of "
    "Python's or of NumPy's",
    hint="np.linalg.norm",
)
refuses(
    linalg.lstsq,
    reason="the rank of a matrix decides of which shape the residuals are",
    hint="np.linalg.lstsq",
)
