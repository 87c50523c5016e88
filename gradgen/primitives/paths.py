"""Places inside an array: views, one of another, that lead to what is written.

``A.T[0] = v`` writes to ``A``, to element 0 of its transpose. The *path* of a write
is the view that stands before the index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from gradgen.errors import Refusal
from gradgen.ir.dims import Dims
from gradgen.ir.types import Array, Tensor
from gradgen.primitives.indexing import Index, renumbered, selected_type, slots_in
from gradgen.primitives.registry import PRIMITIVES, Attrs, Handle, apply
from gradgen.structs import frozen

SLOT = re.compile(r"\{(\d+)\}")


@frozen
class Step:
    """A view primitive, applied to what the steps before it lead to.

    ``slots`` numbers the operands of the whole op that the primitive takes besides.
    What ``attrs`` say of operands counts those of the step alone: 0 is the array that
    it starts from, 1 the first of ``slots``.
    """

    name: str
    attrs: tuple[tuple[str, Any], ...] = ()
    slots: tuple[int, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Return the attributes by name."""
        return dict(self.attrs)

    def chosen(self, start: Any, operands: Sequence[Any]) -> list[Any]:
        """Return ``start`` and what the step takes out of the operands of the op."""
        return [start, *(operands[slot] for slot in self.slots)]

    def __str__(self) -> str:
        shown = "".join(f", {key}={value}" for key, value in self.attrs)
        return f"{self.name}({', '.join(f'{{{slot}}}' for slot in self.slots)}{shown})"


Path: TypeAlias = tuple[Step, ...]


class View(Protocol):
    """A view that is not part of an op yet: a primitive and its other operands."""

    @property
    def name(self) -> str:
        """Return the name of the primitive."""

    @property
    def attrs(self) -> Mapping[str, Any]:
        """Return its attributes."""

    @property
    def parts(self) -> Sequence[Any]:
        """Return the atoms of its operands after the first."""


def path_of(x: Handle, views: Sequence[View], operands: list[Handle]) -> Path:
    """Return the path along ``views``, and append what it reads to ``operands``."""
    steps = []
    for view in views:
        first = len(operands)
        operands.extend(Handle(x.builder, part) for part in view.parts)
        slots = tuple(range(first, len(operands)))
        steps.append(Step(view.name, tuple(sorted(view.attrs.items())), slots))
    return tuple(steps)


def follow_types(dims: Dims, types: Sequence[Any], path: Path) -> Any:
    """Return the type of the view that a path leads to."""
    found = types[0]
    for step in path:
        rule = PRIMITIVES[step.name].type_rule
        found = rule(dims, step.chosen(found, types), step.options)
        if not isinstance(found, Array):
            raise Refusal("writing into a single element through a view of it")
    return found


def place_type(dims: Dims, types: Sequence[Any], index: Index, path: Path) -> Tensor:
    """Return the type of what a path and an index select."""
    return selected_type(dims, follow_types(dims, types, path), index, types)


def follow(operands: Sequence[Handle], path: Path) -> Handle:
    """Return the view of the first operand that a path leads to."""
    found = operands[0]
    for step in path:
        found = apply(step.name, *step.chosen(found, operands), **step.options)
    return found


def local_index(index: Index, first: int) -> tuple[list[int], Index]:
    """Return the operands that an index reads, and it counting these from ``first``."""
    slots = slots_in(index)
    numbers = {slot: first + at for at, slot in enumerate(slots)}
    return slots, renumbered(index, numbers)


def path_text(types: Sequence[Any], path: Path) -> str:
    """Return the template of the view that a path leads to.

    Written to by ``.flat``, a vector of all elements is a view whatever the layout.
    """
    text, found = "{0}", types[0]
    dims = Dims()
    for step in path:
        if step is path[-1] and makes_vector(step) and len(found.shape) > 1:
            return f"{text}.flat"
        chosen = step.chosen(found, types)
        template = PRIMITIVES[step.name].print_as(chosen, step.options)
        text = _nested(template, text, step.slots)
        found = PRIMITIVES[step.name].type_rule(dims, chosen, step.options)
    return text


def makes_vector(step: Step) -> bool:
    """Tell whether a step puts all elements in one line."""
    return step.name == "flat" or (step.name == "reshape" and len(step.slots) == 1)


def _nested(template: str, start: str, slots: Sequence[int]) -> str:
    def filled(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"{{{slots[number - 1]}}}" if number else start

    return SLOT.sub(filled, template)


def changed(
    change: Callable[[Any], None], x: Any, operands: Sequence[Any], path: Path
) -> Any:
    """Return a copy of ``x`` after ``change`` wrote to the view at the end of a path.

    Which elements the view holds is found by taking the same views of their numbers,
    so that it does not matter where NumPy would make a copy.
    """
    result = np.array(x, order="C")
    if not path:
        change(result)
        return result
    numbers = _numbered(result)
    for step in path:
        evaluate = PRIMITIVES[step.name].evaluate
        numbers = evaluate(*step.chosen(numbers, operands), **step.options)
    elements, places = _elements_at(result, numbers)
    part = elements[places]
    change(part)
    elements[places] = part
    return result


def _numbered(x: Any) -> Any:
    """Return the numbers of all elements of an array, or of both parts of each."""
    numbers = np.arange(x.size).reshape(x.shape)
    return numbers if x.dtype.kind != "c" else 2 * numbers + 1j * (2 * numbers + 1)


def _elements_at(x: Any, numbers: Any) -> tuple[Any, Any]:
    """Return the elements of an array, or their parts, and which of these are meant."""
    elements = x.reshape(-1)
    if numbers.dtype.kind == "c":
        return elements, numbers.real.astype(int) // 2
    if x.dtype.kind == "c":
        elements = elements.view(x.real.dtype)
    return elements, numbers.astype(int)


def path_attrs(index: Index, path: Path) -> Attrs:
    """Return the attributes of an op that writes to a place."""
    return {"index": index, "path": path} if path else {"index": index}
