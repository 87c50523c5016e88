"""Which module of primitives declares what; found by importing them all.

Written by ``pytest tests/primitives/test_catalog.py --update-goldens``. By table:
names, and after ``module:`` those of functions of that module.
"""

CATALOG: dict[str, dict[str, str]] = {
    "arithmetic": {
        "LOWERINGS": (
            "builtins: divmod pow math: fmod pow numpy: add divide divmod float_power "
            "floor_divide fmod multiply negative positive power remainder subtract "
            "operator: add floordiv mod mul neg pos pow sub truediv"
        ),
        "PRIMITIVES": (
            "add divide float_power floor_divide fmod math_pow multiply negative "
            "positive power remainder subtract"
        ),
    },
    "assembling": {
        "LOWERINGS": (
            "numpy: append array_split atleast_3d block broadcast_arrays delete "
            "dsplit dstack hsplit insert resize rollaxis rot90 unstack vsplit"
        ),
        "PRIMITIVES": "fold_cycles insert resize",
    },
    "axes": {
        "ATTRIBUTES": "T mT",
        "LOWERINGS": (
            "numpy: atleast_1d atleast_2d expand_dims flip fliplr flipud "
            "matrix_transpose moveaxis roll squeeze swapaxes transpose"
        ),
        "METHODS": "squeeze swapaxes transpose",
        "PRIMITIVES": "expand_dims flip roll squeeze transpose",
    },
    "banded": {
        "LOWERINGS": "scipy.linalg: solve_banded solveh_banded",
        "PRIMITIVES": (
            "band_outer band_product band_transpose halve_row solve_banded "
            "solveh_banded"
        ),
    },
    "bessel": {
        "LOWERINGS": (
            "scipy.special: i0 i0e i1 i1e iv ive j0 j1 jv k0 k1 kn kv kve y0 y1 yn yv"
        ),
        "PRIMITIVES": "i0 i0e i1 i1e iv ive j0 j1 jv k0 k1 kn kv kve y0 y1 yn yv",
    },
    "blocks": {
        "LOWERINGS": "scipy.linalg: block_diag toeplitz",
        "PRIMITIVES": "block_diag diagonal_sums toeplitz",
    },
    "complex": {
        "ATTRIBUTES": "imag real",
        "LOWERINGS": (
            "builtins: complex cmath: acos acosh asin asinh atan atanh cos cosh exp "
            "isfinite isinf isnan log log10 phase polar rect sin sinh sqrt tan tanh "
            "numpy: angle complex128 complex64 conjugate imag iscomplex iscomplexobj "
            "isreal isrealobj real real_if_close"
        ),
        "METHODS": "conj conjugate",
        "PRIMITIVES": "complex conjugate imag real",
    },
    "control": {
        "PRIMITIVES": "check_dims copy_if_bound dim zeros_if_bound",
    },
    "convolutions": {
        "LOWERINGS": "numpy: convolve correlate",
        "PRIMITIVES": "convolve",
    },
    "counting": {
        "LOWERINGS": "numpy: all any argmax argmin count_nonzero nanargmax nanargmin",
        "METHODS": "all any argmax argmin",
        "PRIMITIVES": "all any argmax argmin count_nonzero nanargmax nanargmin",
    },
    "covariances": {
        "LOWERINGS": "numpy: corrcoef cov",
    },
    "creation": {
        "LOWERINGS": (
            "numpy: arange empty empty_like eye full full_like identity meshgrid "
            "ndarray ones ones_like zeros zeros_like"
        ),
        "PRIMITIVES": "arange empty eye full linspace ones zeros",
    },
    "cumulative": {
        "LOWERINGS": "numpy: cumprod cumsum cumulative_prod cumulative_sum prod",
        "METHODS": "cumprod cumsum prod",
        "PRIMITIVES": "cumprod cumsum prod products_before recurrence shifted",
    },
    "curves": {
        "PRIMITIVES": "curve_value grid_call meets_points",
    },
    "densities": {
        "LOWERINGS": (
            "scipy.special: stdtr scipy.stats: beta.cdf beta.logcdf beta.logpdf "
            "beta.pdf binom.logpmf binom.pmf chi2.cdf chi2.logcdf chi2.logpdf "
            "chi2.pdf expon.cdf expon.logcdf expon.logpdf expon.logsf expon.pdf "
            "expon.sf gamma.cdf gamma.logcdf gamma.logpdf gamma.pdf nbinom.logpmf "
            "nbinom.pmf norm.cdf norm.logcdf norm.logpdf norm.logsf norm.pdf norm.sf "
            "poisson.logpmf poisson.pmf t.cdf t.logcdf t.logpdf t.pdf"
        ),
        "PRIMITIVES": "stdtr",
    },
    "determinants": {
        "LOWERINGS": "numpy.linalg: det slogdet",
        "PRIMITIVES": "det det_gradient slogdet",
    },
    "differences": {
        "LOWERINGS": "numpy: diff ediff1d trapezoid",
    },
    "discrete": {
        "LOWERINGS": (
            "numpy.random: Generator.binomial Generator.bytes Generator.choice "
            "Generator.geometric Generator.hypergeometric Generator.integers "
            "Generator.logseries Generator.multinomial "
            "Generator.multivariate_hypergeometric Generator.negative_binomial "
            "Generator.permutation Generator.permuted Generator.poisson "
            "Generator.spawn Generator.zipf"
        ),
        "MUTATORS": "numpy.random: Generator.shuffle",
    },
    "distributions": {
        "PRIMITIVES": "held",
    },
    "draws": {
        "PRIMITIVES": (
            "check_not_negative check_range check_size check_triangle default_rng draw"
        ),
    },
    "einsum": {
        "LOWERINGS": "numpy: einsum",
        "PRIMITIVES": "einsum",
    },
    "elementary": {
        "LOWERINGS": (
            "builtins: abs math: cbrt copysign exp exp2 expm1 fabs hypot log log10 "
            "log1p log2 sqrt numpy: absolute cbrt copysign exp exp2 expm1 fabs hypot "
            "log log10 log1p log2 logaddexp logaddexp2 reciprocal sqrt square"
        ),
        "PRIMITIVES": (
            "absolute cbrt copysign exp exp2 expm1 fabs hypot log log10 log1p log2 "
            "logaddexp logaddexp2 reciprocal sqrt square"
        ),
    },
    "elements": {
        "METHODS": "item tolist",
        "PRIMITIVES": "flat",
    },
    "entropies": {
        "LOWERINGS": (
            "scipy.special: entr expit expm1 kl_div log1p log_expit logit rel_entr "
            "xlog1py xlogy"
        ),
        "PRIMITIVES": (
            "entr expit kl_div log_expit logit rel_entr special_expm1 special_log1p "
            "xlog1py xlogy"
        ),
    },
    "errorfunctions": {
        "LOWERINGS": "scipy.special: erf erfc erfcinv erfcx erfinv log_ndtr ndtr ndtri",
        "PRIMITIVES": (
            "erfcinv erfcx erfinv log_ndtr ndtr ndtri normal_hazard special_erf "
            "special_erfc"
        ),
    },
    "factors": {
        "LOWERINGS": "numpy.linalg: cholesky qr",
        "PRIMITIVES": "cholesky qr",
    },
    "filters": {
        "LOWERINGS": "scipy.signal: lfilter",
        "PRIMITIVES": "lag_products lfilter lfilter_from",
    },
    "fitting": {
        "LOWERINGS": "numpy: polyfit",
    },
    "floats": {
        "LOWERINGS": (
            "numpy: bitwise_count frexp gcd isclose lcm ldexp modf nextafter spacing"
        ),
        "PRIMITIVES": (
            "bitwise_count exponent fraction gcd isclose lcm ldexp mantissa nextafter "
            "spacing"
        ),
    },
    "fourier": {
        "LOWERINGS": (
            "numpy.fft: fft fft2 fftfreq fftn fftshift hfft ifft ifft2 ifftn "
            "ifftshift ihfft irfft irfft2 irfftn rfft rfft2 rfftfreq rfftn"
        ),
        "PRIMITIVES": (
            "fft fftfreq fftshift fit_axes hfft ifft ifftshift ihfft irfft rfft "
            "rfftfreq scale_paired"
        ),
    },
    "gammas": {
        "LOWERINGS": (
            "scipy.special: beta betainc betaln gamma gammainc gammaincc gammaln "
            "loggamma multigammaln poch polygamma psi rgamma zeta"
        ),
        "PRIMITIVES": (
            "beta betainc betaln gamma gammainc gammaincc gammaln loggamma "
            "multigammaln poch polygamma psi rgamma riemann_zeta zeta"
        ),
    },
    "gaussians": {
        "LOWERINGS": (
            "scipy.ndimage: affine_transform gaussian_filter gaussian_filter1d "
            "gaussian_gradient_magnitude gaussian_laplace generic_filter "
            "generic_filter1d generic_gradient_magnitude generic_laplace "
            "geometric_transform grey_dilation grey_erosion laplace map_coordinates "
            "maximum_filter maximum_filter1d median_filter minimum_filter "
            "minimum_filter1d percentile_filter prewitt rank_filter rotate shift "
            "sobel spline_filter spline_filter1d uniform_filter uniform_filter1d zoom"
        ),
        "PRIMITIVES": "gaussian_back gaussian_filter",
    },
    "generators": {
        "LOWERINGS": (
            "numpy.random: Generator.beta Generator.chisquare Generator.dirichlet "
            "Generator.exponential Generator.f Generator.gamma Generator.gumbel "
            "Generator.laplace Generator.logistic Generator.lognormal "
            "Generator.multivariate_normal Generator.noncentral_chisquare "
            "Generator.noncentral_f Generator.normal Generator.pareto Generator.power "
            "Generator.random Generator.rayleigh Generator.standard_cauchy "
            "Generator.standard_exponential Generator.standard_gamma "
            "Generator.standard_normal Generator.standard_t Generator.triangular "
            "Generator.uniform Generator.vonmises Generator.wald Generator.weibull "
            "default_rng"
        ),
    },
    "gradients": {
        "LOWERINGS": "numpy: gradient",
    },
    "grids": {
        "PRIMITIVES": "grid_back grid_value picked picked_back",
    },
    "histograms": {
        "LOWERINGS": "numpy: histogram histogram_bin_edges trim_zeros",
        "PRIMITIVES": "bin_counts bin_edges histogram",
    },
    "imaging": {
        "LOWERINGS": "scipy.ndimage: convolve convolve1d correlate correlate1d",
        "PRIMITIVES": "filter_back filtered weights_back",
    },
    "indexing": {
        "PRIMITIVES": "getitem",
    },
    "integrals": {
        "LOWERINGS": (
            "scipy.special: ellipe ellipk exp1 expi exprel hyp1f1 hyp2f1 spence"
        ),
        "PRIMITIVES": "ellipe ellipk exp1 expi exprel hyp1f1 hyp2f1 spence",
    },
    "interpolation": {
        "LOWERINGS": "numpy: bincount interp",
        "PRIMITIVES": "bincount counts interval",
    },
    "inverses": {
        "LOWERINGS": "numpy.linalg: inv matrix_power solve tensorinv tensorsolve",
        "PRIMITIVES": "inv inverse_or_nan lower_inverse solve",
    },
    "joining": {
        "LOWERINGS": (
            "numpy: array asanyarray asarray ascontiguousarray column_stack "
            "concatenate hstack split stack vstack"
        ),
        "PRIMITIVES": "array concatenate section stack",
    },
    "leastsquares": {
        "LOWERINGS": "numpy.linalg: lstsq pinv",
        "PRIMITIVES": "lstsq pinv",
    },
    "likes": {
        "PRIMITIVES": "full_like ones_like zeros_like",
    },
    "linalg": {
        "LOWERINGS": "numpy: dot inner matmul outer tensordot vdot operator: matmul",
        "METHODS": "dot",
        "PRIMITIVES": "matmul outer tensordot",
    },
    "listarrays": {
        "PRIMITIVES": "seq_stack seq_unstack",
    },
    "listmaking": {
        "PRIMITIVES": "seq_cast seq_contains seq_repeat",
    },
    "lufactors": {
        "LOWERINGS": "scipy.linalg: lu lu_factor lu_solve",
        "PRIMITIVES": "lu lu_factor lu_solve permutation_of",
    },
    "mappings": {
        "PRIMITIVES": (
            "map_add_at map_contains map_from map_get map_keys map_remove map_set"
        ),
    },
    "masked": {
        "PRIMITIVES": (
            "divide_or_zero larger log_or_zero masked_divide masked_multiply "
            "over_squares quiet_power relative_exp"
        ),
    },
    "matrixforms": {
        "PRIMITIVES": "divide_or_nan",
    },
    "matrixfunctions": {
        "LOWERINGS": "scipy.linalg: expm logm solve_sylvester sqrtm",
        "PRIMITIVES": "expm expm_frechet solve_sylvester sqrtm",
    },
    "matrixproducts": {
        "LOWERINGS": (
            "numpy.linalg: cross diagonal matmul matrix_transpose multi_dot outer "
            "tensordot trace vecdot"
        ),
        "PRIMITIVES": "multi_dot",
    },
    "messages": {
        "PRIMITIVES": "assert check_bound print raise",
    },
    "multivariate": {
        "LOWERINGS": (
            "scipy.stats: dirichlet.logpdf multivariate_normal.logpdf "
            "multivariate_normal.pdf"
        ),
        "PRIMITIVES": "dirichlet_logpdf normal_logpdf",
    },
    "mutators": {
        "MUTATORS": (
            "fill partition put sort numpy: absolute.at add.at copyto cos.at "
            "divide.at exp.at fill_diagonal fmax.at fmin.at log.at maximum.at "
            "minimum.at multiply.at negative.at place power.at put put_along_axis "
            "putmask sin.at sqrt.at square.at subtract.at"
        ),
        "PRIMITIVES": "fill_diagonal",
    },
    "nans": {
        "LOWERINGS": (
            "numpy: nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd nansum "
            "nanvar"
        ),
    },
    "norms": {
        "LOWERINGS": "numpy.linalg: cond matrix_norm matrix_rank norm vector_norm",
        "PRIMITIVES": "matrix_rank norm root",
    },
    "numbering": {
        "LOWERINGS": "numpy: lexsort ravel_multi_index unravel_index",
        "PRIMITIVES": "lexsort ravel_multi_index unravel_index",
    },
    "ordering": {
        "LOWERINGS": "numpy: argpartition choose partition unwrap",
        "METHODS": "argpartition choose",
        "PRIMITIVES": "argpartition choose partition unwrap",
    },
    "outside": {
        "PRIMITIVES": "call_outside",
    },
    "packing": {
        "PRIMITIVES": "pack tape_add tape_copy tape_zeros_like unpack",
    },
    "padding": {
        "LOWERINGS": "numpy.lib.stride_tricks: sliding_window_view numpy: pad",
        "PRIMITIVES": "fold_padding fold_windows pad sliding_windows",
    },
    "piecewise": {
        "PRIMITIVES": "check_line interp1d",
    },
    "places": {
        "LOWERINGS": (
            "numpy: argwhere compress diag_indices diag_indices_from diagflat "
            "digitize extract flatnonzero indices ix_ nonzero searchsorted tri "
            "tril_indices tril_indices_from triu_indices triu_indices_from"
        ),
        "METHODS": "compress nonzero searchsorted",
        "PRIMITIVES": "digitize nonzero searchsorted",
    },
    "polynomials": {
        "LOWERINGS": (
            "numpy: poly poly1d polyadd polyder polydiv polyint polymul polysub "
            "polyval roots vander"
        ),
        "PRIMITIVES": "polyval vander",
    },
    "predicates": {
        "LOWERINGS": "numpy: allclose array_equal array_equiv isin isneginf isposinf",
        "PRIMITIVES": "allclose array_equal array_equiv isin isneginf isposinf",
    },
    "products": {
        "LOWERINGS": "numpy: cross kron matvec vecdot vecmat",
        "PRIMITIVES": "cross",
    },
    "quadratures": {
        "LOWERINGS": (
            "scipy.integrate: cumulative_simpson cumulative_trapezoid dblquad "
            "fixed_quad nquad quad_vec romb simpson solve_bvp tplquad trapezoid"
        ),
        "PRIMITIVES": "simpson simpson_back simpson_slopes",
    },
    "quantiles": {
        "LOWERINGS": "numpy: nanmedian nanpercentile nanquantile percentile quantile",
        "PRIMITIVES": "quantile",
    },
    "rearranging": {
        "LOWERINGS": "numpy: diag diagonal repeat tile trace tril triu",
        "METHODS": "diagonal repeat trace",
        "PRIMITIVES": "diag diagonal place_diagonal repeat tile tril triu",
    },
    "reduction": {
        "ATTRIBUTES": "size",
        "LOWERINGS": "numpy: size",
        "PRIMITIVES": "at_least_one max mean min size sum sum_from",
    },
    "refused": {
        "LOWERINGS": (
            "numpy.lib.scimath: arccos arcsin arctanh log log10 log2 logn power sqrt "
            "numpy.rec: recarray numpy: apply_along_axis apply_over_axes array2string "
            "array_repr array_str asarray_chkfinite asfortranarray asmatrix bartlett "
            "base_repr binary_repr blackman bmat broadcast busday_count busday_offset "
            "busdaycalendar datetime_as_string datetime_data einsum_path flatiter "
            "format_float_positional format_float_scientific from_dlpack frombuffer "
            "fromfile fromfunction fromiter frompyfunc fromregex fromstring "
            "genfromtxt get_include get_printoptions getbufsize geterr geterrcall "
            "hamming hanning histogram2d histogramdd info intersect1d is_busday "
            "isfortran isnat kaiser load loadtxt mask_indices matrix may_share_memory "
            "memmap nditer nested_iters object_ packbits printoptions record require "
            "row_stack save savetxt savez savez_compressed set_printoptions "
            "setbufsize setdiff1d seterr seterrcall setxor1d shares_memory "
            "show_config show_runtime sort_complex union1d unique unique_all "
            "unique_counts unique_inverse unique_values unpackbits vectorize void"
        ),
    },
    "refusedinterpolants": {
        "LOWERINGS": (
            "scipy.interpolate: AAA Akima1DInterpolator BPoly BarycentricInterpolator "
            "BivariateSpline CloughTocher2DInterpolator CubicHermiteSpline "
            "FloaterHormannInterpolator InterpolatedUnivariateSpline "
            "KroghInterpolator LSQBivariateSpline LSQSphereBivariateSpline "
            "LSQUnivariateSpline LinearNDInterpolator NdBSpline NdPPoly "
            "NearestNDInterpolator PPoly PchipInterpolator RBFInterpolator Rbf "
            "RectBivariateSpline RectSphereBivariateSpline SmoothBivariateSpline "
            "SmoothSphereBivariateSpline UnivariateSpline "
            "approximate_taylor_polynomial barycentric_interpolate bisplev bisplrep "
            "generate_knots griddata insert interp2d krogh_interpolate lagrange "
            "make_lsq_spline make_smoothing_spline make_splprep make_splrep pade "
            "pchip_interpolate spalde splantider splder splev splint splprep splrep "
            "sproot"
        ),
    },
    "regulargrids": {
        "PRIMITIVES": "check_grid regular_grid",
    },
    "repeated": {
        "PRIMITIVES": "divide_at maximum_at minimum_at multiply_at",
    },
    "scipylinalg": {
        "LOWERINGS": "scipy.linalg: det eigh eigvalsh lstsq norm pinv qr svd svdvals",
        "PRIMITIVES": (
            "scipy_det scipy_eigh scipy_eigvalsh scipy_pinv scipy_qr scipy_svd "
            "scipy_svdvals"
        ),
    },
    "segments": {
        "LOWERINGS": (
            "numpy: add.reduceat maximum.reduceat minimum.reduceat multiply.reduceat"
        ),
        "PRIMITIVES": (
            "add_reduceat fold_segments maximum_reduceat minimum_reduceat "
            "multiply_reduceat segment_places"
        ),
    },
    "selection": {
        "LOWERINGS": (
            "builtins: max min numpy: clip fmax fmin heaviside maximum minimum "
            "nan_to_num select where"
        ),
        "METHODS": "clip",
        "PRIMITIVES": (
            "clip fmax fmin heaviside maximum minimum nan_to_num python_max "
            "python_min where"
        ),
    },
    "sequences": {
        "PRIMITIVES": (
            "seq_add seq_add_at seq_add_slice seq_append seq_concat seq_copy "
            "seq_empty seq_extend seq_from seq_get seq_insert seq_len seq_pop seq_set "
            "seq_slice seq_zeros_like"
        ),
    },
    "shaping": {
        "ATTRIBUTES": "dtype ndim shape",
        "LOWERINGS": (
            "builtins: float numpy: astype bool broadcast_to copy float32 float64 "
            "int16 int32 int64 int8 longlong ravel reshape shape uint16 uint32 uint64 "
            "uint8 ulonglong"
        ),
        "METHODS": "astype copy flatten ravel reshape",
        "PRIMITIVES": "broadcast_to cast copy float reshape sum_to",
    },
    "signals": {
        "LOWERINGS": (
            "scipy.signal: convolve convolve2d correlate correlate2d fftconvolve "
            "filtfilt oaconvolve savgol_filter sosfiltfilt"
        ),
        "PRIMITIVES": "convolution convolve_back",
    },
    "singular": {
        "LOWERINGS": "numpy.linalg: svd svdvals",
        "PRIMITIVES": "svd svdvals",
    },
    "snapshots": {
        "PRIMITIVES": "revolve_advance",
    },
    "softmax": {
        "LOWERINGS": "scipy.special: log_softmax logsumexp softmax",
        "PRIMITIVES": "log_softmax logsumexp signed_logsumexp softmax",
    },
    "sorting": {
        "LOWERINGS": "numpy: argsort sort take take_along_axis",
        "METHODS": "argsort take",
        "PRIMITIVES": (
            "add_along_axis argsort put_back sort stable_order take_along_axis"
        ),
    },
    "spacings": {
        "LOWERINGS": "numpy: geomspace linspace logspace",
    },
    "sparse": {
        "PRIMITIVES": "product_with_sparse sparse_product sparse_transpose",
    },
    "special": {
        "LOWERINGS": (
            "gradgen.markers: stop_gradient math: erf erfc fsum gamma lgamma prod "
            "numpy: i0"
        ),
        "PRIMITIVES": "erf erfc fsum math_gamma math_lgamma numpy_i0 stop_gradient",
    },
    "spectra": {
        "LOWERINGS": "numpy.linalg: eig eigh eigvals eigvalsh",
        "PRIMITIVES": "eig eigh eigvals eigvalsh",
    },
    "splines": {
        "PRIMITIVES": (
            "heights_back spline_back spline_coefficients spline_knots spline_value"
        ),
    },
    "spreads": {
        "LOWERINGS": "numpy: std var",
        "METHODS": "std var",
    },
    "statistics": {
        "LOWERINGS": "numpy: average median",
        "PRIMITIVES": "std var",
    },
    "steps": {
        "LOWERINGS": (
            "builtins: bool int round math: ceil floor isfinite isinf isnan trunc "
            "numpy: around bitwise_and bitwise_or bitwise_xor ceil equal fix floor "
            "greater greater_equal invert isfinite isinf isnan left_shift less "
            "less_equal logical_and logical_not logical_or logical_xor ndim not_equal "
            "right_shift rint round sign signbit trunc operator: and_ eq ge gt invert "
            "le lshift lt ne not_ or_ rshift xor"
        ),
        "METHODS": "round",
        "PRIMITIVES": (
            "bitwise_and bitwise_or bitwise_xor bool ceil equal floor greater "
            "greater_equal int invert isfinite isinf isnan left_shift less less_equal "
            "logical_and logical_not logical_or logical_xor math_ceil math_floor "
            "math_trunc not not_equal python_round right_shift rint round sign "
            "signbit trunc"
        ),
    },
    "strictness": {
        "PRIMITIVES": "bends check_finite check_smooth uneven_like",
    },
    "strides": {
        "ATTRIBUTES": "itemsize nbytes",
        "LOWERINGS": "numpy.lib.stride_tricks: as_strided",
        "PRIMITIVES": "check_layout fold_strided in_c_order read_strided",
    },
    "structured": {
        "LOWERINGS": "scipy.linalg: inv solve",
        "PRIMITIVES": "scipy_inv scipy_solve",
    },
    "totals": {
        "LOWERINGS": "numpy: amax amin max mean min ptp sum",
        "METHODS": "max mean min sum",
    },
    "triangular": {
        "LOWERINGS": "scipy.linalg: cho_factor cho_solve cholesky solve_triangular",
        "PRIMITIVES": (
            "cho_factor cho_solve scipy_cholesky solve_triangular "
            "solve_triangular_or_nan"
        ),
    },
    "trigonometry": {
        "LOWERINGS": (
            "math: acos acosh asin asinh atan atan2 atanh cos cosh degrees radians "
            "sin sinh tan tanh numpy: arccos arccosh arcsin arcsinh arctan arctan2 "
            "arctanh cos cosh deg2rad degrees rad2deg radians sin sinc sinh tan tanh"
        ),
        "PRIMITIVES": (
            "arccos arccosh arcsin arcsinh arctan arctan2 arctanh cos cosh deg2rad "
            "degrees rad2deg radians sin sinc sinc_derivative sinh tan tanh"
        ),
    },
    "typequestions": {
        "LOWERINGS": (
            "numpy: broadcast_shapes can_cast common_type isscalar iterable "
            "min_scalar_type result_type"
        ),
    },
    "ufuncmethods": {
        "LOWERINGS": (
            "numpy: add.accumulate add.outer add.reduce arctan2.outer divide.outer "
            "equal.outer float_power.outer floor_divide.outer fmax.accumulate "
            "fmax.outer fmax.reduce fmin.accumulate fmin.outer fmin.reduce fmod.outer "
            "greater.outer greater_equal.outer hypot.accumulate hypot.outer "
            "hypot.reduce less.outer less_equal.outer logaddexp.accumulate "
            "logaddexp.outer logaddexp.reduce logaddexp2.accumulate logaddexp2.outer "
            "logaddexp2.reduce logical_and.reduce logical_or.reduce "
            "maximum.accumulate maximum.outer maximum.reduce minimum.accumulate "
            "minimum.outer minimum.reduce multiply.accumulate multiply.outer "
            "multiply.reduce not_equal.outer power.outer remainder.outer "
            "subtract.outer"
        ),
        "PRIMITIVES": (
            "fmax_reduce fmin_reduce hypot_reduce logaddexp2_reduce logaddexp_reduce "
            "running_logaddexp running_logaddexp2 running_maximum running_minimum"
        ),
    },
    "updating": {
        "PRIMITIVES": "add_at last_written subtract_at update",
    },
}
