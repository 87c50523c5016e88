import numpy as np


def recurrent_value_and_grad(x, w, steps):
    """Value and gradient of recurrent with respect to x, w (region_zoo.py:38).

    x: f64[n]
    w: float
    steps: int
    """
    # forward sweep
    h = np.zeros_like(x)  # region_zoo.py:39
    h_tape = np.empty((max(steps, 0), *x.shape))
    for i in range(steps):  # region_zoo.py:40
        h_tape[i] = h
        h = np.tanh(w * h + x)  # region_zoo.py:41
    value = h.sum()  # region_zoo.py:42
    # reverse sweep
    h_bar = np.ones_like(x)
    x_bar = np.zeros_like(x)  # region_zoo.py:40
    w_bar = np.float64(0.0)
    for h1 in reversed(h_tape):
        h_bar *= 1 - h * h  # region_zoo.py:41
        x_bar += h_bar
        w_bar += h_bar @ h1
        h_bar = h_bar * w
        h = h1
    return value, (x_bar, w_bar)
