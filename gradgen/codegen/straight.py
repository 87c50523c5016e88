"""The statements of a function, one for each op where nothing branches or loops.

Only functions that do need the modules that print regions, and the time to import them.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from gradgen.codegen.liveness import lives_of
from gradgen.codegen.models import Models, lengths_last, models_in
from gradgen.codegen.statements import Compute, Nodes, Program, Return
from gradgen.codegen.webs import Webs, webs_of
from gradgen.ir.core import Function, Op, Value


def arrange(function: Function) -> Webs:
    """Return the statements of a function, and which of their values share a name."""
    models = models_in(function.body)
    program = Program([], given=_seed_names(function))
    ops = lengths_last(function.body.ops) if models.copies else function.body.ops
    if any(op.regions for op in ops):
        _module("schedule").schedule(function, ops, program, models)
    else:
        add_straight(ops, program, program.nodes, models)
    program.nodes.append(Return(function.body.results))
    if program.uses is None:
        return webs_of(program, lives_of(program))
    forward = all(op.origin != "adjoint" for op in ops)
    _module("exits").settle_exits(program, forward=forward)
    webs: Webs = _module("exchanges").settle(program, program.uses)
    return webs


def _seed_names(function: Function) -> dict[Value, str]:
    """Return what seeds are called: what else is a derivative of ``s`` is ``s_bar``."""
    seeds = (p for p in function.params if p.role == "seed" and p.tree.kind == "leaf")
    return {p.tree.leaf: p.name for p in seeds}


def _module(name: str) -> Any:
    return importlib.import_module(f"gradgen.codegen.{name}")


def add_straight(
    ops: Sequence[Op], program: Program, nodes: Nodes, models: Models
) -> None:
    """Append the statements of ops without regions."""
    for op in ops:
        if models.copies:
            op = models.reading(op)
            models.note(op)
        if op.inline:
            program.inlined[op.results[0]] = op
        else:
            nodes.append(Compute(op))
