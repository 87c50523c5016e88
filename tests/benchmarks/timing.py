"""Timing contenders in turn, and printing what came out."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

Thunk = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """What was measured, in seconds, and its ratio to the baseline of its group."""

    what: str
    contender: str
    seconds: float
    ratio: float


def interleave(
    what: str,
    thunks: dict[str, Thunk],
    rounds: int,
    inner: int = 1,
    clock: Callable[[], float] = perf_counter,
) -> list[Row]:
    """Time all ``thunks`` in turn; the first is the baseline of the ratios.

    The order is drawn anew in each round, since what ran before leaves its traces in
    caches and in threads that still wait for work.
    """
    rng = random.Random(0)
    for thunk in thunks.values():
        thunk()
    times: dict[str, list[float]] = {name: [] for name in thunks}
    for _ in range(rounds):
        for name, thunk in rng.sample(list(thunks.items()), len(thunks)):
            start = clock()
            for _ in range(inner):
                thunk()
            times[name].append((clock() - start) / inner)
    base = times[next(iter(thunks))]
    return [
        Row(
            what, name, median(ts), median(t / b for t, b in zip(ts, base, strict=True))
        )
        for name, ts in times.items()
    ]


def print_rows(rows: Sequence[Row]) -> None:
    """Print one line for each contender."""
    print(f"{'what':44} {'contender':20} {'median':>12} {'ratio':>8}")
    what = ""
    for row in rows:
        label = row.what if row.what != what else ""
        what = row.what
        print(
            f"{label:44} {row.contender:20} {_time(row.seconds):>12} {row.ratio:8.3f}"
        )


def _time(seconds: float) -> str:
    unit, scale = ("ms", 1e3) if seconds >= 1e-3 else ("µs", 1e6)
    return f"{seconds * scale:.3f} {unit}"
