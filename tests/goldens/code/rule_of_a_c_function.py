from gradgen.runtime.support import returned


def j0_adjoint_forward(value_bar, x1):
    """Forward sweep of j0_adjoint: its results, and a tape (test_rule.py:390).

    value_bar: float
    x1: float
    """
    saved = -value_bar  # test_rule.py:390
    saved1 = returned(j1(x1), 'j1', float)
    x1_bar = saved * saved1
    residuals = x1, saved, saved1
    return x1_bar, residuals


def j0_adjoint_reverse(tape, x1_bar_bar, value_bar_bar, x1_bar):
    """Reverse sweep of j0_adjoint: what it adds to cotangents (test_rule.py:390).

    tape: tape<j0_adjoint_forward>
    x1_bar_bar: float
    value_bar_bar: float
    x1_bar: float
    """
    x1, saved, saved1 = tape  # test_rule.py:390
    x1_bar1 = besselj1_adjoint(x1_bar_bar * saved, saved1, x1)
    x1_bar += x1_bar1
    value_bar_bar -= x1_bar_bar * saved1
    return value_bar_bar, x1_bar


def j0_adjoint(value_bar, x1):
    """Adjoint of j0, by its rule (test_rule.py:390).

    value_bar: float
    x1: float
    """
    saved = -value_bar  # test_rule.py:390
    saved1 = returned(j1(x1), 'j1', float)
    x1_bar = saved * saved1
    return x1_bar


def besselj1_adjoint(value_bar, value, x1):
    """Adjoint of j1, by its rule (test_rule.py:395).

    value_bar: float
    value: float
    x1: float
    """
    # test_rule.py:396
    x1_bar = value_bar * (returned(j0(x1), 'j0', float) - value / x1)
    return x1_bar


def bessel_grad_grad(x):
    """Gradient of bessel_grad with respect to x (test_rule.py:176).

    x: float
    """
    _, j0_adjoint_tape = j0_adjoint_forward(x, x)  # test_rule.py:177
    x_bar, x_bar1 = j0_adjoint_reverse(j0_adjoint_tape, 1.0, 0.0, 0.0)
    x_bar2 = j0_adjoint(1.0, x)
    x_bar = x_bar + x_bar1 + x_bar2
    return x_bar
