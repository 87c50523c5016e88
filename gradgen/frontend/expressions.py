"""Constants, operators, comparisons, conditions and subscripts."""

from __future__ import annotations

import ast
import enum
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject, fresh, is_sparse
from gradgen.frontend.comparisons import compare, conjunction, negate
from gradgen.frontend.containers import (
    as_test,
    fold,
    is_choice,
    is_open,
    items_of,
    key_in,
    select,
    test_of,
    truth,
)
from gradgen.frontend.frame import (
    Frame,
    evaluate,
    evaluate_optional,
    evaluates,
    guarded,
    refusing,
    static_int,
)
from gradgen.frontend.likeness import OneOf, is_none
from gradgen.frontend.lists import RunList, is_dict
from gradgen.frontend.overloads import is_object, overloaded, overloaded_unary
from gradgen.frontend.values import (
    Foreign,
    KnownSet,
    Maybe,
    Static,
    View,
    describe,
    from_python,
    is_static,
    to_python,
)
from gradgen.primitives.registry import Handle, apply, find_lowering

if TYPE_CHECKING:
    from gradgen.frontend import (
        branches,
        distribution,
        rundicts,
        runlists,
        sets,
        sparse,
    )
else:
    branches = Deferred("gradgen.frontend.branches")
    distribution = Deferred("gradgen.frontend.distribution")
    rundicts = Deferred("gradgen.frontend.rundicts")
    runlists = Deferred("gradgen.frontend.runlists")
    sets = Deferred("gradgen.frontend.sets")
    sparse = Deferred("gradgen.frontend.sparse")

BINARY: dict[type[ast.operator], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("subtract", operator.sub),
    ast.Mult: ("multiply", operator.mul),
    ast.Div: ("divide", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("remainder", operator.mod),
    ast.Pow: ("power", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("bitwise_and", operator.and_),
    ast.BitOr: ("bitwise_or", operator.or_),
    ast.BitXor: ("bitwise_xor", operator.xor),
    ast.LShift: ("left_shift", operator.lshift),
    ast.RShift: ("right_shift", operator.rshift),
}
UNARY: dict[type[ast.unaryop], tuple[str, Callable[..., Any]]] = {
    ast.USub: ("negative", operator.neg),
    ast.UAdd: ("positive", operator.pos),
    ast.Invert: ("invert", operator.invert),
}
COMPARE: dict[type[ast.cmpop], tuple[str, Callable[..., Any]]] = {
    ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le),
    ast.Gt: ("greater", operator.gt),
    ast.GtE: ("greater_equal", operator.ge),
    ast.Eq: ("equal", operator.eq),
    ast.NotEq: ("not_equal", operator.ne),
}


@evaluates(ast.Constant)
def _constant(frame: Frame, node: ast.Constant) -> Any:
    return Static(node.value)


@evaluates(ast.BinOp)
def _binary(frame: Frame, node: ast.BinOp) -> Any:
    left = evaluate(frame, node.left)
    return combine(frame, type(node.op), left, evaluate(frame, node.right))


def combine(frame: Frame, kind: type[ast.operator], left: Any, right: Any) -> Any:
    """Return ``left <op> right``."""
    name, function = BINARY[kind]
    if OneOf in (type(left), type(right)):
        return distribution.distribute(
            frame, lambda x, y: combine(frame, kind, x, y), left, right
        )
    if KnownSet in (type(left), type(right)):
        return sets.combined(function, left, right)
    if isinstance(left, Static) and isinstance(right, Static):
        return fold(function, left.value, right.value)
    if is_object(left) or is_object(right):
        return overloaded(frame, function, left, right)
    if function is operator.mul and _is_repetition(left, right):
        return _repeat(frame, left, right)
    if function is operator.add and RunList in (type(left), type(right)):
        return runlists.joined(frame, left, right)
    if isinstance(left, Handle) or isinstance(right, Handle):
        return _apply_operator(frame, name, function, [left, right])
    return _combine_containers(frame, function, left, right)


def _apply_operator(
    frame: Frame, name: str, function: Callable[..., Any], operands: Sequence[Any]
) -> Any:
    """Append an operator, by the lowering of its function if it has one."""
    for operand in operands:
        if isinstance(operand, list | tuple | dict):
            kind = type(operand).__name__
            raise Refusal(
                f"array arithmetic with a {kind} is not supported",
                f"np.array(…) of the {kind}",
            )
    if any(map(is_sparse, operands)):
        with refusing():
            return sparse.combine(name, [to_python(x) for x in operands])
    lowering = find_lowering(function)
    plain = [to_python(operand) for operand in operands]
    with refusing():
        if lowering is not None:
            return _fresh(lowering(*plain))
        return _fresh(apply(name, *plain, builder=frame.builder))


def _fresh(result: Any) -> Any:
    """Return the result of an operator, which shares no memory with its operands."""
    if isinstance(result, ArrayObject):
        return fresh(result)
    return from_python(result)


def _combine_containers(
    frame: Frame, function: Callable[..., Any], left: Any, right: Any
) -> Any:
    same = type(left) is type(right)
    if same and isinstance(left, list | tuple) and function is operator.add:
        return left + right
    if same and isinstance(left, dict) and function is operator.or_:
        return left | right
    raise Refusal(
        f"this operator on {describe(left)} and {describe(right)}",
        "the numbers or arrays that they hold",
    )


def _is_repetition(left: Any, right: Any) -> bool:
    """Tell whether a list or tuple is multiplied by a Python int."""
    pair = (left, right)
    return any(isinstance(v, list | tuple) for v in pair) and any(map(_is_int, pair))


def _is_int(value: Any) -> bool:
    if isinstance(value, Handle):
        return bool(value.type.weak and value.dtype.kind == "i")
    return isinstance(value, Static) and isinstance(value.value, int)


def _repeat(frame: Frame, left: Any, right: Any) -> Any:
    many, count = (left, right) if isinstance(left, list | tuple) else (right, left)
    if isinstance(many, list) and is_open(frame, count):
        return runlists.repeated(frame, many, count)
    return many * static_int(count)


@evaluates(ast.UnaryOp)
def _unary(frame: Frame, node: ast.UnaryOp) -> Any:
    value = evaluate(frame, node.operand)
    if isinstance(node.op, ast.Not):
        return negate(frame, value)
    name, function = UNARY[type(node.op)]
    if isinstance(value, Static):
        return fold(function, value.value)
    if isinstance(value, Handle):
        return _apply_operator(frame, name, function, [value])
    return overloaded_unary(frame, function, value)


@evaluates(ast.Compare)
def _compare(frame: Frame, node: ast.Compare) -> Any:
    """Evaluate a chain of comparisons, each operand once, up to the first false one."""
    if _tests_for_none(node):
        return _none_test(frame, node)
    left = evaluate(frame, node.left)
    pairs = list(zip(node.ops, node.comparators, strict=True))
    return _compare_chain(frame, left, pairs)


def _tests_for_none(node: ast.Compare) -> bool:
    right = node.comparators[0]
    known = isinstance(right, ast.Constant) and right.value is None
    return known and isinstance(node.ops[0], ast.Is | ast.IsNot) and len(node.ops) == 1


def _none_test(frame: Frame, node: ast.Compare) -> Any:
    """Evaluate ``value is None``, of what may be None on some paths only, too."""
    value = evaluate_optional(frame, node.left)
    present = value.flag if isinstance(value, Maybe) else _is_present(frame, value)
    return present if isinstance(node.ops[0], ast.IsNot) else negate(frame, present)


def _is_present(frame: Frame, value: Any) -> Any:
    if isinstance(value, OneOf):
        return distribution.distribute(frame, lambda x: Static(not is_none(x)), value)
    return Static(not is_none(value))


def _compare_chain(
    frame: Frame, left: Any, pairs: list[tuple[ast.cmpop, ast.expr]]
) -> Any:
    (op, comparator), *rest = pairs
    right = evaluate(frame, comparator)
    part = _compare_pair(frame, op, left, right)
    if not rest:
        return part
    if not isinstance(part, Handle):
        return _compare_chain(frame, right, rest) if truth(frame, part) else part
    if _is_plain(rest[0][1]) and not part.shape:
        return conjunction(frame, [part, _compare_chain(frame, right, rest)])
    return branches.choose_value(
        frame, part, lambda: _compare_chain(frame, right, rest), lambda: part
    )


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Constant)


def _compare_pair(frame: Frame, op: ast.cmpop, left: Any, right: Any) -> Any:
    if OneOf in (type(left), type(right)):
        return distribution.distribute(
            frame, lambda x, y: _compare_pair(frame, op, x, y), left, right
        )
    if isinstance(op, ast.Is | ast.IsNot):
        return Static(is_same(left, right) is isinstance(op, ast.Is))
    if isinstance(op, ast.In | ast.NotIn):
        found = _contains_now(frame, right, left)
        if found is not None:
            return found if isinstance(op, ast.In) else negate(frame, found)
        return Static(_contains(frame, right, left) is isinstance(op, ast.In))
    name, function = COMPARE[type(op)]
    return compare(frame, name, function, left, right)


SINGLE = (type(None), type(...), type(NotImplemented), type)


def is_same(left: Any, right: Any) -> bool:
    """Return ``left is right`` where that is certain."""
    pair = (left, right)
    if any(isinstance(v, Static) and isinstance(v.value, SINGLE) for v in pair):
        both = all(isinstance(v, Static) for v in pair)
        return both and left.value is right.value
    if all(isinstance(v, Static) and _is_single(v.value) for v in pair):
        return left.value is right.value
    if all(isinstance(v, list | dict) for v in pair):
        return left is right
    if all(isinstance(v, Foreign) for v in pair) and left.root == right.root:
        return True
    raise Refusal(
        f"whether {describe(left)} is {describe(right)} is not known",
        "compare with '=='",
    )


def _is_single(value: Any) -> bool:
    """Tell whether equal objects like ``value`` are the same object."""
    return callable(value) or isinstance(value, bool | enum.Enum)


def _contains_now(frame: Frame, owner: Any, item: Any) -> Any:
    """Return whether a container that only a run knows has an item, else None."""
    keys = owner.owner if isinstance(owner, View) and owner.kind == "keys" else owner
    if isinstance(keys, dict) and is_choice(frame, item):
        return distribution.contains(frame, keys, item)
    if is_dict(keys) or (isinstance(keys, dict) and is_open(frame, item)):
        return rundicts.contains(frame, keys, item)
    return runlists.contains(frame, owner, item) if isinstance(owner, RunList) else None


def _contains(frame: Frame, owner: Any, item: Any) -> bool:
    if isinstance(owner, dict) or (isinstance(owner, View) and owner.kind == "keys"):
        keys = owner if isinstance(owner, dict) else owner.owner
        return key_in(keys, item, present=False) in keys
    if isinstance(owner, KnownSet):
        return sets.contains(frame, owner, item)
    if isinstance(owner, Static) and is_static(item):
        found = fold(operator.contains, owner.value, to_python(item))
        return bool(found.value)
    if not isinstance(owner, list | tuple | View):
        raise Refusal(
            f"whether {describe(owner)} contains {describe(item)} is not known",
            "a tuple or a frozenset, a loop that compares, or np.any(x == y)",
        )
    for part in items_of(frame, owner):
        equal = compare(frame, "equal", operator.eq, part, item)
        if truth(frame, equal):
            return True
    return False


@evaluates(ast.BoolOp)
def _boolean(frame: Frame, node: ast.BoolOp) -> Any:
    """Evaluate ``and`` and ``or`` as far as Python does."""
    return _bool_chain(frame, isinstance(node.op, ast.Or), node.values)


def _bool_chain(frame: Frame, stop: bool, parts: Sequence[ast.expr]) -> Any:
    value = evaluate(frame, parts[0])
    if len(parts) == 1:
        return value
    cond = guarded(frame, parts[0], lambda frame, _: as_test(frame, value))

    def rest() -> Any:
        return _bool_chain(frame, stop, parts[1:])

    if not isinstance(cond, Handle):
        return value if cond is stop else rest()
    if isinstance(value, RunList):
        value = cond
    if stop:
        return branches.choose_value(frame, cond, lambda: value, rest)
    return branches.choose_value(frame, cond, rest, lambda: value)


@evaluates(ast.IfExp)
def _conditional(frame: Frame, node: ast.IfExp) -> Any:
    cond = test_of(frame, node.test)
    if not isinstance(cond, Handle):
        return evaluate_optional(frame, node.body if cond else node.orelse)
    return branches.choose_value(
        frame,
        cond,
        lambda: evaluate_optional(frame, node.body),
        lambda: evaluate_optional(frame, node.orelse),
    )


@evaluates(ast.Subscript)
def _subscript(frame: Frame, node: ast.Subscript) -> Any:
    owner = evaluate(frame, node.value)
    index = evaluate(frame, node.slice)
    with refusing():
        return select(frame, owner, index)


@evaluates(ast.Slice)
def _slice(frame: Frame, node: ast.Slice) -> Any:
    parts = [
        None if bound is None else to_python(evaluate(frame, bound))
        for bound in (node.lower, node.upper, node.step)
    ]
    return Static(slice(*parts))
