"""Kernels that benchmark suites of scientific Python run: stencils and flows."""

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


@program(lambda r, n, m: (3, r(n + 2), r(n + 2)))
def jacobi_line(steps, a, b):
    for _ in range(1, steps):
        b[1:-1] = 0.33333 * (a[:-2] + a[1:-1] + a[2:])
        a[1:-1] = 0.33333 * (b[:-2] + b[1:-1] + b[2:])
    return energy(a, b)


@program(lambda r, n, m: (3, r(n + 2, m + 2), r(n + 2, m + 2)))
def jacobi_plane(steps, a, b):
    def smooth(source, target):
        target[1:-1, 1:-1] = 0.2 * (
            source[1:-1, 1:-1]
            + source[1:-1, :-2]
            + source[1:-1, 2:]
            + source[2:, 1:-1]
            + source[:-2, 1:-1]
        )

    for _ in range(1, steps):
        smooth(a, b)
        smooth(b, a)
    return energy(a, b)


@program(lambda r, n, m: (2, r(n + 2, m + 2, 3), r(n + 2, m + 2, 3)))
def heat_in_space(steps, a, b):
    for _ in range(1, steps + 1):
        for source, target in ((a, b), (b, a)):
            inside = source[1:-1, 1:-1, 1:-1]
            target[1:-1, 1:-1, 1:-1] = (
                0.125
                * (source[2:, 1:-1, 1:-1] - 2.0 * inside + source[:-2, 1:-1, 1:-1])
                + 0.125
                * (source[1:-1, 2:, 1:-1] - 2.0 * inside + source[1:-1, :-2, 1:-1])
                + 0.125
                * (source[1:-1, 1:-1, 2:] - 2.0 * inside + source[1:-1, 1:-1, :-2])
                + inside
            )
    return energy(a, b)


@program(lambda r, n, m: (3, r(n + 1, m + 1), r(n + 1, m + 1), r(n + 1, m + 1), r(3)))
def maxwell_plane(steps, ex, ey, hz, source):
    for t in range(steps):
        ey[0, :] = source[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return energy(ex, ey, hz)


@program(lambda r, n, m: (2, r(n + 2, m + 2)))
def seidel_nine_points(steps, a):
    n = a.shape[0]
    for _ in range(steps - 1):
        for i in range(1, n - 1):
            a[i, 1:-1] += (
                a[i - 1, :-2]
                + a[i - 1, 1:-1]
                + a[i - 1, 2:]
                + a[i, 2:]
                + a[i + 1, :-2]
                + a[i + 1, 1:-1]
                + a[i + 1, 2:]
            )
            for j in range(1, a.shape[1] - 1):
                a[i, j] += a[i, j - 1]
                a[i, j] /= 9.0
    return energy(a)


@program(lambda r, n, m: (r(n + 4, m + 4, 2), np.zeros((n, m, 2)), r(n, m, 2)))
def limited_diffusion(field, out, factor):
    rows, columns, _ = out.shape
    lap = 4.0 * field[1 : rows + 3, 1 : columns + 3, :] - (
        field[2 : rows + 4, 1 : columns + 3, :]
        + field[0 : rows + 2, 1 : columns + 3, :]
        + field[1 : rows + 3, 2 : columns + 4, :]
        + field[1 : rows + 3, 0 : columns + 2, :]
    )
    step = lap[1:, 1 : columns + 1, :] - lap[:-1, 1 : columns + 1, :]
    uphill = step * (
        field[2 : rows + 3, 2 : columns + 2, :]
        - field[1 : rows + 2, 2 : columns + 2, :]
    )
    flux_x = np.where(uphill > 0, 0, step)
    step = lap[1 : rows + 1, 1:, :] - lap[1 : rows + 1, :-1, :]
    uphill = step * (
        field[2 : rows + 2, 2 : columns + 3, :]
        - field[2 : rows + 2, 1 : columns + 2, :]
    )
    flux_y = np.where(uphill > 0, 0, step)
    out[:, :, :] = field[2 : rows + 2, 2 : columns + 2, :] - factor * (
        flux_x[1:, :, :] - flux_x[:-1, :, :] + flux_y[:, 1:, :] - flux_y[:, :-1, :]
    )
    return energy(out)


@program(
    lambda r, n, m: (
        r(n, m, 4),
        r(n + 1, m, 4),
        r(n, m, 4),
        r(n, m, 4),
        r(n, m, 4),
        0.3,
    )
)
def vertical_advection(utens, wcon, u_stage, u_pos, utens_stage, dtr):
    rows, columns, depth = utens.shape
    ccol = np.ndarray((rows, columns, depth), dtype=utens.dtype)
    dcol = np.ndarray((rows, columns, depth), dtype=utens.dtype)
    data = np.ndarray((rows, columns), dtype=utens.dtype)
    for k in range(1):
        gcv = 0.25 * (wcon[1:, :, k + 1] + wcon[:-1, :, k + 1])
        cs = gcv * 0.5
        ccol[:, :, k] = gcv * 0.5
        bcol = dtr + 3.0 - ccol[:, :, k]
        correction = -cs * (u_stage[:, :, k + 1] - u_stage[:, :, k])
        dcol[:, :, k] = (
            dtr * u_pos[:, :, k] + utens[:, :, k] + utens_stage[:, :, k] + correction
        )
        divided = 1.0 / bcol
        ccol[:, :, k] = ccol[:, :, k] * divided
        dcol[:, :, k] = dcol[:, :, k] * divided
    for k in range(1, depth - 1):
        gav = -0.25 * (wcon[1:, :, k] + wcon[:-1, :, k])
        gcv = 0.25 * (wcon[1:, :, k + 1] + wcon[:-1, :, k + 1])
        acol = gav * 0.5
        ccol[:, :, k] = gcv * 0.5
        bcol = dtr + 3.0 - acol - ccol[:, :, k]
        correction = -gav * 0.5 * (
            u_stage[:, :, k - 1] - u_stage[:, :, k]
        ) - gcv * 0.5 * (u_stage[:, :, k + 1] - u_stage[:, :, k])
        dcol[:, :, k] = (
            dtr * u_pos[:, :, k] + utens[:, :, k] + utens_stage[:, :, k] + correction
        )
        divided = 1.0 / (bcol - ccol[:, :, k - 1] * acol)
        ccol[:, :, k] = ccol[:, :, k] * divided
        dcol[:, :, k] = (dcol[:, :, k] - dcol[:, :, k - 1] * acol) * divided
    for k in range(depth - 1, depth):
        acol = -0.125 * (wcon[1:, :, k] + wcon[:-1, :, k])
        divided = 1.0 / (dtr + 3.0 - acol - ccol[:, :, k - 1] * acol)
        dcol[:, :, k] = (u_stage[:, :, k] - dcol[:, :, k - 1] * acol) * divided
        ccol[:, :, k] = 0.0
    for k in range(depth - 1, depth - 2, -1):
        datacol = dcol[:, :, k]
        data[:] = datacol
        utens_stage[:, :, k] = dtr * (datacol - u_pos[:, :, k])
    for k in range(depth - 2, -1, -1):
        datacol = dcol[:, :, k] - ccol[:, :, k] * data[:, :]
        data[:] = datacol
        utens_stage[:, :, k] = dtr * (datacol - u_pos[:, :, k])
    return energy(utens_stage)


def build_up(b, rho, dt, u, v, dx, dy):
    b[1:-1, 1:-1] = rho * (
        1
        / dt
        * (
            (u[1:-1, 2:] - u[1:-1, 0:-2]) / (2 * dx)
            + (v[2:, 1:-1] - v[0:-2, 1:-1]) / (2 * dy)
        )
        - ((u[1:-1, 2:] - u[1:-1, 0:-2]) / (2 * dx)) ** 2
        - 2
        * (
            (u[2:, 1:-1] - u[0:-2, 1:-1])
            / (2 * dy)
            * (v[1:-1, 2:] - v[1:-1, 0:-2])
            / (2 * dx)
        )
        - ((v[2:, 1:-1] - v[0:-2, 1:-1]) / (2 * dy)) ** 2
    )


def poisson(turns, p, dx, dy, b):
    pn = np.empty_like(p)
    pn = p.copy()
    for _ in range(turns):
        pn = p.copy()
        p[1:-1, 1:-1] = (
            (pn[1:-1, 2:] + pn[1:-1, 0:-2]) * dy**2
            + (pn[2:, 1:-1] + pn[0:-2, 1:-1]) * dx**2
        ) / (2 * (dx**2 + dy**2)) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[
            1:-1, 1:-1
        ]
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0


@program(
    lambda r, n, m: (
        2,
        0.1 * r(n + 3, m + 3),
        0.1 * r(n + 3, m + 3),
        0.05,
        r(n + 3, m + 3),
        1.1,
        0.1,
    )
)
def cavity_flow(steps, u, v, dt, p, rho, nu):
    dx, dy = 0.5, 0.4
    b = np.zeros_like(u)
    un = np.empty_like(u)
    vn = np.empty_like(v)
    for _ in range(steps):
        un = u.copy()
        vn = v.copy()
        build_up(b, rho, dt, u, v, dx, dy)
        poisson(2, p, dx, dy, b)
        u[1:-1, 1:-1] = (
            un[1:-1, 1:-1]
            - un[1:-1, 1:-1] * dt / dx * (un[1:-1, 1:-1] - un[1:-1, 0:-2])
            - vn[1:-1, 1:-1] * dt / dy * (un[1:-1, 1:-1] - un[0:-2, 1:-1])
            - dt / (2 * rho * dx) * (p[1:-1, 2:] - p[1:-1, 0:-2])
            + nu * (dt / dx**2 * (un[1:-1, 2:] - 2 * un[1:-1, 1:-1] + un[1:-1, 0:-2]))
        )
        v[1:-1, 1:-1] = (
            vn[1:-1, 1:-1]
            - un[1:-1, 1:-1] * dt / dx * (vn[1:-1, 1:-1] - vn[1:-1, 0:-2])
            - vn[1:-1, 1:-1] * dt / dy * (vn[1:-1, 1:-1] - vn[0:-2, 1:-1])
            - dt / (2 * rho * dy) * (p[2:, 1:-1] - p[0:-2, 1:-1])
        )
        u[0, :] = 0
        u[:, 0] = 0
        u[:, -1] = 0
        u[-1, :] = 1
        v[0, :] = v[-1, :] = 0
        v[:, 0] = v[:, -1] = 0
    return energy(u, v, p)


@program(lambda r, n, m: (0.1 * r(n + 2, m + 2), r(n + 2, m + 2), 0.1, r()))
def periodic_channel(u, p, dt, force):
    change = 1.0
    turns = 0
    while change > 0.02 and turns < 4:
        un = u.copy()
        p[1:-1, 0] = 0.5 * (p[1:-1, 1] + p[1:-1, -1])
        p[1:-1, -1] = 0.5 * (p[1:-1, 0] + p[1:-1, -2])
        u[1:-1, 1:-1] = (
            un[1:-1, 1:-1]
            + dt
            * (
                un[1:-1, 2:]
                - 2 * un[1:-1, 1:-1]
                + un[1:-1, 0:-2]
                - p[1:-1, 2:]
                + p[1:-1, 0:-2]
            )
            + force * dt
        )
        u[1:-1, -1] = un[1:-1, -1] + force * dt
        u[1:-1, 0] = un[1:-1, 0] + force * dt
        u[0, :] = 0
        u[-1, :] = 0
        change = (np.sum(u) - np.sum(un)) / np.sum(u)
        turns += 1
    return energy(u, p)


@program(lambda r, n, m: (r(n, m), 0.3))
def recursive_filter(image, alpha):
    k = (
        (1.0 - np.exp(-alpha))
        * (1.0 - np.exp(-alpha))
        / (1.0 + alpha * np.exp(-alpha) - np.exp(2.0 * alpha))
    )
    a1 = a5 = k
    a2 = a6 = k * np.exp(-alpha) * (alpha - 1.0)
    a3 = a7 = k * np.exp(-alpha) * (alpha + 1.0)
    a4 = a8 = -k * np.exp(-2.0 * alpha)
    b1 = 2.0 ** (-alpha)
    b2 = -np.exp(-2.0 * alpha)
    c1 = c2 = 1
    y1 = np.empty_like(image)
    y1[:, 0] = a1 * image[:, 0]
    if image.shape[1] > 1:
        y1[:, 1] = a1 * image[:, 1] + a2 * image[:, 0] + b1 * y1[:, 0]
    for j in range(2, image.shape[1]):
        y1[:, j] = (
            a1 * image[:, j]
            + a2 * image[:, j - 1]
            + b1 * y1[:, j - 1]
            + b2 * y1[:, j - 2]
        )
    y2 = np.empty_like(image)
    y2[:, -1] = 0.0
    if image.shape[1] > 1:
        y2[:, -2] = a3 * image[:, -1]
    for j in range(image.shape[1] - 3, -1, -1):
        y2[:, j] = (
            a3 * image[:, j + 1]
            + a4 * image[:, j + 2]
            + b1 * y2[:, j + 1]
            + b2 * y2[:, j + 2]
        )
    out = c1 * (y1 + y2)
    y1[0, :] = a5 * out[0, :]
    for i in range(1, image.shape[0]):
        y1[i] = a5 * out[i] + a6 * out[i - 1] + b1 * y1[i - 1]
    y2[-1, :] = 0.0
    for i in range(image.shape[0] - 2, -1, -1):
        y2[i, :] = a7 * out[i + 1, :] + a8 * out[i + 1, :] + b1 * y2[i + 1, :]
    return energy(c2 * (y1 + y2))


@program(lambda r, n, m: (r(n, m), r(n, 1), np.array([0.3, 0.6])))
def azimuthal_average(data, radius, edges):
    radius = radius + 0.0 * data
    top = 1.01 * radius.max()
    result = np.zeros(3)
    for i in range(3):
        low = top * i / 3
        high = top * (i + 1) / 3
        inside = np.logical_and((low <= radius), (radius < high))
        values = data[inside]
        if values.size > 0:
            result[i] = values.mean() * edges[i % 2]
    return energy(result)


@program(lambda r, n, m: (r(n + 2, m + 2), r(2, 2)))
def convolution_by_windows(image, weights):
    k = weights.shape[0]
    rows = image.shape[0] - k + 1
    columns = image.shape[1] - k + 1
    out = np.empty((rows, columns), dtype=np.float64)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.sum(image[i : i + k, j : j + k] * weights[:, :], axis=(0, 1))
    return energy(np.maximum(out, 0.5))


@program(lambda r, n, m: (r(2, 4, 4, 2), r(3, 3, 2, 2), r(2), r(2, 3), r(3)))
def small_convnet(x, kernel, bias, w, b):
    size = kernel.shape[0]
    n = x.shape[0]
    h = x.shape[1] - size + 1
    out = np.empty((n, h, h, kernel.shape[3]), dtype=np.float64)
    for i in range(h):
        for j in range(h):
            out[:, i, j, :] = np.sum(
                x[:, i : i + size, j : j + size, :, np.newaxis]
                * kernel[np.newaxis, :, :, :],
                axis=(1, 2, 3),
            )
    out = np.maximum(out + bias, 0)
    pooled = np.empty((n, h // 2, h // 2, out.shape[3]), dtype=np.float64)
    for i in range(h // 2):
        for j in range(h // 2):
            pooled[:, i, j, :] = np.max(
                out[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, :], axis=(1, 2)
            )
    scores = (
        np.reshape(pooled, (n, pooled.shape[1] * pooled.shape[2] * pooled.shape[3])) @ w
        + b
    )
    top = np.max(scores, axis=-1, keepdims=True)
    weights = np.exp(scores - top)
    return energy(weights / np.sum(weights, axis=-1, keepdims=True))
