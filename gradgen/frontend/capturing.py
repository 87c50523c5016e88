"""What an inner function sees around it, found anew in a function made of it."""

from __future__ import annotations

import ast
import functools
import types
from typing import Any

import numpy as np

from gradgen.errors import Refusal
from gradgen.frontend.arrays import ArrayObject
from gradgen.frontend.frame import Frame
from gradgen.frontend.freenames import find_write, free_names, names_in
from gradgen.frontend.lifted import Draft
from gradgen.frontend.results import is_rebuilt
from gradgen.frontend.values import (
    Closure,
    Conflict,
    Foreign,
    Maybe,
    Partial,
    Record,
    Static,
    children_of,
    describe,
    is_static,
    to_python,
)
from gradgen.ir.naming import unused
from gradgen.primitives.registry import Handle

ELEMENTS = (bool, int, float, complex, str, bytes, type(None), np.generic)
CHANGEABLE = (np.ndarray, list, dict, set)
BEFORE = "what it reads, bound to a name before"


class Capturing:
    """What a function sees that is made in the place of ``node``.

    ``frame`` is that of the call for which it is made, ``scope`` the one around it, and
    ``within`` are the functions that it is made for.
    """

    def __init__(
        self, frame: Frame, scope: Frame, node: Any, within: tuple[Closure, ...] = ()
    ) -> None:
        self.frame = frame
        self.scope = scope
        self.node = node
        self.within = within
        self.used = names_in(node)
        self.params: dict[str, Any] = {}
        self.cells: dict[str, types.CellType] = {}
        self.known: dict[str, Any] = {}
        self.head: list[ast.stmt] = []

    def draft(self, name: str, arguments: ast.arguments, **rest: Any) -> Draft:
        """Return what a function is made of that takes what this one sees."""
        return Draft(
            self.node,
            self.scope.source,
            name,
            arguments,
            cells=self.cells,
            known=self.known,
            head=self.head,
            **rest,
        )

    def see_all(self) -> None:
        """Find what the function reads; refuse it if it writes to that."""
        changeable = set()
        for name in self._free_names():
            value = self._find(name)
            if isinstance(value, types.CellType):
                self.cells[name] = value
            elif _is_passed(value):
                self.params[name] = value
            elif _is_known(value):
                self.known[name] = self._python(value)
            elif value is not None:
                self._assign(name, value)
            if self._is_changeable(name, value):
                changeable.add(name)
        self._check_writes(changeable)

    def _check_writes(self, names: set[str]) -> None:
        params = self.params.items()
        lists = [k for k, x in params if not isinstance(x, Handle | Static)]
        found = find_write(self.node, names, lists)
        if found is not None:
            raise self.scope.refuse(
                found[0],
                f"an inner function that is integrated writes to '{found[1]}'",
                "return what is computed, or write to an array made within",
            )

    def _free_names(self) -> list[str]:
        self._check_statements()
        try:
            return free_names(self.node)
        except SyntaxError:
            reason = "'nonlocal' in an inner function that is integrated"
            raise self.scope.refuse(self.node, reason, "return the value") from None

    def _check_statements(self) -> None:
        if self.frame.context.scope(self.node).generator:
            raise self.scope.refuse(self.node, "a generator has no derivative")
        names = self.scope.source.function.__qualname__.split(".")
        in_class = len(names) > 1 and names[-2] != "<locals>"
        for part in ast.walk(self.node):
            if isinstance(part, ast.Global):
                reason = "'global' in an inner function that is integrated"
                raise self.scope.refuse(part, reason, "return the value")
            name = part.attr if isinstance(part, ast.Attribute) else ""
            if in_class and name.startswith("__") and not name.endswith("__"):
                reason = f"'{name}', private to a class, in an inner function"
                raise self.scope.refuse(part, reason, BEFORE)

    def _find(self, name: str) -> Any:
        """Return what a name holds now: a cell if outside, None for globals."""
        scope: Frame | None = self.scope
        while scope is not None:
            if name in scope.names:
                return self._bound(name, scope.names[name])
            if name in scope.scope.local_names:
                raise self._refused(f"'{name}' is read before it is bound")
            if scope.parent is None:
                break
            scope = scope.parent
        assert scope is not None
        function = scope.source.function
        free = function.__code__.co_freevars
        return (function.__closure__ or ())[free.index(name)] if name in free else None

    def _bound(self, name: str, value: Any) -> Any:
        if isinstance(value, Conflict):
            raise Refusal(value.reason, value.hint)
        if isinstance(value, Maybe):
            what = "None on some paths" if value.none else "not bound on all paths"
            raise self._refused(f"'{name}' is {what}")
        return value

    def _refused(self, reason: str) -> Exception:
        reason = f"{reason}; an inner function that is integrated sees it"
        return self.scope.refuse(self.node, reason, "a value on all paths before")

    def _is_changeable(self, name: str, value: Any) -> bool:
        if isinstance(value, types.CellType):
            return isinstance(_content(value), CHANGEABLE)
        if value is None:
            outside = self.scope.source.function.__globals__.get(name)
            return isinstance(outside, CHANGEABLE)
        return isinstance(value, ArrayObject | list | tuple | dict | Record | Foreign)

    def bind_default(self, name: str, value: Any) -> None:
        """Let a parameter have its default."""
        if _is_passed(value):
            self.params[name] = value
        else:
            self._assign(name, value)
        if self._is_changeable(name, value):
            self._check_writes({name})

    def default(self, name: str, value: Any) -> Any:
        """Return the default of a parameter; if it is computed, see it instead."""
        if _is_known(value):
            return self._python(value)
        is_missing = ast.Compare(_name(name), [ast.Is()], [ast.Constant(...)])
        chosen = ast.IfExp(is_missing, self.expression(value, name), _name(name))
        self.head.append(ast.Assign([ast.Name(name, ast.Store())], chosen))
        if self._is_changeable(name, value):
            self._check_writes({name})
        return ...

    def _assign(self, name: str, value: Any) -> None:
        """Let the function begin with an assignment of a value."""
        if isinstance(value, Record) and not value.is_frozen:
            self._check_fields(name, value)
            made = self._record(value)
        else:
            made = self.expression(value, name)
        self.head.append(ast.Assign([ast.Name(name, ast.Store())], made))

    def _record(self, value: Record) -> ast.expr:
        cls = _name(self._know(value.cls, value.cls.__name__))
        fields = value.fields.items()
        return _call(cls, [], {k: self.expression(x, k) for k, x in fields})

    def _check_fields(self, name: str, value: Record) -> None:
        """Refuse an object that can be changed, unless its fields alone are read."""
        read = [
            part.value
            for part in ast.walk(self.node)
            if isinstance(part, ast.Attribute) and part.attr in value.fields
        ]
        for part in ast.walk(self.node):
            is_it = isinstance(part, ast.Name) and part.id == name
            if is_it and not (part in read and is_rebuilt(value)):
                reason = f"{describe(value)} in an inner function that is integrated"
                raise self.scope.refuse(part, reason, BEFORE)

    def expression(self, value: Any, hint: str) -> ast.expr:
        """Return what the function reads to get a value."""
        if _is_passed(value):
            return _name(self._param(value, hint))
        if _is_known(value):
            return _name(self._know(self._python(value), hint))
        if isinstance(value, Closure):
            return self._inner(value, hint)
        if isinstance(value, Partial):
            parts = [self.expression(x, hint) for x in (value.function, *value.args)]
            named = {k: self.expression(x, k) for k, x in value.kwargs.items()}
            return self._partial(parts, named)
        if isinstance(value, Record) and value.is_frozen and is_rebuilt(value):
            return self._record(value)
        parts = [self.expression(x, hint) for x in children_of(value)]
        if isinstance(value, list):
            return ast.List(parts, ast.Load())
        if isinstance(value, tuple):
            return ast.Tuple(parts, ast.Load())
        if isinstance(value, dict):
            return ast.Dict([_name(self._know(k, "key")) for k in value], parts)
        raise self.scope.refuse(
            self.node,
            f"an inner function that is integrated sees {describe(value)}",
            BEFORE,
        )

    def _param(self, value: Any, hint: str) -> str:
        for name, other in self.params.items():
            if other is value:
                return name
        name = self._unused(hint)
        self.params[name] = value
        return name

    def _know(self, value: Any, hint: str) -> str:
        name = self._unused(hint)
        self.known[name] = value
        return name

    def _unused(self, hint: str) -> str:
        name = unused(hint, self.used)
        self.used.add(name)
        return name

    def _python(self, value: Any) -> Any:
        if isinstance(value, Foreign):
            self.frame.context.guard(value.root, value.value)
            return value.value
        return to_python(value)

    def _partial(self, parts: list[ast.expr], named: dict[str, ast.expr]) -> ast.expr:
        return _call(_name(self._know(functools.partial, "partial")), parts, named)

    def _inner(self, closure: Closure, hint: str) -> ast.expr:
        """Return another inner function, made a function with parameters as well."""
        if any(x.node is closure.node for x in self.within):
            reason = "an inner function that is integrated calls itself"
            raise self.scope.refuse(closure.node, reason, "a loop")
        within = (*self.within, closure)
        made = Capturing(self.frame, closure.frame, closure.node, within)
        made.see_all()
        defaults = {k: made.default(k, x) for k, x in closure.defaults.items()}
        first = [ast.arg(name) for name in made.params]
        arguments = _with_first(first, closure.node.args)
        name = closure.name if closure.name.isidentifier() else "function"
        draft = made.draft(
            name, arguments, captured=tuple(made.params), defaults=defaults
        )
        function = _name(self._know(draft.make(), hint))
        values = [self.expression(x, k) for k, x in made.params.items()]
        return self._partial([function, *values], {}) if values else function


def _is_passed(value: Any) -> bool:
    """Tell whether a value is passed on: a number, an array, a container of these."""
    if isinstance(value, Handle):
        return True
    if isinstance(value, Static):
        return type(value.value) is int
    if isinstance(value, list | dict) or (
        isinstance(value, tuple) and not is_static(value)
    ):
        return all(map(_is_element, children_of(value)))
    return False


def _is_element(value: Any) -> bool:
    if isinstance(value, Static):
        return isinstance(value.value, ELEMENTS)
    if isinstance(value, tuple):
        return all(map(_is_element, value))
    return _is_passed(value)


def _is_known(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_known, value))
    return isinstance(value, Static | Foreign)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _call(
    function: ast.expr, args: list[ast.expr], named: dict[str, ast.expr]
) -> ast.expr:
    return ast.Call(function, args, [ast.keyword(k, x) for k, x in named.items()])


def _with_first(first: list[ast.arg], spec: ast.arguments) -> ast.arguments:
    """Return parameters with others before them, less defaults and annotations."""
    none = ast.Constant(None)
    return ast.arguments(
        [*first, *map(_bare, spec.posonlyargs)],
        [_bare(arg) for arg in spec.args],
        spec.vararg and _bare(spec.vararg),
        [_bare(arg) for arg in spec.kwonlyargs],
        [default and none for default in spec.kw_defaults],
        spec.kwarg and _bare(spec.kwarg),
        [none for _ in spec.defaults],
    )


def _bare(arg: ast.arg) -> ast.arg:
    return ast.arg(arg.arg)
