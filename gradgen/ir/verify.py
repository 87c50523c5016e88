"""Checks that a function is well-formed IR, after every transform and pass in tests.

What an op's result types must be is asked of an ``Infer`` function, since the IR does
not know the primitives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradgen.errors import ShapeError, VerifyError
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value, walk_ops
from gradgen.ir.dims import Dims
from gradgen.ir.flow import LOOPS, note_lengths
from gradgen.ir.infer import Infer, Proven, prove, proven_dims
from gradgen.ir.printer import MARK, print_ir
from gradgen.ir.regions import (
    REGION_OPS,
    element_type,
    loop_parts,
    match_dims,
    stack_type,
    substitute,
)
from gradgen.ir.types import Array, Dim, Scalar, Seq, Sym, Type

CONTEXT = 4


def verify(function: Function, infer: Infer = lambda op, dims: None) -> None:
    """Raise :class:`~gradgen.errors.VerifyError` unless ``function`` is well-formed.

    So must its helpers be.
    """
    for checked in (function, *function.helpers.values()):
        Verifier(checked, infer, function.helpers).run()


class Verifier:
    """Walks one function.

    ``defined`` holds all values defined so far, ``symbols`` the dimensions in their
    types. An op may introduce a symbol of its own for a dimension of its result; the
    seed that belongs to the result has it too, and is ``seeded``.
    """

    def __init__(
        self, function: Function, infer: Infer, helpers: Mapping[str, Function]
    ) -> None:
        self.function = function
        self.infer = infer
        self.helpers = helpers
        self.dims = Dims()
        self.proven: Proven = {}
        self.inferred: Mapping[Op, Sequence[Type] | None] = {}
        self.defined: set[Value] = set()
        self.symbols: set[str] = set()
        self.seeded = _seeded(function)
        self.told: set[str] = set()

    def run(self) -> None:
        """Check everything."""
        for op in walk_ops(self.function.body):
            self._check_regions(op)
        note_lengths(self.dims, self.function.body)
        self.told = set(self.dims.names)
        self._learn_dims()
        self._check_interface()
        self._block(self.function.body, set(), None)

    def _fail(self, message: str, op: Op | None = None) -> None:
        raise VerifyError(f"{message}\n{_excerpt(self.function, op)}")

    def _learn_dims(self) -> None:
        """Collect the equalities that ops check, or raise for if they do not hold."""
        try:
            prover = prove(self.function.body, self.infer)
        except ShapeError as error:
            self._fail(str(error))
            return
        self.proven, self.inferred = prover.found, prover.inferred
        self.dims = self.proven[self.function.body]

    def _inferred(self, op: Op) -> Sequence[Type] | None:
        if op.name in REGION_OPS:
            return None
        if op in self.inferred:
            return self.inferred[op]
        try:
            return self.infer(op, self.dims)
        except ShapeError as error:
            self._fail(str(error), op)
        return None

    def _check_interface(self) -> None:
        leaves = tuple(x for p in self.function.params for x in p.tree.leaves())
        if leaves != self.function.inputs:
            self._fail("the block's parameters are not the leaves of the function's")
        if tuple(self.function.result.leaves()) != self.function.body.results:
            self._fail("the result tree does not hold what the block yields")

    def _define(
        self, values: Iterable[Value], visible: set[Value], op: Op | None
    ) -> None:
        for value in values:
            if value in self.defined:
                self._fail(f"value '{value.hint}' is defined twice", op)
            self.defined.add(value)
            visible.add(value)
            self.symbols.update(_symbols(value.type))

    def _block(self, block: Block, outer: set[Value], owner: Op | None) -> None:
        visible = set(outer)
        self._define(block.params, visible, owner)
        for op in block.ops:
            self._use(op.operands, visible, op)
            for region in op.regions:
                self._region(region, visible, op)
            self._check_op(op)
            self._define(op.results, visible, op)
        self._use(block.results, visible, owner)

    def _region(self, region: Block, visible: set[Value], op: Op) -> None:
        """Check a region; what it proves about lengths holds in it alone."""
        outer, self.dims = self.dims, self.dims.copy()
        for left, right in self.proven[region].parent.items():
            self.dims.merge(left, right)
        self._block(region, visible, op)
        self.proven[region], self.dims = self.dims, outer

    def _use(self, atoms: Iterable[Atom], visible: set[Value], op: Op | None) -> None:
        for atom in atoms:
            if isinstance(atom, Value) and atom not in visible:
                self._fail(f"value '{atom.hint}' is used where it is not defined", op)
            if not isinstance(atom, Value | Literal):
                self._fail(f"{atom!r} is neither a value nor a literal", op)

    def _check_op(self, op: Op) -> None:
        if op.name == "if":
            self._check_if(op)
        elif op.name in ("for", "while"):
            self._check_loop(op)
        elif op.name == "call":
            self._check_call(op)
        else:
            self._check_primitive(op)

    def _check_primitive(self, op: Op) -> None:
        expected = self._inferred(op)
        if expected is None:
            return
        self._require(len(expected) == len(op.results), "wrong number of results", op)
        for result, type_ in zip(op.results, expected, strict=True):
            if not self._same(result.type, type_, new=True):
                self._fail(f"the result is {type_}, not {result.type}", op)

    def _require(self, condition: bool, message: str, op: Op) -> None:
        if not condition:
            self._fail(message, op)

    def _check_regions(self, op: Op) -> None:
        """Check that there are as many regions, parameters and yields as must be."""
        if op.name == "if":
            self._require(len(op.regions) == 2, "an 'if' has two branches", op)
            bare = not any(region.params for region in op.regions)
            self._require(bare, "a branch has parameters", op)
            counts = {len(region.results) for region in op.regions}
            what = "the branches yield different numbers of values"
            self._require(len(counts) == 1, what, op)
            what = "a branch and its result have different numbers of values"
            self._require(counts == {len(op.results)}, what, op)
        elif op.name in LOOPS:
            self._check_loop_shape(op)

    def _check_if(self, op: Op) -> None:
        self._require(_is_number(op.operands[0].type), "the condition is no number", op)
        then, otherwise = op.regions
        made = [self._made_up(y, op) for y in op.results]
        for block, what in (
            (then, "a branch and its result have"),
            (otherwise, "the branches yield"),
        ):
            same = len(block.results) == len(op.results)
            self._require(same, f"{what} different numbers of values", op)
            pairs = zip(made, op.results, block.results, strict=True)
            yields = [x if skip else y for skip, y, x in pairs]
            self._match(yields, block.results, what, op, block)

    def _made_up(self, y: Value, op: Op) -> bool:
        """Tell whether a result has a length that the branches are not seen to share.

        Its symbol is new then, and everything else is the same.
        """
        types = [y.type, *(b.results[op.results.index(y)].type for b in op.regions)]
        if not all(isinstance(type_, Array) for type_ in types):
            return False
        shapes = [type_.shape for type_ in types]  # type: ignore[union-attr]
        alike = len({(t.dtype, len(t.shape)) for t in types}) == 1  # type: ignore[union-attr]
        made = [self._is_made_up(*dims) for dims in zip(*shapes, strict=False)]
        return alike and any(made)

    def _is_made_up(self, dim: Dim, one: Dim, other: Dim) -> bool:
        """Tell whether a length is new; later ops may prove that the branches agree."""
        if not isinstance(dim, Sym):
            return False
        if dim.name in self.symbols and dim.name not in self.seeded:
            return False
        if not self.dims.equal(one, other):
            return True
        if dim.name in self.symbols:
            return False
        self.dims.merge(dim, one)
        return True

    def _check_call(self, op: Op) -> None:
        callee = self.helpers.get(op.attrs["callee"])
        if callee is None:
            self._fail(f"there is no function '{op.attrs['callee']}'", op)
            return
        self._require(op.attrs["takes"] == callee.takes, "takes other memory", op)
        same = len(op.operands) == len(callee.inputs)
        self._require(same, "wrong number of arguments", op)
        known = match_dims(callee, op.operands)
        self._learn_from(callee, known)
        self._compare_call(op, op.operands, callee.inputs, known)
        self._compare_call(op, op.results, callee.body.results, known)

    def _learn_from(self, callee: Function, known: dict[str, Dim]) -> None:
        """Take over which lengths are equal where ``callee`` returns."""
        dims = proven_dims(callee.body, self.infer)
        same: dict[Dim, Dim] = {}
        for x in callee.inputs:
            for dim in getattr(x.type, "shape", ()):
                if isinstance(dim, Sym) and not dim.offset and dim.name in known:
                    found = dims.resolve(dim)
                    here = found if isinstance(found, int) else known[dim.name]
                    self.dims.merge(same.setdefault(found, here), known[dim.name])

    def _compare_call(
        self,
        op: Op,
        ours: Sequence[Atom],
        theirs: Sequence[Atom],
        known: dict[str, Dim],
    ) -> None:
        self._require(len(ours) == len(theirs), "wrong number of results", op)
        for x, y in zip(ours, theirs, strict=True):
            expected = substitute(y.type, known, self.dims)
            if not self._same(x.type, expected, new=True):
                self._fail(
                    f"the function has {expected} where the call has {x.type}", op
                )

    def _check_loop(self, op: Op) -> None:
        parts = loop_parts(op)
        if op.name == "for":
            whole = all(_is_integer(x.type) for x in parts.range)
            self._require(whole, "the bounds of a loop are integers", op)
            left = bool(op.attrs["reverse"] and op.attrs["exits"])
            self._require(not left, "a reverse loop has no exit", op)
        else:
            self._check_test(op)
        self._match(parts.carried, parts.initial, "slot and initial value have", op)
        what = "slot and yield have"
        self._match(parts.carried, parts.next, what, op, op.regions[-1])
        self._match(parts.carried, parts.final, "slot and result have", op)
        self._check_scanned(op)
        for x in parts.exit:
            self._require(_is_number(x.type), "the exit flag is no number", op)

    def _check_loop_shape(self, op: Op) -> None:
        regions, bounds = (1, 3) if op.name == "for" else (2, 0)
        self._require(len(op.regions) == regions, "wrong number of regions", op)
        body, count = op.regions[-1], op.attrs["carried"]
        exits = int(op.attrs["exits"])
        stacked = len(body.results) - exits - count
        arity = len(body.params) == 1 + len(op.operands) - bounds
        self._require(arity, "the body's parameters do not fit the operands", op)
        self._require(stacked >= 0, "the body yields too few values", op)
        arity = len(op.results) == count + stacked + 2
        self._require(arity, "the results do not fit what the body yields", op)
        for test in op.regions[:-1]:
            self._require(len(test.results) == 1, "the test yields one value", op)
            what = "test and initial value have different numbers of values"
            self._require(len(test.params) == count, what, op)

    def _check_test(self, op: Op) -> None:
        test, parts = op.regions[0], loop_parts(op)
        self._match(test.params, parts.initial, "test and initial value have", op)

    def _check_scanned(self, op: Op) -> None:
        parts = loop_parts(op)
        for x, element in zip(parts.scanned, parts.elements, strict=True):
            given = element_type(x.type)
            if given is None or not self._fits(element.type, given):
                self._fail(f"an element of {x.type} is no {element.type}", op)
        lengths = [y.type.shape[0] for y in parts.stacked if isinstance(y.type, Array)]
        for item, y in zip(parts.items, parts.stacked, strict=True):
            listed = isinstance(y.type, Seq)
            length = lengths[0] if lengths else 0
            expected = Seq(item.type) if listed else stack_type(item.type, length)
            if not self._same(y.type, expected, new=True):
                self._fail(f"{item.type} stacks to {expected}, not {y.type}", op)

    def _fits(self, element: Type, given: Type) -> bool:
        """Compare types, taking a number of an array for a Python number as well."""
        if isinstance(element, Scalar) and isinstance(given, Scalar):
            return element.dtype == given.dtype
        return self._same(element, given)

    def _match(
        self,
        first: Sequence[Atom],
        second: Sequence[Atom],
        what: str,
        op: Op,
        region: Block | None = None,
    ) -> None:
        """Compare types by what is known about lengths here, or in ``region``."""
        outer = self.dims
        self.dims = outer if region is None else self.proven[region]
        for x, y in zip(first, second, strict=True):
            if not self._same(x.type, y.type):
                self._fail(f"{what} different types: {x.type} and {y.type}", op)
        self.dims = outer

    def _same(self, given: Type, expected: Type, *, new: bool = False) -> bool:
        """Compare types modulo equal dimensions.

        ``new`` symbols stand for anything: those of a result that appear nowhere
        before, and those that inference could only make up.
        """
        if isinstance(given, Scalar) and isinstance(expected, Scalar):
            return given.dtype == expected.dtype and given.weak == expected.weak
        if isinstance(given, Seq) and isinstance(expected, Seq):
            return self._same(given.element, expected.element, new=new)
        if not isinstance(given, Array) or not isinstance(expected, Array):
            return given == expected
        if given.dtype != expected.dtype or len(given.shape) != len(expected.shape):
            return False
        pairs = zip(given.shape, expected.shape, strict=True)
        return all(self._same_dim(g, e, new) for g, e in pairs)

    def _same_dim(self, given: Dim, expected: Dim, new: bool) -> bool:
        if self.dims.equal(given, expected):
            return True
        if new and isinstance(expected, Sym) and expected.name not in self.told:
            return True
        if not new or not isinstance(given, Sym) or given.name in self.symbols:
            return False
        self.dims.merge(given, expected)
        return True


def _seeded(function: Function) -> set[str]:
    """Return the symbols that no parameter but a seed has."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for param in function.params:
        for x in param.tree.leaves():
            found[param.role == "seed"] |= _symbols(x.type)
    return found[True] - found[False]


def _symbols(type_: Type) -> set[str]:
    dims = (getattr(type_, "dim", None), *getattr(type_, "shape", ()))
    return {dim.name for dim in dims if isinstance(dim, Sym)}


def _is_number(type_: Type) -> bool:
    return isinstance(type_, Scalar)


def _is_integer(type_: Type) -> bool:
    return isinstance(type_, Scalar) and type_.dtype.kind in "iu"


def _excerpt(function: Function, op: Op | None) -> str:
    """Return the IR round ``op``, which an arrow marks, or the whole function's."""
    lines = print_ir(function, mark=op).splitlines()
    at = next((i for i, line in enumerate(lines) if line.startswith(MARK)), None)
    if at is None:
        return "\n".join(lines)
    return "\n".join(lines[max(at - CONTEXT, 0) : at + CONTEXT + 1])
