"""Gradients of single functions, relative to the function, and to HIPS autograd's.

The functions and their options are those of the declared calls, on arrays of about
``SIZE`` numbers. What is differentiated is ``np.sum(w * f(...))``, so that the
cotangent of the result is an array of its own.
"""

from __future__ import annotations

import importlib
import linecache
import math
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

import gradgen

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from largecalls import SIZE, large_call  # noqa: E402
from programs import PARTS, Problem, problems  # noqa: E402
from timing import Thunk, interleave  # noqa: E402

from tests.primitives.calls import BY_FUNCTION  # noqa: E402
from tests.primitives.calls.call import Call, Known, name_of  # noqa: E402
from tests.primitives.lowered import (  # noqa: E402
    arguments_of_call,
    call_python,
    leaves,
)

LIMIT = 6.0
LONG = 0.5
"""Seconds for a call that is not made again."""
ENOUGH = 1.0
"""Seconds for all calls of a function and its gradients, if there are enough."""
PATIENCE = 6.0
"""Seconds after which a first call is given up."""
FEW = 7
"""How often each is called at least."""


class Speed(NamedTuple):
    """Seconds for a function, and how many times that its gradients take."""

    call: str
    seconds: float
    ours: float
    theirs: float | None


def source_of(call: Call) -> str:
    """Return a function of the arrays of a call and of weights for its results."""
    names = iter(range(100))
    text = lambda tree: _text(tree, names)
    given = [text(x) for x in call.args]
    given += [f"{key}={text(value)}" for key, value in call.options.items()]
    result = f"{name_of(call.function)}({', '.join(given)})"
    count = len(arguments_of_call(call))
    params = ", ".join(f"x{i}" for i in range(count))
    results = call_python(call)
    if isinstance(results, list | tuple):
        body = f"sum([np.sum(v * y) for v, y in zip(w, {result})])"
    else:
        body = f"np.sum(w * {result})"
    if any(map(np.iscomplexobj, leaves(results))):
        body = f"np.real({body})"
    return f"def f({params}, w):\n    return {body}\n"


def _text(tree: Any, names: Any) -> str:
    if isinstance(tree, Known):
        return _literal(tree.value)
    if isinstance(tree, list | tuple):
        inner = ", ".join(_text(part, names) for part in tree)
        return f"[{inner}]" if isinstance(tree, list) else f"({inner},)"
    if isinstance(tree, np.ndarray | np.generic) or type(tree) is float:
        return f"x{next(names)}"
    return repr(tree)


def _literal(value: Any) -> str:
    if not isinstance(value, type):
        return repr(value)
    home = "" if value.__module__ == "builtins" else "np."
    return f"{home}{value.__name__}"


def made(source: str, file: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """Return the function that ``source`` defines."""
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    exec(compile(source, file, "exec"), namespace)
    found: Callable[..., Any] = namespace["f"]
    return found


def autograds(source: str, argnums: tuple[int, ...]) -> Callable[..., Any] | None:
    """Return autograd's gradient of the function that ``source`` defines."""
    try:
        import autograd
        import autograd.numpy as anp
    except ImportError:
        return None
    tuples = importlib.import_module("autograd.builtins").tuple
    names = {"np": anp, "scipy": _scipy("autograd.scipy"), "tuple": tuples}
    found: Callable[..., Any] = autograd.grad(
        made(source, "<autograd>", names), argnums
    )
    return found


def _scipy(root: str) -> Any:
    """Return SciPy, or autograd's part of it, with those modules that are there."""
    for name in PARTS:
        with suppress(ImportError):
            importlib.import_module(f"{root}.{name}")
    return sys.modules.get(root)


def problem_of(call: Call) -> Problem:
    """Return the weighted sum of what a call returns, and what that is called with."""
    args, results = arguments_of_call(call), call_python(call)
    rng = np.random.default_rng(1)
    weights = [_weights(y, rng) for y in leaves(results)]
    given = (*args, weights if isinstance(results, list | tuple) else weights[0])
    argnums = tuple(i for i, x in enumerate(args) if np.ndim(x) and x.dtype.kind == "f")
    return Problem(str(call), source_of(call), given, argnums)


def speed(problem: Problem, rounds: int) -> Speed:
    """Return how long one function and its gradients take."""
    what, source, given, argnums = problem
    function = made(source, f"<{what}>", {"np": np, "scipy": _scipy("scipy")})
    ours = gradgen.grad(function, argnums=argnums)
    contenders: dict[str, Thunk] = {
        "function": lambda: function(*given),
        "gradgen": lambda: ours(*given),
    }
    theirs = autograds(source, argnums)
    seconds = None if theirs is None else _first(lambda: theirs(*given), ours(*given))
    if seconds is not None and seconds < LONG:
        contenders["autograd"] = lambda: theirs(*given)
    timed = interleave(
        what, contenders, _rounds(contenders, rounds), clock=process_time
    )
    rows = {row.contender: row for row in timed}
    base = rows["function"].seconds
    other = None if seconds is None else seconds / base
    if "autograd" in rows:
        other = rows["autograd"].ratio
    return Speed(what, base, rows["gradgen"].ratio, other)


def _weights(y: Any, rng: np.random.Generator) -> Any:
    """Return the cotangent of a result."""
    w = rng.standard_normal(np.shape(y))
    return w + 1j * rng.standard_normal(np.shape(y)) if np.iscomplexobj(y) else w


def _rounds(contenders: dict[str, Thunk], most: int) -> int:
    """Return how often to call each, so that it takes no longer than ``ENOUGH``."""
    start = process_time()
    for thunk in contenders.values():
        thunk()
    seconds = process_time() - start
    return min(most, max(FEW, int(ENOUGH / seconds)))


def _first(theirs: Thunk, ours: Any) -> float | None:
    """Return the seconds of a first call, if autograd has the same gradient.

    It has none of functions that it hands to NumPy, which then reckons with objects.
    """
    try:
        with time_limit(PATIENCE):
            start = process_time()
            found = theirs()
            seconds = process_time() - start
        pairs = zip(found, ours, strict=True)
        same = all(np.allclose(a, b, rtol=1e-4, atol=1e-6) for a, b in pairs)
    except Exception:
        return None
    return seconds if same else None


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise ``TimeoutError`` in what takes longer."""
    previous = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)


def _interrupt(number: int, frame: Any) -> None:
    raise TimeoutError


def bench_functions(rounds: int, names: Sequence[str] = ()) -> list[Speed]:
    """Time the gradients of functions, by default of all that have a rule."""
    from tqdm import tqdm

    warnings.simplefilter("ignore")
    groups = [BY_FUNCTION[name] for name in names or BY_FUNCTION if name in BY_FUNCTION]
    calls = filter(None, map(large_call, tqdm(groups, unit="function")))
    found = [problem_of(call) for call in calls]
    found += [p for p in problems() if not names or _function(p.what) in names]
    return [speed(problem, rounds) for problem in tqdm(found, unit="function")]


ROW = re.compile(r"\| `(.+)` \| (\d+) \| (\S+) \| (\S*) ?\|")


def renewed(page: str, rows: Sequence[Speed]) -> list[Speed]:
    """Return the figures of a page, with new ones in place of those of a function."""
    found = {
        _function(call): Speed(call, int(time) / 1e6, float(ours), _number(theirs))
        for call, time, ours, theirs in ROW.findall(page)
    }
    return list({**found, **{_function(row.call): row for row in rows}}.values())


def _function(call: str) -> str:
    return call.partition("(")[0]


def _number(text: str) -> float | None:
    return float(text) if text else None


REASONS = {
    "np.linalg.det": "it takes an inverse, four times the work of a factorisation, of "
    "which NumPy hands out none",
    "np.linalg.slogdet": "it takes an inverse, as that of `det` does",
    "scipy.linalg.det": "it takes an inverse, as that of `np.linalg.det` does",
    "np.linalg.cholesky": "it takes the inverse of the factor, since NumPy has no "
    "solve that knows of triangles, and three products with it",
    "np.linalg.lstsq": "it takes a pseudoinverse, since NumPy hands out nothing that "
    "it solves with",
    "np.power": "it takes one more power and a logarithm, and an array for each step",
    "np.cumprod": "it solves a recurrence, so that nothing is divided by a zero",
    "np.cumulative_prod": "it solves a recurrence, as that of `cumprod` does",
    "np.multiply.accumulate": "it solves a recurrence, as that of `cumprod` does",
    "np.prod": "it multiplies from both sides, so that nothing is divided by a zero",
    "np.multiply.reduce": "it multiplies from both sides, as that of `prod` does",
    "np.multiply.reduceat": "it multiplies from both sides in each segment, as that of "
    "`prod` does",
    "np.maximum.reduceat": "segments can overlap, so that it takes the elements of all "
    "of them one by one to compare and to count them",
    "np.minimum.reduceat": "it compares and counts, as that of `maximum.reduceat` does",
    "np.fmax.reduce": "it compares and counts, with an array for each step",
    "np.fmin.reduce": "it compares and counts, as that of `fmax.reduce` does",
    "np.partition": "it sorts, since NumPy does not tell in which order it leaves the "
    "rest",
    "np.median": "it sorts with the places of elements, which takes longer than to "
    "sort them",
    "np.quantile": "it sorts with the places of elements, as that of `median` does",
    "np.percentile": "it sorts with the places of elements, as that of `median` does",
    "np.ptp": "it compares twice, and counts twice, what the function reads twice",
    "np.fmax": "it compares twice, with a look at NaNs, and an array for each step",
    "np.vecdot": "it writes two matrices, of which the function reads one to the end",
    "np.linalg.vecdot": "it writes two matrices, as that of `np.vecdot` does",
    "np.interp": "it fills two arrays of zeros, of which the function reads two places",
    "scipy.special.j1": "SciPy has series for orders 0 and 1, not for order 2; the "
    "quotient that would do instead is not right to higher orders near 0",
    "scipy.special.ive": "it sums Bessel functions of two orders; autograd takes one "
    "and divides by x, which gives nan at 0",
    "scipy.special.psi": "the derivative is a zeta function, which takes SciPy longer",
    "scipy.special.exprel": "it takes a hypergeometric function, since quotients lose "
    "their digits near 0",
    "scipy.special.ellipe": "it takes a hypergeometric function, since quotients lose "
    "their digits near 0",
    "scipy.special.ellipk": "it takes a hypergeometric function, as that of `ellipe` "
    "does",
    "scipy.special.poch": "it takes two digamma functions, where the function is a "
    "product",
    "scipy.integrate.odeint": "it integrates back from each place that is returned, by "
    "derivatives called from Python, where the function runs through in compiled code",
    "scipy.integrate.solve_ivp": "it integrates back from each place that is returned, "
    "of which the function interpolates most",
    "scipy.integrate.quad": "it integrates a vector of partial derivatives, in Python, "
    "where the function integrates a number in compiled code",
}
"""Why gradients of some functions take longer than ``LIMIT`` times the function."""


def table(rows: list[Speed]) -> str:
    """Return a page with all figures, and what is slow."""
    lines = [f"| `{r.call}` | {r.seconds * 1e6:.0f} | {_cells(r)} |" for r in rows]
    slow = [r for r in rows if r.ours > LIMIT]
    behind = [r for r in rows if r.theirs is not None and r.ours > 1.05 * r.theirs]
    return "\n".join(
        [
            HEAD.format(
                size=SIZE,
                numpy=np.__version__,
                scipy=getattr(_scipy("scipy"), "__version__", "(none)"),
                patience=PATIENCE,
            ),
            "| call | µs | gradient | autograd's |",
            "| --- | --- | --- | --- |",
            *lines,
            f"\n## Above {LIMIT:.0f} times the function\n",
            *(f"- `{r.call}`: {r.ours:.1f}{_reason(r)}" for r in slow),
            "" if slow else "None.\n",
            "## Slower than autograd\n",
            *(f"{_line(r)}{_reason(r)}" for r in behind),
            "" if behind else "None.\n",
        ]
    )


def _line(row: Speed) -> str:
    return f"- `{row.call}`: {row.ours:.2f} against {row.theirs:.2f}"


def _reason(row: Speed) -> str:
    reason = REASONS.get(_function(row.call))
    return "" if reason is None else f"; {reason}"


def _cells(row: Speed) -> str:
    theirs = "" if row.theirs is None else f"{row.theirs:.2f}"
    return f"{row.ours:.2f} | {theirs}"


HEAD = """# How fast gradients of functions are

The time of the gradient of `np.sum(w * f(...))`, with the value not asked for, as a
multiple of the time of `np.sum(w * f(...))` itself, on arrays of about {size:,}
numbers, with NumPy {numpy} and SciPy {scipy}. Of each function one call is measured,
the first of those declared for the tests that can be made so large.

All contenders of a line run in turn in one process; figures are medians. Times are
those of the processor, with one thread for linear algebra, so that other work of the
machine counts for little. Lines may come from different runs: their figures differ by
about a fifth from run to run, and by up to twice where most of the time goes into
memory for results (`np.power`, `np.fmax`). Where there is none for HIPS autograd, it
lacks the function, has another derivative, or is not done within {patience:.0f}
seconds. Written by

```sh
OPENBLAS_NUM_THREADS=1 python tests/benchmarks/main_path.py \\
    --only functions --table docs/speed.md
```

With `--named np.sin,scipy.special.erf` only the lines of these functions are renewed.
"""


def total(rows: list[Speed]) -> float:
    """Return the geometric mean of our ratios."""
    return math.exp(sum(math.log(r.ours) for r in rows) / len(rows))
