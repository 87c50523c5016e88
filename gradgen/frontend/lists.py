"""Lists of which only a run knows the length, or which element is meant, as objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.arrays import Buffer
from gradgen.ir.core import Atom
from gradgen.ir.types import Type
from gradgen.primitives.lists import stack
from gradgen.primitives.registry import Handle, find_lowering
from gradgen.structs import struct

COPIES = "copies, such as xs.append(x.copy())"
CHANGING = frozenset(
    [
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "reverse",
        "sort",
        "update",
        "setdefault",
        "popitem",
    ]
)
"""Methods that change a list or dict."""


@struct
class RunList:
    """A list whose length, or which element of it is meant, is known only at run time.

    Its elements have one form, and each number or array in it a column. What the
    columns hold is the list's; ``held`` stands for the arrays that it refers to.
    ``origin`` are the items that it was made of, when its columns were ``initial``.
    ``loose`` says that some numbers in it may be arrays without axes. With ``key``, the
    type of its keys, it is a dict.
    """

    form: Any
    columns: tuple[Buffer, ...]
    held: Buffer
    initial: tuple[Atom, ...] = ()
    origin: Any = None
    loose: bool = False
    key: Type | None = None

    @property
    def versions(self) -> tuple[Atom, ...]:
        """Return the newest contents of the columns."""
        for column in self.columns:
            if column.doubt:
                raise Refusal(column.doubt, "a copy of the list, list(…)")
        return tuple(column.version for column in self.columns)

    @property
    def handles(self) -> list[Handle]:
        """Return the newest contents of the columns, as handles."""
        return [Handle(self.held.builder, version) for version in self.versions]

    def check_elements(self) -> None:
        """Refuse to read arrays that may have been written to since they came in."""
        if self.held.doubt:
            raise Refusal(self.held.doubt, COPIES)

    def as_result(self) -> Handle:
        """Return the list as a function returns it."""
        self.check_elements()
        if self.form.kind != "leaf" or self.key is not None:
            kind = "list of lists or tuples" if self.key is None else "dict"
            raise Refusal(
                f"a {kind} cannot be returned whose length only a run knows",
                "a list of numbers or arrays for each part",
            )
        (xs,) = self.handles
        return xs

    def as_array(self) -> Handle:
        """Return what NumPy makes of the list."""
        self.check_elements()
        if self.key is not None or self.form.kind not in ("leaf", "tuple"):
            raise Refusal(
                "an array of a list of lists whose lengths only a run knows",
                "an array that is filled, as in A[i, j] = …",
            )
        columns = [self._stacked(xs) for xs in self.handles]
        if self.form.kind == "leaf":
            return columns[0]
        return self._side_by_side(columns)

    def _side_by_side(self, columns: list[Handle]) -> Handle:
        """Return what NumPy makes of tuples of numbers or arrays of one shape."""
        lowering = find_lowering(np.stack)
        if lowering is None or any(part.kind != "leaf" for part in self.form.parts):
            raise Refusal("an array of a list of such tuples", "a list of arrays")
        return lowering(columns, axis=1)  # type: ignore[no-any-return]

    def _stacked(self, xs: Handle) -> Handle:
        key = ("stack", xs.atom)
        views = xs.builder.views
        if key not in views:
            views[key] = stack(xs).atom
        return Handle(xs.builder, views[key])


def is_dict(value: Any) -> bool:
    """Tell whether ``value`` is a dict whose keys only a run knows."""
    return isinstance(value, RunList) and value.key is not None
