def taylor_exp_value_and_grad(x):
    """Value and gradient of taylor_exp with respect to x (region_zoo.py:63).

    x: float
    """
    # forward sweep
    term_tape = []
    total = 0.0
    term = 1.0
    stop = 50
    for k in range(1, 50):  # region_zoo.py:66
        term_tape.append(term)
        total += term  # region_zoo.py:67
        term = term * x / k  # region_zoo.py:68
        if abs(term) < 1e-12:
            stop = k + 1
            break
    # reverse sweep
    term_bar = 0.0
    x_bar = 0.0
    for k in reversed(range(1, stop)):  # region_zoo.py:66
        term = term_tape[k - 1]
        prod_bar = term_bar / k  # region_zoo.py:68
        x_bar += prod_bar * term
        term_bar = prod_bar * x + 1.0  # region_zoo.py:67
    return total, x_bar
