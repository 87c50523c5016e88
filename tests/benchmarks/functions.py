"""Gradients of single functions, relative to the function, and to HIPS autograd's.

The functions and their options are those of the declared calls, on arrays of about
``SIZE`` numbers. What is differentiated is ``np.sum(w * f(...))``, so that the
cotangent of the result is an array of its own.
"""

from __future__ import annotations

import linecache
import math
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import gradgen

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from timing import Thunk, interleave  # noqa: E402

from tests.primitives.calls import BY_FUNCTION  # noqa: E402
from tests.primitives.calls.call import Call, Known, name_of  # noqa: E402
from tests.primitives.coverage import moves  # noqa: E402
from tests.primitives.lowered import (  # noqa: E402
    arguments_of_call,
    call_python,
    is_smooth,
    leaves,
    program_of,
)
from tests.primitives.variants import accepted, mapped  # noqa: E402

SIZE = 100_000
TRIVIAL = ("math.", "operator.", "gradgen.", "ndarray.")
LIMIT = 6.0
LONG = 0.5
"""Seconds for a call that is not made again."""


class Speed(NamedTuple):
    """Seconds for a function, and how many times that its gradients take."""

    call: str
    seconds: float
    ours: float
    theirs: float | None


def enlarged(call: Call) -> Call | None:
    """Return a call on random arrays of about ``SIZE`` numbers, if there can be one."""
    if any(map(np.iscomplexobj, arguments_of_call(call) + leaves(call_python(call)))):
        return None
    arrays = [x for x in arguments_of_call(call) if np.ndim(x)]
    if not all(np.isfinite(x).all() for x in arrays if x.dtype.kind in "fc"):
        return None
    twice = _times(call, 2)
    if not any(x.dtype.kind == "f" for x in arrays) or not accepted(twice):
        return None
    ranks = [(x.size, x.ndim) for x in arrays]
    before, after = size_of_result(call), size_of_result(twice)
    if after > before > 0:
        ranks.append((before, math.log2(after / before)))
    factor = min((SIZE / size) ** (1 / rank) for size, rank in ranks if size)
    found = _times(call, max(round(factor), 1))
    return found if accepted(found) else None


def size_of_result(call: Call) -> int:
    """Return how many numbers a call results in."""
    return sum(np.size(y) for y in leaves(call_python(call)))


def _times(call: Call, factor: int) -> Call:
    rng = np.random.default_rng(0)
    change = lambda tree: mapped(tree, lambda x: _enlarged(x, factor, rng))
    options = {key: change(value) for key, value in call.options.items()}
    return Call(call.function, change(call.args), options)


def _enlarged(x: Any, factor: int, rng: np.random.Generator) -> Any:
    shape = tuple(n if n == 1 else n * factor for n in np.shape(x))
    if x.dtype.kind != "f" or not shape:
        return np.resize(x, shape) if shape else x
    return rng.uniform(np.min(x), np.max(x), shape).astype(x.dtype)


def source_of(call: Call) -> str:
    """Return a function of the arrays of a call and of weights for its results."""
    names = iter(range(100))
    text = lambda tree: _text(tree, names)
    given = [text(x) for x in call.args]
    given += [f"{key}={text(value)}" for key, value in call.options.items()]
    result = f"{name_of(call.function)}({', '.join(given)})"
    count = len(arguments_of_call(call))
    params = ", ".join(f"x{i}" for i in range(count))
    if isinstance(call_python(call), list | tuple):
        body = f"sum([np.sum(v * y) for v, y in zip(w, {result})])"
    else:
        body = f"np.sum(w * {result})"
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
    found: Callable[..., Any] = autograd.grad(
        made(source, "<autograd>", {"np": anp}), argnums
    )
    return found


def speed(call: Call, rounds: int) -> Speed:
    """Return how long one function and its gradients take."""
    source, args, results = source_of(call), arguments_of_call(call), call_python(call)
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal(np.shape(y)) for y in leaves(results)]
    given = (*args, weights if isinstance(results, list | tuple) else weights[0])
    argnums = tuple(i for i, x in enumerate(args) if np.ndim(x) and x.dtype.kind == "f")
    function = made(source, f"<{call}>", {"np": np})
    ours = gradgen.grad(function, argnums=argnums)
    contenders: dict[str, Thunk] = {
        "function": lambda: function(*given),
        "gradgen": lambda: ours(*given),
    }
    theirs = autograds(source, argnums)
    seconds = None if theirs is None else _first(lambda: theirs(*given), ours(*given))
    if seconds is not None and seconds < LONG:
        contenders["autograd"] = lambda: theirs(*given)
    rows = {row.contender: row for row in interleave(str(call), contenders, rounds)}
    base = rows["function"].seconds
    other = None if seconds is None else seconds / base
    if "autograd" in rows:
        other = rows["autograd"].ratio
    return Speed(str(call), base, rows["gradgen"].ratio, other)


def _first(theirs: Thunk, ours: Any) -> float | None:
    """Return the seconds of a first call, if autograd has the same gradient."""
    try:
        start = perf_counter()
        found = theirs()
        seconds = perf_counter() - start
        pairs = zip(found, ours, strict=True)
        same = all(np.allclose(a, b, rtol=1e-4, atol=1e-6) for a, b in pairs)
    except Exception:
        return None
    return seconds if same else None


def bench_functions(rounds: int, names: Sequence[str] = ()) -> list[Speed]:
    """Time the gradients of functions, by default of all that have a rule."""
    from tqdm import tqdm

    warnings.simplefilter("ignore")
    groups = [BY_FUNCTION[name] for name in names or BY_FUNCTION]
    large = filter(None, map(large_call, groups))
    return [speed(call, rounds) for call in tqdm(list(large), unit="function")]


def large_call(calls: Sequence[Call]) -> Call | None:
    """Return a call on large arrays, if the function has a derivative with those."""
    name = name_of(calls[0].function)
    if "." not in name or name.startswith(TRIVIAL):
        return None
    smooth = (call for call in calls if is_smooth(call) and moves(program_of(call)))
    return next(filter(None, map(enlarged, smooth)), None)


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
    "np.cumprod": "it solves a recurrence, so that nothing is divided by a zero",
    "np.cumulative_prod": "it solves a recurrence, as that of `cumprod` does",
    "np.multiply.accumulate": "it solves a recurrence, as that of `cumprod` does",
    "np.prod": "it multiplies from both sides, so that nothing is divided by a zero",
    "np.partition": "it sorts, since NumPy does not tell in which order it leaves the "
    "rest",
    "np.median": "it sorts with the places of elements, which takes longer than to "
    "sort them",
    "np.quantile": "it sorts with the places of elements, as that of `median` does",
    "np.percentile": "it sorts with the places of elements, as that of `median` does",
    "np.ptp": "it compares twice, and counts twice, what the function reads twice",
}
"""Why gradients of some functions take longer than ``LIMIT`` times the function."""


def table(rows: list[Speed]) -> str:
    """Return a page with all figures, and what is slow."""
    lines = [f"| `{r.call}` | {r.seconds * 1e6:.0f} | {_cells(r)} |" for r in rows]
    slow = [r for r in rows if r.ours > LIMIT]
    behind = [r for r in rows if r.theirs is not None and r.ours > 1.05 * r.theirs]
    return "\n".join(
        [
            HEAD.format(size=SIZE, version=np.__version__),
            "| call | µs | gradient | autograd's |",
            "| --- | --- | --- | --- |",
            *lines,
            f"\n## Above {LIMIT:.0f} times the function\n",
            *(f"- `{r.call}`: {r.ours:.1f}{_reason(r)}" for r in slow),
            "" if slow else "None.\n",
            "## Slower than autograd\n",
            *(f"- `{r.call}`: {r.ours:.2f} against {r.theirs:.2f}" for r in behind),
            "" if behind else "None.\n",
        ]
    )


def _reason(row: Speed) -> str:
    reason = REASONS.get(_function(row.call))
    return "" if reason is None else f"; {reason}"


def _cells(row: Speed) -> str:
    theirs = "" if row.theirs is None else f"{row.theirs:.2f}"
    return f"{row.ours:.2f} | {theirs}"


HEAD = """# How fast gradients of functions are

The time of the gradient of `np.sum(w * f(...))`, with the value not asked for, as a
multiple of the time of `np.sum(w * f(...))` itself, on arrays of about {size:,}
numbers, with NumPy {version}. All contenders of a line run in turn in one process;
figures are medians. Where there is none for HIPS autograd, it lacks the function, or
has another derivative. Written by

```sh
python tests/benchmarks/main_path.py --only functions --table docs/speed.md
```
"""


def total(rows: list[Speed]) -> float:
    """Return the geometric mean of our ratios."""
    return math.exp(sum(math.log(r.ours) for r in rows) / len(rows))
