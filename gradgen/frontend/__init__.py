"""From a Python function to typed IR: an abstract interpreter of its syntax tree."""
