"""The errors that gradgen raises on purpose, and the source spans they point at."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from contextlib import contextmanager

from gradgen.structs import frozen


@frozen
class Span:
    """A stretch of the user's source: 1-based lines, 0-based columns in characters.

    ``errstate`` are the arguments of the ``with np.errstate(...)`` that it stands in.
    What is derived from it is silent as well.
    """

    file: str
    line: int
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    errstate: str = ""

    @property
    def label(self) -> str:
        """Return ``file:line`` with the directory left out, as comments show it."""
        return f"{self.file.replace(chr(92), '/').rsplit('/', 1)[-1]}:{self.line}"


def errstate_of(span: Span | None) -> str:
    """Return the arguments of ``np.errstate`` that hold at a place."""
    return "" if span is None else span.errstate


class GradgenError(Exception):
    """Base of every error that gradgen raises on purpose."""


class UnsupportedError(GradgenError, NotImplementedError):
    """A construct that gradgen refuses, with its place, reason and a rewrite."""


class ArgumentError(GradgenError, TypeError):
    """An argument that cannot be differentiated or does not fit the call."""


class ShapeError(GradgenError, ValueError):
    """Shapes that no run of the program can bring together."""


class OutputError(GradgenError, TypeError):
    """A result of the wrong kind, such as a non-scalar given to ``grad``."""


class SourceError(GradgenError, OSError):
    """A function whose source cannot be found."""


class SignatureError(GradgenError, ValueError):
    """A textual signature that cannot be read or does not fit the function."""


class StaleError(GradgenError):
    """A module that was written before, and is not what would be written now."""


class CacheError(GradgenError, OSError):
    """A cache directory that cannot be used safely."""


class DerivativeError(GradgenError, AssertionError):
    """A derivative that does not agree with differences, found by a check."""


class CopyInLoopWarning(UserWarning):
    """A loop copies a whole array in every turn, so that it costs more than it seems.

    ``warnings.simplefilter("error", gradgen.CopyInLoopWarning)`` makes it an error.
    """


class VerifyError(GradgenError, AssertionError):
    """An IR function that breaks an invariant: a defect of gradgen itself."""


def render(reason: str, span: Span | None, hint: str = "") -> str:
    """Return ``reason`` with the source line, a caret and the rewrite below it.

    Examples
    --------
    >>> print(render("no such thing", Span("<none>", 3), "write it so"))
    no such thing
      --> <none>:3
      = instead: write it so
    """
    lines = [reason]
    if span is not None:
        lines.append(f"  --> {span.file}:{span.line}" + _column(span))
        lines.extend(_excerpt(span))
    if hint:
        lines.append(f"  = instead: {hint}")
    return "\n".join(lines)


def quoted(span: Span | None) -> str:
    """Return a place and what stands there in one line: ``sim.py:3: np.sqrt(x)``."""
    if span is None:
        return "a place that is not known"
    text = linecache.getline(span.file, span.line).rstrip("\n")
    end = span.end_column if span.end_line == span.line else None
    return f"{span.label}: {text[span.column : end].strip()}".removesuffix(": ")


def refuse(reason: str, span: Span | None, hint: str = "") -> UnsupportedError:
    """Build the refusal of a construct at ``span``."""
    return UnsupportedError(render(reason, span, hint))


def _column(span: Span) -> str:
    return f":{span.column + 1}" if span.end_column else ""


def _excerpt(span: Span) -> list[str]:
    text = linecache.getline(span.file, span.line).rstrip("\n")
    if not text:
        return []
    gutter = str(span.line)
    same_line = span.end_line == span.line and span.end_column > span.column
    width = span.end_column - span.column if same_line else len(text) - span.column
    shown = text.expandtabs(1)
    carets = " " * span.column + "^" * max(width, 1)
    blank = " " * len(gutter)
    return [f"{blank} |", f"{gutter} | {shown}", f"{blank} | {carets}"]


class Refusal(Exception):
    """A reason and a rewrite, raised by rules that do not know the span."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@contextmanager
def refused_at(span: Span | None) -> Iterator[None]:
    """Let what a rule refuses be refused at ``span``."""
    try:
        yield
    except Refusal as refusal:
        raise refuse(refusal.reason, span, refusal.hint) from None
