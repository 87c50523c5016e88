"""``gradgen check``: compare derivatives of a function in a file with differences."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gradgen.api import Derivative
from gradgen.api.gradreport import GradReport
from gradgen.cli.target import evaluate, load_function
from gradgen.deferred import Deferred
from gradgen.errors import GradgenError

if TYPE_CHECKING:
    from gradgen.api import gradients
else:
    gradients = Deferred("gradgen.api.gradients")

DESCRIPTION = (
    "Check the derivatives of a function at some arguments: tangents against "
    "differences, adjoints against tangents, to second order. The exit status is 1 if "
    "one is wrong, with the first line at which it departs, and 2 if one is refused."
)
FAILED, REFUSED = 1, 2


def add_parser(commands: Any) -> None:
    """Enter the command and its options."""
    parser = commands.add_parser(
        "check", help="check derivatives against differences", description=DESCRIPTION
    )
    parser.add_argument(
        "function", metavar="FILE.py:FUNCTION", help="or FILE.py:object.method"
    )
    parser.add_argument(
        "--args",
        metavar="EXPRESSION",
        required=True,
        help="arguments, evaluated in the module, as in 'np.ones(3), 0.1'",
    )
    parser.add_argument(
        "--order", type=int, default=2, help="up to which order (default: 2)"
    )
    parser.add_argument(
        "--modes", default="fwd,rev", metavar="fwd,rev", help="which modes"
    )
    parser.add_argument("--rtol", type=float, help="relative tolerance")
    parser.add_argument("--atol", type=float, help="absolute tolerance")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the random directions (default: 0)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> str:
    """Return a table of the checks, and below it what failed or was refused."""
    module, _, found = load_function(options.function)
    function = found.primal if isinstance(found, Derivative) else found
    report = _report(function, evaluate(options.args, module), options)
    options.status = _status(report)
    return "\n\n".join([str(report), *dict.fromkeys(_errors(report))])


def _report(
    function: Any, args: tuple[Any, ...], options: argparse.Namespace
) -> GradReport:
    try:
        return gradients.check_grads(
            function,
            args,
            options.order,
            tuple(options.modes.split(",")),
            rtol=options.rtol,
            atol=options.atol,
            seed=options.seed,
            raises=False,
        )
    except GradgenError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise GradgenError(f"{options.function} raises {kind}: {error}") from error


def _status(report: GradReport) -> int:
    if report.ok:
        return 0
    verdicts = {check.verdict for check in report.checks}
    return REFUSED if verdicts <= {"ok", "refused"} else FAILED


def _errors(report: GradReport) -> list[str]:
    return [str(check.error) for check in report.checks if check.error is not None]
