"""The state of the abstract interpreter, and the tables its parts are entered in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradgen.deferred import Deferred
from gradgen.errors import (
    GradgenError,
    Refusal,
    ShapeError,
    Span,
    UnsupportedError,
    refuse,
    render,
)
from gradgen.frontend.arrays import Buffer
from gradgen.frontend.raising import require_present
from gradgen.frontend.scope import FunctionNode, Scope, scope_of
from gradgen.frontend.source import Source, span_of
from gradgen.frontend.values import (
    Capture,
    Guard,
    Maybe,
    Record,
    Root,
    Static,
    children_of,
    describe,
)
from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom, Literal, Op, Param, Value
from gradgen.ir.regions import REGION_OPS
from gradgen.ir.types import Scalar
from gradgen.primitives.lowering import NeedsStatic
from gradgen.primitives.registry import PRIMITIVES, Handle
from gradgen.structs import field, frozen, replace, struct

if TYPE_CHECKING:
    from gradgen.frontend import accept
else:
    accept = Deferred("gradgen.frontend.accept")

__all__ = ["NeedsStatic"]

_NUMBERS = """
argmax argmin call_outside count_nonzero draw fsum getitem map_get matmul max mean min
norm prod seq_get std sum var
"""
NUMBERS = frozenset(_NUMBERS.split())
"""Primitives, besides ufuncs, whose results without axes are numbers."""


@struct
class Context:
    """What one compilation collects.

    ``integers`` are the arguments that can be folded if they turn out to shape the
    program. ``borrowed`` are the containers that belong to the caller, by identity.
    ``turns`` are the states in which the turns of loops under way began, ``bases``
    those in which the branches and loops began, ``narrow`` lists of known length.

    ``activations`` are the calls under way, ``recursive`` the functions that call
    themselves to a depth that only a run knows, ``unrolled`` those that are unrolled
    all the same, with the number of calls so far. ``guessing`` counts the functions
    whose result is being guessed from what they return without calling themselves.

    ``memo`` holds what calls of functions with rules have become. ``plain`` counts the
    functions under way that nobody differentiates, since a rule takes their place.
    ``numbers`` are arguments that are NumPy scalars, and no arrays without axes.
    """

    builder: Builder
    integers: set[Value] = field(default_factory=set)
    captures: dict[Root, tuple[Capture, Param, Any]] = field(default_factory=dict)
    guards: dict[Root, Guard] = field(default_factory=dict)
    helpers: dict[str, Source] = field(default_factory=dict)
    sources: dict[Any, Source] = field(default_factory=dict)
    scopes: dict[FunctionNode, Scope] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    borrowed: dict[int, Any] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    held: list[Any] = field(default_factory=list)
    zero_dimensional: set[Value] = field(default_factory=set)
    buffers: list[Buffer] = field(default_factory=list)
    errstate: str = ""
    inputs: set[Value] = field(default_factory=set)
    numbers: frozenset[Value] = frozenset()
    arguments: dict[Value, Buffer] = field(default_factory=dict)
    bases: list[Any] = field(default_factory=list)
    narrow: dict[int, Any] = field(default_factory=dict)
    activations: list[Activation] = field(default_factory=list)
    recursive: set[FunctionNode] = field(default_factory=set)
    unrolled: dict[FunctionNode, int] = field(default_factory=dict)
    guessing: int = 0
    turns: list[Any] = field(default_factory=list)
    memo: dict[Any, Any] = field(default_factory=dict)
    plain: int = 0

    def scope(self, node: FunctionNode) -> Scope:
        """Return the scope of a function."""
        if node not in self.scopes:
            self.scopes[node] = scope_of(node)
        return self.scopes[node]

    def guard(self, root: Root, value: Any) -> None:
        """Rely on ``value`` standing at ``root``."""
        self.guards.setdefault(root, Guard(root, value))

    def maker(self, value: Value) -> Op | None:
        """Return the op that defines ``value``; None for a parameter."""
        return self.builder.makers.get(value)

    @contextmanager
    def holding(self, value: Any) -> Iterator[None]:
        """Count ``value`` as referred to, by a loop or call that is under way."""
        self.held.append(value)
        depth = len(self.held)
        try:
            yield
        finally:
            del self.held[depth - 1]

    def is_immutable(self, value: Value) -> bool:
        """Tell whether a value without axes is a number, not an array of none.

        NumPy gives numbers for sums and elements, but ``x[..., 0]``, ``np.array(x)``
        and others are arrays, which can be changed in place.
        """
        if value.type.weak or value in self.numbers:  # type: ignore[union-attr]
            return True
        if value in self.zero_dimensional or value in self.inputs:
            return False
        maker = self.maker(value)
        if maker is None or maker.name in REGION_OPS:
            return True
        return bool(PRIMITIVES[maker.name].ufunc) or maker.name in NUMBERS

    def stands_for(self, value: Value, atoms: Iterable[Atom]) -> None:
        """Note that ``value`` is one of ``atoms``, perhaps an array of no axes."""
        numbers = [x for x in atoms if isinstance(x, Value) and not _has_axes(x)]
        if not all(map(self.is_immutable, numbers)):
            self.zero_dimensional.add(value)

    def borrow(self, value: Any) -> None:
        """Remember that a container and all in it belong to the caller."""
        if isinstance(value, list | dict | Record):
            self.borrowed[id(value)] = value
        for part in children_of(value):
            self.borrow(part)


def _has_axes(value: Value) -> bool:
    return not isinstance(value.type, Scalar) or bool(value.type.shape)


@struct
class Activation:
    """A call under way: what is called, the frame it sees, how deep in regions it is.

    ``helper`` makes the function of its own that the calls below become.
    """

    node: FunctionNode
    source: Source
    parent: Frame | None
    depth: int
    helper: Any = None


@struct
class Frame:
    """One function being interpreted: its source and the names it has bound."""

    context: Context
    source: Source
    scope: Scope = field(default_factory=Scope)
    names: dict[str, Any] = field(default_factory=dict)
    parent: Frame | None = None

    @property
    def builder(self) -> Builder:
        """Return the builder that ops are appended to."""
        return self.context.builder

    def span(self, node: ast.AST) -> Span:
        """Return the span of a node of this function."""
        span = span_of(self.source.file, node)
        state = self.context.errstate
        return replace(span, errstate=state) if state else span

    def refuse(self, node: ast.AST, reason: str, hint: str = "") -> UnsupportedError:
        """Build the refusal of a construct of this function."""
        return refuse(reason, self.span(node), hint)

    def bind(self, name: str, value: Any) -> None:
        """Bind a name where Python binds it."""
        if name not in self.scope.nonlocals:
            self.names[name] = value
            return
        scope = self.parent
        while scope is not None:
            if name in scope.scope.local_names:
                scope.bind(name, value)
                return
            scope = scope.parent
        raise Refusal(
            f"'nonlocal {name}' changes a variable outside of the function, which is a "
            "side effect",
            "return the value",
        )


@frozen
class Flow:
    """How a run of statements ended, if not by reaching its end."""

    kind: str
    value: Any = None


class Widen(Exception):
    """The length of a list is known only at run time, from before what is under way.

    ``form`` is that of an element it holds then. If that is not ``needed``, the list
    may as well differ between the paths.
    """

    def __init__(self, target: Any, form: Any, *, needed: bool = False) -> None:
        super().__init__()
        self.target = target
        self.form = form
        self.needed = needed


class Recurs(Exception):
    """A function calls itself to a depth that only a run knows.

    ``head`` is the state that another round begins in, once it is being interpreted.
    """

    def __init__(self, activation: Activation, head: Any = None) -> None:
        super().__init__()
        self.activation = activation
        self.head = head


class Raised(Exception):
    """What is being interpreted raises, whatever else holds."""


class Unfinished(Raised):
    """A recursive call of which it is not known yet what it returns."""


Evaluator = Callable[[Frame, Any], Any]
Executor = Callable[[Frame, Any], Flow | None]
EVALUATORS: dict[type[ast.AST], Evaluator] = {}
EXECUTORS: dict[type[ast.AST], Executor] = {}


def evaluates(*kinds: type[ast.AST]) -> Callable[[Evaluator], Evaluator]:
    """Enter the function that gives an expression node its abstract value."""

    def enter(function: Evaluator) -> Evaluator:
        EVALUATORS.update(dict.fromkeys(kinds, function))
        return function

    return enter


def executes(*kinds: type[ast.AST]) -> Callable[[Executor], Executor]:
    """Enter the function that carries out a statement node."""

    def enter(function: Executor) -> Executor:
        EXECUTORS.update(dict.fromkeys(kinds, function))
        return function

    return enter


def evaluate(frame: Frame, node: ast.expr) -> Any:
    """Return the abstract value of an expression; raise when run where it is None."""
    value = evaluate_optional(frame, node)
    if not isinstance(value, Maybe):
        return value
    require_present(frame.builder, value, ast.unparse(node))
    return value.value


def evaluate_optional(frame: Frame, node: ast.expr) -> Any:
    """Return the abstract value of an expression, which may be None on some paths."""
    if isinstance(node, ast.Name):
        held = _held(frame, node.id)
        if isinstance(held, Maybe) and held.none:
            return held
    function = EVALUATORS.get(type(node))
    if function is None:
        raise frame.refuse(node, *accept.refusal_of(node))
    return guarded(frame, node, function)


def _held(frame: Frame, name: str) -> Any:
    """Return what a local name holds, or that of an enclosing function."""
    scope: Frame | None = frame
    while scope is not None and name not in scope.names:
        scope = None if name in scope.scope.local_names else scope.parent
    return None if scope is None else scope.names[name]


Caller = Callable[[Frame, Any, Sequence[Any], dict[str, Any]], Any]
CALLERS: dict[type, Caller] = {}


def calls(*kinds: type) -> Callable[[Caller], Caller]:
    """Enter the function that calls abstract values of these classes."""

    def enter(function: Caller) -> Caller:
        CALLERS.update(dict.fromkeys(kinds, function))
        return function

    return enter


def call(frame: Frame, callee: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Return the abstract value of a call."""
    caller = CALLERS.get(type(callee))
    if caller is None:
        raise Refusal(f"{describe(callee)} cannot be called")
    return caller(frame, callee, args, kwargs)


def guarded(frame: Frame, node: ast.AST, function: Callable[[Frame, Any], Any]) -> Any:
    """Run ``function``; what it emits and what it refuses gets the span of ``node``."""
    builder = frame.builder
    outer, builder.span = builder.span, frame.span(node)
    try:
        return function(frame, node)
    except Refusal as refusal:
        raise frame.refuse(node, refusal.reason, refusal.hint) from None
    except ShapeError as error:
        if "-->" in str(error):
            raise
        raise ShapeError(render(str(error), frame.span(node))) from None
    except NeedsStatic as request:
        raise _traced(frame, node, request) from None
    finally:
        builder.span = outer


@contextmanager
def refusing() -> Iterator[None]:
    """Refuse what a rule or a function of Python does not take."""
    try:
        yield
    except (Refusal, GradgenError, NeedsStatic, RecursionError):
        raise
    except (Raised, Recurs, Widen):
        raise
    except Exception as error:
        kind = type(error).__name__
        raise Refusal(f"this is not supported ({kind}: {error})") from error


RUN_TIME_INT = "this value must be known when compiling, but it is computed at run time"


def _traced(frame: Frame, node: ast.AST, request: NeedsStatic) -> Exception:
    """Ask for the integer argument that a value is computed from."""
    found = foldable_input(frame.context, request.value)
    if found is not None:
        return NeedsStatic(found)
    hint = "pass it as an int, or compute it from int arguments"
    return frame.refuse(node, RUN_TIME_INT, hint)


def foldable_input(context: Context, value: Value) -> Value | None:
    """Return an integer argument; ``value`` is computed from such alone, or None."""
    pending, seen, inputs = [value], set[Value](), list[Value]()
    while pending:
        value = pending.pop()
        if value in seen:
            continue
        seen.add(value)
        maker = context.maker(value)
        if maker is not None and maker.name != "dim":
            operands = (x for x in reversed(maker.operands) if isinstance(x, Value))
            pending.extend(operands)
        elif value in context.integers:
            inputs.append(value)
        else:
            return None
    return inputs[0] if inputs else None


def always(error: str, reason: str, hint: str = "") -> Refusal:
    """Build the refusal of what Python refuses as well."""
    return Refusal(f"this always raises {error}: {reason}", hint)


def static_int(value: Any) -> Any:
    """Return an integer that must be known; ask for it if it is an argument."""
    if isinstance(value, Static):
        return value.value
    if isinstance(value, Handle) and not value.shape and value.dtype.kind in "iu":
        if isinstance(value.atom, Literal):
            return value.atom.value
        raise NeedsStatic(value.atom)
    raise Refusal(RUN_TIME_INT)


def noted(error: GradgenError, text: str) -> GradgenError:
    """Add to an error through which call it came."""
    note = f"  called from {text}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
    return error
