def linear_regression_jvp(w, x, y, w_dot):
    """Value and tangent of linear_regression along w (zoo.py:51).

    w: f64[n]
    x: f64[m,n]
    y: f64[m]
    w_dot: f64[n]
    """
    diff = x @ w  # zoo.py:52
    diff -= y
    value = (diff ** 2).mean()
    value_dot = 2 * (x @ w_dot * diff).mean()
    return value, value_dot
