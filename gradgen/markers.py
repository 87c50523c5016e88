"""What users write into their functions for gradgen to see; plain Python otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def stop_gradient(x: T) -> T:
    """Return ``x``, which derivatives then take for a constant.

    Parameters
    ----------
    x : number, array, or list, tuple or dict of these
        Any value of a differentiated function.

    Returns
    -------
    Same type as ``x``
        ``x`` itself.

    Examples
    --------
    >>> stop_gradient(2.0)
    2.0
    """
    return x


def checkpoint(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that computes the same, and keeps nothing for derivatives.

    Of what happens inside, derivative code stores nothing for the reverse sweep: that
    computes it again, from the arguments. This costs one more call of the function,
    and the memory of one call at a time instead of that of all calls. It makes no
    difference to values and derivatives.

    Parameters
    ----------
    function : callable
        A function that could be called here as it is. Used as a decorator, too.

    Returns
    -------
    callable
        What calls ``function``.

    Examples
    --------
    >>> @checkpoint
    ... def layer(x):
    ...     return 3.0 * x * x
    >>> layer(2.0)
    12.0
    """

    @functools.wraps(function)
    def checkpointed_function(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    return checkpointed_function


_CODE = checkpoint(len).__code__


def is_checkpoint(function: object) -> bool:
    """Tell whether ``checkpoint`` made ``function``, from its ``__wrapped__``.

    Its code says so; attributes are copied by decorators.
    """
    return getattr(function, "__code__", None) is _CODE


def checkpointed(
    iterable: Iterable[T], *, every: int | None = None, memory: int | None = None
) -> Iterable[T]:
    """Return ``iterable``, for a loop of which derivatives store a few turns only.

    In ``for i in checkpointed(range(n), every=k)``, derivative code stores what the
    loop changes every ``k`` turns, and runs the turns between again: one more turn for
    each, with about ``n / k`` states and what ``k`` turns compute in memory; least
    memory for ``k`` near the square root of ``n``. With ``memory`` it keeps at most
    that many bytes of states, placed so that the fewest turns are run again: for ``s``
    states none more often than ``r`` times, ``r`` the smallest number for which the
    binomial coefficient of ``s + r`` over ``s`` is at least ``n``.

    Parameters
    ----------
    iterable : iterable
        What the loop goes through. The loop must not be left by ``break`` or
        ``return`` where it is differentiated.
    every : int, optional
        How many turns there are between two states, at least 1.
    memory : int, optional
        How many bytes the states may take. One state is kept in any case.

    Returns
    -------
    iterable
        ``iterable`` itself.

    Raises
    ------
    ValueError
        Unless one of ``every`` and ``memory`` is given, and is positive.

    References
    ----------
    A. Griewank and A. Walther, Algorithm 799: revolve, ACM Transactions on
    Mathematical Software 26 (2000), 19-45.

    Examples
    --------
    >>> total = 1.0
    >>> for i in checkpointed(range(4), every=2):
    ...     total = total * 1.5
    >>> total
    5.0625
    """
    if (every is None) == (memory is None):
        raise ValueError("checkpointed takes one of every= and memory=")
    count = memory if every is None else every
    if count is not None and count < 1:
        name = "memory" if every is None else "every"
        raise ValueError(f"{name}={count} of checkpointed must be at least 1")
    return iterable
