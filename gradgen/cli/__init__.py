"""The command ``gradgen``."""

from gradgen.cli.main import main

__all__ = ["main"]
