def quadratic_form_vjp(x, a, value_bar=1.0):
    """Value and adjoint of quadratic_form in x, a (zoo.py:156).

    x: f64[n]
    a: f64[n,n]
    value_bar: f64
    """
    # forward sweep
    x_bar = x @ a  # zoo.py:157
    value = x_bar @ x
    # reverse sweep
    x_bar_bar = value_bar * x
    x_bar *= value_bar
    a_bar = x[:, None] * x_bar_bar[None]
    x_bar += a @ x_bar_bar
    return value, (x_bar, a_bar)
