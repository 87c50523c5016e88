"""gradgen: derivatives of plain NumPy functions, as source code that you can read."""

from gradgen.api import Derivative, grad, value_and_grad
from gradgen.errors import (
    ArgumentError,
    CacheError,
    GradgenError,
    OutputError,
    ShapeError,
    SignatureError,
    SourceError,
    UnsupportedError,
)

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "CacheError",
    "Derivative",
    "GradgenError",
    "OutputError",
    "ShapeError",
    "SignatureError",
    "SourceError",
    "UnsupportedError",
    "grad",
    "value_and_grad",
]
