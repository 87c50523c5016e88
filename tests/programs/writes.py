"""Assignment to parts of arrays, in every form."""

from __future__ import annotations

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)


@program(lambda r, n, m: (r(n + 1), r()))
def item(x, s):
    y = x * 2.0
    y[0] = s
    y[-1] = s * y[1]
    return np.sum(y**2)


@program(lambda r, n, m: (r(n + 1),))
def item_of_argument(x):
    x[0] = x[1] ** 2
    return np.sum(x * x)


@program(lambda r, n, m: (r(n + 2), r(n)))
def slices(x, v):
    y = np.zeros(len(x))
    y[1:-1] = v * x[1:-1]
    y[:1] = x[-1]
    return y


@program(lambda r, n, m: (r(2 * n + 1), r(n)))
def slices_with_steps(x, v):
    y = x.copy()
    y[1::2] = v**2
    y[::-2] *= 3.0
    return np.sum(y * x)


@program(lambda r, n, m: (r(n + 1, m + 1), r(m + 1), r()))
def rows_columns_items(A, v, s):
    B = A * A
    B[0] = v
    B[:, 1] = s
    B[1, 0] = s * A[0, 0]
    B[-1, :-1] = A[0, 1:]
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m), r(m), r()))
def broadcasts_into_slices(A, v, s):
    B = np.empty(A.shape)
    B[:] = v
    B[:, :1] = A[:, :1] * s
    B[:1] = s
    return np.sum(B * A)


@program(lambda r, n, m: (r(n) - 0.7,))
def mask_with_number(x):
    y = x * 2.0
    y[x < 0] = 0.0
    return np.sum(y**2)


@program(lambda r, n, m: (r(n) - 0.7, r()))
def mask_with_active_number(x, s):
    y = x.copy()
    y[y < 0] = s
    return np.sum(y**3)


@program(lambda r, n, m: (r(n) - 0.7,))
def mask_with_array(x):
    y = np.zeros_like(x)
    negative = x < 0
    y[negative] = x[negative] ** 2
    y[~negative] = np.sqrt(x[~negative])
    return np.sum(y * x)


@program(lambda r, n, m: (r(n, m) - 0.7,))
def mask_augmented(A):
    B = A + 0.0
    B[A > 0] *= 2.0
    B[A < 0] -= A[A < 0] * 3.0
    return np.sum(B**2)


@program(lambda r, n, m: (r(n, m), r(m), np.arange(n) % 2 == 0))
def mask_of_rows(A, v, rows):
    B = A * 2.0
    B[rows] = v
    return np.sum(B * A)


@program(lambda r, n, m: (r(n + 2), r(2), np.array([0, -1])))
def integer_array(x, v, where):
    y = x * x
    y[where] = v
    return np.sum(y * x)


@program(lambda r, n, m: (r(n + 2), r(), r()))
def list_as_index(x, s, t):
    y = x * x
    y[[0, 2]] = s * t
    y[[1, -1]] += x[[0, 0]]
    return np.sum(y * x)


@program(lambda r, n, m: (r(n + 1), r(4), np.array([0, 1, 0, 0])))
def duplicates_last_wins(x, v, where):
    y = x * 2.0
    y[where] = v
    return np.sum(y * x)


@program(lambda r, n, m: (r(n + 1), r(4), np.array([0, 1, 0, 0])))
def duplicates_added_once(x, v, where):
    y = x * 2.0
    y[where] += v
    return np.sum(y * x)


@program(lambda r, n, m: (r(n + 1), r(4), np.array([0, 1, 0, 0])))
def duplicates_all_added(x, v, where):
    y = x * 2.0
    np.add.at(y, where, v)
    np.subtract.at(y, 0, x[0] ** 2)
    return np.sum(y * x)


@program(lambda r, n, m: (r(n + 1, m + 1), r(2), np.array([0, 1]), np.array([1, 0])))
def pairs_of_index_arrays(A, v, i, j):
    B = A * 2.0
    B[i, j] = v
    B[j, 0] += v
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m), r(n), r()))
def ellipsis_and_newaxis(A, v, s):
    B = np.ones(A.shape)
    B[...] = v[:, None]
    B[..., 0] = s
    B[0, ...] *= A[0]
    return np.sum(B * A)


@program(lambda r, n, m: (r(n) + 1.0, r(n) + 1.0))
def augmented_whole(x, y):
    z = x * 1.0
    z += y
    z -= 0.1
    z *= x
    z /= y
    z **= 2
    return np.sum(z)


@program(lambda r, n, m: (r(n + 1) + 1.0, r() + 1.0))
def augmented_items(x, s):
    y = x * 1.0
    y[0] += s
    y[0] *= y[1]
    y[1] -= s * y[0]
    y[-1] /= s
    y[-1] **= 3
    y[0] %= 100.0
    return np.sum(y)


@program(lambda r, n, m: (r(n + 1) + 1.0, r(n) + 1.0))
def augmented_slices(x, v):
    y = x * 1.0
    y[1:] += v
    y[:-1] *= v
    y[1:] -= y[0]
    y[:-1] /= v
    y[1:] **= 2
    return np.sum(y)


@program(lambda r, n, m: (r(n, n), r(n, n)))
def augmented_matmul(A, B):
    C = A + 0.0
    C @= B
    C[:] @= A
    return np.sum(C * B)


@program(lambda r, n, m: (r(n), r()))
def augmented_argument(x, s):
    x += s
    x *= x
    return np.sum(x)


@program(lambda r, n, m: (r(n + 1), r()))
def chained_assignment(x, s):
    y = x * 2.0
    a = y[0] = y[1] = s * x[0]
    s = y[-1] = a * a
    return np.sum(y) * a * s


@program(lambda r, n, m: (r(n + 1),))
def exchanges_items(x):
    y = x * x
    y[0], y[-1] = y[-1], y[0]
    y[0], a = y[-1] * 2.0, y[0]
    return np.sum(y * x) * a


@program(lambda r, n, m: (r(n + 1),))
def exchanges_slices(x):
    y = x * x
    y[1:], y[:-1] = y[:-1], y[1:].copy()
    return np.sum(y * x)


@program(lambda r, n, m: (r(n), r(n)))
def out_argument(x, y):
    z = np.empty(len(x))
    np.multiply(x, y, out=z)
    np.sin(z, z)
    w = np.add(z, x, out=z)
    return np.sum(w * z)


@program(lambda r, n, m: (r(n, m), r(n)))
def out_of_reductions_and_rows(A, v):
    B = np.zeros((A.shape[0] + 1, A.shape[1]))
    np.exp(A[0], out=B[-1])
    np.sum(A, axis=1, out=v)
    np.multiply(A, v[:, None], out=B[:-1])
    return np.sum(B**2)


@program(lambda r, n, m: (r(n), r()))
def fill_and_copyto(x, s):
    y = np.empty(x.shape)
    y.fill(s)
    z = np.empty_like(x)
    np.copyto(z, x * x)
    np.copyto(z, y, where=x > 0.7)
    return np.sum(y * z)


@program(lambda r, n, m: (r(n),))
def sort_in_place(x):
    y = x * x
    y.sort()
    return np.sum(y * np.arange(len(y)))


@program(lambda r, n, m: (r(n, n), r(n)))
def put_and_fill_diagonal(A, v):
    B = A * 2.0
    np.fill_diagonal(B, v[0])
    np.put(B, [0], v[-1] * v[0])
    np.putmask(B, A > 0.9, 1.5)
    return np.sum(B * A)


@program(lambda r, n, m: (r(n), r()))
def recurrence_into_buffer(x, s):
    y = np.empty(len(x) + 1)
    y[0] = s
    for i in range(len(x)):
        y[i + 1] = y[i] * x[i] + np.sin(y[i])
    return y


@program(lambda r, n, m: (r(n),))
def prefix_sums_in_place(x):
    for i in range(1, len(x)):
        x[i] += x[i - 1]
    return np.sum(x**2)


@program(lambda r, n, m: (r(n),))
def reverses_by_exchanges(x):
    y = x * x
    lo, hi = 0, len(y) - 1
    while lo < hi:
        y[lo], y[hi] = y[hi], y[lo]
        lo += 1
        hi -= 1
    return np.sum(y * np.arange(1, len(y) + 1))


@program(lambda r, n, m: (r(n),))
def bubble_sort(x):
    y = x * 2.0
    for i in range(len(y)):
        for j in range(len(y) - 1 - i):
            if y[j] > y[j + 1]:
                y[j], y[j + 1] = y[j + 1], y[j]
    return np.sum(y * np.arange(1, len(y) + 1) ** 2)


@program(lambda r, n, m: (r(n),))
def insertion_sort(x):
    x = x.copy()
    for i in range(1, len(x)):
        v, j = x[i], i - 1
        while j >= 0 and x[j] > v:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = v
    return x


@program(lambda r, n, m: (r(n + 3), np.arange(n + 3) % 2))
def histogram(x, bins):
    counts = np.zeros(2)
    for i in range(len(x)):
        counts[bins[i]] += x[i] ** 2
    return counts[0] * counts[1]


@program(lambda r, n, m: (r(n), r(n)), single=True)
def float64_into_float32(x, y):
    z = np.empty(len(x), np.float32)
    z[:] = x * y
    z[0] = x[0] ** 2
    z += y
    return np.sum(z * x)


@program(lambda r, n, m: (r(n) + np.arange(n), r(n)))
def float_into_integers(x, y):
    k = np.zeros(len(x), int)
    k[:] = x + 1.5
    k[0] = x[0] + 7.1
    return np.sum(k * y)


@program(lambda r, n, m: (r(n, m).astype(np.float32), r(m)), single=True)
def single_precision_argument(A, v):
    B = A * 2
    B[0] = v
    B *= A
    return np.sum(B)


@program(lambda r, n, m: (r(n),))
def overwrites_what_was_used(x):
    y = x * x
    z = np.sin(y)
    y[:] = z * y
    y[0] = 1.0
    return np.sum(y * z)


@program(lambda r, n, m: (r(n, m), r(m)))
def writes_rows_in_loop(A, v):
    out = np.empty((len(A), len(v)))
    for i in range(len(A)):
        v = np.sin(v * A[i])
        out[i] = v
    return out


@program(lambda r, n, m: (r(n, m),))
def table_by_two_loops(A):
    T = np.ones((A.shape[0] + 1, A.shape[1] + 1))
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            T[i + 1, j + 1] = np.sin(T[i, j + 1] + T[i + 1, j]) + A[i, j] * T[i, j]
    return T[-1, -1] + np.sum(T)
