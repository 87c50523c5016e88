"""Programs that are not supported yet."""

PENDING = {
    "alias_chosen_by_branch",
    "alias_chosen_in_statement",
    "dict_of_lists",
    "recursion_by_halves",
    "recursion_that_writes",
    "recursion_until_small",
    "recursive_sum",
}
