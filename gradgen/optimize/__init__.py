"""Adapters that give SciPy's solvers exact derivatives, for parameters in any nesting.

They take what the functions of :mod:`scipy.optimize` of the same names take.
"""

from gradgen.optimize.fitting import curve_fit
from gradgen.optimize.minimum import minimize
from gradgen.optimize.residuals import least_squares, root

__all__ = ["curve_fit", "least_squares", "minimize", "root"]
