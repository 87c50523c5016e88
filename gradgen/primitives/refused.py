"""NumPy functions that are refused by name, with the reason."""

from __future__ import annotations

import numpy as np

from gradgen.primitives.lowering import refuses

OUTSIDE = "call it outside of the function"
REASONS = (
    (
        "save savez savez_compressed savetxt load loadtxt genfromtxt fromfile "
        "fromregex",
        "it reads or writes files",
        "read before the call and write after it",
    ),
    (
        "set_printoptions get_printoptions printoptions setbufsize getbufsize seterr "
        "geterr seterrcall geterrcall",
        "it is about settings of NumPy",
        OUTSIDE,
    ),
    (
        "array2string array_repr array_str base_repr binary_repr "
        "format_float_positional format_float_scientific",
        "it makes text of numbers",
        "an f-string, or format outside of the function",
    ),
    (
        "unique unique_all unique_counts unique_inverse unique_values union1d "
        "intersect1d setdiff1d setxor1d",
        "how many elements there are, and which, depends on their values",
        "find their places outside of the function and read x[places]",
    ),
    (
        "busday_count busday_offset is_busday datetime_as_string datetime_data isnat",
        "it is about dates",
        "numbers of days or seconds",
    ),
    (
        "mask_indices",
        "it calls a function to find out what that leaves",
        "np.tril_indices, np.triu_indices or np.nonzero",
    ),
    ("packbits unpackbits", "it is about bits", OUTSIDE),
    (
        "histogram2d histogramdd",
        "its counts jump where a value leaves its bin",
        "np.bincount(np.digitize(x, edges), weights), or np.histogram along one axis",
    ),
    ("bartlett blackman hamming hanning kaiser", "it makes a window", OUTSIDE),
    (
        "frompyfunc fromiter nested_iters apply_along_axis apply_over_axes vectorize",
        "it calls Python for each element",
        "a loop, or operations on whole arrays",
    ),
    (
        "asmatrix bmat",
        "it makes a np.matrix, whose operators mean something else",
        "arrays, and '@' for products",
    ),
    (
        "get_include show_config show_runtime info",
        "it is about the installation of NumPy",
        OUTSIDE,
    ),
    (
        "row_stack",
        "NumPy warns of it, since it is np.vstack by another name",
        "np.vstack",
    ),
    (
        "asfortranarray require isfortran",
        "derivatives lay out memory in their own way",
        "np.asarray: the numbers are the same",
    ),
    (
        "asarray_chkfinite",
        "its check would come at another time than in the function",
        "np.asarray, and assert np.isfinite(x).all()",
    ),
    (
        "frombuffer fromstring from_dlpack memmap",
        "it makes numbers of what stands in memory or in a file",
        OUTSIDE,
    ),
    (
        "fromfunction",
        "it calls a function of the numbers of elements",
        "call the function with the arrays of np.indices(shape)",
    ),
    ("einsum_path", "it plans how to multiply, and multiplies nothing", OUTSIDE),
    (
        "sort_complex",
        "it sorts complex numbers by their parts",
        "x[np.lexsort((x.imag, x.real))]",
    ),
    (
        "nditer flatiter broadcast",
        "it walks over elements in an order of its own",
        "loops over ranges: for i in range(n): for j in range(m)",
    ),
    (
        "matrix recarray record void object_ busdaycalendar",
        "it makes what is no array of numbers",
        "arrays of numbers, one for each field",
    ),
    (
        "shares_memory may_share_memory",
        "derivatives lay out memory in their own way",
        "decide before the call, and pass the answer in",
    ),
)

EMATH = "sqrt log log2 log10 logn power arccos arcsin arctanh"

for _name in EMATH.split():
    refuses(
        getattr(np.emath, _name),
        reason="whether its result is complex depends on the numbers",
        hint="the function of np, of complex numbers if need be: x + 0j",
    )
for _names, _reason, _hint in REASONS:
    for _name in _names.split():
        if hasattr(np, _name):
            refuses(getattr(np, _name), reason=_reason, hint=_hint)
