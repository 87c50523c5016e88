"""What is said not to depend on an argument does not: every primitive, by samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen.ir.core import Function
from gradgen.primitives.registry import PRIMITIVES, Sample
from gradgen.transforms.dependence import Content, Unproved, Walker
from tests.primitives.harness import operands_of, program_of

sparse = pytest.importorskip("scipy.sparse")
CASES = [
    pytest.param(name, id=name)
    for name, primitive in sorted(PRIMITIVES.items())
    if primitive.differentiable and primitive.samples
]


def is_real(x: Any) -> bool:
    return isinstance(x, np.ndarray | float) and np.asarray(x).dtype.kind == "f"


def run(function: Function, args: list[Any], k: int) -> list[Content]:
    unit = sparse.eye_array(np.size(args[k]), dtype=bool, format="csr")
    contents = [
        Content(x, unit if i == k else None, np.asarray(x).dtype.kind in "fc")
        for i, x in enumerate(args)
    ]
    return Walker(function.helpers).run_function(function, contents)


def moved(x: Any, j: int) -> Any:
    y = np.array(x)
    y.flat[j] += 1e-3 * (1 + abs(y.flat[j]))
    return y if isinstance(x, np.ndarray) else type(x)(y)


def check(name: str, sample: Sample) -> None:
    program = program_of(name, sample, operands_of(sample, name), alone=True)
    args = list(program.args)
    for k in (k for k, x in enumerate(args) if is_real(x) and np.size(x) < 20):
        try:
            results = run(program.function, args, k)
        except Unproved:
            continue
        for j in range(np.size(args[k])):
            other = [*args[:k], moved(args[k], j), *args[k + 1 :]]
            pairs = zip(results, run(program.function, other, k), strict=True)
            for result, changed in pairs:
                check_column(result, changed.value, j)


def check_column(result: Content, changed: Any, j: int) -> None:
    if np.asarray(result.value).dtype.kind not in "fc":
        assert result.sources is None
        return
    if np.shape(changed) != np.shape(result.value):
        return
    depends = np.zeros(np.size(changed), bool)
    if result.sources is not None:
        assert result.sources.shape[0] == np.size(changed)
        depends = result.sources[:, [j]].toarray().ravel()
    apart = np.abs(np.ravel(changed - result.value)) > 1e-7
    assert not (apart & ~depends).any()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_what_changes_is_said_to_depend(name: str) -> None:
    for sample in PRIMITIVES[name].samples:
        if sample.around is None:
            with np.errstate(all="ignore"):
                check(name, sample)
