"""Filters, solvers and dynamic programs: methods that the named ones leave out."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(m, m) + m * np.eye(m), r(m), n))
def conjugate_gradients(A, b, steps):
    A = A @ A.T
    x = np.zeros_like(b)
    r = b.copy()
    p = r.copy()
    rr = r @ r
    for _ in range(steps):
        if rr < 1e-8:
            break
        Ap = A @ p
        alpha = rr / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        new = r @ r
        p = r + new / rr * p
        rr = new
    return x


@program(lambda r, n, m: (r(m, m) + np.eye(m), n + 1))
def power_iteration(A, steps):
    v = np.ones(len(A))
    for _ in range(steps):
        w = A @ v
        v = w / np.linalg.norm(w)
    return v @ A @ v


@program(lambda r, n, m: (r(n), r(n), 0.1 * r(2), n))
def momentum_descent(x, y, w, steps):
    v = np.zeros(2)
    for _ in range(steps):
        error = w[0] * x + w[1] - y
        g = np.array([np.sum(error * x), np.sum(error)]) / len(x)
        v *= 0.9
        v += g
        w -= 0.1 * v
    return w


@program(lambda r, n, m: (r(n + 1), r(m + 1)))
def edit_distance_soft(x, y):
    D = np.zeros((len(x) + 1, len(y) + 1))
    D[1:, 0] = np.cumsum(x)
    D[0, 1:] = np.cumsum(y)
    for i in range(1, len(x) + 1):
        for j in range(1, len(y) + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            moves = D[i - 1 : i + 1, j - 1 : j + 1].ravel()[:3]
            D[i, j] = cost - math.log(np.sum(np.exp(-moves)))
    return D[-1, -1]


@program(lambda r, n, m: (r(n + 2), 0.1 * r()))
def upwind_advection(u, c):
    for t in range(3):
        old = u.copy()
        u[1:] = old[1:] - c * (old[1:] - old[:-1])
        u[0] = old[-1]
    return u


@program(lambda r, n, m: (r(n), r(), r(), r()))
def kalman_filter(z, q, s, x):
    p, loss = 1.0, 0.0
    for measured in z:
        p += q
        gain = p / (p + s)
        residual = measured - x
        loss += residual**2 / (p + s) + math.log(p + s)
        x += gain * residual
        p *= 1.0 - gain
    return loss


@program(lambda r, n, m: (r(n, m) + 0.2, r(m, m) + 0.2, r(m)))
def hidden_markov_forward(emission, transition, start):
    alpha, log_p = start * emission[0], 0.0
    for t in range(1, len(emission)):
        scale = alpha.sum()
        log_p += np.log(scale)
        alpha = (alpha / scale) @ transition * emission[t]
    return log_p + np.log(alpha.sum())
