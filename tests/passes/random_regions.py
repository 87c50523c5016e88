"""Random functions with nested branches and loops over numbers and vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from gradgen.ir.core import Function, Literal
from gradgen.ir.types import FLOAT, PY_BOOL, PY_INT, Array, Scalar, Sym, Type
from gradgen.primitives.indexing import At, Cut
from gradgen.primitives.registry import Handle, apply, dims_of
from tests.passes.regions import branch, loop, loop_while, make_function

Choose: TypeAlias = Callable[[Sequence[Any]], Any]

NUMBER = Scalar(FLOAT)
VECTOR = Array(FLOAT, (Sym("n", proper=True),))
TYPES: dict[str, Type] = {
    "a": NUMBER,
    "b": NUMBER,
    "x": VECTOR,
    "y": VECTOR,
    "c": PY_BOOL,
    "m": PY_INT,
}
UNARY = ("negative", "sin", "tanh", "cos", "copy")
BINARY = ("add", "subtract", "multiply", "maximum", "add", "multiply")
ZERO_TO_TWO = (0, 1)


@dataclass(slots=True)
class Pool:
    """What a statement may read: numbers, vectors, conditions, indices in range."""

    numbers: list[Handle]
    vectors: list[Handle]
    flags: list[Handle]
    whole: list[Handle]
    tapes: list[tuple[Any, Handle]]
    depth: int = 0

    def inner(self) -> Pool:
        """Return what a region may read, to which it adds its own."""
        lists = {
            name: list(getattr(self, name))
            for name in ("numbers", "vectors", "flags", "whole", "tapes")
        }
        return replace(self, **lists, depth=self.depth + 1)


def generate(choose: Choose, steps: int) -> Function:
    """Return a function of ``TYPES`` whose result is one number."""

    def build(*inputs: Handle) -> Handle:
        a, b, x, y, c, m = inputs
        pool = Pool([a, b], [x, y], [c, m > 1], [], [])
        run(choose, pool, steps)
        total = pool.numbers[-1]
        for vector in pool.vectors[-2:]:
            total = total + sum_of(vector)
        return total + pool.numbers[choose((0, 1, -1))]

    return make_function(TYPES, build)


def run(choose: Choose, pool: Pool, steps: int) -> None:
    menu: list[Any] = [scalar, scalar, vector, vector, element, write, reduce, constant]
    if pool.depth < 3:
        menu += [choice, choice, counted, counted, until, halving]
    for _ in range(steps):
        choose(menu)(choose, pool)


def sum_of(x: Handle) -> Handle:
    return apply("sum", x, axis=(0,), keepdims=False)


def number(choose: Choose, pool: Pool) -> Any:
    options = [*pool.numbers, *pool.numbers[-2:], *pool.numbers[-2:]]
    return choose([*options, 0.5, 1.0])


def scalar(choose: Choose, pool: Pool) -> None:
    x = choose(pool.numbers)
    if choose((True, False)):
        found = apply(choose(("negative", "sin", "tanh", "cos")), x)
    else:
        parts = [number(choose, pool), x]
        found = apply(choose(BINARY), *parts[:: choose((1, -1))])
    pool.numbers.append(found)


def vector(choose: Choose, pool: Pool) -> None:
    x = choose(pool.vectors)
    if choose((True, False)):
        found = apply(choose(UNARY), x)
    else:
        other = choose((choose(pool.vectors), number(choose, pool)))
        found = apply(choose(BINARY), *[other, x][:: choose((1, -1))])
    pool.vectors.append(found)


def place(choose: Choose, pool: Pool) -> Any:
    return choose([*pool.whole, *ZERO_TO_TWO, -1])


def element(choose: Choose, pool: Pool) -> None:
    x, i = choose(pool.vectors), place(choose, pool)
    if choose((True, True, False)):
        found = apply("getitem", x, i, index=(At(1),))
    else:
        cut = choose((Cut(1), Cut(None, -1), Cut(0), Cut(None, None, -1)))
        part = apply("getitem", x, index=(cut,))
        found = apply("getitem", part, choose((0, -1)), index=(At(1),))
    pool.numbers.append(found)


def write(choose: Choose, pool: Pool) -> None:
    x, i = choose(pool.vectors), place(choose, pool)
    value = choose(pool.numbers)
    name = choose(("update", "add_at"))
    pool.vectors.append(apply(name, x, i, value, index=(At(1),)))


def reduce(choose: Choose, pool: Pool) -> None:
    pool.numbers.append(apply("tanh", sum_of(choose(pool.vectors))))


def constant(choose: Choose, pool: Pool) -> None:
    x = pool.vectors[0]
    value = choose([0.0, 1.0, choose(pool.numbers)])
    made = apply("full", value, *dims_of(x), builder=x.builder, dtype=FLOAT)
    pool.vectors.append(made)


def condition(choose: Choose, pool: Pool) -> Handle:
    builder = pool.vectors[0].builder
    literals = [Handle(builder, Literal.of(value)) for value in (True, False)]
    return choose(
        [*pool.flags * 2, *(i > 0 for i in pool.whole[-1:]), choose(literals)]
    )


def choice(choose: Choose, pool: Pool) -> None:
    cond, steps = condition(choose, pool), choose((0, 1, 2, 3))
    bound = choose((True, True, True, False))

    def side(defined: bool) -> Callable[[], list[Any]]:
        def write_side() -> list[Any]:
            inner = pool.inner()
            run(choose, inner, steps)
            last = inner.numbers[-1] if defined else Literal.undefined(NUMBER)
            return [
                choose(inner.numbers),
                last,
                choose(inner.vectors),
                choose((True, False)),
            ]

        return write_side

    first, maybe, third, flag = branch(cond, side(True), side(bound))
    pool.numbers.append(first)
    pool.vectors.append(third)
    pool.flags.append(flag)
    if bound:
        pool.numbers.append(maybe)
        return
    other = choose(pool.numbers)
    (second,) = branch(cond, lambda: [maybe * other], lambda: [other])
    pool.numbers.append(second)


def slots(choose: Choose, pool: Pool) -> tuple[list[Handle], int]:
    """Return initial values, numbers first, and how many of them are numbers."""
    few = choose((1, 2)), choose((0, 1, 2))
    numbers = [choose(pool.numbers) for _ in range(few[0])]
    return [*numbers, *(choose(pool.vectors) for _ in range(few[1]))], few[0]


def iteration(
    choose: Choose, pool: Pool, starts: Sequence[Handle], split: int, **options: Any
) -> Callable[..., list[Any]]:
    """Return what writes a body: exit flag, next values of slots, items."""
    indexed = options.get("indexed", False)

    def body(i: Handle, *given: Handle) -> list[Any]:
        inner = pool.inner()
        inner.numbers += [*given[:split], *given[len(starts) :]]
        inner.vectors += given[split : len(starts)]
        inner.whole += [i] if indexed else []
        run(choose, inner, choose((0, 1, 2, 3)))
        nexts = []
        for k, start in enumerate(starts):
            options_ = inner.numbers if k < split else inner.vectors
            nexts.append(choose([*options_[-3:], given[k], start]))
        items = [choose(inner.numbers) for _ in range(options.get("items", 0))]
        exit_ = [choose([i > 0, False, condition(choose, inner)])]
        return [*(exit_ if options.get("exits") else []), *nexts, *items]

    return body


def counted(choose: Choose, pool: Pool) -> None:
    """Append a ``for``, over all elements or a few, backwards or not."""
    x = pool.vectors[0]
    bounds = choose(
        [(0, dims_of(x)[0], 1), (0, dims_of(x)[0], 1), (0, 2, 1), (1, 2, 1), (1, 1, 1)]
    )
    starts, split = slots(choose, pool)
    items = choose((0, 1, 2))
    scanned = [tape for key, tape in pool.tapes if key == bounds[1]]
    scanned = [choose(scanned)] if scanned and choose((True, False)) else []
    body = iteration(choose, pool, starts, split, indexed=True, items=items)
    made = loop(bounds, starts, body, scanned=scanned, reverse=choose((False, True)))
    finish(pool, made, split, len(starts))
    whole = isinstance(bounds[1], Handle)
    tapes = made[len(starts) : -2] if whole else []
    pool.tapes += [(bounds[1], tape) for tape in tapes]
    pool.numbers += [apply("tanh", sum_of(tape)) for tape in tapes]


def finish(pool: Pool, made: Sequence[Handle], split: int, count: int) -> None:
    pool.numbers += made[:split]
    pool.vectors += made[split:count]


def until(choose: Choose, pool: Pool) -> None:
    """Append a ``for`` that may be left early."""
    starts, split = slots(choose, pool)
    body = iteration(choose, pool, starts, split, exits=True, indexed=True)
    made = loop((0, dims_of(pool.vectors[0])[0], 1), starts, body, exits=True)
    finish(pool, made, split, len(starts))
    pool.flags.append(made[-1])
    pool.numbers.append(made[0] * made[-2])


def halving(choose: Choose, pool: Pool) -> None:
    """Append a ``while`` that counts down."""
    starts, split = slots(choose, pool)
    count = apply("add", 0, dims_of(pool.vectors[0])[0])
    inner = iteration(choose, pool, starts, split)
    made = loop_while(
        lambda k, *_: [k > 1],
        [count, *starts],
        lambda i, k, *given: [k - 1, *inner(i, *given)],
        exits=False,
    )
    finish(pool, made[1:], split, len(starts))
