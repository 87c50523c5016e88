"""The intermediate representation: typed, structured SSA."""
