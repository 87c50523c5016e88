"""Calls of every function that is lowered, with every form of its options.

A module of this package declares those of a family: ``calls()`` yields what is
supported, and ``REFUSED``, if there is one, holds what must be refused. From the first
is tested what a call computes, what its derivatives are, and that nothing changes with
the size, rank, dtype and memory layout of the arrays, with keywords for positions, or
with a method for the function. A new module is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.primitives.calls.call import Call, is_method, name_of

_MODULES = [
    importlib.import_module(f"{__name__}.{module.name}")
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name)
    if module.name != "call"
]
DECLARED: tuple[Call, ...] = tuple(c for module in _MODULES for c in module.calls())
BY_FUNCTION: dict[str, list[Call]] = {}
for _call in DECLARED:
    BY_FUNCTION.setdefault(name_of(_call.function), []).append(_call)

CALLS = tuple(call for call in DECLARED if not is_method(call.function))
METHOD_CALLS = tuple(call for call in DECLARED if is_method(call.function))
REFUSED: tuple[Call, ...] = tuple(
    call for module in _MODULES for call in getattr(module, "REFUSED", ())
)
