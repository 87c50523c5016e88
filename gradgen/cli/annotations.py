"""Arguments from the annotations of a function."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from typing import Any

import numpy as np

from gradgen.cli.signature import dimension
from gradgen.errors import SignatureError
from gradgen.ir.types import PY_COMPLEX, PY_FLOAT, PY_INT, Scalar, tensor
from gradgen.runtime.convert import Given


def annotated_arguments(
    function: types.FunctionType, prefix: int = 0, owner: type | None = None
) -> tuple[tuple[Any, ...], list[str]]:
    """Return an argument for each parameter, and the names of those taken as floats.

    An annotation says what an argument is, a default otherwise. What has neither is a
    float. The first ``prefix`` parameters are left out, as they have been given.
    The first one of a method of the class ``owner`` is a record of that class.

    Raises
    ------
    SignatureError
        For an annotation that does not say which types the program is for.
    """
    hints = _hints(function)
    parameters = list(inspect.signature(function).parameters.values())[prefix:]
    if owner is not None and parameters and parameters[0].name not in hints:
        hints[parameters[0].name] = _record_class(owner, function)
    args, assumed = [], []
    for param in parameters:
        name = param.name
        if param.kind in (param.VAR_POSITIONAL, param.VAR_KEYWORD, param.KEYWORD_ONLY):
            continue
        if name in hints:
            args.append(_argument(hints[name], name, param.default))
        elif param.default is not param.empty:
            args.append(param.default)
        else:
            args.append(Given(PY_FLOAT))
            assumed.append(name)
    return tuple(args), assumed


def _record_class(owner: type, function: types.FunctionType) -> type:
    if dataclasses.is_dataclass(owner) or hasattr(owner, "_fields"):
        return owner
    raise SignatureError(
        f"{function.__name__} is a method: give its object with the arguments, as in "
        f"--args '{owner.__name__}(…), …'"
    )


def _hints(function: types.FunctionType) -> dict[str, Any]:
    try:
        return inspect.get_annotations(function, eval_str=True)
    except Exception as error:
        raise SignatureError(
            f"the annotations of {function.__name__} cannot be evaluated ({error}); "
            "give the types with --sig"
        ) from None


def _argument(hint: Any, name: str, default: Any = inspect.Parameter.empty) -> Any:
    if hint is float or hint is np.float64:
        return Given(PY_FLOAT)
    if hint is int:
        return Given(PY_INT)
    if hint is complex or hint is np.complex128:
        return Given(PY_COMPLEX)
    if hint is np.random.Generator:
        return np.random.default_rng()
    if isinstance(hint, type) and issubclass(hint, np.number):
        return Given(Scalar(np.dtype(hint)))
    if hasattr(hint, "dim_str") and hasattr(hint, "dtypes"):
        return _jaxtyping(hint, name)
    if typing.get_origin(hint) is tuple and Ellipsis not in typing.get_args(hint):
        parts = enumerate(typing.get_args(hint))
        return tuple(_argument(part, f"{name}[{i}]") for i, part in parts)
    if isinstance(hint, type) and (
        dataclasses.is_dataclass(hint) or hasattr(hint, "_fields")
    ):
        fields = inspect.get_annotations(hint, eval_str=True)
        return hint(**{k: _argument(v, f"{name}.{k}") for k, v in fields.items()})
    if default is not inspect.Parameter.empty:
        return default
    raise SignatureError(
        f"the annotation of {name} does not say its types and shapes; "
        "give them with --sig or --args"
    )


def _jaxtyping(hint: Any, name: str) -> Given:
    """Return the type of an annotation such as ``Float[np.ndarray, "n d"]``."""

    def fail(reason: str) -> None:
        raise SignatureError(f"{reason} in the annotation of {name}; use --sig")

    if not isinstance(hint.dtypes, list | tuple):
        fail("there is no dtype")
    allowed = [str(dtype) for dtype in hint.dtypes]
    wide = [dtype for dtype in ("float64", "int64", "complex128") if dtype in allowed]
    dtype = np.dtype((wide or allowed)[0])
    shape = tuple(dimension(d, fail) for d in hint.dim_str.split())
    return Given(tensor(dtype, shape))
