import numpy as np
from gradgen.runtime.support import masked_divide


def cosine_similarity_value_and_grad(x, y):
    """Value and gradient of cosine_similarity with respect to x, y (zoo.py:266).

    x: f64[n]
    y: f64[n]
    """
    # forward sweep
    sqrt = np.sqrt(x @ x)  # zoo.py:267
    sqrt1 = np.sqrt(y @ y)
    prod = sqrt * sqrt1
    value = x @ y / prod
    # reverse sweep
    prod_bar = 1.0 / prod
    prod = prod_bar * value
    x_bar = prod_bar * y - masked_divide(prod * sqrt1, sqrt) * x
    y_bar = prod_bar * x - masked_divide(prod * sqrt, sqrt1) * y
    return value, (x_bar, y_bar)
