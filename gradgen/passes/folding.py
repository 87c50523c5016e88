"""What the rules of branches and loops share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gradgen.ir.core import Atom, Literal, Op, Value
from gradgen.ir.types import same_type
from gradgen.passes.rewriting import inherit_name
from gradgen.structs import field, struct


@struct
class Folding:
    """What stands for values that go, and which conditions are known to hold or not."""

    uses: dict[Value, int]
    replaced: dict[Value, Atom] = field(default_factory=dict)
    known: dict[Atom, bool] = field(default_factory=dict)

    def look_up(self, atom: Atom) -> Atom:
        """Return what stands for ``atom``."""
        while isinstance(atom, Value) and atom in self.replaced:
            atom = self.replaced[atom]
        return atom

    def put(self, old: Value, new: Atom, *, named: bool = True) -> None:
        """Let ``new`` stand for ``old`` if that is used, and take over its name."""
        new = self.look_up(new)
        if new is old or not self.used(old):
            return
        self.replaced[old] = new
        if isinstance(new, Value):
            self.uses[new] = self.uses.get(new, 0) + self.uses[old]
            if named:
                inherit_name(new, old)

    def may_put(self, old: Value, new: Atom) -> bool:
        """Tell whether ``new`` can stand for ``old``, an operand of anything.

        Lengths under other names might leave types behind that do not match.
        """
        new = self.look_up(new)
        return not self.used(old) or (
            not is_undefined(new) and same_type(new.type, old.type)
        )

    def used(self, value: Value) -> bool:
        """Tell whether anything reads ``value``."""
        return self.uses.get(value, 0) > 0

    def truth(self, cond: Atom) -> bool | None:
        """Return what is known of a condition."""
        cond = self.look_up(cond)
        if isinstance(cond, Literal) and not cond.is_undefined:
            return bool(cond.value)
        return self.known.get(cond)


Rule: TypeAlias = Callable[[Folding, Op], list[Op] | None]
"""Returns the ops that take the place of a region op, None if the op stays."""


def is_undefined(atom: Atom) -> bool:
    """Tell whether ``atom`` is no value."""
    return isinstance(atom, Literal) and atom.is_undefined
