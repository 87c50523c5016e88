def swapping_value_and_grad(x, n):
    """Value and gradient of swapping with respect to x (region_zoo.py:92).

    x: float
    n: int
    """
    # forward sweep
    b = 2.0 * x  # region_zoo.py:93
    a_tape = []
    a = x
    for _ in range(n):  # region_zoo.py:94
        a_tape.append(a)
        a, b = b, a * b  # region_zoo.py:95
    # reverse sweep
    a_bar = 1.0
    b_bar = 0.0
    b = a
    for a1 in reversed(a_tape):  # region_zoo.py:94
        a_bar, b_bar, b = b_bar * b, a_bar + b_bar * a1, a1  # region_zoo.py:95
    x_bar = a_bar + 2.0 * b_bar  # region_zoo.py:93
    return a, x_bar
