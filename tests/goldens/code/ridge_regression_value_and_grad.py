def ridge_regression_value_and_grad(w, b, x, y):
    """Value and gradient of ridge_regression with respect to w, b (zoo.py:56).

    w: f64[n]
    b: float
    x: f64[m,n]
    y: f64[m]
    """
    # forward sweep
    residual = x @ w + b - y  # zoo.py:57
    value = 0.5 * (residual ** 2).sum() + 0.1 * (w ** 2).sum()  # zoo.py:58
    # reverse sweep
    w_bar = 0.2 * w
    b_bar = residual.sum()  # zoo.py:57
    w_bar += residual @ x
    return value, (w_bar, b_bar)
