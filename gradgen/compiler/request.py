"""What is asked of the compiler: a function, transforms of it, and arguments."""

from __future__ import annotations

from typing import Any

from gradgen.compiler.axes import Axes, axes_of_arguments, one_example
from gradgen.ir.tree import Tree
from gradgen.runtime.binding import Target, select
from gradgen.runtime.convert import (
    Mask,
    empty_mask,
    floating_mask,
    full_mask,
    seed_mask,
)
from gradgen.structs import frozen

Args = tuple[Any, ...]

TRANSFORMS: dict[Any, tuple[str, Any]] = {}
"""The transforms as users call them: what kind each is, and for ``grad`` and its like
what makes a step of the options. Entered by the API."""


@frozen
class Step:
    """One transform. ``argnums`` count parameters as the user does; None means all.

    ``kind`` is ``"grad"``, ``"value_and_grad"``, ``"jvp"``, ``"vjp"``, ``"jacfwd"``,
    ``"jacrev"``, ``"jacobian"``, ``"hvp"``, ``"elementwise_grad"``, ``"linearize"`` or
    ``"vmap"``, or, to be shown, ``"primal"`` or ``"adjoint"``. ``single`` says that one
    derivative stands alone, not in a tuple; ``holomorphic`` that a complex result is
    meant, ``strict`` that an error is raised where there is no derivative. ``axes`` are
    the axes of a ``vmap``, in and out.
    """

    kind: str
    argnums: tuple[int, ...] | None = ()
    single: bool = True
    aux: bool = False
    holomorphic: bool = False
    strict: bool = False
    axes: tuple[Tree, Tree] | None = None

    @property
    def seeded(self) -> bool:
        """Tell whether a call brings the directions to differentiate along."""
        return self.kind in ("jvp", "hvp")


@frozen
class Request:
    """A function, transforms of it, innermost first, and the arguments of a call.

    ``seeds`` holds the tangents of a jvp.
    """

    target: Target
    steps: tuple[Step, ...]
    args: Args
    seeds: Args = ()

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.target.function.__name__

    @property
    def strict(self) -> bool:
        """Tell whether some step is strict: all derivatives that it needs are, then."""
        return any(step.strict for step in self.steps)

    def mapped(self) -> dict[int, tuple[Args, list[Axes]]]:
        """Return for each ``vmap``, by number, its arguments and their axes."""
        names = self.target.parameters.names(len(self.args))
        found, args = {}, self.args
        for k, step in reversed(list(enumerate(self.steps))):
            if step.axes is not None:
                axes = axes_of_arguments(step.axes[0], args, names)
                found[k] = args, axes
                args = one_example(args, axes)
        return found

    def arguments(self, k: int = -1) -> Args:
        """Return arguments of the types that the ``k``-th step is given.

        For -1 those of the function itself, which gets one example.
        """
        args = self.args
        for number, (given, axes) in self.mapped().items():
            if number > k:
                args = one_example(given, axes)
        return args

    def selected(self, step: Step) -> tuple[int, ...]:
        """Return which arguments a step differentiates by."""
        parameters, count = self.target.parameters, len(self.args)
        if step.seeded:
            moving = [i for i, seed in enumerate(self.seeds) if seed is not None]
            return tuple(parameters.prefix + i for i in moving)
        if step.argnums is None:
            return tuple(
                i for i, arg in enumerate(self.args) if any(floating_mask(arg))
            )
        return select(parameters, step.argnums, count, self.name)

    def masks(self) -> list[Mask]:
        """Return which leaves of each argument are differentiated by some step."""
        masks = [empty_mask(arg) for arg in self.args]
        names = self.target.parameters.names(len(self.args))
        for step in self.steps:
            for i in self.selected(step):
                mask = self._mask(step, i, names[i])
                masks[i] = tuple(a or b for a, b in zip(masks[i], mask, strict=True))
        return masks

    def _mask(self, step: Step, i: int, name: str) -> Mask:
        if step.seeded:
            seed = self.seeds[i - self.target.parameters.prefix]
            return seed_mask(self.args[i], seed, name)
        return (floating_mask if step.argnums is None else full_mask)(self.args[i])
