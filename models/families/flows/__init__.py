"""Normalizing flows: invertible maps with a tractable Jacobian determinant."""
