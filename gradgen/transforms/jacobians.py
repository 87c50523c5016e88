"""Jacobians: a sweep along all unit vectors at once, each an example of a batch.

The value, and one reverse sweep for each row or one tangent for each column, make one
program, in which only what depends on the seed is batched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Literal, Param, Value
from gradgen.ir.flow import note_lengths
from gradgen.ir.tree import NONE, Tree
from gradgen.ir.types import INT, Scalar, is_floating
from gradgen.primitives.batching import product_of
from gradgen.primitives.indexing import read
from gradgen.primitives.registry import Handle, apply, dims_of, lift
from gradgen.structs import frozen, replace
from gradgen.transforms.batching import Batcher
from gradgen.transforms.fit import start
from gradgen.transforms.mapped import mapped_inside, mapped_values


@frozen
class Directions:
    """The unit vectors of a space of arrays and numbers, taken side by side.

    ``spaces`` are these arrays, ``bounds`` says where the part of each begins and ends
    in a vector, and ``count`` how many vectors there are. There is one, the number 1,
    if ``single``.
    """

    spaces: tuple[Handle, ...]
    bounds: tuple[Handle, ...]
    count: Handle

    @property
    def single(self) -> bool:
        """Tell whether the space is that of one number."""
        return len(self.spaces) == 1 and self.spaces[0].rank == 0

    def part(self, x: Handle, k: int) -> Handle:
        """Return the rows of ``x`` that belong to the ``k``-th array."""
        if len(self.spaces) == 1:
            return x
        return read(x, [self._slice(k)])

    def _slice(self, k: int) -> slice:
        first, last = self.bounds[k : k + 2]
        start = None if k == 0 else first
        return slice(start, None if k == len(self.spaces) - 1 else last)

    def seed(self, k: int) -> Handle:
        """Return the parts of all unit vectors that stand for the ``k``-th array."""
        space, builder = self.spaces[k], self.count.builder
        if self.single:
            one = 1.0 if space.type.weak else space.dtype.type(1)
            return Handle(builder, Literal.of(one))
        count, dtype = self.count, space.dtype
        vectors = apply("eye", count, count, builder=builder, offset=0, dtype=dtype)
        if len(self.spaces) > 1:
            cut = self._slice(k) if space.rank else self.bounds[k]
            vectors = read(vectors, [slice(None), cut])
        if space.rank < 2:
            return vectors
        return apply("reshape", vectors, self.count, *dims_of(space))


def directions_of(builder: Builder, spaces: Sequence[Handle]) -> Directions:
    """Return the unit vectors of the space that some arrays make together."""
    bounds = [lift(builder, 0)]
    for space in spaces:
        size = product_of(dims_of(space), builder)
        first = bounds[-1].atom == Literal.of(0)
        bounds.append(size if first else bounds[-1] + size)
    count = bounds[-1]
    if isinstance(count.type, Scalar) and count.type.dim is None:
        assert isinstance(count.atom, Value)
        dim = builder.dims.fresh("b")
        count.atom.type = Scalar(INT, weak=True, dim=dim)
        builder.know_dim(dim, count.atom)
    return Directions(tuple(spaces), tuple(bounds), count)


def by_rows(joint: Function, aux: bool = False) -> Function:
    """Return the Jacobian of which an adjoint function computes rows.

    ``aux`` says that its value is a pair whose second member is handed through.
    """
    *params, seed = joint.params
    result, bars = joint.result.children
    value = result.children[0] if aux else result
    pairs = zip(_places(value), _places(seed.tree), strict=True)
    moving = [(y, bar) for y, bar in pairs if isinstance(bar, Value)]
    batcher, directions = _swept(joint, params, moving)
    numbers = iter(range(len(moving)))

    def rows(y: Atom) -> Tree:
        if not is_floating(y.type):
            return NONE
        k = next(numbers)
        return bars.map(lambda x_bar: row_block(batcher, directions, k, x_bar).atom)

    blocks = _expand(value, rows)
    return _finish(joint, params, batcher.builder, _paired(blocks, result, aux))


def row_block(batcher: Batcher, directions: Directions, k: int, x_bar: Atom) -> Handle:
    """Return the Jacobian of the ``k``-th result, of which ``x_bar`` is a row."""
    y = directions.spaces[k]
    if directions.single:
        return batcher.of(x_bar)
    block = directions.part(batcher.spread(x_bar), k)
    if y.rank == 1:
        return block
    lengths = [*dims_of(y), *dims_of(block)[1:]]
    return apply("reshape", block, *lengths)


def by_columns(
    joint: Function, count: int, single: bool, aux: bool = False
) -> Function:
    """Return the Jacobian of which a function with tangents computes columns.

    Its last ``count`` parameters bring the tangents of arguments; the Jacobians by
    several are a tuple unless there is a ``single`` one; ``aux`` as in :func:`by_rows`.
    """
    params, dots = joint.params[:-count], joint.params[-count:]
    result, moved = joint.result.children
    moving = [(s.base, s) for param in dots for s in param.tree.leaves()]
    batcher, directions = _swept(joint, params, moving)

    def columns(y_dot: Atom) -> Tree:
        numbers = iter(range(len(moving)))
        trees = [
            param.tree.map(
                lambda _: column_block(batcher, directions, next(numbers), y_dot).atom
            )
            for param in dots
        ]
        return trees[0] if single else Tree("tuple", tuple(trees))

    blocks = _expand(moved, columns)
    return _finish(joint, params, batcher.builder, _paired(blocks, result, aux))


def _paired(blocks: Tree, result: Tree, aux: bool) -> Tree:
    return Tree("tuple", (blocks, result.children[1])) if aux else blocks


def column_block(
    batcher: Batcher, directions: Directions, k: int, y_dot: Atom
) -> Handle:
    """Return the Jacobian by the ``k``-th argument, of which ``y_dot`` is a column."""
    x = directions.spaces[k]
    if directions.single:
        return batcher.of(y_dot)
    block = directions.part(batcher.spread(y_dot), k)
    turned = block
    if block.rank > 1:
        turned = apply("transpose", block, axes=(*range(1, block.rank), 0))
    if x.rank == 1:
        return turned
    lengths = [*dims_of(turned)[:-1], *dims_of(x)]
    return apply("reshape", turned, *lengths)


def _swept(
    joint: Function, params: Sequence[Param], moving: Sequence[tuple[Any, Value]]
) -> tuple[Batcher, Directions]:
    """Return a builder with the ops of ``joint`` along all unit vectors.

    ``moving`` pairs each value with the seed that stands for its part of a vector.
    """
    builder = start(tuple(x for param in params for x in param.tree.leaves()))
    builder.helpers = dict(joint.helpers)
    note_lengths(builder.dims, joint.body)
    seeds = [seed for _, seed in moving]
    ops = joint.body.ops
    touched = (k for k, op in enumerate(ops) if mapped_inside(op, set(seeds)))
    first = next(touched, len(ops))
    for op in ops[:first]:
        builder.append(op)
    directions = directions_of(builder, [Handle(builder, x) for x, _ in moving])
    batcher = along(builder, directions, seeds, joint.body)
    batcher.run_all(ops[first:], joint.body.results)
    builder.span, builder.origin = None, "primal"
    return batcher, directions


def along(
    builder: Builder, directions: Directions, seeds: Sequence[Value], block: Block
) -> Batcher:
    """Return what batches ops of ``block`` along all unit vectors."""
    mapped = set() if directions.single else mapped_values(block, seeds)
    found = {seed: directions.seed(k) for k, seed in enumerate(seeds)}
    for seed, unit in found.items():
        atom = unit.atom
        if isinstance(atom, Value) and not atom.hint:
            atom.hint, atom.base, atom.suffix = seed.hint, seed.base, seed.suffix
    return Batcher(builder, directions.count, mapped, found)


def _places(tree: Tree) -> Iterator[Any]:
    """Yield what a tree holds, None for what is no leaf."""
    if not tree.children:
        yield tree.leaf if tree.kind == "leaf" else None
    for child in tree.children:
        yield from _places(child)


def _expand(tree: Tree, change: Callable[[Any], Tree]) -> Tree:
    """Return ``tree`` with a tree in the place of every leaf."""
    if tree.kind == "leaf":
        return change(tree.leaf)
    if tree.kind == "static":
        return NONE
    children = tuple(_expand(child, change) for child in tree.children)
    return replace(tree, children=children)


def _finish(
    joint: Function, params: Sequence[Param], builder: Builder, result: Tree
) -> Function:
    stem = joint.name.removesuffix("_vjp").removesuffix("_jvp")
    kind = "hessian" if stem.endswith("_grad") else "jacobian"
    stem = stem.removesuffix("_grad")
    inputs = tuple(x for param in params for x in param.tree.leaves())
    for x in result.leaves():
        if isinstance(x, Value) and not x.hint and x.base is None:
            x.hint = kind
    return Function(
        f"{stem}_{kind}",
        tuple(params),
        builder.block(inputs, list(result.leaves())),
        result,
        f"{kind.capitalize()} of {stem}",
        joint.span,
        builder.helpers,
    )
