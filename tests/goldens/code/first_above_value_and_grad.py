def first_above_value_and_grad(x, n):
    """Value and gradient of first_above with respect to x (region_zoo.py:100).

    x: float
    n: int
    """
    # forward sweep
    total_tape = []
    total = 0.0
    stop = n
    left = False
    for i in range(n):  # region_zoo.py:102
        total += x * i  # region_zoo.py:103
        total_tape.append(total)
        if total > 3.0:  # region_zoo.py:104
            total *= total  # region_zoo.py:105
            stop = i + 1
            left = True
            break
    # reverse sweep
    if left:
        total_bar = 1.0
        total_bar1 = 0.0
    else:
        total_bar = 0.0
        total_bar1 = 1.0
    x_bar = 0.0
    for i in reversed(range(stop)):  # region_zoo.py:102
        total1 = total_tape[i]
        if total1 > 3.0:  # region_zoo.py:104
            prod = total_bar * total1  # region_zoo.py:105
            total_bar1 = total_bar1 + prod + prod
        x_bar += total_bar1 * i  # region_zoo.py:103
        total_bar = 0.0
    return total, x_bar
