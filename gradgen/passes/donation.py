"""Which ops compute into the buffer of an operand."""

from __future__ import annotations

from gradgen.ir.core import Op, Value
from gradgen.passes.memory import writable
from gradgen.passes.plan import Plan, is_derivative, is_named
from gradgen.primitives.facts import same_layout
from gradgen.primitives.registry import PRIMITIVES


def choose_donor(plan: Plan, position: int) -> int | None:
    """Return the operand whose buffer the op computes into.

    Nobody reads the old contents afterwards, so that the result can count as living in
    a buffer of its own.
    """
    op = plan.block.ops[position]
    if not takes_out(op):
        return None
    for slot in donor_slots(op):
        x = op.operands[slot]
        if isinstance(x, Value) and may_donate(plan, position, x):
            _make_statement(plan, x)
            return slot
    return None


def takes_out(op: Op) -> bool:
    """Tell whether ``op`` can be told where to put its result."""
    primitive = PRIMITIVES.get(op.name)
    return primitive is not None and bool(primitive.ufunc)


def donor_slots(op: Op) -> tuple[int, ...]:
    """Return the operands that ``op`` may compute into: of ``a + b``, both."""
    return (0, 1) if PRIMITIVES[op.name].commutative else (0,)


def may_donate(plan: Plan, position: int, x: Value) -> bool:
    """Tell whether the op at ``position`` may compute into the buffer of ``x``."""
    (y,) = plan.block.ops[position].results
    return (
        fits(plan, x, y)
        and writable(plan.memory, x)
        and not read_after(plan, x, position)
        and names_agree(plan, x, y)
        and is_statement(plan, x)
    )


def fits(plan: Plan, x: Value, y: Value) -> bool:
    """Tell whether ``y`` has the dtype and shape of ``x`` in every run."""
    return same_layout(plan.dims, x.type, y.type)


def read_after(plan: Plan, x: Value, position: int) -> bool:
    """Tell whether a later statement reads what ``x`` lives in."""
    near = plan.memory.touching(plan.memory.of(x))
    return any(plan.read.get(root, -1) > position for root in near)


def names_agree(plan: Plan, x: Value, y: Value) -> bool:
    """Tell whether ``y`` may go by the name of ``x``, or ``x`` by that of ``y``.

    What the user named is not changed under its name, and what the forward sweep reads
    gets no derivative's name. A derivative may become another one. Without names,
    ``t *= x`` reads well and ``np.sin(t, out=t)`` does not.
    """
    if not is_named(x):
        if not is_named(y):
            return is_operator(plan, y)
        return not is_derivative(y) or is_derivative(x) or _used_once(plan, x)
    if not is_named(y):
        return is_derivative(x) and is_derivative(y)
    if x.base is None or y.base is None:
        return x.base is y.base and x.hint == y.hint
    if x.suffix != y.suffix:
        return False
    return x.base is y.base or (plan.owner is not None and is_called_alike(x, y))


def is_called_alike(x: Value, y: Value) -> bool:
    """Tell whether two values derive from versions of one variable of the user's.

    In a loop these go by one name, from one iteration to the next.
    """
    if x.base is None or y.base is None:
        return x.base is y.base and bool(x.hint) and x.hint == y.hint
    return x.suffix == y.suffix and is_called_alike(x.base, y.base)


def is_operator(plan: Plan, y: Value) -> bool:
    """Tell whether ``y`` is printed with an operator such as ``+``."""
    op = plan.block.ops[plan.makers[y]]
    template = PRIMITIVES[op.name].print_as([x.type for x in op.operands], op.attrs)
    return template.startswith("{0} ")


def _used_once(plan: Plan, x: Value) -> bool:
    return len(plan.users[x]) == 1


def is_statement(plan: Plan, x: Value) -> bool:
    """Tell whether ``x`` has, or should get, a statement of its own.

    A matrix product is worth one: its sum with a bias then needs no second buffer.
    """
    maker = plan.makers.get(x)
    inline = maker is not None and plan.statement[maker] != maker
    return not inline or plan.block.ops[plan.makers[x]].name == "matmul"


def _make_statement(plan: Plan, x: Value) -> None:
    maker = plan.makers.get(x)
    if maker is not None:
        plan.statement[maker] = maker
