"""Numerical methods as one finds them in text books and code bases."""

from __future__ import annotations

import math

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


def dominant(r, n):
    """Return a diagonally dominant matrix."""
    return r(n, n) + (n + 1.0) * np.eye(n)


@program(lambda r, n, m: (r(n + 1),))
def rosenbrock_by_index(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


@program(lambda r, n, m: (r(n + 1),))
def rosenbrock_by_slice(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@program(lambda r, n, m: (r(n) + np.arange(n),))
def logsumexp_by_hand(x):
    top = x[0]
    for v in x:
        if v > top:
            top = v
    total = 0.0
    for v in x:
        total += math.exp(v - top)
    return top + math.log(total)


@program(lambda r, n, m: (r(n + 2, m + 2), r(n + 2, m + 2)))
def gauss_seidel(u, f):
    for _ in range(2):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = 0.25 * (
                    u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] + f[i, j]
                )
    return np.sum(u**2)


@program(lambda r, n, m: (0.8 * r(n),))
def chebyquad(x):
    n = len(x)
    sums = np.zeros(n)
    for v in x:
        t = 2.0 * v - 1.0
        before, now = 1.0, t
        for i in range(n):
            sums[i] += now
            before, now = now, 2.0 * t * now - before
    total = 0.0
    for i in range(n):
        value = sums[i] / n
        if i % 2 == 1:
            value += 1.0 / ((i + 1) ** 2 - 1.0)
        total += value * value
    return total


@program(lambda r, n, m: (r(), 0.1 + r(), n + 1))
def recurrence_into_empty(x0, rate, steps):
    x = np.empty(steps)
    x[0] = x0
    for i in range(1, steps):
        x[i] = x[i - 1] + rate * x[i - 1] * (1.0 - x[i - 1])
    return x


@program(lambda r, n, m: (r(n + 2, m + 2), r()))
def interior_view_stencil(u, k):
    u = u.copy()
    inner = u[1:-1, 1:-1]
    for _ in range(3):
        flux = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * inner
        inner += 0.1 * k * flux
    return np.sum(inner**2)


@program(lambda r, n, m: (r(n), r(n) + 3.0, r(n), r(n)))
def tridiagonal_solve(lower, diagonal, upper, rhs):
    n = len(rhs)
    c, d = np.empty(n), np.empty(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / pivot
        d[i] = (rhs[i] - lower[i] * d[i - 1]) / pivot
    x = np.empty(n)
    x[-1] = d[-1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return x


@program(lambda r, n, m: (dominant(r, n),))
def lu_by_loops(A):
    U = A.copy()
    L = np.eye(len(A))
    for k in range(len(A)):
        for i in range(k + 1, len(A)):
            L[i, k] = U[i, k] / U[k, k]
            for j in range(k, len(A)):
                U[i, j] -= L[i, k] * U[k, j]
    return np.sum(L * A) + np.sum(U**2)


@program(lambda r, n, m: (dominant(r, n),))
def cholesky_by_loops(A):
    L = np.zeros_like(A)
    for i in range(len(A)):
        for j in range(i + 1):
            s = 0.5 * (A[i, j] + A[j, i])
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, j] = math.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    return L


@program(lambda r, n, m: (dominant(r, n)[::-1].copy(), r(n)))
def pivot_row_swap(A, b):
    n = len(b)
    A, b = A.copy(), b.copy()
    for k in range(n):
        p = k + np.argmax(np.abs(A[k:, k]))
        if p != k:
            row = A[k].copy()
            A[k] = A[p]
            A[p] = row
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            A[i, k:] -= factor * A[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = (b[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


@program(lambda r, n, m: (r(2), r(), r(), n))
def rk4_with_function_argument(y, a, dt, steps):
    def rhs(t, y):
        return np.array([y[1], -a * np.sin(y[0]) + 0.1 * t])

    def rk4(f, y, dt, steps):
        t = 0.0
        for _ in range(steps):
            k1 = f(t, y)
            k2 = f(t + 0.5 * dt, y + 0.5 * dt * k1)
            k3 = f(t + 0.5 * dt, y + 0.5 * dt * k2)
            k4 = f(t + dt, y + dt * k3)
            y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
            t += dt
        return y

    return rk4(rhs, y, 0.1 * dt, steps)


@program(lambda r, n, m: (r(), r() + 1.5, r() + 3.0))
def bubble_of_early_returns(a, b, c):
    if a > b:
        if b > c:
            return a * 2.0
        if a > c:
            return b * c
        return c
    if a > c:
        return b - a
    if b > c:
        return c * b
    return a * b * c


@program(lambda r, n, m: (r() + 1.0,))
def newton_while(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


@program(lambda r, n, m: (r(),))
def taylor_break(x):
    total, term = 0.0, 1.0
    for k in range(1, 40):
        total += term
        term *= x / k
        if abs(term) < 1e-9:
            break
    return total


def total_from(x, i):
    if i == len(x):
        return 0.0
    return x[i] ** 2 + total_from(x, i + 1)


@program(lambda r, n, m: (r(n),))
def recursive_sum(x):
    return total_from(x, 0)


@program(lambda r, n, m: (r(n, m), r(m, 3), 0.3 * r(3, 3), r(3)))
def rnn_with_list_of_states(xs, W, U, b):
    states = [np.zeros(3)]
    for t in range(len(xs)):
        states.append(np.tanh(xs[t] @ W + states[-1] @ U + b))
    loss = 0.0
    for state in states[1:]:
        loss += np.sum(state**2)
    return loss


@program(lambda r, n, m: (r(n), r(m), 0.5 * r(m, m)))
def states_keyed_by_time(x, h0, U):
    states = {-1: h0}
    losses = {}
    for t in range(len(x)):
        states[t] = np.tanh(U @ states[t - 1] + x[t])
        losses[t] = np.sum(states[t] ** 2)
    return sum(losses[t] for t in range(len(x)))


@program(lambda r, n, m: (r(4), r(4), [-1, 0, 1, 1]))
def kinematic_chain(angles, lengths, parents):
    positions, headings = [], []
    for i in range(len(parents)):
        if parents[i] < 0:
            base, heading = np.zeros(2), angles[i]
        else:
            base = positions[parents[i]]
            heading = headings[parents[i]] + angles[i]
        step = lengths[i] * np.array([np.cos(heading), np.sin(heading)])
        positions.append(base + step)
        headings.append(heading)
    return np.sum(positions[-1] ** 2) + positions[2][0]


@program(lambda r, n, m: (r(n + 1, 2) * 3.0, r(n + 1, 2), r(n + 1)))
def n_body_with_masks(positions, velocities, masses):
    p, v = positions.copy(), velocities.copy()
    for _ in range(2):
        d = p[None, :, :] - p[:, None, :]
        r2 = np.sum(d**2, axis=-1)
        others = ~np.eye(len(p), dtype=bool)
        weight = np.zeros_like(r2)
        weight[others] = (r2[others] + 0.05) ** -1.5
        v += 0.05 * np.sum(d * (weight * masses)[:, :, None], axis=1)
        p += 0.05 * v
    return 0.5 * np.sum(masses * np.sum(v**2, axis=1)) + np.sum(p)


WEIGHTS = np.array([4.0, 1.0, 1.0, 1.0, 1.0]) / 8.0
MOVES = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]


@program(lambda r, n, m: (r(5, n + 1, m + 1), r()))
def lattice_boltzmann(f, omega):
    for _ in range(2):
        rho = np.sum(f, axis=0)
        ux = (f[1] - f[2]) / rho
        uy = (f[3] - f[4]) / rho
        for k, (cx, cy) in enumerate(MOVES):
            equilibrium = WEIGHTS[k] * rho * (1.0 + 2.0 * (cx * ux + cy * uy))
            f[k] += omega * (equilibrium - f[k])
        for k, (cx, cy) in enumerate(MOVES):
            f[k] = np.roll(np.roll(f[k], cx, axis=0), cy, axis=1)
    return np.sum(f[1] * f[3]) + np.sum(f**2)


@program(lambda r, n, m: (r(n + 2, n + 2),))
def implicit_adi_sweep(u):
    n = len(u)
    v, p, q = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    a, b = -0.3, 1.6
    for i in range(1, n - 1):
        v[0, i] = 1.0
        p[i, 0] = 0.0
        q[i, 0] = v[0, i]
        for j in range(1, n - 1):
            p[i, j] = -a / (a * p[i, j - 1] + b)
            q[i, j] = (
                0.3 * u[j, i - 1] + 0.4 * u[j, i] + 0.3 * u[j, i + 1] - a * q[i, j - 1]
            ) / (a * p[i, j - 1] + b)
        v[n - 1, i] = 1.0
        for j in range(n - 2, 0, -1):
            v[j, i] = p[i, j] * v[j + 1, i] + q[i, j]
    return np.sum(v**2)


@program(lambda r, n, m: (r(n), r(n)))
def two_row_views_then_rows_reassigned(x, y):
    buffer = np.zeros((2, len(x)))
    buffer[0] = x
    buffer[1] = y
    a, b = buffer[0], buffer[1]
    buffer[0] = np.sin(b)
    buffer[1] = a * b
    return np.sum(a * x) + np.sum(b * y)


@program(lambda r, n, m: (r(n) + np.where(np.arange(n) == 1, 0.0, 1.0),))
def mask_set_with_negative_powers(r):
    weight = np.zeros_like(r)
    far = r > 0.1
    weight[far] = r[far] ** -2 + r[far] ** -0.5
    return np.sum(weight * r**3)


@program(lambda r, n, m: (r(n), r()))
def variables_named_like_derivatives(x, dx):
    x_bar = np.mean(x)
    x_dot = x - x_bar
    x_tape = x_dot**2
    value_bar = 0.0
    for i_bar in range(len(x)):
        t_bar = x_tape[i_bar] * dx
        value_bar += t_bar * x_bar
    return value_bar
