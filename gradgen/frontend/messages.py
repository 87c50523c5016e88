"""Strings made at run time, and the calls of ``print`` that show them."""

from __future__ import annotations

from typing import Any

from gradgen.errors import Refusal
from gradgen.frontend.frame import Frame
from gradgen.frontend.values import NOTHING, Message, Static, describe
from gradgen.primitives.messages import emit_print
from gradgen.primitives.registry import Handle

SHOWN = (str, bytes, bool, int, float, complex, type(None))


def text_of(value: Any, operands: list[Handle]) -> str:
    """Return the expression of a value, with slots for ``operands``, which grow."""
    if isinstance(value, Handle):
        operands.append(value)
        return f"{{{len(operands) - 1}}}"
    if isinstance(value, Message):
        return _f_string(value, operands)
    if isinstance(value, Static) and type(value.value) in SHOWN:
        return _literal(value.value)
    if isinstance(value, list):
        return f"[{', '.join(text_of(v, operands) for v in value)}]"
    if isinstance(value, tuple):
        inner = ", ".join(text_of(v, operands) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        pairs = (f"{key!r}: {text_of(v, operands)}" for key, v in value.items())
        return f"{{ {', '.join(pairs)} }}"
    raise Refusal(f"{describe(value)} cannot be shown", "show numbers, arrays and text")


def _literal(value: Any) -> str:
    if isinstance(value, float | complex) and not abs(value) < float("inf"):
        return f"float({str(value)!r})" if isinstance(value, float) else repr(value)
    return _without_braces(repr(value))


def _without_braces(text: str) -> str:
    """Spell braces as escapes, since templates mark their slots by braces."""
    return text.replace("{", "\\x7b").replace("}", "\\x7d")


def _escaped(character: str) -> str:
    if character in '{}"\\':
        return f"\\x{ord(character):02x}"
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _f_string(message: Message, operands: list[Handle]) -> str:
    text = ""
    for part in message.parts:
        if isinstance(part, str):
            text += "".join(map(_escaped, part))
        else:
            value, conversion, spec = part
            colon = f":{spec}" if spec else ""
            text += "{ " + text_of(value, operands) + conversion + colon + "}"
    return f'f"{text}"'


KEYWORDS = ("sep", "end", "flush")


def show(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Append a call of ``print``."""
    for name in kwargs:
        if name not in KEYWORDS:
            raise Refusal(
                f"argument '{name}' of print is not supported", "leave it out"
            )
    operands: list[Handle] = []
    parts = [text_of(arg, operands) for arg in args]
    parts += [f"{name}={text_of(value, operands)}" for name, value in kwargs.items()]
    emit_print(frame.builder, operands, f"print({', '.join(parts)})")
    return NOTHING
