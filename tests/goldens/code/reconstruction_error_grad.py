def reconstruction_error_grad(w, x):
    """Gradient of reconstruction_error with respect to w (zoo.py:186).

    w: f64[n,m]
    x: f64[k,n]
    """
    # forward sweep
    centred = x - x.mean(axis=0)  # zoo.py:187
    prod = centred @ w  # zoo.py:188
    diff = centred - prod @ w.T
    # reverse sweep
    diff *= 2.0 / diff.size
    w_bar = -(diff.T @ prod + centred.T @ (diff @ w))
    return w_bar
