def linear_regression_value_and_grad(w, x, y):
    """Value and gradient of linear_regression with respect to w (zoo.py:51).

    w: f64[n]
    x: f64[m,n]
    y: f64[m]
    """
    # forward sweep
    diff = x @ w  # zoo.py:52
    diff -= y
    value = (diff ** 2).mean()
    # reverse sweep
    w_bar = 2.0 / x.shape[0] * diff @ x
    return value, w_bar
