"""What is written into an array is seen by everybody who holds it, as in Python."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from gradgen.errors import UnsupportedError
from tests.frontend.harness import agree, lowered

X = np.arange(1.0, 5.0)
A = np.arange(12.0).reshape(3, 4)
REFUSED = []
SEEN = []


def refused(words):
    def enter(function):
        REFUSED.append(pytest.param(function, words, id=function.__name__))
        return function

    return enter


def seen(function):
    SEEN.append(pytest.param(function, id=function.__name__))
    return function


def bump(v):
    v += 1
    return v


@seen
def argument(x):
    x += 1
    return x


@seen
def second_name(x):
    y = x + 1
    z = y
    y += 1
    return z


@seen
def view(x):
    y = x + 1
    z = y[1:]
    y += 1
    return z


@seen
def view_of_an_argument(x):
    y = x[1:]
    y += 1
    return x


@seen
def transposed(x):
    y = x.T
    y += 1
    return x


@seen
def reshaped(x):
    y = x.reshape(2, 2)
    y += 1
    return x


@refused("ravel")
def raveled(x):
    y = np.ravel(x)
    y += 1
    return x


@seen
def asarray(x):
    y = np.asarray(x)
    y += 1
    return x


@refused("read-only")
def broadcast(x):
    y = np.broadcast_to(x, (2, 4))
    y += 1
    return x


@seen
def identity_function(x):
    y = (lambda v: v)(x)
    y += 1
    return x


@seen
def callers_variable(x):
    y = x + 1
    bump(y)
    return y


@seen
def in_a_list(x):
    y = x + 1
    held = [y]
    y += 1
    return held[0]


@seen
def in_a_dict_twice(x):
    table = {"a": x + 1}
    table["b"] = table["a"]
    table["a"] += 1
    return table["b"]


@seen
def in_nested_containers(x):
    y = x + 1
    held = {"k": ([y],)}
    y += 1
    return held


@seen
def repeated_list_in_a_loop(x):
    out = []
    for v in [x + 1] * 2:
        v += 1
        out.append(v)
    return out


@seen
def repeated_list_in_a_comprehension(x):
    return [bump(v) for v in [x + 1] * 2]


@seen
def repeated_list_in_map(x):
    return list(map(bump, [x + 1] * 2))


@seen
def repeated_list_unpacked(x):
    a, b = map(bump, [x + 1] * 2)
    return a, b


@seen
def repeated_list_reduced(x):
    def add(s, v):
        v += 1
        return s + v

    return functools.reduce(add, [x + 1] * 3, 0.0)


@seen
def sorted_by_a_changing_key(x):
    def key(pair):
        y = pair[1]
        y += 1
        return pair[0]

    return sorted([(1, x + 1)], key=key)


@seen
def iterator(x):
    y = x + 1
    stream = iter([y])
    y += 1
    return next(stream)


@seen
def zipped(x):
    y = x + 1
    stream = zip([y], [1], strict=True)
    y += 1
    return list(stream)


@seen
def chained(x):
    y = x + 1
    stream = itertools.chain([y])
    y += 1
    return list(stream)


@seen
def generator(x):
    y = x + 1
    stream = (v for v in [y])
    y += 1
    return list(stream)


@seen
def closure(x):
    def hold(v):
        return lambda: v

    y = x + 1
    held = hold(y)
    y += 1
    return held()


@seen
def default_of_a_closure(x):
    y = x + 1

    def held(v=y):
        return v

    y += 1
    return held()


@seen
def partial(x):
    y = x + 1
    held = functools.partial(np.sum, y)
    y += 1
    return held()


@seen
def bound_method(x):
    y = x + 1
    total = y.sum
    y += 1
    return total()


@seen
def view_of_a_dict(x):
    y = x + 1
    items = {"a": y}.items()
    y += 1
    return list(items)


@seen
def own_array(x):
    y = x + 1
    y += x
    y *= 2
    return y


@seen
def only_name_is_bound_anew(x):
    y = x + 1
    z = y
    z = x
    y += 1
    return y, z


@seen
def temporary_given_to_a_helper(x):
    return bump(x + 1)


@seen
def closure_reads_the_newest(x):
    y = x + 1
    read = lambda: y
    y += 1
    return read()


@seen
def element_read_before(x):
    y = x + 1
    first = y[0]
    y += 1
    return first, y


@seen
def copies(x):
    y = x.copy()
    y += 1
    z = x.astype(np.float64)
    z -= 1
    return x, y, z


@seen
def elements_of_an_own_list(x):
    parts = [x + 1, x * 2]
    parts[0] += 1
    parts[1] *= x
    return parts


@seen
def accumulator(x):
    total = np.zeros_like(x)
    for i in range(3):
        term = x * i
        term -= 1
        total += term
    return total


@seen
def through_two_views(x):
    y = x * 2.0
    front, back = y[:3], y[1:]
    front[1] = 7.0
    back *= 2.0
    y[2] = front[1]
    return front, back, y


@seen
def view_of_a_view(x):
    B = np.zeros((4, 4)) + x
    part = B.T[1:, ::-1][0]
    part[1:] = x[:3]
    B[2] += 1.0
    return part, B


@seen
def written_in_a_helper_twice_given(x):
    def mix(a, b):
        a[0] = 5.0
        b[1] = a[0] * 2.0
        a += b

    y = x + 1.0
    mix(y, y)
    return y


@seen
def element_is_read_when_it_is_used(x):
    y = x * 1.0
    total = 0.0
    for v in y:
        y[3] = y[3] + 1.0
        total += v
    return total


@seen
def split_of_an_array(x):
    y = x * 1.0
    low, high = np.split(y, 2)
    low += high
    return y, low


@seen
def unpacked_rows(x):
    B = np.zeros((2, 4)) + x
    a, b = B
    a[0] = b[1] * 3.0
    b *= 2.0
    return B


@seen
def read_only_view_follows(x):
    y = x * 1.0
    wide = np.broadcast_to(y, (2, 4))
    y[0] = 9.0
    return wide.sum(axis=0)


@seen
def diagonal_follows(x):
    B = np.zeros((4, 4)) + x
    d = np.diagonal(B)
    B[0, 0] = 8.0
    return d * 2.0


@seen
def real_part_is_the_array(x):
    y = x * 1.0
    y.real[0] = 4.0
    y.real *= 2.0
    return y


@seen
def expanded_axes(x):
    y = x * 1.0
    y[:, None][1, 0] = 5.0
    np.expand_dims(y, 0)[0, 2] = 6.0
    y[np.newaxis] += 1.0
    return y


@seen
def flat_copy_is_no_view(x):
    y = x * 1.0
    y.flatten()[0] = 5.0
    np.array(y)[0] = 5.0
    y[[0, 1]][0] = 5.0
    y[y > 2.0][0] = 5.0
    return y


@seen
def exchange_of_rows(x):
    B = np.zeros((2, 4)) + x
    B[[0, 1]] = B[[1, 0]]
    B[0], B[1] = B[1].copy(), B[0] * 2.0
    return B


@seen
def changing_calls(x):
    y = x * 1.0
    np.copyto(y[1:], 3.0)
    y[:1].fill(2.0)
    np.add.at(y, [0, 0, 1], x[:3])
    np.put(y, [2], 5.0)
    z = y[::-1]
    z.sort()
    np.fill_diagonal(y[:4].reshape(2, 2), 7.0)
    return y, z


@seen
def out_arguments(x):
    y = np.empty_like(x)
    np.multiply(x, 2.0, out=y)
    np.add(y, 1.0, y)
    B = np.zeros((2, 4))
    np.sin(x, out=B[1])
    np.exp(x, out=y, where=x > 2.0)
    np.sum(B, axis=0, out=B[0])
    return y, B


@seen
def chosen_array_is_written(x):
    y, z = x * 1.0, x * 2.0
    w = y if x[0] > 0.0 else z
    w[0] = 5.0
    return w


@seen
def unread_doubt_does_not_matter(x):
    y, z = x * 1.0, x * 2.0
    w = y if x[0] > 0.0 else z
    w[0] = 5.0
    y = x
    return w, y


@seen
def chosen_array_read_by_its_own_name(x):
    y, z = x * 1.0, x * 2.0
    w = y if x[0] > 0.0 else z
    w[0] = 5.0
    return y


@seen
def chosen_array_after_a_write_to_one(x):
    y, z = x * 1.0, x * 2.0
    w = y if x[0] > 0.0 else z
    y[0] = 5.0
    return w


@refused("'reshape' gives a view or a copy")
def written_through_a_reshape_that_may_copy(x):
    B = np.zeros((2, 2)) + x[:2]
    (B * 1.0).T.reshape(-1)
    flat = B.T.reshape(-1)
    flat[0] = 5.0
    return B


@refused("'ravel' gives a view or a copy")
def read_of_a_ravel_after_a_write(x):
    B = np.zeros((2, 2)) + x[:2]
    flat = B.T.ravel()
    B[0] = 5.0
    return flat


@seen
def reshape_of_a_new_array_is_a_view(x):
    B = np.zeros((2, 2))
    flat = B.reshape(-1)
    flat[0] = x[0]
    B.ravel()[3] = x[1]
    return B


@refused("another name")
def alias_of_a_chosen_alias(x):
    y, z = x * 1.0, x * 2.0
    w = y if x[0] > 0.0 else z
    v = w if x[1] > 0.0 else y
    v[0] = 5.0
    return w, v


@refused("read-only")
def diagonal_is_written(x):
    B = np.zeros((4, 4)) + x
    np.diagonal(B)[0] = 1.0
    return B


@refused("read-only")
def view_of_a_read_only_view_is_written(x):
    wide = np.broadcast_to(x, (2, 4))
    wide[0][1:] = 1.0
    return wide


@refused("side effect")
def array_from_outside(x):
    A[0] = x
    return A


@pytest.mark.parametrize("function", SEEN)
def test_seen(function):
    agree(function, X.copy())


@pytest.mark.parametrize(("function", "words"), REFUSED)
def test_refused(function, words):
    with pytest.raises(UnsupportedError, match=words):
        lowered(function, X)


class Box:
    def __init__(self, value):
        self.value = value


def either_list(x):
    a, b = [x[0]], [x[1]]
    c = a if x[0] > 0.0 else b
    c[0] = x[2]
    return a[0]


def either_instance(x):
    a, b = Box(x[0]), Box(x[1])
    for v in x:
        c = a if v > 2.0 else b
        c.value += v
    return a.value * b.value


def either_list_bound_before(x):
    c = None
    a, b = [x[0]], [x[1]]
    if x[0] > 0.0:
        c = a
    else:
        c = b
    c[0] = x[2]
    return a[0]


@pytest.mark.parametrize(
    "function", [either_list, either_instance, either_list_bound_before]
)
def test_an_object_that_may_be_one_of_two_is_written(function):
    agree(function, X.copy())
    agree(function, -X)
