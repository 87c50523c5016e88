"""What a program of the corpus is: a function, and how to make its arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[..., Any]
Make = Callable[[Any, int, int], tuple[Any, ...]]


@dataclass(frozen=True)
class Program:
    """A function of floating arguments, and how to make arguments for sizes n, m.

    ``least`` is the smallest n and m that it takes. ``single`` says that it computes in
    single precision somewhere, ``copies`` that a loop of a derivative copies arrays.
    ``words`` must be in the message that refuses it.
    """

    function: Function
    make: Make
    """``make(random, n, m)``; ``random(*shape)`` gives numbers between 0.2 and 1.2."""
    least: int = 1
    single: bool = False
    copies: bool = False
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.function.__name__

    def args(self, n: int = 4, m: int = 3, seed: int = 0) -> tuple[Any, ...]:
        """Return arguments for these sizes."""
        rng = np.random.default_rng(seed)

        def random(*shape: int) -> Any:
            return 0.2 + rng.random(shape) if shape else 0.2 + float(rng.random())

        return self.make(random, n, m)


def entering(programs: dict[str, Program]) -> Callable[..., Callable[..., Function]]:
    """Return a decorator that enters functions in ``programs``."""

    def program(make: Make, **options: Any) -> Callable[..., Function]:
        def enter(function: Function) -> Function:
            assert function.__name__ not in programs
            programs[function.__name__] = Program(function, make, **options)
            return function

        return enter

    return program
