"""What tests of gradgen, and of rules added to it, are written with."""
