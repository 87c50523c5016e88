def quadratic_form_grad(x, a):
    """Gradient of quadratic_form with respect to x, a (zoo.py:156).

    x: f64[n]
    a: f64[n,n]
    """
    # forward sweep
    x_bar = x @ a  # zoo.py:157
    # reverse sweep
    a_bar = x[:, None] * x[None]
    x_bar += a @ x
    return x_bar, a_bar
