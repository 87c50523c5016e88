import numpy as np


def attention_vjp(q, k, v, value_bar):
    """Value and adjoint of attention in q, k, v (zoo.py:172).

    q: f64[n,m]
    k: f64[k,m]
    v: f64[k,r]
    value_bar: f64[n,r]
    """
    # forward sweep
    s = q @ k.T  # zoo.py:173
    s /= 2.0
    max_s = s.max(axis=1, keepdims=True)  # zoo.py:174
    p = np.exp(s - max_s)
    sum_p = p.sum(axis=1, keepdims=True)  # zoo.py:175
    p1 = p / sum_p
    value = p1 @ v  # zoo.py:176
    # reverse sweep
    p1_bar = value_bar @ v.T
    v_bar = p1.T @ value_bar
    p_bar = p1_bar / sum_p  # zoo.py:175
    p_bar -= (p_bar * p1).sum(axis=1, keepdims=True)
    s_bar = p_bar * p  # zoo.py:174
    sum_s_bar = s_bar.sum(axis=1, keepdims=True)
    chosen = s == max_s
    sum_chosen = chosen.sum(axis=1, keepdims=True)
    s_bar -= chosen * (sum_s_bar / np.maximum(sum_chosen, 1))
    s_bar /= 2.0  # zoo.py:173
    q_bar = s_bar @ k
    k_bar = s_bar.T @ q
    return value, (q_bar, k_bar, v_bar)
