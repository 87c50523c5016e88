"""Interpolants of SciPy that a function makes, as functions of their own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import fresh
from gradgen.frontend.frame import Frame, always, refusing
from gradgen.frontend.values import Native, Partial, Static, from_python, to_python
from gradgen.primitives.registry import Handle

if TYPE_CHECKING:
    from gradgen.frontend import splines
    from gradgen.primitives import interpolants, piecewise, regulargrids
else:
    splines = Deferred("gradgen.frontend.splines")
    interpolants = Deferred("gradgen.primitives.interpolants")
    piecewise = Deferred("gradgen.primitives.piecewise")
    regulargrids = Deferred("gradgen.primitives.regulargrids")


def is_maker(function: Any) -> bool:
    """Tell whether a function or class of SciPy makes an interpolant that is known."""
    return getattr(function, "__name__", None) in MAKERS


def make_interpolant(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """Return an interpolant: a function whose first arguments are known."""
    with refusing():
        return MAKERS[function.__name__](frame, function, args, kwargs)


def _options(
    function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return all arguments of a call by their names."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise always("TypeError", str(error)) from None
    bound.arguments.update({n: to_python(x) for n, x in bound.arguments.items()})
    bound.apply_defaults()
    return dict(bound.arguments)


def _known(name: str, options: dict[str, Any], *names: str) -> list[Any]:
    """Return options that must be known when compiling."""
    for option in names:
        if isinstance(options[option], Handle):
            raise Refusal(f"argument '{option}' of {name} that only a run knows")
    return [options[option] for option in names]


def _make_line(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Partial:
    options = _options(function, args, kwargs)
    kind, axis, copy, error, ordered = _known(
        "interp1d", options, "kind", "axis", "copy", "bounds_error", "assume_sorted"
    )
    if kind not in piecewise.KINDS:
        raise Refusal(
            f"interp1d of kind {kind!r}",
            "kind='linear', or interpolate.make_interp_spline(x, y, k=3)",
        )
    if ordered and not copy:
        raise Refusal("argument 'copy' of interp1d is not supported", "copy=True")
    fill = _outside_of_line(options["fill_value"], error)
    parts = (options["x"], options["y"], axis, ordered)
    x, y, along = piecewise.line_between(*parts, frame.builder)
    known = (Static(along), Static(kind))
    return Partial(
        LINE, (from_python(x), from_python(y), *known, from_python(fill)), {}
    )


def _outside_of_line(fill: Any, error: Any) -> Any:
    """Return what ``interp1d`` has outside, which raises there unless told not to."""
    if isinstance(fill, str):
        if error:
            raise always("ValueError", "Cannot extrapolate and raise at the same time.")
        return interpolants.outside(fill, False)
    found = interpolants.outside(fill, error is None or error)
    if found is not None and len(found) > 2:
        raise Refusal("'fill_value' that is no real number, nor a pair of those")
    return found * 2 if found is not None and len(found) == 1 else found


def _make_grid(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Partial:
    options = _options(function, args, kwargs)
    grid = _grid(frame, "RegularGridInterpolator", options)
    splines.keep([options["points"], options["values"]])
    return Partial(GRID, grid, {})


def _grid(frame: Frame, name: str, options: dict[str, Any]) -> tuple[Any, ...]:
    """Return points, values, the method and what stands outside."""
    method, error = _known(name, options, "method", "bounds_error")
    for option in ("solver", "solver_args"):
        if options.get(option) is not None:
            raise Refusal(f"argument '{option}' of {name} is not supported")
    _check_method(name, method)
    fill = options["fill_value"]
    if isinstance(fill, str | tuple):
        raise Refusal(f"argument 'fill_value' of {name} that is no number, nor None")
    fill = "extrapolate" if fill is None else fill
    points, values = regulargrids.grid_between(
        options["points"], options["values"], frame.builder
    )
    found = interpolants.outside(fill, error)
    parts = (tuple(map(_snapshot, points)), _snapshot(values))
    return (*map(from_python, parts), Static(method), from_python(found))


def _check_method(name: str, method: Any) -> None:
    if method not in regulargrids.METHODS:
        raise Refusal(
            f"{name} with method={method!r}",
            "method='linear' or 'nearest'; splines along one axis are known: "
            "interpolate.make_interp_spline(x, y)",
        )


def _snapshot(x: Handle) -> Handle:
    """Return the contents of an array as they are now."""
    return Handle(x.builder, x.atom)


def _interpn(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Handle:
    options = _options(function, args, kwargs)
    points, values, method, fill = _grid(frame, "interpn", options)
    at = regulargrids.coordinates(options["xi"], len(points), frame.builder)
    places = regulargrids.at_least_vectors(at)
    return _grid_value(points, values, method, fill, places)


def _grid_value(points: Any, values: Any, method: Any, fill: Any, at: Any) -> Handle:
    grid, heights, kind, outside = map(to_python, (points, values, method, fill))
    found = regulargrids.grid_interpolated(list(grid), heights, kind, outside, at)
    return fresh(found)


def _line_at(frame: Frame, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    known, (q,) = args[:5], _places(args[5:], kwargs, "x")
    with refusing():
        x, y, axis, kind, fill = to_python(list(known))
        return fresh(piecewise.line_value(x, y, axis, kind, fill, q))


def _grid_at(frame: Frame, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    xi, another, nu = _places(args[4:], kwargs, "xi", "method", "nu")
    with refusing():
        points, values, method, fill = args[:4]
        if nu is not None:
            raise Refusal("argument 'nu' of a RegularGridInterpolator is not supported")
        kind = method if another is None else Static(another)
        _check_method("a RegularGridInterpolator", to_python(kind))
        at = regulargrids.coordinates(xi, len(points), frame.builder)
        return _grid_value(points, values, kind, fill, at)


def _places(args: Sequence[Any], kwargs: dict[str, Any], *names: str) -> list[Any]:
    """Return the arguments of a call of an interpolant, in the order of ``names``."""
    given = dict(zip(names, args, strict=False)) | kwargs
    if len(args) > len(names) or names[0] not in given or given.keys() - set(names):
        raise always("TypeError", "an interpolant is called with its places")
    return [to_python(given[name]) if name in given else None for name in names]


def _make_spline(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    return splines.make_spline(frame, function, args, kwargs)


def _make_b_spline(
    frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    return splines.make_b_spline(frame, function, args, kwargs)


LINE, GRID = Native(_line_at), Native(_grid_at)
MAKERS: dict[str, Callable[..., Any]] = {
    "BSpline": _make_b_spline,
    "CubicSpline": _make_spline,
    "RegularGridInterpolator": _make_grid,
    "interp1d": _make_line,
    "interpn": _interpn,
    "make_interp_spline": _make_spline,
}
"""By name, what makes an interpolant, or calls one that it makes."""
