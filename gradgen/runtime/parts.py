"""What a program is made of, whether just compiled or read from the disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradgen.runtime.load import Listing
from gradgen.runtime.places import Pin, Place
from gradgen.structs import field, frozen


@frozen
class Parts:
    """Sources, the classes that they name, and what the program relies on.

    ``promoted`` numbers the integers among the arguments that are folded, ``places``
    says what is read anew at each call, ``pins`` what must be unchanged. ``written``
    numbers the arguments that the function writes to, each with the number of its leaf.
    ``outside`` are objects of the user's that the sources name.
    """

    listings: tuple[Listing, ...]
    classes: Mapping[str, type]
    promoted: tuple[int, ...]
    places: tuple[Place, ...]
    pins: tuple[Pin, ...]
    written: tuple[tuple[int, int], ...] = ()
    outside: Mapping[str, Any] = field(default_factory=dict)
