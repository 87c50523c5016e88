"""Programs that are not supported yet."""

PENDING = {
    "alias_chosen_by_branch",
    "alias_chosen_in_statement",
    "dict_of_lists",
    "dict_of_names",
    "edit_distance_soft",
    "matrix_view_of_vector",
    "ravelled_view",
    "recursion_by_halves",
    "recursion_that_writes",
    "recursion_until_small",
    "recursive_sum",
}
