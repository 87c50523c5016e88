"""Lists whose length only a run knows, as results."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n),))
def returns_list_of_numbers(x):
    return [v * x[0] for v in x]


@program(lambda r, n, m: (r(n, m), r(m)))
def returns_states(X, h):
    hs = [h]
    for row in X:
        h = np.tanh(row * h + hs[0])
        hs.append(h)
    return hs, np.sum(h)


@program(lambda r, n, m: (r(n),))
def returns_filtered_in_dict(x):
    kept = [x[0]]
    for v in x:
        if v < 0.6:
            kept.append(v * kept[-1])
    return {"kept": kept, "all": x * 2.0}


@program(lambda r, n, m: (r(n),))
def returns_one_array_twice(x):
    h = x * x[0]
    hs = []
    for v in x:
        hs.append(h)
    return hs
