"""The grammar of signatures."""

import pytest

from gradgen.cli.signature import parse_signature
from gradgen.errors import SignatureError
from gradgen.runtime.convert import Given


def text(value):
    """A parsed signature as text again."""
    if isinstance(value, Given):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(text, value)) + ("," * (len(value) == 1)) + ")"
    return repr(value)


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("", "()"),
        ("f64", "(float,)"),
        ("f64,", "(float,)"),
        (" f32 , i64 ", "(f32, int)"),
        ("bool", "(bool,)"),
        ("f32[n]", "(f32[n],)"),
        ("f32[n,]", "(f32[n],)"),
        ("f64[784, h]", "(f64[784,h],)"),
        ("f64[1,n]", "(f64[1,n],)"),
        ("f64[]", "(f64,)"),
        ("c128[n]", "(c128[n],)"),
        ("c64, c128, complex", "(c64, complex, complex)"),
        ("[(f32[n], f32), f64]", "([(f32[n], f32), float],)"),
        ("(f64,)", "((float,),)"),
        ("()", "((),)"),
        ("{'k': f64, \"m\": [f64,],}", "({'k': float, 'm': [float]},)"),
        ("'text', 3, -2.5, 1e3, None, True", "('text', 3, -2.5, 1000.0, None, True)"),
    ],
)
def test_what_is_read(signature, expected):
    assert text(parse_signature(signature)) == expected


def test_names_are_shared():
    first, second = parse_signature("f64[n,h], f32[h]")
    assert first.shape[1] == second.shape[0]


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("f99", "unknown type 'f99'"),
        ("f64[n", "expected ',', got 'the end' at column 6"),
        ("f64]", "expected ',', got ']' at column 4"),
        ("(f64", "expected ',', got 'the end'"),
        ("f64 f64", "expected ',', got 'f64'"),
        (",", "expected a type, got ','|unknown type ','"),
        ("f64[n m]", "expected ',', got 'm'"),
        ("f64[-1]", "expected a length or a name, got '-1'"),
        ("float[n]", "'float' has no dimensions"),
        ("{k: f64}", "expected a type, got 'k'"),
        ("{'k' f64}", "expected ':', got 'f64'"),
        ("f64; f64", "unexpected ';'"),
        ("1.2.3", "expected a type, got '1.2.3'"),
    ],
)
def test_what_is_refused(signature, message):
    with pytest.raises(SignatureError, match=message):
        parse_signature(signature)
