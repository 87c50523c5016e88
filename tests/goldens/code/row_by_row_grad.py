import numpy as np


def row_by_row_grad(A, v):
    """Gradient of row_by_row with respect to A (region_zoo.py:46).

    A: f64[n,m]
    v: f64[k]
    """
    # forward sweep
    m = A.shape[1]
    # reverse sweep
    A_bar = np.zeros_like(A)  # region_zoo.py:48
    for i in reversed(range(A.shape[0])):
        for j in reversed(range(m)):  # region_zoo.py:49
            v_part = v[i]  # region_zoo.py:50
            A_bar[i, j] += np.cos(A[i, j] * v_part) * v_part
    return A_bar
