"""What is said about shared memory, compared with NumPy, for every lowered call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradgen.ir.builder import Builder
from gradgen.ir.core import Atom
from gradgen.primitives.indexing import is_basic
from gradgen.primitives.registry import (
    ATTRIBUTES,
    LOWERINGS,
    METHODS,
    PRIMITIVES,
    Handle,
)
from gradgen.primitives.sharing import ALWAYS, MAYBE, READONLY, sharing
from tests.primitives.calls import DECLARED
from tests.primitives.calls.call import Call, Known, M, S, T, V, is_method
from tests.primitives.harness import build
from tests.primitives.lowered import (
    arguments_of,
    call_python,
    leaves,
    lower_call,
)

MORE = [
    Call(np.asarray, (V,)),
    Call(np.asarray, (V, np.float32)),
    Call(np.squeeze, (T[:1], Known(0))),
    Call(np.squeeze, (V,)),
    Call(np.transpose, (V,)),
    Call(np.einsum, (Known("ij->ji"), M)),
    Call(np.einsum, (Known("ij->i"), M)),
    Call(np.diff, (V, Known(0))),
    Call(np.float64, (V,)),
    Call(np.float32, (V,)),
    Call(np.diag, (S,)),
    Call(np.diagonal, (S, Known(1))),
    Call(np.ravel, (M,)),
    Call(np.ravel, (M.T,)),
    Call(np.broadcast_to, (V, Known((2, 4)))),
    Call(np.expand_dims, (V, Known(0))),
    Call(np.tile, (V, Known(1))),
    Call(np.repeat, (V, Known(1))),
    Call(np.roll, (V, Known(0))),
    Call(np.concatenate, ([V],)),
    Call(np.stack, ([V],)),
    Call(np.sum, (M, Known(()))),
    Call(np.meshgrid, (V,)),
]


def shares(result: Any, given: list[Any]) -> bool:
    arrays = [x for x in given if isinstance(x, np.ndarray)]
    return isinstance(result, np.ndarray) and any(
        np.shares_memory(result, x) for x in arrays
    )


def is_view_of(result: Any, atoms: list[Atom]) -> bool:
    """Tell whether a handle is made of one of ``atoms`` by views alone."""
    if not isinstance(result, Handle):
        return False
    atom = result.atom
    while atom not in atoms or not atom.type.shape:  # type: ignore[union-attr]
        op = result.builder.makers.get(atom)  # type: ignore[arg-type]
        if op is None or PRIMITIVES[op.name].shares != (0,):
            return False
        types = [x.type for x in op.operands]
        if op.name == "getitem" and not is_basic(op.attrs["index"], types):
            return False
        atom = op.operands[0]
    return bool(result.rank)


def check(kind: str, result: Any, given: list[Any], is_view: bool) -> None:
    if result is None or not np.size(result) or not np.ndim(result):
        return
    shared = shares(result, given)
    if kind in ("always", "readonly"):
        assert is_view == shared
    elif kind == "never":
        assert not shared
    if shared and kind == "readonly":
        assert not result.flags.writeable
    elif shared:
        assert result.flags.writeable


@pytest.mark.parametrize("call", [*DECLARED, *MORE], ids=str)
@pytest.mark.filterwarnings("ignore")
def test_call_shares_memory_as_it_is_said_to(call: Call) -> None:
    given = arguments_of([*call.args, *call.options.values()])
    found: list[bool] = []

    def body(*handles: Handle) -> Any:
        result = lower_call(call, handles, builder)
        atoms = [handle.atom for handle in handles]
        found.extend(is_view_of(leaf, atoms) for leaf in leaves(result))
        return result

    builder = Builder()
    build(body, given, "f", builder)
    results = leaves(call_python(call))
    function = call.function
    key = function.__name__ if is_method(function) else function
    for result, is_view in zip(results, found, strict=True):
        check(sharing(key), result, given, is_view)


@pytest.mark.parametrize("name", ["T", "mT", "real"])
def test_attribute_is_a_view(name: str) -> None:
    assert sharing(name) == "always"
    assert np.shares_memory(getattr(T, name), T)
    build(lambda x: [ATTRIBUTES[name](x)], [T])


PLAIN: dict[str, Any] = {
    "array_split": (M, 2),
    "astype": None,
    "atleast_3d": (M,),
    "dsplit": (T, 2),
    "flip": (M, 0),
    "hsplit": (M, 2),
    "moveaxis": (M, 0, 1),
    "rollaxis": (M, 1),
    "rot90": (M,),
    "split": (V, 2),
    "stop_gradient": None,
    "conj": None,
    "conjugate": None,
    "imag": (M * 1j,),
    "swapaxes": (M, 0, 1),
    "unstack": (M,),
    "histogram": None,
    "histogram_bin_edges": None,
    "trim_zeros": (V,),
    "ix_": (np.arange(3),),
    "vsplit": (V.reshape(2, 2), 2),
    "view": None,
    "einsum": ("ij->ji", M),
    "diff": (V, 0),
    "broadcast_to": (V, (2, 4)),
    "broadcast_arrays": (V, M),
    "expand_dims": (V, 0),
    "diag": (S,),
    "diagonal": (S,),
}


@pytest.mark.parametrize("name", sorted(ALWAYS | READONLY))
@pytest.mark.filterwarnings("ignore")
def test_every_entry_is_true_of_numpy(name: str) -> None:
    function, args = getattr(np, name, None), PLAIN.get(name, (M,))
    if function is None or args is None:
        return
    if isinstance(function, type):
        args = (M.astype(function),)
    result = function(*args)
    for part in result if isinstance(result, tuple | list) else [result]:
        assert shares(part, list(args))


@pytest.mark.parametrize("name", sorted(MAYBE))
def test_what_may_share_does_both(name: str) -> None:
    options: tuple[Any, ...] = {
        "reshape": (-1,),
        "require": (None, "C"),
    }.get(name, ())
    function = getattr(np, name)
    assert shares(function(M, *options), [M])
    assert not shares(function(M.T, *options), [M])


def test_every_lowered_function_has_an_answer() -> None:
    for target in (*LOWERINGS, *METHODS, *ATTRIBUTES):
        assert sharing(target) in ("always", "readonly", "maybe", "never")
