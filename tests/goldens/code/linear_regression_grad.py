def linear_regression_grad(w, x, y):
    """Gradient of linear_regression with respect to w (zoo.py:51).

    w: f64[n]
    x: f64[m,n]
    y: f64[m]
    """
    # forward sweep
    diff = x @ w  # zoo.py:52
    diff -= y
    # reverse sweep
    w_bar = 2.0 / x.shape[0] * diff @ x
    return w_bar
