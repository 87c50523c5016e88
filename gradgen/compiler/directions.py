"""``vmap`` and Jacobians that are called inside of a function.

What the inner function does is appended to the program, taken out again, and put in its
place for all examples, or along all directions, at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gradgen.compiler.nested import (
    Part,
    as_handle,
    contents,
    entered,
    gradient,
    jvp,
    map_parts,
    own,
    parts_in,
    positions,
    pull_back,
    push_forward,
    run_part,
    target_of,
    vjp,
)
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, fresh
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.values import Native, Static, children_of, to_python
from gradgen.ir.core import Atom, Block, Literal, Op, Value, walk_ops
from gradgen.ir.tree import Tree
from gradgen.ir.types import Array, is_complex, tensor
from gradgen.primitives.batching import from_front, to_front
from gradgen.primitives.registry import PRIMITIVES, Handle, apply, dim_of
from gradgen.transforms.batching import Batcher
from gradgen.transforms.jacobians import (
    along,
    column_block,
    directions_of,
    row_block,
)
from gradgen.transforms.mapped import mapped_values
from gradgen.transforms.tangent import from_first_region
from gradgen.transforms.vmap import check_count, check_draws

OUTSIDE = "a function over examples that writes to an array from outside of it"


def over_examples(
    frame: Frame, function: Any, step: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``vmap`` of ``function`` returns."""
    if kwargs:
        raise Refusal("vmap takes arguments by position here")
    builder = frame.builder
    found: dict[Value, Handle] = {}
    axes = iter(list(_axes_of_arguments(step.axes[0], args)))

    def enter(x: Any) -> Any:
        axis = next(axes)
        if axis is None:
            return fresh(apply("copy", x)) if isinstance(x, ArrayObject) else x
        lane = Value(tensor(x.dtype, x.type.shape[:axis] + x.type.shape[axis + 1 :]))
        lane.hint = getattr(x.atom, "hint", "")
        found[lane] = to_front(Handle(builder, x.atom), axis)
        return fresh(Handle(builder, lane))

    lanes = [map_parts(arg, enter) for arg in args]
    if not found:
        raise Refusal("vmap of nothing: in_axes selects no array")
    count = _count(list(found.values()))
    start = len(builder.ops)
    value = call(frame, function, lanes, {})
    ops = _taken_out(frame, start)
    _check_writes(ops)
    check_draws(op for op in walk_ops(Block((), ops, ())))
    results = map_parts(value, contents)
    atoms = tuple(y.atom for y in parts_in(results) if isinstance(y, Handle))
    mapped = mapped_values(Block((), ops, atoms), found)
    batcher = Batcher(builder, count, mapped, found)
    _run(frame, batcher, ops, atoms)
    out = iter(list(_axes_of_results(step.axes[1], results)))
    return map_parts(results, lambda y: _leave(batcher, y, next(out)))


def _taken_out(frame: Frame, start: int) -> tuple[Op, ...]:
    ops = tuple(frame.builder.ops[start:])
    del frame.builder.ops[start:]
    frame.builder.forget_lengths({y for op in ops for y in op.results})
    return ops


def _run(
    frame: Frame, batcher: Batcher, ops: Sequence[Op], results: Sequence[Atom]
) -> None:
    builder = frame.builder
    origin, span = builder.origin, builder.span
    batcher.run_all(ops, results)
    builder.origin, builder.span = origin, span


def _check_writes(ops: Sequence[Op]) -> None:
    """Refuse what changes arrays that the function was not given."""
    made = {y for op in ops for y in op.results}
    for op in ops:
        mutates = op.name in PRIMITIVES and PRIMITIVES[op.name].mutates
        if mutates and op.operands[0] not in made:
            raise Refusal(OUTSIDE, "return the values instead")


def _count(arrays: Sequence[Handle]) -> Handle:
    """Return the number of examples, after the check that all arrays have as many."""
    count = dim_of(arrays[0], 0)
    for other in arrays[1:]:
        check_count(count, other, 0)
    return count


def _leave(batcher: Batcher, y: Any, axis: int | None) -> Any:
    """Return a result for all examples."""
    if isinstance(y, Static) and type(y.value) in (bool, int, float, complex):
        y = Handle(batcher.builder, Literal.of(y.value))
    if not isinstance(y, Handle):
        return y
    if axis is None:
        if y.atom in batcher.mapped:
            raise Refusal("out_axes says None of a result that differs by example")
        return entered(batcher.of(y.atom))
    return fresh(apply("copy", from_front(batcher.spread(y.atom), axis)))


def _axes_of_arguments(spec: Tree, args: Sequence[Any]) -> Iterator[int | None]:
    if spec.kind == "leaf":
        for x in parts_in(list(args)):
            mapped = isinstance(x, Handle) and isinstance(x.atom.type, Array)
            yield _normal(spec.leaf, x) if mapped else None
        return
    if len(spec.children) > len(args):
        raise Refusal("in_axes has more entries than there are arguments")
    entries = (*spec.children, *[Tree("none")] * (len(args) - len(spec.children)))
    for entry, arg in zip(entries, args, strict=True):
        yield from _axes_of(entry, arg)


def _axes_of(spec: Tree, value: Any) -> Iterator[int | None]:
    if spec.kind in ("leaf", "none"):
        for x in parts_in(value):
            yield None if spec.kind == "none" else _normal(spec.leaf, x)
        return
    children = children_of(value)
    if len(children) != len(spec.children):
        raise Refusal("axes must have the structure of what they belong to")
    for child, part in zip(spec.children, children, strict=True):
        yield from _axes_of(child, part)


def _axes_of_results(spec: Tree, value: Any) -> Iterator[int | None]:
    if spec.kind == "leaf":
        for y in parts_in(value):
            rank = y.rank + 1 if isinstance(y, Handle) else 1
            yield spec.leaf % rank
        return
    yield from _axes_of(spec, value)


def _normal(axis: int, x: Any) -> int:
    rank = x.rank if isinstance(x, Handle) else 0
    if not -rank <= axis < rank:
        raise Refusal(f"axis {axis} does not fit an array of rank {rank}")
    return axis % rank


def jacobian(
    frame: Frame, function: Any, step: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``jacfwd``, ``jacrev`` or ``jacobian`` of ``function`` returns."""
    chosen = positions(step.argnums, args, kwargs)
    part = run_part(frame, function, args, kwargs, dict.fromkeys(chosen))
    target = target_of(part, step.aux)
    _check_field(part, target, step.holomorphic)
    way = _by_rows if step.kind == "jacrev" else _by_columns
    blocks = entered(way(frame, part, target, step.single))
    return (blocks, part.value[1]) if step.aux else blocks


def _check_field(part: Part, target: Any, holomorphic: bool) -> None:
    numbers = [x for x in parts_in([part.inputs, target]) if isinstance(x, Handle)]
    fields = [is_complex(x.atom.type) for x in numbers]
    if any(fields) and not (holomorphic and all(fields)):
        raise Refusal("a Jacobian of complex functions", "take .real and .imag apart")


def _by_rows(frame: Frame, part: Part, target: Any, single: bool) -> Any:
    """Return the Jacobian, a row for each number of the result."""
    builder = frame.builder
    results = [as_handle(frame, y) for y in parts_in(target)]
    ys = [y for y in results if y is not None]
    seeds = [_seed(y, "_bar") for y in ys]
    start = len(builder.ops)
    pairs = [(y.atom, Handle(builder, s)) for y, s in zip(ys, seeds, strict=True)]
    bars = pull_back(frame, part, pairs, False)
    ops = _taken_out(frame, start)
    shown = [x.atom for x in parts_in(bars) if isinstance(x, Handle)]
    batcher, directions = _swept(frame, ys, seeds, ops, shown)
    numbers = iter(range(len(ys)))

    def rows(y: Any) -> Any:
        if as_handle(frame, y) is None:
            return Static(None)
        k = next(numbers)
        found = [
            map_parts(bar, lambda x: row_block(batcher, directions, k, x.atom))
            for bar in bars
        ]
        return found[0] if single else tuple(found)

    return map_parts(target, rows)


def _by_columns(frame: Frame, part: Part, target: Any, single: bool) -> Any:
    """Return the Jacobian, a column for each number of the arguments."""
    builder = frame.builder
    xs = [x for x in parts_in(part.inputs) if isinstance(x, Handle)]
    seeds = [_seed(x, "_dot") for x in xs]
    start = len(builder.ops) - len(from_first_region(part.ops))
    pairs = zip(xs, seeds, strict=True)
    dots: dict[Any, Handle] = {x.atom: Handle(builder, s) for x, s in pairs}
    moved = map_parts(target, push_forward(frame, part, dots))
    ops = _taken_out(frame, start)
    shown = [y.atom for y in parts_in(moved) if isinstance(y, Handle)]
    batcher, directions = _swept(frame, xs, seeds, ops, shown)

    def columns(y_dot: Any) -> Any:
        if not isinstance(y_dot, Handle):
            return Static(None)
        numbers = iter(range(len(xs)))
        found = [
            map_parts(
                x,
                lambda _: column_block(batcher, directions, next(numbers), y_dot.atom),
            )
            for x in part.inputs
        ]
        return found[0] if single else tuple(found)

    return map_parts(moved, columns)


def _seed(x: Handle, suffix: str) -> Value:
    hint = getattr(x.atom, "hint", "")
    base = x.atom if isinstance(x.atom, Value) else None
    return Value(x.atom.type, hint + suffix if hint else "", base, suffix)


def _swept(
    frame: Frame,
    spaces: Sequence[Handle],
    seeds: Sequence[Value],
    ops: Sequence[Op],
    shown: Sequence[Atom],
) -> Any:
    directions = directions_of(frame.builder, spaces)
    block = Block((), tuple(ops), tuple(shown))
    batcher = along(frame.builder, directions, seeds, block)
    _run(frame, batcher, ops, shown)
    return batcher, directions


def hvp(frame: Frame, make_step: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what ``hvp`` returns: the tangent of a gradient."""
    function, primals, vectors = _product_of("hvp", args, kwargs)
    step = make_step("grad", _moving(vectors))
    slope = Native(lambda frame, a, k: gradient(frame, function, step, a, k))
    return call(frame, Native(jvp), [slope, primals, vectors], {})[1]


def gauss_newton_vp(
    frame: Frame, make_step: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``gauss_newton_vp`` returns: a tangent, pulled back."""
    function, primals, vectors = _product_of("gauss_newton_vp", args, kwargs)
    _, moved = jvp(frame, [function, primals, vectors], {})
    argnums = Static(_moving(vectors))
    _, pullback = vjp(frame, [function, *primals], {"argnums": argnums})
    return call(frame, pullback, [moved], {})


def _product_of(name: str, args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    if len(args) != 3 or kwargs:
        raise Refusal(f"{name} takes a function, arguments and vectors by position")
    return args


def _moving(vectors: Sequence[Any]) -> int | tuple[int, ...]:
    moving = tuple(i for i, v in enumerate(vectors) if v != Static(None))
    return moving[0] if len(moving) == 1 else moving


def hessian(
    frame: Frame, make_step: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``hessian`` returns: the Jacobian of a gradient."""
    function, *rest = args
    options = {name: to_python(value) for name, value in kwargs.items()}
    numbers = [to_python(value) for value in rest]
    inner = make_step("grad", *numbers, **options)
    outer = make_step("jacfwd", *numbers, **options)
    slope = Native(lambda frame, a, k: gradient(frame, function, inner, a, k))
    return Native(lambda frame, a, k: jacobian(frame, slope, outer, a, k))


def derivative(
    frame: Frame, make_step: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``derivative`` returns: Jacobians of Jacobians of a number."""
    function, *rest = args
    order = to_python(kwargs.get("order", rest[0] if rest else Static(1)))
    step = make_step("jacfwd")
    for _ in range(order):
        function = _by_number(function, step)
    return function


def _by_number(function: Any, step: Any) -> Native:
    return Native(lambda frame, a, k: jacobian(frame, function, step, a, k))


def linearize(
    frame: Frame, make_step: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``linearize`` returns, the tangent computed anew for each direction.

    What does not depend on the direction is found to be the same later on.
    """
    options = {name: to_python(value) for name, value in kwargs.items()}
    aux = Static(bool(options.pop("has_aux", False)))
    function, *primals = args
    numbers = options.pop("argnums", None)
    if options:
        raise Refusal("linearize takes no other options than argnums and has_aux")
    given = [map_parts(x, own) for x in primals]
    moving = positions([numbers] if isinstance(numbers, int) else numbers, primals, {})

    def pushforward(frame: Frame, dots: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(dots) != len(moving) or kwargs:
            raise Refusal(f"this takes {len(moving)} tangents")
        placed: list[Any] = [Static(None)] * len(given)
        for k, dot in zip(moving, dots, strict=True):
            placed[k] = dot
        return jvp(frame, [function, given, placed], {"has_aux": aux})[1]

    value = run_part(frame, function, primals, {}, {}).value
    pushed = Native(pushforward)
    return (value[0], pushed, value[1]) if aux.value else (value, pushed)


def outside(frame: Frame, transform: Any, *given: Any) -> Any:
    """Refuse what gives a function a rule: that must be known beforehand."""
    raise Refusal(
        f"{transform.__name__} called inside of a function that is differentiated",
        "decorate the solver outside, and pass what it depends on as arguments",
    )
