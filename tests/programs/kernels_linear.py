"""Kernels that benchmark suites of scientific Python run: algebra, series, graphs."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


def energy(*arrays):
    total = 0.0
    for a in arrays:
        total += np.sum(a * a)
    return total


@program(lambda r, n, m: (0.4 * r(n),))
def durbin_recursion(r):
    y = np.empty_like(r)
    alpha = -r[0]
    beta = 1.0
    y[0] = -r[0]
    for k in range(1, r.shape[0]):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
        y[:k] += alpha * np.flip(y[:k])
        y[k] = alpha
    return energy(y)


@program(lambda r, n, m: (r(n, n), r(n)))
def substitution(lower, b):
    lower = lower + np.eye(len(b))
    x = np.zeros_like(b)
    for i in range(x.shape[0]):
        x[i] = (b[i] - lower[i, :i] @ x[:i]) / lower[i, i]
    return energy(x)


@program(lambda r, n, m: (r(n, n), r(n)))
def lu_with_solve(a, b):
    a += (len(b) + 1.0) * np.eye(len(b))
    x = np.zeros_like(b)
    y = np.zeros_like(b)
    n = a.shape[0]
    for i in range(n):
        for j in range(i):
            a[i, j] -= a[i, :j] @ a[:j, j]
            a[i, j] /= a[j, j]
        for j in range(i, n):
            a[i, j] -= a[i, :i] @ a[:i, j]
    for i in range(n):
        y[i] = b[i] - a[i, :i] @ y[:i]
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return energy(x, y, a)


@program(lambda r, n, m: (r(n, n),))
def cholesky_in_place(a):
    n = a.shape[0]
    a[:] = a @ a.T + np.eye(n)
    a[0, 0] = np.sqrt(a[0, 0])
    for i in range(1, n):
        for j in range(i):
            a[i, j] -= np.dot(a[i, :j], a[j, :j])
            a[i, j] /= a[j, j]
        a[i, i] -= np.dot(a[i, :i], a[i, :i])
        a[i, i] = np.sqrt(a[i, i])
    return energy(np.tril(a))


@program(lambda r, n, m: (r(n + 2, n),))
def gram_schmidt(a):
    a[:-2] += np.eye(a.shape[1])
    q = np.zeros_like(a)
    upper = np.zeros((a.shape[1], a.shape[1]), dtype=a.dtype)
    for k in range(a.shape[1]):
        norm = np.dot(a[:, k], a[:, k])
        upper[k, k] = np.sqrt(norm)
        q[:, k] = a[:, k] / upper[k, k]
        for j in range(k + 1, a.shape[1]):
            upper[k, j] = np.dot(q[:, k], a[:, j])
            a[:, j] -= q[:, k] * upper[k, j]
    return energy(upper) + np.sum(q[0]) + np.sum(q**3)


@program(lambda r, n, m: (r(n + 2, m), float(n + 2)))
def correlation_by_rows(data, count):
    data = (
        data
        + np.arange(data.shape[0])[:, None] * np.linspace(0.3, 0.7, data.shape[1]) ** 2
    )
    mean = np.mean(data, axis=0)
    stddev = np.std(data, axis=0)
    stddev[stddev <= 0.1] = 1.0
    data -= mean
    data /= np.sqrt(count) * stddev
    corr = np.eye(data.shape[1], dtype=data.dtype)
    for i in range(data.shape[1] - 1):
        corr[i + 1 :, i] = corr[i, i + 1 :] = data[:, i] @ data[:, i + 1 :]
    return np.sum(corr**2 * (1.0 + np.arange(corr.size)).reshape(corr.shape))


@program(lambda r, n, m: (r(n, m), float(n) + 1.0))
def covariance_by_rows(data, count):
    mean = np.mean(data, axis=0)
    data -= mean
    cov = np.zeros((data.shape[1], data.shape[1]), dtype=data.dtype)
    for i in range(data.shape[1]):
        cov[i:, i] = cov[i, i:] = data[:, i] @ data[:, i:] / (count - 1.0)
    return energy(cov)


@program(lambda r, n, m: (r(), r(), r(n, m), r(n, n), r(n, m)))
def symmetric_product(alpha, beta, c, a, b):
    temp = np.empty((c.shape[1],), dtype=c.dtype)
    c *= beta
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[:i, j] += alpha * b[i, j] * a[i, :i]
            temp[j] = b[:i, j] @ a[i, :i]
        c[i, :] += alpha * b[i, :] * a[i, i] + alpha * temp
    return energy(c)


@program(lambda r, n, m: (r(), r(), r(n, n), r(n, m), r(n, m)))
def rank_two_update(alpha, beta, c, a, b):
    for i in range(a.shape[0]):
        c[i, : i + 1] *= beta
        for k in range(a.shape[1]):
            c[i, : i + 1] += (
                a[: i + 1, k] * alpha * b[i, k] + b[: i + 1, k] * alpha * a[i, k]
            )
    return energy(c)


@program(lambda r, n, m: (r(), r(n, n), r(n, m)))
def triangular_product(alpha, a, b):
    for i in range(b.shape[0]):
        for j in range(b.shape[1]):
            b[i, j] += np.dot(a[i + 1 :, i], b[i + 1 :, j])
    b *= alpha
    return energy(b)


@program(
    lambda r, n, m: (r(), r(), r(n, n), r(n), r(n), r(n), r(n), r(n), r(n), r(n), r(n))
)
def rank_updates_and_products(alpha, beta, a, u1, v1, u2, v2, w, x, y, z):
    a += np.outer(u1, v1) + np.outer(u2, v2)
    x += beta * y @ a + z
    w += alpha * a @ x
    return energy(a, x, w)


@program(lambda r, n, m: (r(n, m, 3), r(3, 3)))
def product_of_planes(a, c4):
    nr, nq, np_ = a.shape
    a[:] = np.reshape(np.reshape(a, (nr, nq, 1, np_)) @ c4, (nr, nq, np_))
    return energy(a)


@program(lambda r, n, m: (r(n + 1, n + 1),))
def shortest_paths(path):
    for k in range(path.shape[0]):
        path[:] = np.minimum(path[:], np.add.outer(path[:, k], path[k, :]))
    return energy(path)


@program(lambda r, n, m: (r(n), r(n + 2)))
def scores_of_pairs(gain, loss):
    n = gain.shape[0]
    table = np.zeros((n, n))
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            if j - 1 >= 0:
                table[i, j] = max(table[i, j], table[i, j - 1])
            if i + 1 < n:
                table[i, j] = max(table[i, j], table[i + 1, j])
            if j - 1 >= 0 and i + 1 < n:
                if i < j - 1:
                    table[i, j] = max(
                        table[i, j], table[i + 1, j - 1] + gain[i] - 0.1 * loss[j]
                    )
                else:
                    table[i, j] = max(table[i, j], table[i + 1, j - 1])
            for k in range(i + 1, j):
                table[i, j] = max(table[i, j], table[i, k] + table[k + 1, j])
    return table[0, n - 1] * 2.0 + np.sum(table)


@program(lambda r, n, m: (r(n + 2), r(n)))
def sparse_product(values, x):
    rows = np.array([0, 1, 2, len(values)])
    columns = np.arange(len(values)) % len(x)
    y = np.empty(rows.size - 1)
    for i in range(rows.size - 1):
        cols = columns[rows[i] : rows[i + 1]]
        vals = values[rows[i] : rows[i + 1]]
        y[i] = vals @ x[cols]
    return energy(y)


@program(lambda r, n, m: (r(n, n), r(n)))
def biconjugate_gradients(a, b):
    a = a + (len(b) + 2.0) * np.eye(len(b))
    x = np.zeros(len(b))
    r = b - a @ x
    shadow = r.copy()
    rho = alpha = omega = 1.0
    v = np.zeros(len(b))
    p = np.zeros(len(b))
    for _ in range(2):
        rho_new = shadow @ r
        if abs(rho_new) < 1e-14:
            break
        beta = rho_new / rho * alpha / omega
        p = r + beta * (p - omega * v)
        v = a @ p
        alpha = rho_new / (shadow @ v)
        s = r - alpha * v
        if np.linalg.norm(s) < 1e-9:
            x += alpha * p
            break
        t = a @ s
        omega = (t @ s) / (t @ t)
        x += alpha * p + omega * s
        r = s - omega * t
        rho = rho_new
    return energy(x)


@program(lambda r, n, m: (r(n), r(n), r(n), r(n)))
def great_circle(theta_1, phi_1, theta_2, phi_2):
    temp = (
        np.sin((theta_2 - theta_1) / 2) ** 2
        + np.cos(theta_1) * np.cos(theta_2) * np.sin((phi_2 - phi_1) / 2) ** 2
    )
    return np.sum(2 * np.arctan2(np.sqrt(temp), np.sqrt(1 - temp)))


@program(lambda r, n, m: (r(n + 1, n + 1),))
def trace_of_tanh(a):
    trace = 0.0
    for i in range(a.shape[0]):
        trace += np.tanh(a[i, i])
    return np.sum((a + trace) ** 2)


@program(lambda r, n, m: (r(n + 2, 3), r(n + 2, 3), r(n + 2, 1), 0.01))
def bodies_in_leapfrog(pos, vel, mass, dt):
    def acceleration(pos):
        x, y, z = pos[:, 0:1], pos[:, 1:2], pos[:, 2:3]
        dx, dy, dz = x.T - x, y.T - y, z.T - z
        inv = dx**2 + dy**2 + dz**2 + 0.01
        inv[inv > 0] = inv[inv > 0] ** (-1.5)
        return np.hstack((dx * inv @ mass, dy * inv @ mass, dz * inv @ mass))

    vel -= np.mean(mass * vel, axis=0) / np.mean(mass)
    acc = acceleration(pos)
    kinetic = np.ndarray(3, dtype=np.float64)
    kinetic[0] = 0.5 * np.sum(mass * vel**2)
    for i in range(2):
        vel += acc * dt / 2.0
        pos += vel * dt
        acc = acceleration(pos)
        vel += acc * dt / 2.0
        kinetic[i + 1] = 0.5 * np.sum(mass * vel**2)
    return np.sum(kinetic) + np.sum(pos**2)


@program(lambda r, n, m: (0.5 * r(n, m), 0.5 * r(n, m)))
def escape_times(re, im):
    c = re + 1j * im
    z = np.zeros(c.shape, dtype=np.complex128)
    count = np.zeros(c.shape, dtype=np.int64)
    for i in range(3):
        inside = np.less(abs(z), 2.0)
        count[inside] = i
        z[inside] = z[inside] ** 2 + c[inside]
    return np.sum(abs(z) ** 2) + np.sum(count)


@program(lambda r, n, m: (r(8), r(8)))
def transform_of_length_eight(re, im):
    y = re + 1j * im
    size, radix, stages = 8, 2, 3
    for i in range(stages):
        parts = y.reshape(radix**i, radix, radix ** (stages - i - 1))
        angles = np.arange(radix**i)[:, None] * np.arange(radix)
        twiddle = np.exp(-2.0j * np.pi * angles / radix ** (i + 1))
        parts = parts * twiddle[:, :, None]
        butterfly = np.array([[1.0, 1.0], [1.0, -1.0]])
        y = np.einsum("ab,ibj->aij", butterfly, parts).reshape(size)
    weights = np.arange(size)
    return np.sum(np.abs(y) ** 2 * weights) + np.sum(y.real * weights)


@program(lambda r, n, m: (r(2, n, n), r(3, n, n), r(2, 3)))
def self_energies(dH, G, D):
    sigma = np.zeros((2, dH.shape[1], dH.shape[2]))
    for k in range(2):
        for q in range(3):
            for i in range(2):
                left = G[q] @ dH[i]
                sigma[k] += left @ dH[(i + k) % 2] * D[k, q - i]
    return energy(sigma)


@program(
    lambda r, n, m: (r(2, 3, n + 1, m), r(2, 3, n + 1, m), r(2, 3, n + 1, m), r(m, m))
)
def attention_by_heads(q, k, v, w):
    out = np.empty_like(q)
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            scores = q[b, h] @ k[b, h].T / np.sqrt(q.shape[-1])
            scores -= scores.max(axis=-1, keepdims=True)
            np.exp(scores, out=scores)
            scores /= scores.sum(axis=-1, keepdims=True)
            out[b, h] = scores @ v[b, h]
    return energy(out @ w)


@program(lambda r, n, m: (r(n, m), r(m), r(m)))
def batch_norm_with_residual(x, gamma, beta):
    mean = np.mean(x, axis=0, keepdims=True)
    std = np.std(x, axis=0, keepdims=True)
    h = (x - mean) / np.sqrt(std + 1e-1) * gamma + beta
    h[h < 0] *= 0.1
    h += x
    return energy(h)


@program(lambda r, n, m: (r(2 * n + 2),))
def transform_by_halves(x):
    def transformed(z):
        n = len(z)
        if n % 2:
            k = np.arange(n)
            return np.exp(-2j * np.pi * np.outer(k, k) / n) @ z
        even, odd = transformed(z[::2]), transformed(z[1::2])
        turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
        return np.concatenate([even + turned, even - turned])

    found = transformed(x + 0j)
    return np.sum(np.abs(found) ** 2 * np.arange(len(found)))


@program(lambda r, n, m: (r(n), r(n)))
def newton_for_two_unknowns(a, b):
    total = 0.0
    for i in range(len(a)):
        x, y = 1.0, 1.0
        for _ in range(30):
            slopes = np.array([[2.0 * x, a[i]], [-b[i], 3.0 * y * y]])
            off = np.array([2.0 - x * x - a[i] * y, b[i] * x - y * y * y])
            dx, dy = np.linalg.solve(slopes, off)
            x += dx
            y += dy
            if abs(dx) + abs(dy) < 1e-13:
                break
        total += x * y
    return total
