"""Types of arguments as text: ``[(f32[784,h], f32[h])], f32[n,784], f64``.

An argument is a scalar (``f64``), an array (``f32[n,3]``), a nesting of these in
``( )``, ``[ ]`` or ``{'key': … }``, a ``Generator`` of random numbers, or a literal: a
number, string, flag or None. A dimension is a length or a name; arguments with the same
name have the same length.
"""

from __future__ import annotations

import ast
import re
from typing import Any, NoReturn

import numpy as np

from gradgen.errors import SignatureError
from gradgen.ir.types import PY_COMPLEX, PY_FLOAT, PY_INT, Dim, Scalar, Sym, tensor
from gradgen.runtime.convert import Given

DTYPES = {
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "u8": np.uint8,
    "u16": np.uint16,
    "u32": np.uint32,
    "u64": np.uint64,
    "c64": np.complex64,
    "c128": np.complex128,
    "bool": np.bool_,
}
SCALARS = {
    "f64": PY_FLOAT,
    "float": PY_FLOAT,
    "i64": PY_INT,
    "int": PY_INT,
    "c128": PY_COMPLEX,
    "complex": PY_COMPLEX,
}
"""Scalars that are Python numbers, as they mostly are in a call."""

CONSTANTS = {"None": None, "True": True, "False": False}
CLOSING = {"(": ")", "[": "]", "{": "}"}
TOKEN = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>[-+]?[\d.]+(?:[eE][-+]?\d+)?)
    |(?P<string>'[^']*'|"[^"]*")|(?P<mark>[\[\](){},:]))""",
    re.VERBOSE,
)


def parse_signature(text: str) -> tuple[Any, ...]:
    """Return the arguments that ``text`` describes, types in the place of values.

    Raises
    ------
    SignatureError
        Where the text cannot be read.

    Examples
    --------
    >>> [str(x) for x in parse_signature("f32[n,3], f64")]
    ['f32[n,3]', 'float']
    """
    parser = _Parser(text)
    items = parser.items("")
    return tuple(items)


class _Parser:
    """Recursive descent over the tokens of a signature."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.begin = 0  # of the token looked at last

    def peek(self) -> str:
        """Return the next token without taking it; the empty string at the end."""
        return self._match()[0]

    def take(self) -> str:
        """Return the next token and go on."""
        token, self.position = self._match()
        return token

    def _match(self) -> tuple[str, int]:
        found = TOKEN.match(self.text, self.position)
        rest = self.text[self.position :].lstrip()
        self.begin = len(self.text) - len(rest)
        if found is not None:
            return found[0].strip(), found.end()
        if rest:
            self.fail(f"unexpected {rest[0]!r}")
        return "", self.position

    def fail(self, reason: str) -> NoReturn:
        """Raise the error for the token looked at last."""
        place = f"at column {self.begin + 1} of {self.text!r}"
        raise SignatureError(f"{reason} {place}")

    def expect(self, mark: str) -> None:
        """Take ``mark``, or fail."""
        found = self.peek()
        if found != mark:
            self.fail(f"expected {mark!r}, got {found or 'the end'!r}")
        self.take()

    def items(self, closing: str) -> list[Any]:
        """Read items up to ``closing``, which is taken; a comma may stand last."""
        found = []
        while self.peek() != closing:
            found.append(self.item())
            if self.peek() != closing:
                self.expect(",")
        self.take()
        return found

    def item(self) -> Any:
        """Read one argument or part of one."""
        token = self.take()
        if token == "[":
            return self.items("]")
        if token == "(":
            return tuple(self.items(")"))
        if token == "{":
            return self.dict()
        if token in CONSTANTS:
            return CONSTANTS[token]
        if token == "Generator":
            return np.random.default_rng()
        if token[:1] in "'\"" or token[:1].isdigit() or token[:1] in "+-.":
            return self.literal(token)
        return self.type(token)

    def literal(self, token: str) -> Any:
        """Return the value of a number or string."""
        try:
            return ast.literal_eval(token)
        except (SyntaxError, ValueError):
            self.fail(f"expected a type, got {token or 'the end'!r}")

    def dict(self) -> dict[Any, Any]:
        """Read the rest of a dict."""
        found = {}
        while self.peek() != "}":
            key = self.literal(self.take())
            self.expect(":")
            found[key] = self.item()
            if self.peek() != "}":
                self.expect(",")
        self.take()
        return found

    def type(self, name: str) -> Given:
        """Return the type called ``name``, and read its dimensions if there are any."""
        if name not in DTYPES and name not in SCALARS:
            known = ", ".join(DTYPES)
            self.fail(f"unknown type {name or 'the end'!r} (known are {known})")
        if self.peek() != "[":
            return Given(SCALARS.get(name) or Scalar(np.dtype(DTYPES[name])))
        if name not in DTYPES:
            self.fail(f"{name!r} has no dimensions; write f64[…] or i64[…]")
        self.take()
        return Given(tensor(np.dtype(DTYPES[name]), tuple(self.dimensions())))

    def dimensions(self) -> list[Dim]:
        """Read dimensions up to the closing bracket."""
        found: list[Dim] = []
        while self.peek() != "]":
            found.append(dimension(self.take(), self.fail))
            if self.peek() != "]":
                self.expect(",")
        self.take()
        return found


def dimension(token: str, fail: Any) -> Dim:
    """Return the dimension that ``token`` names."""
    if token.isdigit():
        return int(token)
    if token.isidentifier():
        return Sym(token, proper=True)
    fail(f"expected a length or a name, got {token or 'the end'!r}")
    raise AssertionError(token)
