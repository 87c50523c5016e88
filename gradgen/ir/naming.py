"""Names that nothing else has."""

from __future__ import annotations

from collections.abc import Container


def unused(name: str, used: Container[str], join: str = "") -> str:
    """Return ``name``, or if that is among those ``used``, the first numbered one.

    Examples
    --------
    >>> unused("x", {"x", "x2"})
    'x3'
    >>> unused("f_jvp", {"f_jvp"}, "_")
    'f_jvp_2'
    """
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}{join}{number}"
    return found
