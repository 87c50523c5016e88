"""Random IR functions: steps drawn from a menu over a pool of values.

Every choice goes through ``choose``, so that hypothesis can shrink a failing function,
or a seeded generator can repeat one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from gradgen.errors import Refusal, ShapeError
from gradgen.ir.builder import Builder
from gradgen.ir.core import Function, Param, Value
from gradgen.ir.tree import Tree, leaf
from gradgen.ir.types import FLOAT, INT, PY_FLOAT, Array, Scalar, Sym
from gradgen.primitives.indexing import At, Cut, read
from gradgen.primitives.registry import Handle, apply, dims_of, lift

Choose: TypeAlias = Callable[[Sequence[Any]], Any]
Step: TypeAlias = Callable[[Choose, list[Handle]], Handle | None]

N, M = Sym("n", proper=True), Sym("m", proper=True)
F32 = np.dtype(np.float32)
TYPES = {
    "x": Array(FLOAT, (N, M)),
    "y": Array(FLOAT, (N, M)),
    "v": Array(FLOAT, (M,)),
    "q": Array(FLOAT, (N, N)),
    "c": Array(FLOAT, (N, 1)),
    "h": Array(F32, (N, M)),
    "s": PY_FLOAT,
    "u": Scalar(FLOAT),
}
INDEX = ("idx", Array(INT, (Sym("k", proper=True),)))
HINTS = ("", "", "", "a", "a", "a", "x", "np", "x_bar")

UNARY = ("negative", "sin", "tanh", "exp", "absolute", "cos")
BINARY = ("add", "subtract", "multiply", "add", "multiply", "maximum", "divide")
LITERALS = (2.0, 0.5, 1, -1.0)


def is_float(x: Handle) -> bool:
    return x.dtype.kind == "f"


def floats(pool: list[Handle]) -> list[Handle]:
    return [x for x in pool if is_float(x)]


def arrays(pool: list[Handle], rank: int = 1) -> list[Handle]:
    return [x for x in floats(pool) if x.rank >= rank]


def goes_into(x: Handle, y: Handle) -> bool:
    """Tell whether ``x`` broadcasts to the shape of ``y``."""
    pairs = zip(reversed(x.shape), reversed(y.shape), strict=False)
    return x.rank <= y.rank and all(a in (b, 1) for a, b in pairs)


def pick(choose: Choose, values: Sequence[Handle | None]) -> Any:
    """Choose one of ``values``, mostly one of the newest."""
    return choose(values[-3:] if choose((True, True, False)) else values)


def unary(choose: Choose, pool: list[Handle]) -> Handle | None:
    return apply(choose(UNARY), pick(choose, floats(pool)))


def binary(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, floats(pool))
    fitting = [y for y in floats(pool) if goes_into(x, y) or goes_into(y, x)]
    y = choose([pick(choose, fitting), lift(x.builder, choose(LITERALS))])
    pair = choose([(x, y), (y, x)])
    return apply(choose(BINARY), *pair)


def same_shape(choose: Choose, pool: list[Handle]) -> Handle | None:
    """Combine the newest value with one of its shape, or itself: ``a += b``."""
    x = floats(pool)[-1]
    same = [y for y in floats(pool) if y.shape == x.shape]
    other = pick(choose, same)
    pair = choose([(x, other), (other, x)])
    return apply(choose(("add", "subtract", "multiply")), *pair)


def square(choose: Choose, pool: list[Handle]) -> Handle | None:
    return pick(choose, floats(pool)) ** choose((2, 3))


def transpose(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool, 2) or [None])
    return x and apply("transpose", x, axes=tuple(reversed(range(x.rank))))


def expand(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = choose([x for x in arrays(pool) if x.rank < 3] or [None])
    return x and apply("expand_dims", x, axis=(choose(range(x.rank + 1)),))


def squeeze(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = choose([x for x in arrays(pool) if 1 in x.shape] or [None])
    return x and apply("squeeze", x, axis=(x.shape.index(1),))


INDICES = (
    (slice(1, None),),
    (slice(None, -1),),
    (slice(None, None, -1),),
    (0,),
    (-1,),
    (slice(None), 0),
    (slice(None), slice(1, None)),
    (None, slice(None)),
    (0, -1),
)


def part(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool) or [None])
    if x is None:
        return None
    fitting = [i for i in INDICES if sum(k is not None for k in i) <= x.rank]
    return read(x, choose(fitting))


def gather(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool) or [None])
    idx = [y for y in pool if y.dtype == INT and y.rank == 1]
    return read(x, [idx[0]]) if x is not None and idx else None


def add_at(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool) or [None])
    if x is None:
        return None
    idx = [y for y in pool if y.dtype == INT and y.rank == 1]
    index = choose([(At(1),), (At(1), At(2)), (Cut(1, None),), (Cut(None, -1),)])
    parts = {1: [lift(x.builder, 0)], 2: [lift(x.builder, 0)] * 2}
    operands = parts[len(index)] if isinstance(index[0], At) else []
    if len(index) > x.rank:
        return None
    if idx and index == (At(1),) and choose((True, False)):
        operands = [idx[0]]
    target = apply("getitem", x, *operands, index=index)
    values = [y for y in floats(pool) if goes_into(y, target)]
    values.append(lift(x.builder, 1.5))
    return apply("add_at", x, *operands, pick(choose, values), index=index)


def reduction(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool) or [None])
    if x is None:
        return None
    axes = [tuple(range(x.rank)), *((a,) for a in range(x.rank))]
    name = choose(("sum", "mean", "max"))
    return apply(name, x, axis=choose(axes), keepdims=choose((False, True)))


def matmul(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool) or [None])
    inner = (lambda y: y.shape[0]) if x is not None else None
    fitting = [
        y for y in arrays(pool) if y.rank <= 2 and inner and x.shape[-1] == inner(y)
    ]
    return x @ choose(fitting) if fitting else None


def spread(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, floats(pool))
    like = choose([y for y in pool if y.rank and goes_into(x, y)] or [None])
    return like and apply("broadcast_to", x, *dims_of(like))


def fill(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = choose([y for y in floats(pool) if not y.rank] or [None])
    like = pick(choose, arrays(pool) or [None])
    if x is None or like is None:
        return None
    return apply("full", x, *dims_of(like), dtype=like.dtype)


def reshape(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool, 2) or [None])
    return x and apply("reshape", x, *reversed(dims_of(x)))


def where(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, floats(pool))
    same = [y for y in floats(pool) if y.shape == x.shape]
    return apply("where", choose(same) > 0.0, x, choose(same))


def cast(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, floats(pool))
    other = FLOAT if x.dtype == F32 else F32
    return None if x.type.weak else apply("cast", x, dtype=other)


def copy(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, arrays(pool) or [None])
    return x and apply("copy", x)


def read_late(choose: Choose, pool: list[Handle]) -> Handle | None:
    """Read a value in an expression that is printed after the value was overwritten."""
    x = pick(choose, arrays(pool) or [None])
    if x is None:
        return None
    before = apply(choose(("sin", "negative")), x)
    bumped = apply("add_at", x, 0, 1.5, index=(At(1),))
    return before * choose((bumped, x + 1.5))


def divide_by_call(choose: Choose, pool: list[Handle]) -> Handle | None:
    x = pick(choose, floats(pool))
    same = [y for y in floats(pool) if y.shape == x.shape]
    return apply("masked_divide", x, pick(choose, same))


MENU: tuple[Step, ...] = (
    unary,
    binary,
    binary,
    binary,
    same_shape,
    same_shape,
    same_shape,
    square,
    transpose,
    expand,
    squeeze,
    part,
    part,
    gather,
    add_at,
    add_at,
    reduction,
    reduction,
    matmul,
    spread,
    fill,
    reshape,
    where,
    cast,
    copy,
    read_late,
    read_late,
    divide_by_call,
)


def generate(
    choose: Choose, steps: int, *, scalar: bool = False, menu: Sequence[Step] = MENU
) -> Function:
    """Return a function of ``steps`` steps; a ``scalar`` one returns a single number.

    The body is a pool of values to which each step adds one. A step that does not fit
    is left out.
    """
    builder = Builder()
    params = [Param(name, leaf(Value(type_, name))) for name, type_ in _inputs(choose)]
    inputs = tuple(param.tree.leaf for param in params)
    builder.enter(inputs)
    pool = [Handle(builder, x) for x in inputs]
    for _ in range(steps):
        found = _take_step(builder, choose, pool, menu)
        if found is not None:
            pool.append(found)
    results = [_total(builder, choose, pool)] if scalar else _results(choose, pool)
    tree = leaf(results[0]) if scalar else Tree("tuple", tuple(map(leaf, results)))
    return Function("f", tuple(params), builder.block(inputs, results), tree)


def _inputs(choose: Choose) -> list[tuple[str, Any]]:
    names = {"x", *(choose(tuple(TYPES)) for _ in range(3))}
    return [*((name, TYPES[name]) for name in sorted(names)), INDEX]


def _take_step(
    builder: Builder, choose: Choose, pool: list[Handle], menu: Sequence[Step]
) -> Handle | None:
    mark = len(builder.ops)
    try:
        found = choose(menu)(choose, pool)
    except (Refusal, ShapeError):
        found = None
    if found is None or found.rank > 3 or not isinstance(found.atom, Value):
        del builder.ops[mark:]
        return None
    if any(op.name == "check_dims" for op in builder.ops[mark:]):
        del builder.ops[mark:]
        return None
    found.atom.hint = found.atom.hint or choose(HINTS)
    return found


def _results(choose: Choose, pool: list[Handle]) -> list[Value]:
    found = [pool[-1], *(choose(pool) for _ in range(choose((0, 1, 2))))]
    return [x.atom for x in found]


def _total(builder: Builder, choose: Choose, pool: list[Handle]) -> Value:
    """Return a number that depends on the newest values, or on all of them."""
    total = lift(builder, 0.0)
    for x in floats(pool)[-choose((1, 3, 100)) :]:
        axes = tuple(range(x.rank))
        total = total + (apply("sum", x, axis=axes, keepdims=False) if x.rank else x)
    assert isinstance(total.atom, Value)
    return total.atom


def arguments(
    function: Function, sizes: dict[str, int], seed: int = 0, low: float = -1.5
) -> list[Any]:
    """Return random arguments of the types of ``function``, from ``low`` to 1.5."""
    random = np.random.default_rng(seed)
    return [
        param.tree.map(lambda x: _argument(x.type, sizes, random, low)).build()
        for param in function.params
    ]


def _argument(type_: Any, sizes: dict[str, int], random: Any, low: float) -> Any:
    shape = [d if isinstance(d, int) else _length(d, sizes) for d in type_.shape]
    if type_.dtype.kind == "i":
        return random.integers(0, 2, shape) - 1
    values = random.uniform(low, 1.5, shape).astype(type_.dtype)
    if isinstance(type_, Array):
        return values
    return float(values) if type_.weak else values[()]


def _length(dim: Sym, sizes: dict[str, int]) -> int:
    return max(sizes[dim.name] + dim.offset, 0)
