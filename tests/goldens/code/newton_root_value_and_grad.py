def newton_root_value_and_grad(a):
    """Value and gradient of newton_root with respect to a (region_zoo.py:55).

    a: float
    """
    # forward sweep
    x_tape = []
    x = a
    while abs(x * x - a) > 1e-10:  # region_zoo.py:57
        x_tape.append(x)
        x = 0.5 * (x + a / x)  # region_zoo.py:58
    # reverse sweep
    x_bar = 1.0
    a_bar = 0.0
    for x1 in reversed(x_tape):  # region_zoo.py:57
        x_bar *= 0.5  # region_zoo.py:58
        ratio = x_bar / x1
        a_bar += ratio
        x_bar -= ratio * a / x1
    a_bar += x_bar  # region_zoo.py:57
    return x, a_bar
