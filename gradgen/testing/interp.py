"""The interpreter of the IR, the oracle that tests compare with."""

from gradgen.compiler.interp import Machine, converted, interpret

__all__ = ["Machine", "converted", "interpret"]
