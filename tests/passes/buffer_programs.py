"""Random IR functions with regions, in which a careless write or reference shows.

Matrices and vectors of one length, so that rows, columns, transposes and whole arrays
can stand for one another in slots, branches and tapes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gradgen.errors import Refusal, ShapeError
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Param, Value
from gradgen.ir.regions import element_type, loop_parts, make_for, make_if, make_while
from gradgen.ir.tree import Tree, leaf
from gradgen.ir.types import FLOAT, PY_INT, Array, Scalar, Seq, Sym
from gradgen.primitives.indexing import At, Cut
from gradgen.primitives.paths import Step
from gradgen.primitives.registry import Handle, apply

N = Sym("n", proper=True)
MATRIX, VECTOR, NUMBER = Array(FLOAT, (N, N)), Array(FLOAT, (N,)), Scalar(FLOAT)
INPUTS = {"A": MATRIX, "B": MATRIX, "v": VECTOR, "w": VECTOR, "s": NUMBER}
HINTS = ("", "", "a", "a", "b", "c")
LIST = Seq(VECTOR)
DEPTH = 3
FLIP = Cut(None, None, -1)
TRANSPOSED = (Step("transpose", (("axes", (1, 0)),)),)
FLIPPED = (Step("getitem", (("index", (FLIP,)),)),)
WHOLE = (Cut(),)


class Maker:
    """Adds steps to a pool of values, which a region extends for its own ops."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.builder = Builder()
        self.pool: list[Handle] = []
        self.indices: list[Handle] = []
        self.tapes: list[tuple[Value, Atom]] = []
        self.depth = 0
        self.budget = 0

    def choose(self, options: Sequence[Any]) -> Any:
        return self.random.choice(options)

    def likely(self, chance: float) -> bool:
        return self.random.random() < chance

    def add(self, atom: Atom) -> Handle:
        handle = Handle(self.builder, atom)
        if isinstance(atom, Value) and not atom.hint:
            atom.hint = self.choose(HINTS)
        self.pool.append(handle)
        return handle

    def pick(self, *types: Any) -> Handle:
        """Choose a value of one of ``types``, mostly one of the newest."""
        found = [x for x in self.pool if not types or x.atom.type in types]
        return self.choose(found[-4:] if self.likely(0.6) else found)

    def index(self) -> Any:
        return self.choose([*self.indices, *self.indices, 0, 1, -1])

    @contextmanager
    def scope(self) -> Iterator[list[Op]]:
        pool, indices, tapes = list(self.pool), list(self.indices), list(self.tapes)
        self.depth += 1
        with self.builder.region() as ops:
            yield ops
        self.depth -= 1
        self.pool, self.indices, self.tapes = pool, indices, tapes

    def steps(self, count: int) -> None:
        for _ in range(count):
            mark = len(self.builder.ops)
            step = self.choose(MENU if self.depth < DEPTH else PLAIN)
            try:
                step(self)
            except (Refusal, ShapeError):
                del self.builder.ops[mark:]


def elementwise(maker: Maker) -> None:
    x = maker.pick(MATRIX, VECTOR, NUMBER)
    y = maker.choose([maker.pick(x.atom.type), maker.pick(x.atom.type), 0.5])
    name = maker.choose(["add", "subtract", "maximum", "multiply", "add"])
    maker.add(apply(name, x, y).atom)


def function(maker: Maker) -> None:
    name = maker.choose(["tanh", "sin", "negative"])
    maker.add(apply(name, maker.pick(MATRIX, VECTOR, NUMBER)).atom)


def accumulate(maker: Maker) -> None:
    """``a = a + b`` on the newest array, which asks to happen in place."""
    x = maker.pick(MATRIX, VECTOR)
    total = x + apply("tanh", maker.pick(x.atom.type))
    assert isinstance(total.atom, Value)
    assert isinstance(x.atom, Value)
    total.atom.hint = x.atom.hint
    maker.add(total.atom)


def view(maker: Maker) -> None:
    x = maker.pick(MATRIX, VECTOR)
    options: list[tuple[str, list[Any], dict[str, Any]]]
    options = [("getitem", [], {"index": (FLIP,)})]
    if x.rank == 2:
        options += [
            ("transpose", [], {"axes": (1, 0)}),
            ("getitem", [maker.index()], {"index": (At(1),)}),
            ("getitem", [maker.index()], {"index": (Cut(), At(1))}),
        ]
    name, parts, attrs = maker.choose(options)
    maker.add(apply(name, x, *parts, **attrs).atom)


def element(maker: Maker) -> None:
    x = maker.pick(MATRIX, VECTOR)
    parts = [maker.index() for _ in range(x.rank)]
    index = tuple(At(k + 1) for k in range(x.rank))
    maker.add(apply("getitem", x, *parts, index=index).atom)


def total(maker: Maker) -> None:
    x = maker.pick(MATRIX, VECTOR)
    axes = tuple(range(x.rank))
    maker.add(apply("mean", x, axis=axes, keepdims=False).atom)


def fresh(maker: Maker) -> None:
    x = maker.pick(MATRIX, VECTOR)
    like = maker.choose(["zeros_like", "copy"])
    maker.add(apply(like, x).atom)


def update(maker: Maker) -> None:
    x = maker.pick(MATRIX, VECTOR)
    name = maker.choose(["update", "update", "add_at", "subtract_at"])
    path: tuple[Step, ...] = maker.choose([(), (), FLIPPED])
    if x.rank == 2 and maker.likely(0.3):
        path = TRANSPOSED
    places: list[tuple[Any, list[Any], Any]]
    if x.rank == 2:
        places = [
            ((At(1),), [maker.index()], VECTOR),
            ((At(1), At(2)), [maker.index(), maker.index()], NUMBER),
            (WHOLE, [], MATRIX),
            ((Cut(), At(1)), [maker.index()], VECTOR),
        ]
    else:
        places = [((At(1),), [maker.index()], NUMBER), (WHOLE, [], VECTOR)]
    index, parts, type_ = maker.choose(places)
    attrs = {"index": index, "path": path} if path else {"index": index}
    value = maker.choose([maker.pick(type_), maker.pick(NUMBER)])
    maker.add(apply(name, x, *parts, value, **attrs).atom)


def masked(maker: Maker) -> None:
    """Write to where a mask of a vector says, what is there in a view."""
    x = maker.pick(VECTOR)
    mask = maker.pick(VECTOR) > 0.0
    picked = apply("getitem", maker.pick(VECTOR), index=(FLIP,))
    part = apply("getitem", picked, mask, index=(At(1),))
    value = maker.choose([part, 0.5])
    maker.add(apply("update", x, mask, value, index=(At(1),)).atom)


def condition(maker: Maker) -> Handle:
    options = [maker.pick(NUMBER) > 0.0]
    options += [apply("equal", i, maker.choose([0, 1])) for i in maker.indices]
    return maker.choose(options)


def body(maker: Maker, types: Sequence[Any], low: int = 0) -> Block:
    """Return the block of a few steps that yields values of ``types``."""
    with maker.scope() as ops:
        maker.steps(maker.random.randint(low, 4))
        results = [maker.pick(t).atom for t in types]
    return Block((), tuple(ops), tuple(results))


def kinds(maker: Maker, most: int) -> list[Any]:
    count = maker.random.randint(0, most)
    kinds = [MATRIX, MATRIX, VECTOR, VECTOR, VECTOR, NUMBER, LIST]
    return [maker.choose(kinds) for _ in range(count)]


def branch(maker: Maker) -> None:
    types = kinds(maker, 2) or [MATRIX]
    cond = condition(maker)
    regions = body(maker, types), body(maker, types)
    append(maker, make_if(cond.atom, *regions))


def append(maker: Maker, op: Op) -> None:
    maker.builder.append(op)
    if op.regions[-1].params:
        stop: Atom = op.results[-2]
        maker.tapes += [(y, stop) for y in loop_parts(op).stacked]
    for y in op.results:
        if y.type in (MATRIX, VECTOR, NUMBER, LIST):
            maker.add(y)


def stacked(maker: Maker, op: Op) -> Op:
    """Let some tapes be lists."""
    parts = loop_parts(op)
    for y, x in zip(parts.stacked, parts.items, strict=True):
        if maker.likely(0.5):
            y.type = Seq(x.type)
    return op


def loop_body(
    maker: Maker, first: Sequence[Value], carried: list[Value], scanned: list[Value]
) -> tuple[list[Op], list[Atom], list[Atom]]:
    """Return the ops of a loop's body, what it hands on, and what it stacks."""
    with maker.scope() as ops:
        maker.indices += [Handle(maker.builder, i) for i in first]
        for value in (*carried, *scanned):
            maker.add(value)
        maker.steps(maker.random.randint(1, 5))
        later = [handed_on(maker, p, carried) for p in carried]
        items = [maker.pick(t).atom for t in kinds(maker, 2)]
    return ops, later, items


def handed_on(maker: Maker, slot: Value, carried: list[Value]) -> Atom:
    """Choose the newest value of the type, any, or another slot: a swap."""
    others = [p for p in carried if p is not slot and p.type == slot.type]
    if others and maker.likely(0.4):
        return maker.choose(others)
    found = [x for x in maker.pool if x.atom.type == slot.type]
    return found[-1].atom if maker.likely(0.5) else maker.pick(slot.type).atom


def exit_flag(maker: Maker, ops: list[Op], reverse: bool) -> list[Atom]:
    if reverse or maker.likely(0.8):
        return []
    with maker.builder.region(ops):
        return [(maker.pick(NUMBER) > 0.5).atom]


def count_loop(maker: Maker) -> None:
    initial = [maker.pick(t).atom for t in kinds(maker, 3)]
    scanned, stop = scanned_tape(maker)
    if not scanned and maker.likely(0.4):
        x = maker.pick(MATRIX, VECTOR)
        scanned, stop = [x.atom], apply("dim", x, axis=0).atom
    i, carried = Value(PY_INT, "i"), [Value(x.type, hint_of(x)) for x in initial]
    elements = [Value(element_type(x.type), "e") for x in scanned]
    reverse = maker.likely(0.3)
    ops, later, items = loop_body(maker, [i], carried, elements)
    flag = exit_flag(maker, ops, reverse)
    trips = maker.choose([1, 2, 2, 2, 0])
    stop = stop or Literal.of(trips)
    length: Any = maker.builder.dims.fresh("k")
    if isinstance(stop.type, Scalar) and stop.type.dim is not None:
        length = stop.type.dim
    region = Block((i, *carried, *elements), tuple(ops), (*flag, *later, *items))
    bounds = Literal.of(0), stop, Literal.of(1)
    length = maker.builder.dims.fresh("k") if flag else length
    op = make_for(
        bounds,
        initial,
        scanned,
        region,
        length,
        exits=bool(flag),
        reverse=reverse,
    )
    append(maker, stacked(maker, op))


def scanned_tape(maker: Maker) -> tuple[list[Atom], Atom | None]:
    """Choose a tape to go through, with the number of its items."""
    if not maker.tapes or maker.likely(0.4):
        return [], None
    tape, stop = maker.choose(maker.tapes)
    others = [y for y, at in maker.tapes if at is stop and y is not tape]
    return [tape, *others[:1]], stop


def hint_of(atom: Atom) -> str:
    return atom.hint if isinstance(atom, Value) else ""


def test_loop(maker: Maker) -> None:
    """A ``while`` over a counter, and over a number for good measure."""
    initial = [maker.pick(t).atom for t in kinds(maker, 3)]
    carried = [Value(x.type, hint_of(x)) for x in initial]
    tested = [Value(x.type, hint_of(x)) for x in initial]
    i, k, at = Value(PY_INT, "i"), Value(PY_INT, "k"), Value(PY_INT, "k")
    limit = maker.choose([0, 1, 2, 2])
    with maker.scope() as test_ops:
        for value in tested:
            maker.add(value)
        maker.steps(maker.choose([0, 0, 1, 2]))
        flag = Handle(maker.builder, at) < limit
        seen = maker.pick(NUMBER) < maker.choose([100.0, 100.0, 0.5])
        flag = apply("logical_and", flag, seen)
    test = Block((at, *tested), tuple(test_ops), (flag.atom,))
    ops, later, items = loop_body(maker, [i], carried, [])
    with maker.builder.region(ops):
        count = (Handle(maker.builder, k) + 1).atom
    region = Block((i, k, *carried), tuple(ops), (count, *later, *items))
    length = maker.builder.dims.fresh("k")
    op = make_while(test, [Literal.of(0), *initial], [], region, length)
    append(maker, stacked(maker, op))


def list_step(maker: Maker) -> None:
    """Change a list, or take an array out of it."""
    xs = maker.pick(LIST)
    what = maker.choose(["get", "get", "set", "append", "from", "concat", "zeros"])
    if what == "get":
        maker.add(apply("seq_get", xs, maker.choose([0, -1])).atom)
    elif what == "set":
        maker.add(apply("seq_set", xs, maker.choose([0, -1]), maker.pick(VECTOR)).atom)
    elif what == "append":
        maker.add(apply("seq_append", xs, maker.pick(VECTOR)).atom)
    elif what == "from":
        items = [maker.pick(VECTOR) for _ in range(2)]
        maker.add(apply("seq_from", *items, element=VECTOR).atom)
    elif what == "concat":
        maker.add(apply("seq_concat", xs, maker.pick(LIST)).atom)
    else:
        maker.add(apply("seq_zeros_like", xs).atom)


PLAIN: tuple[Callable[[Maker], None], ...] = (
    elementwise,
    function,
    accumulate,
    accumulate,
    view,
    view,
    element,
    total,
    fresh,
    update,
    update,
    update,
    update,
    masked,
    list_step,
    list_step,
)
MENU = (*PLAIN, branch, branch, branch, count_loop, count_loop, count_loop, test_loop)


def region_program(seed: int, steps: int = 6) -> Function:
    """Return a random function of ``steps`` steps, many of which are region ops."""
    maker = Maker(seed)
    params = tuple(Param(name, leaf(Value(t, name))) for name, t in INPUTS.items())
    inputs = tuple(param.tree.leaf for param in params)
    maker.builder.enter(inputs)
    for x in inputs:
        maker.add(x)
    first = [maker.pick(VECTOR), maker.pick(VECTOR)]
    maker.add(apply("seq_from", *first, element=VECTOR).atom)
    maker.steps(steps)
    arrays = [x.atom for x in maker.pool if x.atom.type in (MATRIX, VECTOR, LIST)]
    count = maker.choose([1, 2, 3])
    results = [maker.pool[-1].atom, *(maker.choose(arrays[-6:]) for _ in range(count))]
    block = maker.builder.block(inputs, results)
    return Function("f", params, block, Tree("tuple", tuple(map(leaf, results))))
