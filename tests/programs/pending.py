"""Programs that are not supported yet."""

PENDING = {
    "array_result_of_other_length",
}
