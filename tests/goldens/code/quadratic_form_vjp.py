def quadratic_form_vjp(x, a, value_bar=1.0):
    """Value and adjoint of quadratic_form in x, a (zoo.py:156).

    x: f64[n]
    a: f64[n,n]
    value_bar: f64
    """
    # forward sweep
    prod = x @ a  # zoo.py:157
    value = prod @ x
    # reverse sweep
    prod_bar = value_bar * x
    x_bar = value_bar * prod
    a_bar = x[:, None] * prod_bar[None]
    x_bar += a @ prod_bar
    return value, (x_bar, a_bar)
