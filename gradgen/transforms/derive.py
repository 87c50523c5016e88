"""Assembles derivative functions from sweeps: gradients, tangents, pullbacks."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Param, Value
from gradgen.ir.naming import unused
from gradgen.ir.tree import NONE, Tree, leaf
from gradgen.ir.types import Array, Scalar, is_floating
from gradgen.primitives.registry import Handle, apply, dims_of
from gradgen.structs import frozen, replace
from gradgen.transforms.adjoint import forward_sweep, reverse_sweep
from gradgen.transforms.fit import materialise, name_after

if TYPE_CHECKING:
    from gradgen.primitives import strictness
    from gradgen.transforms import checks, residuals, tangent
else:
    checks = Deferred("gradgen.transforms.checks")
    strictness = Deferred("gradgen.primitives.strictness")
    residuals = Deferred("gradgen.transforms.residuals")
    tangent = Deferred("gradgen.transforms.tangent")


@frozen
class Selection:
    """What is differentiated: parameters by position, and how results are shaped.

    ``single``: the derivative of one parameter stands alone, not in a tuple;
    ``strict``: where there is no derivative, an error is raised.
    """

    params: tuple[int, ...]
    single: bool = True
    strict: bool = False


def selected_leaves(function: Function, selection: Selection) -> list[Value]:
    """Return the floating leaves of the selected parameters, in order."""
    trees = (function.params[i].tree for i in selection.params)
    return [x for tree in trees for x in tree.leaves() if is_floating(x.type)]


def gradient(
    function: Function, selection: Selection, *, value: bool, aux: bool
) -> Function:
    """Return the function that computes the gradient of a scalar function.

    That of one with an array for a result is the gradient of the sum. ``value`` puts
    the function's value first; ``aux`` says that its result is a pair whose second
    member is handed through.
    """
    builder = forward_sweep(function, selection.strict)
    target = function.result.children[0] if aux else function.result
    (output,) = target.leaves()
    inputs = selected_leaves(function, selection)
    seed = ones_for(Handle(builder, output))
    bars = reverse_sweep(builder, function, inputs, [(output, seed)])
    parts = [_arrange(function, selection, inputs, bars)]
    if value:
        parts.insert(0, function.result)
    elif aux:
        parts.append(function.result.children[1])
    result = parts[0] if len(parts) == 1 else Tree("tuple", tuple(parts))
    suffix = "_value_and_grad" if value else "_grad"
    what = "Value and gradient" if value else "Gradient"
    doc = f"{what} of {function.name} with respect to {_names(function, selection)}"
    name = function.name + suffix
    return _finish(builder, function, name, function.params, result, doc)


def ones_for(y: Handle) -> Handle:
    """Return the cotangent of the sum of all elements of ``y``."""
    if y.rank == 0:
        return Handle(y.builder, Literal.of(1.0))
    return apply("ones", *dims_of(y), builder=y.builder, dtype=y.dtype)


def _names(function: Function, selection: Selection) -> str:
    return ", ".join(function.params[i].name for i in selection.params)


def _arrange(
    function: Function,
    selection: Selection,
    inputs: Sequence[Value],
    derivatives: Sequence[Handle],
) -> Tree:
    """Return derivatives in the structure of the parameters that they belong to."""
    by_input = dict(zip(inputs, (h.atom for h in derivatives), strict=True))

    def place(tree: Tree) -> Tree:
        if tree.kind == "leaf":
            return leaf(by_input[tree.leaf]) if tree.leaf in by_input else NONE
        if tree.kind == "static":
            return NONE
        return replace(tree, children=tuple(map(place, tree.children)))

    trees = [place(function.params[i].tree) for i in selection.params]
    return trees[0] if selection.single else Tree("tuple", tuple(trees))


def _finish(
    builder: Builder,
    function: Function,
    name: str,
    params: tuple[Param, ...],
    result: Tree,
    doc: str,
) -> Function:
    inputs = tuple(x for p in params for x in p.tree.leaves())
    body = builder.block(inputs, list(result.leaves()))
    helpers = builder.helpers
    return Function(name, params, body, result, doc, function.span, helpers)


def checked(
    function: Function, moving: Sequence[int], held: Container[Value] = ()
) -> Function:
    """Return a function with the checks that its strict reverse sweep makes."""
    builder = forward_sweep(function, strictly=True)
    inputs = selected_leaves(function, Selection(tuple(moving)))
    ys = [y for y in function.result.leaves() if is_floating(y.type)]
    moved = [y for y in dict.fromkeys(ys) if isinstance(y, Value)]
    if any(not isinstance(y.type, Scalar | Array) for y in moved):
        raise Refusal(
            "strict=True of jvp is not supported for lists of unknown length",
            "return an array, or check with vjp",
        )
    bars = strictness.uneven_cotangents([Handle(builder, y) for y in moved])
    pairs = list(zip(moved, bars, strict=True))
    reverse_sweep(builder, function, [x for x in inputs if x not in held], pairs)
    return replace(
        function,
        body=builder.block(function.inputs, function.body.results),
        helpers=builder.helpers,
    )


def jvp(
    function: Function,
    moving: Sequence[int],
    held: Container[Value] = (),
    strict: bool = False,
    aux: bool = False,
) -> Function:
    """Return ``f_jvp(args, dots) -> (value, tangent)`` for ``moving`` parameters.

    Of these, the leaves in ``held`` are fixed nevertheless. With ``strict``, tangents
    are checked to be finite. ``aux`` says that the result is a pair whose second member
    has no tangent.
    """
    seeds: dict[Value, Value] = {}
    seed_params = []
    taken = {param.name for param in function.params}
    for i in moving:
        param = function.params[i]
        tree = _mirror(param.tree, "_dot", seeds, held)
        seed_params.append(Param(unused(param.name + "_dot", taken), tree, "seed"))
    builder, dots = tangent.tangent_sweep(function, seeds)
    target = function.result.children[0] if aux else function.result
    moved_by = _prune(target.map(lambda y: _tangent_of(builder, y, dots)))
    if strict:
        builder.span = None
        for y_dot in dict.fromkeys(moved_by.leaves()):
            checks.check_once(Handle(builder, y_dot), function.span)
    params = function.params + tuple(seed_params)
    result = Tree("tuple", (function.result, moved_by))
    moved = ", ".join(function.params[i].name for i in moving)
    doc = f"Value and tangent of {function.name} along {moved}"
    return _finish(builder, function, function.name + "_jvp", params, result, doc)


def product(
    function: Function, moving: Sequence[int], held: Container[Value] = ()
) -> Function:
    """Return ``f_hvp(args, vectors)``, the product of a Jacobian with a vector."""
    joint = jvp(function, moving, held)
    stem = function.name.removesuffix("_grad")
    tangent = joint.result.children[1]
    return replace(
        joint,
        name=f"{stem}_hvp",
        body=replace(joint.body, results=tuple(tangent.leaves())),
        result=tangent,
        doc=f"Product of the Hessian of {stem} with a vector",
    )


def _mirror(
    tree: Tree, suffix: str, seeds: dict[Value, Value], held: Container[Value]
) -> Tree:
    """Return a tree of new values for the floating leaves of ``tree``."""
    if tree.kind == "static":
        return NONE
    if tree.kind != "leaf":
        children = tuple(_mirror(part, suffix, seeds, held) for part in tree.children)
        return replace(tree, children=children)
    x = tree.leaf
    if not isinstance(x, Value) or not is_floating(x.type) or x in held:
        return NONE
    seeds[x] = Value(x.type, x.hint + suffix if x.hint else "", x, suffix)
    return leaf(seeds[x])


def _tangent_of(builder: Builder, y: Atom, dots: dict[Value, Handle]) -> Any:
    if not is_floating(y.type):
        return None
    handle = Handle(builder, y)
    dot = materialise(dots.get(y) if isinstance(y, Value) else None, handle)
    if isinstance(y, Value):
        name_after(dot, y, "_dot")
    return dot.atom


def adjoint(function: Function, selection: Selection, aux: bool = False) -> Function:
    """Return ``f_vjp(args, result_bar) -> (value, bars)``, both sweeps in one.

    ``aux`` says that the result is a pair whose second member has no cotangent.
    """
    builder = forward_sweep(function, selection.strict)
    pairs: list[tuple[Atom, Handle]] = []

    def seed(y: Atom) -> Any:
        if not is_floating(y.type):
            return None
        hint = (getattr(y, "hint", "") or "value") + "_bar"
        bar = Value(y.type, hint, y if isinstance(y, Value) else None, "_bar")
        pairs.append((y, Handle(builder, bar)))
        return bar

    target = function.result.children[0] if aux else function.result
    bar_tree = _prune(target.map(seed))
    inputs = selected_leaves(function, selection)
    bars = reverse_sweep(builder, function, inputs, pairs)
    arranged = _arrange(function, selection, inputs, bars)
    default = 1.0 if _is_scalar(function.result) else None
    name = unused("value_bar", {param.name for param in function.params})
    params = (*function.params, Param(name, bar_tree, "seed", default))
    result = Tree("tuple", (function.result, arranged))
    doc = f"Value and adjoint of {function.name} in {_names(function, selection)}"
    return _finish(builder, function, function.name + "_vjp", params, result, doc)


def split(joint: Function) -> tuple[Function, Function]:
    """Return forward sweep and pullback of an adjoint that is optimised already.

    ``forward(args) -> (value, residuals)`` and ``pullback(residuals, value_bar) ->
    bars``. The residuals are what the reverse sweep still mentions::

        y = sin(x); c = cos(x); x_bar = y_bar * c; return y, x_bar
        ->  y = sin(x); c = cos(x); return y, (c,)   and
            x_bar = y_bar * c; return x_bar
    """
    seed = joint.params[-1]
    value, bars = joint.result.children
    late = _depending(joint.body.ops, set(seed.tree.leaves()))
    early = [op for op in joint.body.ops if op not in late]
    stored = _residuals(late, bars, set(seed.tree.leaves()))
    kept = Tree("tuple", tuple(map(leaf, stored)))
    forward = replace(
        joint,
        name=joint.name.removesuffix("_vjp") + "_forward",
        params=joint.params[:-1],
        result=Tree("tuple", (value, kept)),
    )
    pullback = replace(
        joint,
        name=joint.name.removesuffix("_vjp") + "_pullback",
        params=(Param("residuals", kept, "residual"), seed),
        result=bars,
    )
    return _with_ops(forward, early), _with_ops(pullback, late)


def linearised(joint: Function, count: int) -> tuple[Function, Function]:
    """Return a function and its tangent apart, of a ``jvp`` that is optimised already.

    ``forward(args) -> (value, residuals)`` and ``pushforward(residuals, dots) ->
    tangent``; the last ``count`` parameters bring the dots. A loop computes both the
    function and its tangent: it stands in both, with its tangents dead in the first.
    """
    seeds = joint.params[-count:]
    moving = {x for param in seeds for x in param.tree.leaves()}
    value, tangent = joint.result.children
    late = _depending(joint.body.ops, set(moving))
    stored = _residuals(late, tangent, moving)
    kept = Tree("tuple", tuple(map(leaf, stored)))
    stem = joint.name.removesuffix("_jvp")
    forward = replace(
        joint,
        name=f"{stem}_forward",
        params=joint.params[:-count],
        result=Tree("tuple", (value, kept)),
    )
    pushforward = replace(
        joint,
        name=f"{stem}_pushforward",
        params=(Param("residuals", kept, "residual"), *seeds),
        result=tangent,
    )
    return _with_ops(forward, joint.body.ops), _with_ops(pushforward, late)


def _depending(ops: Sequence[Op], varied: set[Value]) -> list[Op]:
    """Return the ops that depend on the values in ``varied``."""
    late = []
    for op in ops:
        if not varied.isdisjoint(residuals.values_read([op])):
            late.append(op)
            varied.update(op.results)
    return late


def _residuals(late: Sequence[Op], bars: Tree, seeds: set[Value]) -> list[Value]:
    made = residuals.values_made(late) | seeds
    used = residuals.values_read(late, tuple(bars.leaves()))
    return [x for x in used if x not in made]


def _with_ops(function: Function, ops: Sequence[Op]) -> Function:
    inputs = tuple(x for p in function.params for x in p.tree.leaves())
    body = Block(inputs, tuple(ops), tuple(function.result.leaves()))
    return replace(function, body=body)


def _is_scalar(tree: Tree) -> bool:
    return tree.kind == "leaf" and isinstance(tree.leaf.type, Scalar)


def _prune(tree: Tree) -> Tree:
    """Return ``tree`` with None in place of leaves that are None."""
    if tree.kind == "leaf":
        return NONE if tree.leaf is None else tree
    if tree.kind == "static":
        return NONE
    return replace(tree, children=tuple(map(_prune, tree.children)))
