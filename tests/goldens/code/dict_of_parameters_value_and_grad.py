def dict_of_parameters_value_and_grad(params, x, y):
    """Value and gradient of dict_of_parameters with respect to params (zoo.py:192).

    params: {'w': f64[n], 'b': float}
    x: f64[m,n]
    y: f64[m]
    """
    w = params['w']
    b = params['b']
    # forward sweep
    diff = x @ w + b - y  # zoo.py:193
    value = (diff ** 2).mean()
    # reverse sweep
    diff *= 2.0 / x.shape[0]
    b_bar = diff.sum()
    w_bar = diff @ x
    return value, {'w': w_bar, 'b': b_bar}
