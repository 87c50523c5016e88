"""What ``check_grads`` found, as a table and in words."""

from __future__ import annotations

from gradgen.api.probing import Mismatch
from gradgen.errors import GradgenError
from gradgen.structs import frozen

KINDS = {"fwd": "tangent", "rev": "adjoint"}
"""What is computed in each mode."""

GIVEN = {
    "differences": "differences give",
    "complex step": "a complex step gives",
    "tangent": "the tangent gives",
    "function": "the function itself gives",
}
"""What a derivative, or a value, is compared with."""


@frozen
class GradCheck:
    """One check: in which mode, of which order, against what, and how it went.

    ``verdict`` is ``"ok"``, ``"wrong"``, ``"kink"``, ``"unclear"`` or ``"refused"``;
    ``deviation`` the largest one, relative to the largest number of its leaf.
    """

    mode: str
    order: int
    against: str
    deviation: float
    verdict: str = "ok"
    error: GradgenError | None = None


@frozen
class GradReport:
    """What :func:`check_grads` found; it is printed as a table."""

    name: str
    checks: tuple[GradCheck, ...]

    @property
    def ok(self) -> bool:
        """Tell whether all derivatives are right."""
        return all(check.verdict == "ok" for check in self.checks)

    @property
    def error(self) -> GradgenError | None:
        """Return the error of the first check that failed, or else was refused."""
        failed = [check for check in self.checks if check.error is not None]
        failed.sort(key=lambda check: check.verdict == "refused")
        return failed[0].error if failed else None

    def __str__(self) -> str:
        rows = [("mode", "order", "against", "deviation", "verdict")]
        for check in self.checks:
            told = "-" if check.verdict == "refused" else f"{check.deviation:.1e}"
            rows.append(
                (check.mode, str(check.order), check.against, told, check.verdict)
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(x.ljust(w) for x, w in zip(row, widths, strict=True))
            for row in rows
        )
        return "\n".join(line.rstrip() for line in lines)


def explain(stem: str, against: str, worst: Mismatch) -> str:
    """Return how what ``stem`` names departs, or why that is not known."""
    if worst.kink:
        left, right = worst.kink
        return (
            f"{stem} is {worst.value:.6g}, one-sided differences give {left:.6g} and "
            f"{right:.6g}: the function has a kink or a jump at these arguments, which "
            "is no failure of the derivative; move them"
        )
    if not worst.settled:
        return (
            f"{stem} is {worst.value:.6g}, but differences do not settle: the function "
            "is too rough or noisy there to be checked; choose other arguments, or set "
            "rtol"
        )
    off = abs(worst.value - worst.wanted)
    return (
        f"{stem} is {worst.value:.6g}, {GIVEN[against]} {worst.wanted:.6g} "
        f"(they differ by {off:.2g}; {worst.allowed:.2g} is allowed)"
    )
