"""The few numerical functions that generated code calls besides NumPy's.

Those of this package need NumPy alone, and generated code imports them from
``gradgen.runtime.support``. Modules whose functions need SciPy are imported by the
programs that call these.
"""

from __future__ import annotations

from gradgen.kernels.arrays import last_written as last_written
from gradgen.kernels.arrays import place_diagonal as place_diagonal
from gradgen.kernels.arrays import sum_to as sum_to
from gradgen.kernels.bands import band_outer as band_outer
from gradgen.kernels.bands import band_product as band_product
from gradgen.kernels.bands import band_transpose as band_transpose
from gradgen.kernels.bands import diagonal_sums as diagonal_sums
from gradgen.kernels.bands import halve_row as halve_row
from gradgen.kernels.bands import permutation_of as permutation_of
from gradgen.kernels.checks import check_bound as check_bound
from gradgen.kernels.checks import check_dims as check_dims
from gradgen.kernels.checks import check_finite as check_finite
from gradgen.kernels.checks import check_layout as check_layout
from gradgen.kernels.checks import check_smooth as check_smooth
from gradgen.kernels.checks import uneven_like as uneven_like
from gradgen.kernels.elementary import divide_or_zero as divide_or_zero
from gradgen.kernels.elementary import larger as larger
from gradgen.kernels.elementary import log_or_zero as log_or_zero
from gradgen.kernels.elementary import masked_divide as masked_divide
from gradgen.kernels.elementary import masked_multiply as masked_multiply
from gradgen.kernels.elementary import over_squares as over_squares
from gradgen.kernels.elementary import quiet_power as quiet_power
from gradgen.kernels.elementary import relative_exp as relative_exp
from gradgen.kernels.elementary import sinc_derivative as sinc_derivative
from gradgen.kernels.halfspectra import fit_axes as fit_axes
from gradgen.kernels.halfspectra import scale_paired as scale_paired
from gradgen.kernels.layouts import fold_cycles as fold_cycles
from gradgen.kernels.layouts import fold_padding as fold_padding
from gradgen.kernels.layouts import fold_strided as fold_strided
from gradgen.kernels.layouts import fold_windows as fold_windows
from gradgen.kernels.layouts import read_strided as read_strided
from gradgen.kernels.lines import add_along_axis as add_along_axis
from gradgen.kernels.lines import products_before as products_before
from gradgen.kernels.lines import put_back as put_back
from gradgen.kernels.lines import recurrence as recurrence
from gradgen.kernels.lines import shifted as shifted
from gradgen.kernels.lines import stable_order as stable_order
from gradgen.kernels.matrices import det_gradient as det_gradient
from gradgen.kernels.matrices import divide_or_nan as divide_or_nan
from gradgen.kernels.matrices import expect_real as expect_real
from gradgen.kernels.matrices import inverse_of_lower as inverse_of_lower
from gradgen.kernels.matrices import inverse_or_nan as inverse_or_nan
from gradgen.kernels.ranges import check_not_negative as check_not_negative
from gradgen.kernels.ranges import check_range as check_range
from gradgen.kernels.ranges import check_size as check_size
from gradgen.kernels.ranges import check_triangle as check_triangle
from gradgen.kernels.returns import read_only as read_only
from gradgen.kernels.returns import returned as returned
from gradgen.kernels.segments import fold_segments as fold_segments
from gradgen.kernels.segments import segment_places as segment_places
from gradgen.kernels.tapes import add_items as add_items
from gradgen.kernels.tapes import add_tapes as add_tapes
from gradgen.kernels.tapes import copy_tape as copy_tape
from gradgen.kernels.tapes import revolve_advance as revolve_advance
from gradgen.kernels.tapes import zeros_like_tape as zeros_like_tape
