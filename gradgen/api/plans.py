"""How a sparse matrix is computed: along which directions, and what is read where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradgen.api.colouring import column_colours, grid_colours, star_colours
from gradgen.deferred import Deferred
from gradgen.errors import DerivativeError
from gradgen.structs import frozen

if TYPE_CHECKING:
    from scipy import sparse
else:
    sparse = Deferred("scipy.sparse")


@frozen
class Sparsity:
    """Where a derivative may have entries, how that is known, and how it is computed.

    Attributes
    ----------
    pattern : scipy.sparse.csr_array
        Of booleans; a row for each number of the result, in C order.
    origin : str
        ``"proved"`` from the program, ``"probed"`` at some points, or ``"given"``.
    reason : str
        Why it is not proved, where it was probed.
    way : str
        ``"columns"``: by forward sweeps, each for columns that share no row;
        ``"rows"``: by reverse sweeps, each for rows that share no column; ``"star"``:
        as columns, where an entry of a symmetric matrix is read in one of two places.
    colours : numpy.ndarray
        By column, or row, the number of the sweep; -1 where it has no entries.
    sweeps : int
        How many directions the derivative is taken along.
    """

    pattern: Any
    origin: str
    reason: str
    way: str
    colours: np.ndarray
    sweeps: int


@frozen
class Plan:
    """A pattern, the directions, and where in what they give each entry is read.

    A direction has the shape ``space``; ``dtype`` is that of the seeds. ``relies`` is
    kept so that its number is not given to anything else.
    """

    sparsity: Sparsity
    directions: np.ndarray
    sweep: np.ndarray
    place: np.ndarray
    space: tuple[int, ...]
    dtype: np.dtype
    relies: Any


def jacobian_way(pattern: Any) -> tuple[str, np.ndarray]:
    """Return the way with fewer sweeps, and its colours.

    Examples
    --------
    >>> from scipy import sparse
    >>> jacobian_way(sparse.csr_array([[1, 1, 1]]))
    ('rows', array([0]))
    """
    colours = column_colours(pattern)
    most = np.diff(pattern.tocsc().indptr).max(initial=0)
    if most > colours.max(initial=-1):
        return "columns", colours
    other = column_colours(pattern.T)
    if other.max(initial=-1) < colours.max(initial=-1):
        return "rows", other
    return "columns", colours


def hessian_way(pattern: Any, symmetric: bool) -> tuple[str, Any, np.ndarray]:
    """Return the way for a Hessian, its pattern, and the colours.

    A Hessian is not known to be symmetric where the user gives derivatives.
    """
    if not symmetric:
        return "columns", pattern, column_colours(pattern)
    both = (pattern + pattern.T).tocsr()
    both.sort_indices()
    colours = star_colours(both)
    repeating = grid_colours(both, int(colours.max(initial=0)) + 1)
    if repeating is not None:
        return "columns", both, repeating
    return "star", both, colours


def make_plan(sparsity: Sparsity, x: Any, y: Any, relies: Any) -> Plan:
    """Return the plan for the derivative of an array ``y`` by an array ``x``."""
    pattern, colours = sparsity.pattern, sparsity.colours
    row = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    column = pattern.indices.astype(int)
    moved = y if sparsity.way == "rows" else x
    if sparsity.way == "rows":
        row, column = column, row
    if sparsity.way == "star":
        row, column = _read_where_alone(row, column, colours, sparsity.sweeps)
    directions = colours == np.arange(sparsity.sweeps)[:, None]
    return Plan(
        sparsity, directions, colours[column], row, moved.shape, moved.dtype, relies
    )


def _read_where_alone(
    row: np.ndarray, column: np.ndarray, colours: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each entry itself, or its mirror image, whichever is alone."""
    cells = row * count + colours[column]
    met = np.bincount(cells, minlength=len(colours) * count)
    alone = met[cells] == 1
    mirrored = met[column * count + colours[row]] == 1
    assert (alone | mirrored).all(), "no star colouring"
    return np.where(alone, row, column), np.where(alone, column, row)


def assembled(plan: Plan, swept: np.ndarray) -> Any:
    """Return the matrix from what the sweeps give, one in each row."""
    pattern = plan.sparsity.pattern
    entries = swept[plan.sweep, plan.place]
    parts = (entries, pattern.indices.copy(), pattern.indptr.copy())
    return sparse.csr_array(parts, shape=pattern.shape)


def check_along(matrix: Any, direction: np.ndarray, wanted: np.ndarray) -> None:
    """Compare the product of a matrix and a vector with the derivative along it.

    Raises
    ------
    DerivativeError
        If the matrix lacks entries, or is not symmetric though it should be.
    """
    with np.errstate(all="ignore"):
        found = matrix @ direction
        scale = abs(matrix) @ abs(direction) + abs(wanted)
        allowed = np.finfo(matrix.dtype).eps ** 0.75 * scale
        wrong = abs(found - wanted) > allowed
    wrong |= np.isfinite(found) & ~np.isfinite(wanted)
    if wrong.any():
        raise DerivativeError(
            f"the sparsity pattern does not hold at these arguments: row or column "
            f"{int(np.flatnonzero(wrong)[0])} of the matrix has other entries; pass "
            "pattern=, a sparse array with all entries that may differ from zero, or "
            "use jacobian or hessian"
        )
