"""The derivative transforms: tangent and adjoint."""
