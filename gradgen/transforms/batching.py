"""Batching: a function of one example becomes one of many, without a loop over them.

A value that differs between the examples gets a first axis for them; a list gets it in
each of its elements. What cannot be computed for all examples by one call, such as a
loop whose length differs, runs in a loop over the examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradgen.errors import Refusal, UnsupportedError, refused_at
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Literal, Op, Value, map_operands
from gradgen.ir.flow import LOOPS, gaps_in
from gradgen.ir.regions import loop_parts, make_for
from gradgen.ir.types import PY_INT, Array, Dim, Scalar, Seq, Type, tensor
from gradgen.primitives.batching import (
    Batch,
    by_broadcasting,
    product_of,
    spread,
    to_front,
)
from gradgen.primitives.indexing import At
from gradgen.primitives.lists import item_for
from gradgen.primitives.registry import (
    PRIMITIVES,
    BatchRule,
    Handle,
    Primitive,
    apply,
    dims_of,
)
from gradgen.structs import field, replace, struct
from gradgen.transforms.mapped import (
    mapped_inside,
    read_operands,
    splits,
)


@struct
class Batcher:
    """What has been batched so far.

    ``found`` holds what stands for a value of the function: for a mapped one its array
    over all examples.
    """

    builder: Builder
    count: Handle
    mapped: set[Value]
    found: dict[Value, Handle] = field(default_factory=dict)

    def run(self, ops: Sequence[Op]) -> None:
        """Append ops, those of mapped values for all examples."""
        for op in ops:
            self.builder.span, self.builder.origin = op.span, op.origin
            with refused_at(op.span):
                self._append(op)

    def run_all(self, ops: Sequence[Op], results: Sequence[Atom]) -> None:
        """Append ops for all examples at once, or in a loop where that cannot be."""
        block = Block((), tuple(ops), tuple(results))
        before = dict(self.found)
        if self.mapped.isdisjoint(gaps_in(block)):
            try:
                with self.builder.region() as appended:
                    self.run(ops)
            except (Refusal, UnsupportedError):
                self.found = before
            else:
                for op in appended:
                    self.builder.append(op)
                return
        early, late = self._split(ops)
        self.run(early)
        made = {y for op in late for y in op.results}
        wanted = [
            y for y in dict.fromkeys(results) if isinstance(y, Value) and y in made
        ]
        self.mapped.update(made)
        self.loop(late, wanted)

    def _split(self, ops: Sequence[Op]) -> tuple[list[Op], list[Op]]:
        """Return the ops without mapped values, and those that depend on such."""
        early: list[Op] = []
        late: list[Op] = []
        values: set[Value] = set()
        for op in ops:
            if mapped_inside(op, values) or self._needs_an_example(op):
                late.append(op)
                values.update(op.results)
            else:
                early.append(op)
        return early, late

    def _needs_an_example(self, op: Op) -> bool:
        """Tell whether an op reads the contents of a mapped value, not its shape."""
        if op.regions:
            return bool(mapped_inside(op, self.mapped))
        return any(x in self.mapped for x in read_operands(op))

    def of(self, x: Atom) -> Handle:
        """Return what stands for ``x``."""
        found = self.found.get(x) if isinstance(x, Value) else None
        return Handle(self.builder, x) if found is None else found

    def spread(self, x: Atom) -> Handle:
        """Return what stands for ``x``, once for every example."""
        if x in self.mapped:
            return self.of(x)
        type_ = batched_type(x.type, self.dim)
        if isinstance(x, Literal) and x.is_undefined:
            return Handle(self.builder, Literal.undefined(type_))
        if isinstance(x.type, Seq):
            raise Refusal("a list that only some examples have changed")
        return spread(self.of(x), self.count)

    @property
    def dim(self) -> Dim:
        """Return the length of the axis of the examples."""
        dim = self.count.type.dim  # type: ignore[union-attr]
        assert dim is not None
        return dim

    def _append(self, op: Op) -> None:
        if not mapped_inside(op, self.mapped):
            self._append_as_it_is(op)
        elif splits(op, self.mapped) or op.name == "call":
            self._append_loop(op)
        elif op.name == "if":
            self._append_branches(op)
        elif op.name in LOOPS:
            self._append_batched_loop(op)
        elif not any(x in self.mapped for x in read_operands(op)):
            self._append_question(op)
        else:
            self._append_batched(op)

    def _append_as_it_is(self, op: Op) -> None:
        self.builder.append(_substituted(op, self._atom))

    def _atom(self, x: Atom) -> Atom:
        return self.of(x).atom

    def _append_question(self, op: Op) -> None:
        """Append what asks for the shape of a mapped value: that of one example."""
        x = self.of(op.operands[0])
        if op.name == "dim":
            answer = apply("dim", x, axis=op.attrs["axis"] + 1)
        elif op.name == "size":
            answer = product_of(dims_of(x)[1:], self.builder)
        else:
            one = apply("getitem", x, 0, index=(At(1),))
            rest = [self.of(operand) for operand in op.operands[1:]]
            answer = apply(op.name, one, *rest, builder=self.builder, **op.attrs)
        self.found[op.results[0]] = answer

    def _append_batched(self, op: Op) -> None:
        primitive = PRIMITIVES[op.name]
        rule = _rule_of(primitive)
        answer = None
        if rule is not None and all(_is_tensor(y.type) for y in op.results):
            batch = self._batch(op)
            answer = rule(batch)
        if answer is None:
            self._append_loop(op)
            return
        results: list[Handle] = answer if primitive.several else [answer]
        for y, result in zip(op.results, results, strict=True):
            self._define(y, result)

    def _batch(self, op: Op) -> Batch:
        mapped = tuple(x in self.mapped for x in op.operands)
        types = [y.type for y in op.results]
        operands = tuple(self._fitted(x, types) for x in op.operands)
        return Batch(op.name, operands, mapped, op.attrs, self.count)

    def _fitted(self, x: Atom, results: Sequence[Type]) -> Handle:
        """Return an operand; Python numbers take the precision of the result."""
        handle = self.of(x)
        if x not in self.mapped or not getattr(x.type, "weak", False):
            return handle
        (result, *_) = results
        assert isinstance(result, Scalar | Array)
        if result.dtype.kind != handle.dtype.kind or result.weak:
            return handle
        narrow = result.dtype.itemsize < handle.dtype.itemsize
        return apply("cast", handle, dtype=result.dtype) if narrow else handle

    def _define(self, y: Value, result: Handle) -> None:
        """Let ``result`` stand for the mapped value ``y``."""
        type_ = batched_type(y.type, self.dim)
        if _is_tensor(type_) and result.dtype != type_.dtype:  # type: ignore[union-attr]
            result = apply("cast", result, dtype=type_.dtype)  # type: ignore[union-attr]
        atom = result.atom
        assert isinstance(atom, Value)
        if not atom.hint and atom.base is None:
            atom.hint, atom.base, atom.suffix = y.hint, y.base, y.suffix
        if not any(atom is x.atom for x in self.found.values()):
            atom.type = type_
        self.found[y] = result

    def _append_branches(self, op: Op) -> None:
        kept = [y in self.mapped for y in op.results]
        regions = []
        for region in op.regions:
            with self.builder.region() as ops:
                self.run(region.ops)
                yields = self._yields(region.results, kept)
            regions.append(Block((), tuple(ops), yields))
        results = tuple(self._renewed(y) for y in op.results)
        operands = tuple(map(self._atom, op.operands))
        self.builder.append(
            replace(op, operands=operands, results=results, regions=tuple(regions))
        )

    def _yields(
        self, results: Sequence[Atom], mapped: Sequence[bool]
    ) -> tuple[Atom, ...]:
        pairs = zip(results, mapped, strict=True)
        return tuple((self.spread(x) if m else self.of(x)).atom for x, m in pairs)

    def _renewed(self, y: Value) -> Value:
        """Return the value itself, or a new one for all examples if it is mapped."""
        if y not in self.mapped:
            return y
        type_ = batched_type(y.type, self.dim)
        new = Value(type_, y.hint, y.base, y.suffix)
        self.found[y] = Handle(self.builder, new)
        return new

    def _append_batched_loop(self, op: Op) -> None:
        """Append a loop that runs alike for all examples."""
        parts = loop_parts(op)
        *tests, body = op.regions
        bounds = tuple(map(self._atom, parts.range))
        initial = self._yields(parts.initial, [x in self.mapped for x in parts.carried])
        scanned = tuple(self._scanned(x).atom for x in parts.scanned)
        regions = [self._region(test, test.results, []) for test in tests]
        items = [y in self.mapped for y in parts.stacked]
        slots = [x in self.mapped for x in parts.carried]
        regions.append(self._region(body, parts.exit, [*slots, *items]))
        self.builder.span, self.builder.origin = op.span, op.origin
        final = tuple(self._renewed(y) for y in parts.final)
        stacked = [self._column(y) for y in parts.stacked]
        results = (*final, *stacked, *op.results[-2:])
        self.builder.append(
            replace(
                op,
                operands=(*bounds, *initial, *scanned),
                results=results,
                regions=tuple(regions),
            )
        )
        for y, column in zip(parts.stacked, stacked, strict=True):
            if y in self.mapped and isinstance(column.type, Array):
                self._define(y, to_front(Handle(self.builder, column), 1))

    def _region(
        self, region: Block, leading: Sequence[Atom], mapped: Sequence[bool]
    ) -> Block:
        """Return a region whose results are ``leading`` ones and those of the rest."""
        params = tuple(self._renewed(x) for x in region.params)
        with self.builder.region() as ops:
            self.run(region.ops)
            first = tuple(map(self._atom, leading))
            rest = self._yields(region.results[len(leading) :], mapped)
        return Block(params, tuple(ops), (*first, *rest))

    def _scanned(self, x: Atom) -> Handle:
        """Return what a loop goes through, its elements for all examples."""
        handle = self.of(x)
        if x not in self.mapped or isinstance(x.type, Seq):
            return handle
        order = (1, 0, *range(2, handle.rank))
        return apply("transpose", handle, axes=order)

    def _column(self, y: Value) -> Value:
        """Return the value for a stacked result, whose first axis is the loop's."""
        if y not in self.mapped or isinstance(y.type, Seq):
            return self._renewed(y)
        assert isinstance(y.type, Array)
        length, *rest = y.type.shape
        return Value(Array(y.type.dtype, (length, self.dim, *rest)))

    def _append_loop(self, op: Op) -> None:
        """Append an op in a loop over the examples."""
        if op.regions or op.name == "call" or reads_values(op, self.mapped):
            self._check_lengths(op)
        self.loop([op], op.results)

    def _check_lengths(self, op: Op) -> None:
        """Refuse what may have another length in each example."""
        for y in op.results:
            if self._is_open(y):
                raise Refusal(f"{op.name} of a length that differs between examples")

    def loop(self, ops: Sequence[Op], results: Sequence[Value]) -> None:
        """Append ops in a loop over the examples, and collect their results."""
        made = {y for op in ops for y in op.results}
        read = (x for op in ops for x in mapped_inside(op, self.mapped))
        given = [x for x in dict.fromkeys(read) if x not in made]
        if not all(_is_tensor(x.type) for x in (*given, *results)):
            raise Refusal(
                "a list or object in the result that differs between the examples",
                "return an array, as with np.array",
            )
        outer = [self.of(x) for x in given]
        index = Value(PY_INT, "example")
        elements = [Value(tensor(x.dtype, x.type.shape[1:]), "") for x in outer]
        inner: dict[Atom, Atom] = {}
        with self.builder.region() as appended:
            for x, element in zip(given, elements, strict=True):
                element.hint, element.base = x.hint, x.base
                inner[x] = item_for(Handle(self.builder, element), x.type).atom
            for op in ops:
                self.builder.append(
                    _substituted(op, lambda x: inner.get(x) or self._atom(x))
                )
        body = Block((index, *elements), tuple(appended), tuple(results))
        bounds = (Literal.of(0), self.count.atom, Literal.of(1))
        scanned = [x.atom for x in outer]
        loop = make_for(bounds, [], scanned, body, self.dim, span=ops[0].span)
        columns = [self._collected(y) for y in results]
        loop = replace(
            loop,
            origin=ops[0].origin,
            attrs={**loop.attrs, "examples": True},
            results=(*columns, *loop.results[-2:]),
        )
        self.builder.append(loop)
        for y, column in zip(results, columns, strict=True):
            collected = Handle(self.builder, column)
            if isinstance(column.type, Seq):
                collected = apply("seq_stack", collected)
            self._define(y, collected)

    def _collected(self, y: Value) -> Value:
        """Return the value for what a loop over the examples collects.

        Arrays of a length that is known only after they are made go to a list.
        """
        if self._is_open(y):
            return Value(Seq(y.type))
        return Value(batched_type(y.type, self.dim))

    def _is_open(self, y: Value) -> bool:
        """Tell whether a length of ``y`` is known only after it is made."""
        shape = getattr(y.type, "shape", ())
        return any(self.builder.dim_atom(dim) is None for dim in shape)


def _is_tensor(type_: Type) -> bool:
    return isinstance(type_, Scalar | Array)


def reads_values(op: Op, mapped: set[Value]) -> bool:
    """Tell whether the shape of a result may depend on what mapped operands hold."""
    kinds = [x.type.dtype.kind for x in op.operands if x in mapped]  # type: ignore[union-attr]
    return op.name in ("nonzero", "arange") or any(kind in "iub" for kind in kinds)


def _rule_of(primitive: Primitive) -> BatchRule | None:
    if primitive.batch is not None:
        return primitive.batch
    return by_broadcasting if primitive.elementwise else None


def _substituted(op: Op, change: Callable[[Atom], Atom]) -> Op:
    """Return an op over other atoms, in its regions too."""
    return replace(
        op,
        operands=tuple(map(change, op.operands)),
        regions=tuple(map_operands(region, change) for region in op.regions),
    )


def batched_type(type_: Type, count: Dim) -> Type:
    """Return the type that holds a value of ``type_`` for each example."""
    if isinstance(type_, Seq):
        return Seq(batched_type(type_.element, count), type_.key)
    if not isinstance(type_, Scalar | Array):
        raise Refusal(f"a value of type {type_} that differs between the examples")
    return Array(type_.dtype, (count, *type_.shape))
