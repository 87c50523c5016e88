"""Modules that are imported when something of theirs is first used.

What stands alone and only some programs need, such as the adjoint of a loop, costs
the others no time. Type checkers and linters are shown an ordinary import::

    if TYPE_CHECKING:
        from gradgen.transforms import loops
    else:
        loops = Deferred("gradgen.transforms.loops")
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class Deferred:
    """A module by its name, imported when an attribute of it is asked for.

    >>> fractions = Deferred("fractions")
    >>> fractions.Fraction(2, 4)
    Fraction(1, 2)
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None

    def __getattr__(self, attribute: str) -> Any:
        if self._module is None:
            self._module = importlib.import_module(self._name)
        return getattr(self._module, attribute)
