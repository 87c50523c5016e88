"""The subscripts of ``np.einsum``: text or numbers, ellipses, implied results."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from gradgen.errors import Refusal
from gradgen.primitives.lowering import static


def split_labels(subscripts: str) -> tuple[list[str], str]:
    """Return the labels of every operand and those of the result.

    Examples
    --------
    >>> split_labels("ij,jk->ik")
    (['ij', 'jk'], 'ik')
    """
    left, _, right = subscripts.partition("->")
    return left.split(","), right


def as_text(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the subscripts as text, and the operands.

    Examples
    --------
    >>> as_text((1.0, [0, 1], 2.0, [1, ...], [0]))
    ('ab,b...->a', [1.0, 2.0])
    """
    if not operands:
        raise Refusal("np.einsum without operands is not supported", "'ij,jk->ik'")
    if isinstance(operands[0], str):
        return operands[0], list(operands[1:])
    if len(operands) < 2:
        raise Refusal("np.einsum without subscripts is not supported", "'ij,jk->ik'")
    count = len(operands) // 2
    inputs = [_letters(operands[2 * i + 1]) for i in range(count)]
    output = f"->{_letters(operands[-1])}" if len(operands) % 2 else ""
    return ",".join(inputs) + output, [operands[2 * i] for i in range(count)]


def _letters(numbers: Any) -> str:
    if not isinstance(numbers, list | tuple):
        raise Refusal("np.einsum without subscripts is not supported", "'ij,jk->ik'")
    known = [item if item is ... else static(item) for item in numbers]
    return "".join(
        "..." if item is ... else string.ascii_letters[item] for item in known
    )


def labels_of(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Return the labels of every operand and of the result, all of them letters.

    Examples
    --------
    >>> labels_of("...i, i", [3, 1])
    (['ABi', 'i'], 'AB')
    """
    text = subscripts.replace(" ", "")
    inputs, output = split_labels(text)
    if len(inputs) != len(ranks):
        raise Refusal(f"np.einsum('{subscripts}') of {len(ranks)} operands")
    rest = [c for c in string.ascii_uppercase if c not in text]
    named = [part.replace("...", "") for part in inputs]
    wide = [
        r - len(n) for r, n, p in zip(ranks, named, inputs, strict=True) if "..." in p
    ]
    dots = "".join(rest[: max(wide, default=0)])
    spread = [_spread(*pair, dots) for pair in zip(inputs, ranks, strict=True)]
    if "->" not in text:
        every = "".join(named)
        output = dots + "".join(sorted(c for c in set(every) if every.count(c) == 1))
    output = output.replace("...", dots)
    if len(set(output)) != len(output) or not set(output) <= set("".join(spread)):
        raise Refusal(f"a result such as that of '{subscripts}' is not supported")
    return spread, output


def _spread(labels: str, rank: int, dots: str) -> str:
    """Return the labels of an operand with letters for the ellipsis."""
    if "..." in labels:
        count = rank - len(labels) + 3
        labels = labels.replace("...", dots[len(dots) - count :] if count else "")
    if len(labels) != rank or (not labels.isalpha() and labels):
        raise Refusal(f"the subscripts '{labels}' for an array of rank {rank}")
    return labels
