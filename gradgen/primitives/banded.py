"""Banded systems from ``scipy.linalg``, of which the matrix is given by its diagonals.

Derivatives are those of other linear systems, with matrices in diagonal ordered form:
see :mod:`gradgen.kernels.bands`. What SciPy does not read of that form has no
derivative. A Hermitian matrix is ``H + H^*``, where ``H`` has half of the main
diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bind
from typing import Any

import numpy as np
from scipy import linalg

from gradgen import kernels
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.dims import Dims
from gradgen.ir.types import Type, tensor
from gradgen.primitives.batching import over_right_sides
from gradgen.primitives.families import bilinear, linear
from gradgen.primitives.lowering import Only, lowers, static
from gradgen.primitives.matrixforms import as_matrix, common
from gradgen.primitives.parts import conjugated
from gradgen.primitives.promotion import joined_dtype
from gradgen.primitives.registry import (
    Attrs,
    Handle,
    Primitive,
    Sample,
    apply,
    dim_of,
    joined_terms,
    register,
)
from gradgen.primitives.scipyforms import UNCHECKED, call_text, one_matrix, options_of
from gradgen.primitives.shaping import dims_from


def _turned(band: Handle, main: int) -> Handle:
    """Return the band of the transpose, whose main diagonal is ``-1 - main``."""
    return apply("band_transpose", band, main=main)


def _transposed_product(band: Handle, x: Handle, main: int) -> Handle:
    return apply("band_product", _turned(band, main), x, main=-1 - main)


def _outer(p: Handle, q: Handle, like: Handle, main: int) -> Handle:
    return apply("band_outer", p, q, dim_of(like, 0), main=main)


def _product_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    band, x = types
    dims.assume_equal(band.shape[1], x.shape[0])
    return tensor(joined_dtype(types), x.shape)


band_product = bilinear(
    "band_product",
    type_rule=_product_type,
    evaluate=kernels.band_product,
    template=lambda types, attrs: f"band_product({{0}}, {{1}}, {attrs['main']})",
    adjoint=lambda y_bar, y, band, x, main: [
        _outer(y_bar, x, band, main),
        _transposed_product(band, y_bar, main),
    ],
    samples=(
        Sample(("f64[3,4]", "f64[4]"), {"main": 1}),
        Sample(("f64[2,4]", "f64[4,2]"), {"main": -1}),
        Sample(("f64[5,2]", "f64[2]"), {"main": 3}),
        Sample(("f32[2,3]", "f32[3]"), {"main": 0}),
        Sample(("f64[2,0]", "f64[0]"), {"main": 0}),
    ),
)


def _outer_type(dims: Dims, types: Sequence[Any], attrs: Attrs) -> Type:
    p, q, _ = types
    dims.assume_equal(p.shape[0], q.shape[0])
    if len(p.shape) > 1:
        dims.assume_equal(p.shape[1], q.shape[1])
    (rows,) = dims_from(dims, types[2:])
    return tensor(joined_dtype([p, q]), (rows, p.shape[0]))


def _outer_tangent(
    y: Handle, dots: Sequence[Any], p: Handle, q: Handle, rows: Handle, main: int
) -> Handle:
    p_dot, q_dot, _ = dots
    first = None if p_dot is None else apply("band_outer", p_dot, q, rows, main=main)
    second = None if q_dot is None else apply("band_outer", p, q_dot, rows, main=main)
    return joined_terms(first, second)


def _outer_adjoint(
    y_bar: Handle, y: Handle, p: Handle, q: Handle, rows: Handle, main: int
) -> list[Handle | None]:
    p_bar = apply("band_product", y_bar, q, main=main)
    return [p_bar, _transposed_product(y_bar, p, main), None]


register(
    Primitive(
        name="band_outer",
        type_rule=_outer_type,
        evaluate=kernels.band_outer,
        template=lambda types, attrs: (
            f"band_outer({{0}}, {{1}}, {{2}}, {attrs['main']})"
        ),
        tangent=_outer_tangent,
        adjoint=_outer_adjoint,
        takes_complex=True,
        samples=(
            Sample(("f64[4]", "f64[4]", 3), {"main": 1}),
            Sample(("f64[4,2]", "f64[4,2]", 2), {"main": -1}),
            Sample(("f32[3]", "f32[3]", 2), {"main": 0}),
        ),
    )
)
linear(
    "band_transpose",
    type_rule=lambda dims, types, attrs: types[0],
    evaluate=kernels.band_transpose,
    template=lambda types, attrs: f"band_transpose({{0}}, {attrs['main']})",
    adjoint=lambda y_bar, y, x, main: [_turned(y_bar, -1 - main)],
    samples=(
        Sample(("f64[3,4]",), {"main": 1}),
        Sample(("f64[2,4]",), {"main": -1}),
        Sample(("f32[3,2]",), {"main": 0}),
    ),
)
linear(
    "halve_row",
    type_rule=lambda dims, types, attrs: types[0],
    evaluate=kernels.halve_row,
    template=lambda types, attrs: f"halve_row({{0}}, {attrs['row']})",
    adjoint=lambda y_bar, y, x, row: [apply("halve_row", y_bar, row=row)],
    samples=(Sample(("f64[3,4]",), {"row": -1}), Sample(("f32[3,2]",), {"row": 0})),
)


def _tangent(
    x: Handle,
    dots: Sequence[Handle | None],
    band: Handle,
    b: Handle,
    below: int,
    above: int,
    **options: Any,
) -> Handle:
    band_dot, moved = dots
    if band_dot is not None:
        moved = joined_terms(-apply("band_product", band_dot, x, main=above), moved)
    sides: Attrs = {"below": below, "above": above}
    return apply("solve_banded", band, moved, **sides, **UNCHECKED)


def _adjoint(
    x_bar: Handle,
    x: Handle,
    band: Handle,
    b: Handle,
    below: int,
    above: int,
    **options: Any,
) -> list[Handle]:
    sides: Attrs = {"below": above, "above": below}
    turned = _turned(band, above)
    b_bar = apply("solve_banded", turned, x_bar, **sides, **UNCHECKED)
    return [-_outer(b_bar, x, band, above), b_bar]


def _text(types: Sequence[Any], attrs: Attrs) -> str:
    options = {n: x for n, x in attrs.items() if n not in ("below", "above")}
    sides = f"({attrs['below']}, {attrs['above']})"
    return call_text("linalg.solve_banded", sides, "{0}", "{1}")(types, options)


def _evaluate(band: Any, b: Any, below: int, above: int, **options: Any) -> Any:
    return linalg.solve_banded((below, above), band, b, **options)


def _banded(*shape: int, main: int, phase: complex = 0.0) -> Any:
    """Return a band with a main diagonal that is larger than the others together."""
    waves = np.cos(np.arange(1.0, 1.0 + np.prod(shape))).reshape(shape)
    band = waves * np.exp(phase * waves) if phase else waves
    band[main] = 2.0 * shape[0] + waves[main]
    return band


register(
    Primitive(
        name="solve_banded",
        batch=over_right_sides,
        type_rule=_product_type,
        evaluate=_evaluate,
        template=_text,
        tangent=_tangent,
        adjoint=_adjoint,
        takes_complex=True,
        samples=(
            Sample((_banded(3, 4, main=1), "f64[4]"), {"below": 1, "above": 1}),
            Sample((_banded(4, 5, main=1), "f64[5,2]"), {"below": 2, "above": 1}),
            Sample((_banded(2, 3, main=0), "f64[3]"), {"below": 1, "above": 0}),
            Sample(
                (_banded(3, 4, main=1, phase=1j), "c128[4]"), {"below": 1, "above": 1}
            ),
            Sample(
                (_banded(3, 4, main=1).astype(np.float32), "f32[4]"),
                {"below": 1, "above": 1},
            ),
        ),
    )
)


def _operands(ab: Any, b: Any, builder: Builder, name: str) -> tuple[Handle, Handle]:
    x = one_matrix(ab, builder, name)
    y = as_matrix(b, builder, f"scipy.linalg.{name}", rank=1)
    if y.rank > 2:
        raise Refusal(f"scipy.linalg.{name} of stacks of matrices", "a loop over them")
    return common(x, y)


@lowers(linalg.solve_banded)
def _solve_banded(
    l_and_u: Any,
    ab: Any,
    b: Any,
    overwrite_ab: Any = Only(False),
    overwrite_b: Any = Only(False),
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    counts = static(l_and_u)
    if not isinstance(counts, tuple | list) or [type(n) for n in counts] != [int, int]:
        raise Refusal("scipy.linalg.solve_banded without (l, u)", "two integers")
    x, y = _operands(ab, b, builder, "solve_banded")
    below, above = counts
    rows = x.shape[0]
    if isinstance(rows, int) and rows != below + above + 1:
        raise Refusal(f"scipy.linalg.solve_banded: 'ab' has {rows} rows", "l + u + 1")
    options = options_of(linalg.solve_banded, check_finite=check_finite)
    return apply("solve_banded", x, y, below=below, above=above, **options)


def _main(options: Attrs) -> int:
    return 0 if options.get("lower") else -1


def _hermitian_tangent(
    x: Handle, dots: Sequence[Handle | None], band: Handle, b: Handle, **options: Any
) -> Handle:
    band_dot, moved = dots
    if band_dot is not None:
        main = _main(options)
        half = apply("halve_row", band_dot, row=main)
        change = apply("band_product", half, x, main=main)
        change = change + _transposed_product(conjugated(half), x, main)
        moved = joined_terms(-change, moved)
    return apply("solveh_banded", band, moved, **{**options, **UNCHECKED})


def _hermitian_adjoint(
    x_bar: Handle, x: Handle, band: Handle, b: Handle, **options: Any
) -> list[Handle]:
    solve = bind(apply, "solveh_banded", band, **{**options, **UNCHECKED})
    b_bar = conjugated(solve(conjugated(x_bar)))
    main = _main(options)
    both = _outer(b_bar, x, band, main) + conjugated(_outer(x, b_bar, band, main))
    return [-apply("halve_row", both, row=main), b_bar]


register(
    Primitive(
        name="solveh_banded",
        batch=over_right_sides,
        type_rule=_product_type,
        evaluate=linalg.solveh_banded,
        template=call_text("linalg.solveh_banded", "{0}", "{1}"),
        tangent=_hermitian_tangent,
        adjoint=_hermitian_adjoint,
        takes_complex=True,
        samples=(
            Sample((_banded(2, 4, main=-1), "f64[4]")),
            Sample((_banded(3, 4, main=0), "f64[4,2]"), {"lower": True}),
            Sample((_banded(3, 4, main=-1, phase=1j), "c128[4]")),
            Sample((_banded(2, 3, main=0, phase=1j), "c128[3]"), {"lower": True}),
            Sample((_banded(2, 3, main=-1).astype(np.float32), "f32[3]")),
        ),
    )
)


@lowers(linalg.solveh_banded)
def _solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: Any = Only(False),
    overwrite_b: Any = Only(False),
    lower: Any = False,
    check_finite: Any = True,
    *,
    builder: Builder,
) -> Handle:
    x, y = _operands(ab, b, builder, "solveh_banded")
    options = options_of(linalg.solveh_banded, lower=lower, check_finite=check_finite)
    return apply("solveh_banded", x, y, **options)
