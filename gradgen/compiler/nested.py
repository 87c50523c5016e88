"""Derivatives taken inside of a function that is itself being differentiated.

``grad(f)(x)`` within a function is what ``f(x)`` appends to the program, and after it
the reverse sweep of just that part. So the result is IR like any other, and can be
differentiated in turn. The inputs get names of their own first: what else the function
does with the same values is no part of the derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradgen.compiler.results import check_form
from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, fresh
from gradgen.frontend.frame import Frame, call
from gradgen.frontend.values import Native, Record, Static, to_python
from gradgen.ir.core import Atom, Block, Function, Literal, Op, Value
from gradgen.ir.tree import NONE
from gradgen.ir.types import Scalar, is_complex, is_floating
from gradgen.primitives.registry import Handle, apply, require_same_shape
from gradgen.structs import struct
from gradgen.transforms.adjoint import reverse_sweep
from gradgen.transforms.derive import ones_for
from gradgen.transforms.fit import materialise

if TYPE_CHECKING:
    from gradgen.transforms import tangent
else:
    tangent = Deferred("gradgen.transforms.tangent")

OUTER = "differentiate the outer function, or pass plain arrays and numbers"


@struct
class Part:
    """What a call appended to the program: its ops, inputs and result.

    ``inputs`` and ``results`` are the contents of arrays as they were at the time;
    ``value`` holds the arrays themselves, which may be written to later.
    """

    ops: tuple[Op, ...]
    inputs: list[Any]
    results: Any
    value: Any


def run_part(
    frame: Frame,
    function: Any,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    moving: Mapping[int, Sequence[bool] | None],
) -> Part:
    """Call ``function`` with new names for what is differentiated by.

    ``moving`` says by number which arguments that is, and which of their leaves, None
    for all of them.
    """
    renamed = [map_parts(arg, own) for arg in args]
    kwargs = {name: map_parts(arg, own) for name, arg in kwargs.items()}
    inputs = []
    for i, flags in moving.items():
        given = parts_in(renamed[i])
        chosen = [True] * len(given) if flags is None else flags
        found = [
            _rename(frame, x) if moves else x
            for x, moves in zip(given, chosen, strict=True)
        ]
        renamed[i] = _filled(renamed[i], found)
        held = [
            contents(x) if moves else Static(None)
            for x, moves in zip(found, chosen, strict=True)
        ]
        inputs.append(_filled(renamed[i], held))
    start = len(frame.builder.ops)
    with _deeper(frame):
        value = call(frame, function, renamed, kwargs)
    ops = tuple(frame.builder.ops[start:])
    return Part(ops, inputs, map_parts(value, contents), value)


@contextmanager
def _deeper(frame: Frame) -> Iterator[None]:
    """Let rules be lowered for one more derivative meanwhile."""
    frame.builder.order += 1
    try:
        yield
    finally:
        frame.builder.order -= 1


def _filled(value: Any, leaves: Sequence[Any]) -> Any:
    """Return a container of abstract values with others for what it holds."""
    supply = iter(leaves)
    return map_parts(value, lambda _: next(supply))


def contents(x: Any) -> Any:
    """Return the contents that an array has now."""
    return Handle(x.builder, x.atom) if isinstance(x, ArrayObject) else x


def entered(value: Any) -> Any:
    """Return derivatives as arrays that nobody else holds."""
    return map_parts(value, lambda x: fresh(x) if isinstance(x, Handle) else x)


def own(x: Any) -> Any:
    """Return an array with the contents of ``x``: a derivative writes to copies."""
    return fresh(Handle(x.builder, x.atom)) if isinstance(x, ArrayObject) else x


def _rename(frame: Frame, x: Any) -> Any:
    """Return a value equal to ``x`` that nothing else uses."""
    if isinstance(x, Static) and type(x.value) in (int, float, complex):
        number = x.value if type(x.value) is complex else float(x.value)
        x = Handle(frame.builder, Literal.of(number))
    if isinstance(x, Static) and x.value is None:
        return x
    if not _moves(x):
        raise Refusal("a derivative is asked for by what has none", OUTER)
    return fresh(apply("multiply", 1, x))


def map_parts(value: Any, function: Callable[[Any], Any]) -> Any:
    """Return a container of abstract values with ``function`` applied to each."""
    if isinstance(value, list | tuple):
        return type(value)(map_parts(x, function) for x in value)
    if isinstance(value, dict):
        return {key: map_parts(x, function) for key, x in value.items()}
    if isinstance(value, Record):
        fields = {key: map_parts(x, function) for key, x in value.fields.items()}
        return Record(value.cls, fields)
    return function(value)


def parts_in(value: Any) -> list[Any]:
    """Return what a container of abstract values holds, from left to right."""
    found: list[Any] = []
    map_parts(value, found.append)
    return found


@contextmanager
def _strictly(frame: Frame, strict: bool) -> Iterator[None]:
    """Let derivatives be strict meanwhile, unless they are anyway."""
    builder = frame.builder
    before, builder.strict = builder.strict, builder.strict or strict
    try:
        yield
    finally:
        builder.strict = before


def pull_back(
    frame: Frame, part: Part, seeds: Sequence[tuple[Atom, Handle]], strict: bool
) -> list[Any]:
    """Append the reverse sweep of a part; return cotangents like its inputs."""
    builder = frame.builder
    handles = [x for x in parts_in(part.inputs) if isinstance(x, Handle)]
    inputs = [x.atom for x in handles if isinstance(x.atom, Value)]
    results = tuple(atom for atom, _ in seeds)
    origin, span = builder.origin, builder.span
    function = Function("part", (), Block((), part.ops, results), NONE, span=span)
    with _strictly(frame, strict):
        bars: Iterator[Handle] = iter(reverse_sweep(builder, function, inputs, seeds))
    builder.origin, builder.span = origin, span
    return [
        map_parts(arg, lambda x: next(bars) if isinstance(x, Handle) else x)
        for arg in part.inputs
    ]


def gradient(
    frame: Frame, function: Any, step: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    """Return what ``grad`` or ``value_and_grad`` of ``function`` returns."""
    chosen = positions(step.argnums, args, kwargs)
    with _strictly(frame, step.strict):
        part = run_part(frame, function, args, kwargs, dict.fromkeys(chosen))
    target = target_of(part, step.aux)
    target = as_handle(frame, target)
    scalar = target is not None and isinstance(target.type, Scalar)
    if target is None or not (scalar or step.kind == "elementwise_grad"):
        raise Refusal("grad needs a function that returns a real number", "use vjp")
    _check_field(part, target, step.holomorphic)
    bars = pull_back(frame, part, [(target.atom, ones_for(target))], step.strict)
    result = entered(bars[0] if step.single else tuple(bars))
    if step.kind == "value_and_grad":
        return part.value, result
    return (result, part.value[1]) if step.aux else result


def _check_field(part: Part, target: Handle, holomorphic: bool) -> None:
    """Refuse a complex result, but of a function said to be holomorphic."""
    fields = [x for x in parts_in(part.inputs) if isinstance(x, Handle)]
    if holomorphic and not all(is_complex(x.type) for x in (*fields, target)):
        raise Refusal("with holomorphic=True, arguments and result must be complex")
    if is_complex(target.type) and not holomorphic:
        raise Refusal("grad needs a function that returns a real number", ".real")


def as_handle(frame: Frame, x: Any) -> Handle | None:
    """Return the handle of a floating value; None for anything else."""
    check_form(x)
    if isinstance(x, Static) and type(x.value) in (float, complex):
        return Handle(frame.builder, Literal.of(x.value))
    return x if _moves(x) else None


def positions(
    argnums: Sequence[int] | None, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[int, ...]:
    """Return which positional arguments are differentiated by."""
    if argnums is None:
        chosen = [i for i, arg in enumerate(args) if any(map(_moves, parts_in(arg)))]
        return tuple(chosen)
    if kwargs and any(n < 0 or n >= len(args) for n in argnums):
        raise Refusal("what is differentiated by must be passed by position here")
    if any(not -len(args) <= n < len(args) for n in argnums):
        raise Refusal(f"argnums={tuple(argnums)} is out of range")
    return tuple(n % len(args) for n in argnums)


def _moves(x: Any) -> bool:
    return isinstance(x, Handle) and is_floating(x.atom.type)


def _may_move(x: Any) -> bool:
    """Tell whether a leaf is a floating number, known or not, or an array of these."""
    known = isinstance(x, Static) and isinstance(x.value, float | complex)
    return known or _moves(x)


def jvp(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what ``jvp`` returns."""
    if "strict" in kwargs:
        raise Refusal(
            "strict=True of jvp is not supported in a differentiated function",
            "strict=True of the derivative of the outer function",
        )
    options = {name: to_python(value) for name, value in kwargs.items()}
    aux = bool(options.pop("has_aux", False))
    if len(args) != 3 or options:
        raise Refusal("jvp takes a function, arguments and tangents")
    function, primals, tangents = args
    if len(primals) != len(tangents):
        raise Refusal("jvp needs as many tangents as arguments")
    moving = {
        i: [x != Static(None) for x in parts_in(dot)]
        for i, dot in enumerate(tangents)
        if dot != Static(None)
    }
    if any(len(parts_in(primals[i])) != len(flags) for i, flags in moving.items()):
        raise Refusal("a tangent must have the structure of its argument")
    part = run_part(frame, function, list(primals), {}, moving)
    dots = _directions(part, [tangents[i] for i in moving], frame)
    moved = entered(map_parts(target_of(part, aux), push_forward(frame, part, dots)))
    return (part.value[0], moved, part.value[1]) if aux else (part.value, moved)


def target_of(part: Part, aux: bool) -> Any:
    """Return what is differentiated of a result: with ``aux``, the first of a pair."""
    if not aux:
        return part.results
    if not isinstance(part.value, tuple) or len(part.value) != 2:
        raise Refusal("with has_aux=True, a function must return a pair")
    return part.results[0]


def _directions(
    part: Part, tangents: Sequence[Any], frame: Frame
) -> dict[Value, Handle]:
    """Return the tangents of the inputs of a part."""
    xs, x_dots = parts_in(part.inputs), parts_in(tangents)
    dots: dict[Value, Handle] = {}
    for x, x_dot in zip(xs, x_dots, strict=True):
        if x_dot == Static(None):
            continue
        handle = as_handle(frame, x_dot)
        if handle is None or not require_same_shape(handle, x):
            raise Refusal("a tangent must have the shape of its argument")
        if is_complex(handle.type) and not is_complex(x.type):
            raise Refusal("the tangent of a real argument must be real")
        dots[x.atom] = materialise(handle, x)
    return dots


def push_forward(
    frame: Frame, part: Part, dots: dict[Value, Handle]
) -> Callable[[Any], Any]:
    """Append the tangents of a part; return what gives that of a result.

    ``dots`` holds the tangents of the inputs, and gets those of all values.
    """
    builder = frame.builder
    results = tuple(y.atom for y in parts_in(part.results) if isinstance(y, Handle))
    origin, span = builder.origin, builder.span
    tangent.push_tangents(builder, Block((), part.ops, results), dots)
    builder.origin, builder.span = origin, span
    return lambda y: _tangent(frame, y, dots)


def _tangent(frame: Frame, y: Any, dots: dict[Value, Handle]) -> Any:
    handle = as_handle(frame, y)
    if handle is None:
        return Static(None)
    dot = dots.get(handle.atom) if isinstance(handle.atom, Value) else None
    return materialise(dot, handle)


def vjp(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return what ``vjp`` returns."""
    function, *primals = args
    argnums = to_python(kwargs.pop("argnums", Static(None)))
    strict = bool(to_python(kwargs.pop("strict", Static(False))))
    aux = bool(to_python(kwargs.pop("has_aux", Static(False))))
    if kwargs:
        raise Refusal("vjp takes no other options than argnums, has_aux and strict")
    numbers = [argnums] if isinstance(argnums, int) else argnums
    moving: dict[int, Sequence[bool] | None] = dict.fromkeys(
        positions(numbers, primals, {})
    )
    if numbers is None:
        moving = {i: [*map(_may_move, parts_in(primals[i]))] for i in moving}
    with _strictly(frame, strict):
        part = run_part(frame, function, primals, {}, moving)
    target = target_of(part, aux)

    def pullback(frame: Frame, bars: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(bars) != 1 or kwargs:
            raise Refusal("a pullback takes one cotangent")
        seeds = _cotangents(frame, target, bars[0])
        found = pull_back(frame, part, seeds, strict)
        return entered(found[0] if isinstance(argnums, int) else tuple(found))

    pulled = Native(pullback)
    return (part.value[0], pulled, part.value[1]) if aux else (part.value, pulled)


def _cotangents(frame: Frame, value: Any, bar: Any) -> list[tuple[Atom, Handle]]:
    ys, y_bars = parts_in(value), parts_in(bar)
    if len(ys) != len(y_bars):
        raise Refusal("a cotangent must have the structure of the result")
    pairs = []
    for y, y_bar in zip(ys, y_bars, strict=True):
        handle, seed = as_handle(frame, y), as_handle(frame, y_bar)
        if handle is None or y_bar == Static(None):
            continue
        if seed is None or not require_same_shape(seed, handle):
            raise Refusal("a cotangent must have the shape of the result")
        if is_complex(seed.type) and not is_complex(handle.type):
            raise Refusal("the cotangent of a real result must be real")
        pairs.append((handle.atom, seed))
    return pairs
