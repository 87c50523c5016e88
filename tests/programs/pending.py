"""Programs that are not supported yet."""

PENDING: set[str] = set()
