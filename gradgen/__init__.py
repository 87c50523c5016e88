"""gradgen: derivatives of plain NumPy functions, as source code that you can read."""

__version__ = "0.1.0"
