def captured_globals_grad(x, WEIGHTS):
    """Gradient of captured_globals with respect to x (zoo.py:242).

    x: f64[n]
    WEIGHTS: f64[n]
    """
    x_bar = 3 * WEIGHTS * x ** 2  # zoo.py:243
    return x_bar
