"""Code generation: names, expressions, the NumPy target."""
