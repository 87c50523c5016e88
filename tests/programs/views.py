"""Views: what is written through one name is seen by every other."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


def add_into(target, source):
    target[1:] += source[:-1] * source[1:]


def fill_squares(x, out):
    for i in range(len(x)):
        out[i] = x[i] ** 2


def smooth(source, target):
    target[1:-1] = 0.5 * (source[:-2] + source[2:])


def axpy(a, x, y):
    y += a * x


@program(lambda r, n, m: (r(n, m), r(m)))
def row_view(A, v):
    B = A * 2.0
    row = B[0]
    row[0] = v[0] ** 2
    row *= v
    return np.sum(B**2) + np.sum(row)


@program(lambda r, n, m: (r(n, m), r(n)))
def column_view(A, v):
    B = A * 1.0
    column = B[:, -1]
    column += v
    B[0] *= 2.0
    return np.sum(column**2) * np.sum(B)


@program(lambda r, n, m: (r(n + 2, m + 2), r(n, m)))
def interior_view(A, F):
    B = A * A
    inner = B[1:-1, 1:-1]
    inner *= F
    inner += B[:-2, 1:-1] + B[1:-1, 2:]
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m), r(n)))
def transposed_view(A, v):
    B = A * 2.0
    B.T[0] = v
    T = B.T
    T[-1] *= v
    T[0, 0] = 3.0
    return np.sum(B * A)


@program(lambda r, n, m: (r(n + 1), r(n + 1)))
def negative_step_view(x, v):
    y = x * x
    backwards = y[::-1]
    backwards[0] = v[0]
    backwards += v * y
    return np.sum(y * x)


@program(lambda r, n, m: (r(n), r()))
def newaxis_view(x, s):
    y = x * 2.0
    column = y[:, None]
    column *= s
    column[0, 0] = s**2
    np.expand_dims(y, 0)[0, -1] += s
    return np.sum(y * x)


@program(lambda r, n, m: (r(n, m), r(n * m)))
def reshaped_view(A, v):
    B = np.ones(A.shape)
    B += A
    flat = B.reshape(-1)
    flat[0] = v[0]
    flat *= v
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m), r()))
def ravelled_view(A, s):
    B = np.zeros(A.shape)
    flat = B.ravel()
    flat[-1] = s
    flat[:] += s * s
    B += A
    return np.sum(flat**2)


@program(lambda r, n, m: (r(n * m), r(m)))
def matrix_view_of_vector(x, v):
    y = x * x
    B = y.reshape(-1, len(v))
    B[0] = v
    B[:, 0] += v[0]
    return np.sum(y * x)


@program(lambda r, n, m: (r(n, n),))
def diagonal_view(A):
    B = A * 2.0
    d = np.diagonal(B)
    B[0, 0] = A[-1, -1] ** 2
    return np.sum(d**2) * np.sum(B)


@program(lambda r, n, m: (r(n), r()))
def real_part_view(x, s):
    y = x * 2.0
    y.real[0] = s
    y.real *= s
    return np.sum(y * x) + np.sum(x.imag)


@program(lambda r, n, m: (r(n + 1, m + 1), r(m)))
def view_of_view(A, v):
    B = A * 2.0
    rows = B[1:]
    row = rows[0]
    part = row[1:]
    part += v
    part[0] = v[-1] * v[0]
    return np.sum(B**2) + np.sum(rows * part[0])


@program(lambda r, n, m: (r(n + 1), r()))
def base_write_seen_by_view(x, s):
    y = x * 2.0
    tail = y[1:]
    before = np.sum(tail)
    y[-1] = s
    y *= s
    return np.sum(tail**2) * before


@program(lambda r, n, m: (r(n + 2), r(n + 1)))
def views_that_overlap(x, v):
    y = x * 2.0
    head, tail = y[:-1], y[1:]
    head *= v
    tail += head
    tail[0] = v[0]
    return np.sum(head * tail)


@program(lambda r, n, m: (r(n + 1),))
def reads_and_writes_overlap(x):
    y = x * 2.0
    y[1:] += y[:-1] * y[1:]
    y[:-1] = y[1:]
    y[::-1] += y
    return np.sum(y * x)


@program(lambda r, n, m: (r(n + 2),))
def shifts_in_a_loop(x):
    y = x * 1.0
    for k in range(3):
        y[1:] = 0.5 * y[:-1] + 0.1 * k
        y[0] = y[-1] ** 2
    return np.sum(y)


@program(lambda r, n, m: (r(n, m),))
def copy_then_clobber(A):
    B = A * 2.0
    saved = B.copy()
    row = B[0].copy()
    view = B[0]
    B[:] = 1.0
    B[0] += saved[-1]
    return np.sum(B * saved) + row @ view


@program(lambda r, n, m: (r(n + 1),))
def same_array_twice_to_a_helper(x):
    y = x * 2.0
    add_into(y, y)
    z = x * 3.0
    add_into(z, y)
    return np.sum(y) * np.sum(z**2)


@program(lambda r, n, m: (r(n), r(n + 1)))
def helper_fills_its_argument(x, y):
    out = np.empty(len(x))
    fill_squares(x, out)
    fill_squares(out, y)
    return np.sum(out) * np.sum(y**2)


@program(lambda r, n, m: (r(n, m),))
def helper_fills_a_row(A):
    B = np.zeros((len(A) + 1, A.shape[1]))
    for i in range(len(A)):
        fill_squares(A[i], B[i + 1])
    axpy(2.0, A[0], B[0])
    return np.sum(B**2)


@program(lambda r, n, m: (r(n + 2), n))
def alternating_buffers(x, steps):
    a, b = x * 1.0, x * 2.0
    for _ in range(steps):
        smooth(a, b)
        b[0] = a[-1] * a[0]
        a, b = b, a
    return np.sum(a * x) + np.sum(b)


@program(lambda r, n, m: (r(n), r(n), r()))
def argument_chosen(x, y, s):
    w = x if s > 0.6 else y
    w[0] = s * s
    return np.sum(w * x) * np.sum(y)


@program(lambda r, n, m: (r(3, m), r(m)))
def list_of_rows(A, v):
    B = A * 2.0
    rows = [B[i] for i in range(3)]
    rows[0] += v
    rows[1][0] = v[0] ** 2
    for row in rows:
        row *= v
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m), r()))
def writes_to_iterated_rows(A, s):
    B = A * 2.0
    for k, row in enumerate(B):
        row += k * s
        row[0] = s
        s = s * 0.9
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m), r(m)))
def row_views_in_loop(A, v):
    B = A * 1.0
    for i in range(1, len(B)):
        above, row = B[i - 1], B[i]
        row += above * v
        row[0] = above[-1]
    return np.sum(B**2)


@program(lambda r, n, m: (r(2 * n, m), r(n, m)))
def halves(A, F):
    B = A * 2.0
    top, bottom = np.split(B, 2)
    top *= F
    bottom -= top
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m, 2), r(n)))
def views_by_axes(A, v):
    B = A * 2.0
    np.swapaxes(B, 0, 2)[0, 0] = v
    np.moveaxis(B, -1, 0)[1] *= 3.0
    B.squeeze()[0] += 1.0
    return np.sum(B * A)


@program(lambda r, n, m: (r(n + 1), r()))
def rebinding_is_no_write(x, s):
    y = x * 2.0
    view = y[1:]
    y = y * s
    y[1] = 0.0
    view = view + y[1:]
    view[0] = 5.0
    return np.sum(y) + np.sum(view**2)


@program(lambda r, n, m: (r(n, m),))
def ping_pong_of_planes(A):
    planes = np.zeros((2, *A.shape))
    planes[0] = A
    for t in range(4):
        old, new = planes[t % 2], planes[(t + 1) % 2]
        new[:] = np.sin(old) + 0.1 * t
    return np.sum(planes[0] * planes[1])


@program(lambda r, n, m: (r(n), r(n)))
def reads_between_writes(x, y):
    z = x.copy()
    total = 0.0
    for i in range(len(x)):
        z[i] = z[i] * y[i]
        total += z[i] * z[0]
        z[0] = total
    return total * np.sum(z)


@program(lambda r, n, m: (r(1), r()))
def views_without_axes(v, s):
    A = v * 2.0
    first, second, whole = A.squeeze(), A.reshape(()), np.float64(A)
    A[0] = s * s
    return first * second + 3.0 * whole[0] + v[0]
