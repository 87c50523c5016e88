"""Source text while it is drawn, and what is in scope at the place reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

Shape = tuple[str, ...]
MAX_DEPTH = 3


@dataclass(frozen=True)
class Scope:
    """The names that are bound, by what they hold, and the indices in range.

    ``counters`` hold integers. ``loop`` says whether ``break`` may stand here.
    """

    scalars: tuple[str, ...] = ("s",)
    arrays: tuple[tuple[str, Shape], ...] = (
        ("x", ("n",)),
        ("y", ("n",)),
        ("A", ("n", "m")),
    )
    indices: tuple[tuple[str, str], ...] = (
        ("0", "n"),
        ("-1", "n"),
        ("0", "m"),
        ("-1", "m"),
    )
    counters: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    """Lists of numbers that are never empty."""
    stacks: tuple[tuple[str, Shape], ...] = ()
    """Lists of arrays that are never empty."""
    dicts: tuple[str, ...] = ()
    """Dicts of numbers with the keys 0, 1 and 2, and maybe more."""
    masks: tuple[tuple[str, str], ...] = ()
    """Boolean arrays, and the dimension that they are as long as."""
    picks: tuple[tuple[str, str, str], ...] = ()
    """Integer arrays, the dimension that they are in range of, and their length."""
    singles: tuple[tuple[str, Shape], ...] = ()
    """Arrays of single precision."""
    closures: tuple[str, ...] = ()
    """Functions of a number."""
    loop: bool = False

    def names(self, shape: Shape) -> list[str]:
        """Return the arrays of a shape."""
        return [name for name, found in self.arrays if found == shape]

    def within(self, dim: str) -> list[str]:
        """Return the indices in range of a dimension."""
        return [index for index, of in self.indices if of == dim]

    def rank(self, rank: int) -> list[tuple[str, Shape]]:
        """Return the arrays of a rank."""
        return [(name, shape) for name, shape in self.arrays if len(shape) == rank]

    def whole(self) -> list[tuple[str, Shape]]:
        """Return the vectors that are as long as an argument."""
        return [(name, shape) for name, shape in self.rank(1) if shape[0] in "nm"]

    def filled(self) -> list[tuple[str, Shape]]:
        """Return the arrays that have elements."""
        return [*self.whole(), *self.rank(2)]


@dataclass
class Writer:
    """Source text while it is drawn.

    ``write_body`` writes the statements of a block.
    """

    choose: Callable[[Sequence[Any]], Any]
    write_body: Callable[[Writer], None]
    scope: Scope = field(default_factory=Scope)
    lines: list[str] = field(default_factory=list)
    depth: int = 1
    count: int = 0
    helpers: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Write a line."""
        self.lines.append("    " * self.depth + text)

    def body(self) -> None:
        """Write the statements of a block."""
        self.write_body(self)

    def fresh(self, prefix: str) -> str:
        """Return a name that is not used yet."""
        self.count += 1
        return f"{prefix}{self.count}"

    def often(self, times: int) -> bool:
        """Return true ``times`` out of ``times + 1``; false is simpler."""
        return bool(self.choose((False,) + (True,) * times))

    def seldom(self, times: int) -> bool:
        """Return true once out of ``times + 1``; false is simpler."""
        return bool(self.choose((False,) * times + (True,)))

    def need(self, helper: str) -> None:
        """Note that a function from outside is called."""
        if helper not in self.helpers:
            self.helpers.append(helper)

    def bind(self, **changes: Any) -> None:
        """Change the scope."""
        self.scope = replace(self.scope, **changes)

    def add(self, kind: str, *entries: Any) -> None:
        """Add to one of the tuples of the scope."""
        found = getattr(self.scope, kind)
        self.bind(**{kind: tuple(dict.fromkeys((*found, *entries)))})

    def bind_array(self, name: str, shape: Shape) -> None:
        """Let ``name`` hold an array from here on."""
        others = tuple(pair for pair in self.scope.arrays if pair[0] != name)
        self.bind(arrays=(*others, (name, shape)))

    @contextmanager
    def block(self, header: str, **changes: Any) -> Iterator[None]:
        """Write an indented block, at the end of which its names are forgotten."""
        self.say(header)
        outer = self.scope
        self.depth += 1
        self.bind(**changes)
        yield
        self.depth -= 1
        self.scope = outer
