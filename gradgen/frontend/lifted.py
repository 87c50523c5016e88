"""Python functions made of inner ones, which get what these see as parameters.

Such a function stands where the inner one stands in the user's file: tracebacks, and
what is refused, point there.
"""

from __future__ import annotations

import ast
import types
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.bytecode import compile_inner
from gradgen.frontend.frame import Context
from gradgen.frontend.scope import FunctionNode
from gradgen.frontend.source import MADE, Source
from gradgen.frontend.values import children_of
from gradgen.structs import field, struct

HELD = "a function that is integrated must not write to what it sees around it"
CONSTANTS = (bool, int, float, complex, str, bytes, type(None), np.generic)

_functions: weakref.WeakValueDictionary[Any, types.FunctionType] = (
    weakref.WeakValueDictionary()
)
"""Functions made before: what has been compiled for them serves again."""


@struct
class Draft:
    """What a function is made of, in the place of ``node``.

    It sees what ``source.function`` sees, some of it in ``cells`` of that function, and
    what is ``known`` under names of its own. The rest is passed as ``captured``. The
    statements of ``head`` come first.
    """

    node: FunctionNode
    source: Source
    name: str
    arguments: ast.arguments
    captured: tuple[str, ...] = ()
    cells: dict[str, types.CellType] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    head: list[ast.stmt] = field(default_factory=list)
    defaults: dict[str, Any] = field(default_factory=dict)

    def make(self) -> types.FunctionType:
        """Return the function; it is the same one for an equal draft."""
        outer = self.source.function
        node = self._definition()
        code = compile_inner(node, outer, (*self.cells, *self.known))
        seen = [self._seen(name) for name in code.co_freevars]
        parts = (*seen, _identity(self.defaults))
        key = (code, code.co_filename, id(outer.__globals__), parts)
        found = _functions.get(key)
        if found is None:
            found = _functions[key] = self._function(code, node)
        return found

    def _definition(self) -> ast.FunctionDef:
        body = self.node.body
        if isinstance(body, ast.expr):
            body = [ast.Return(body)]
        made = ast.FunctionDef(self.name, self.arguments, [*self.head, *body], [])
        if "type_params" in ast.FunctionDef._fields:
            made.type_params = []  # type: ignore[attr-defined, unused-ignore]
        for part in (made, *self.head, made.body[-1]):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, self.node)
        return ast.fix_missing_locations(made)

    def _seen(self, name: str) -> Any:
        if name in self.cells:
            return name, id(self.cells[name])
        return name, _identity(self.known[name])

    def _function(self, code: types.CodeType, node: ast.FunctionDef) -> Any:
        cells = tuple(
            self.cells[name] if name in self.cells else types.CellType(self.known[name])
            for name in code.co_freevars
        )
        outer = self.source.function
        made = types.FunctionType(code, outer.__globals__, self.name, None, cells)
        count = len(node.args.defaults)
        named = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
        by_place = named[len(named) - count :]
        made.__defaults__ = tuple(self.defaults[name] for name in by_place) or None
        by_name = {k: x for k, x in self.defaults.items() if k not in by_place}
        made.__kwdefaults__ = by_name or None
        source = Source(made, node, self.source.file, self.source.text, self.captured)
        setattr(made, MADE, source)
        return made


def _identity(value: Any) -> Any:
    """Return what tells a known value from others."""
    if type(value) in (list, tuple):
        return type(value), tuple(map(_identity, value))
    if type(value) is dict:
        return tuple((key, _identity(x)) for key, x in value.items())
    if isinstance(value, CONSTANTS):
        return type(value), repr(value)
    return id(value)


def hold(context: Context, names: dict[str, Any], captured: tuple[str, ...]) -> None:
    """See to it that what a function sees around it is not written to."""
    for name in captured:
        context.borrow(names[name])
        for x in _parts(names[name]):
            if isinstance(x, ArrayObject):
                x.buffer.guest = x.buffer.guest or HELD


def _parts(value: Any) -> Iterator[Any]:
    yield value
    for part in children_of(value):
        yield from _parts(part)
