"""Passes: from valid IR to valid IR."""
