"""Changes in place that somebody else could see are refused; others are right."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from gradgen.errors import UnsupportedError
from tests.frontend.harness import agree, lowered

X = np.arange(1.0, 5.0)
REFUSED = []
ACCEPTED = []


def refused(function):
    REFUSED.append(pytest.param(function, id=function.__name__))
    return function


def accepted(function):
    ACCEPTED.append(pytest.param(function, id=function.__name__))
    return function


def bump(v):
    v += 1
    return v


@refused
def argument(x):
    x += 1
    return x


@refused
def second_name(x):
    y = x + 1
    z = y
    y += 1
    return z


@refused
def view(x):
    y = x + 1
    z = y[1:]
    y += 1
    return z


@refused
def view_of_an_argument(x):
    y = x[1:]
    y += 1
    return x


@refused
def transposed(x):
    y = x.T
    y += 1
    return x


@refused
def reshaped(x):
    y = x.reshape(2, 2)
    y += 1
    return x


@refused
def raveled(x):
    y = np.ravel(x)
    y += 1
    return x


@refused
def asarray(x):
    y = np.asarray(x)
    y += 1
    return x


@refused
def broadcast(x):
    y = np.broadcast_to(x, (2, 4))
    y += 1
    return x


@refused
def identity_function(x):
    y = (lambda v: v)(x)
    y += 1
    return x


@refused
def callers_variable(x):
    y = x + 1
    bump(y)
    return y


@refused
def in_a_list(x):
    y = x + 1
    held = [y]
    y += 1
    return held[0]


@refused
def in_a_dict_twice(x):
    table = {"a": x + 1}
    table["b"] = table["a"]
    table["a"] += 1
    return table["b"]


@refused
def in_nested_containers(x):
    y = x + 1
    held = {"k": ([y],)}
    y += 1
    return held


@refused
def repeated_list_in_a_loop(x):
    out = []
    for v in [x + 1] * 2:
        v += 1
        out.append(v)
    return out


@refused
def repeated_list_in_a_comprehension(x):
    return [bump(v) for v in [x + 1] * 2]


@refused
def repeated_list_in_map(x):
    return list(map(bump, [x + 1] * 2))


@refused
def repeated_list_unpacked(x):
    a, b = map(bump, [x + 1] * 2)
    return a, b


@refused
def repeated_list_reduced(x):
    def add(s, v):
        v += 1
        return s + v

    return functools.reduce(add, [x + 1] * 3, 0.0)


@refused
def sorted_by_a_changing_key(x):
    def key(pair):
        y = pair[1]
        y += 1
        return pair[0]

    return sorted([(1, x + 1)], key=key)


@refused
def iterator(x):
    y = x + 1
    stream = iter([y])
    y += 1
    return next(stream)


@refused
def zipped(x):
    y = x + 1
    stream = zip([y], [1], strict=True)
    y += 1
    return list(stream)


@refused
def chained(x):
    y = x + 1
    stream = itertools.chain([y])
    y += 1
    return list(stream)


@refused
def generator(x):
    y = x + 1
    stream = (v for v in [y])
    y += 1
    return list(stream)


@refused
def closure(x):
    def hold(v):
        return lambda: v

    y = x + 1
    held = hold(y)
    y += 1
    return held()


@refused
def default_of_a_closure(x):
    y = x + 1

    def held(v=y):
        return v

    y += 1
    return held()


@refused
def partial(x):
    y = x + 1
    held = functools.partial(np.sum, y)
    y += 1
    return held()


@refused
def bound_method(x):
    y = x + 1
    total = y.sum
    y += 1
    return total()


@refused
def view_of_a_dict(x):
    y = x + 1
    items = {"a": y}.items()
    y += 1
    return list(items)


@accepted
def own_array(x):
    y = x + 1
    y += x
    y *= 2
    return y


@accepted
def only_name_is_bound_anew(x):
    y = x + 1
    z = y
    z = x
    y += 1
    return y, z


@accepted
def temporary_given_to_a_helper(x):
    return bump(x + 1)


@accepted
def closure_reads_the_newest(x):
    y = x + 1
    read = lambda: y
    y += 1
    return read()


@accepted
def element_read_before(x):
    y = x + 1
    first = y[0]
    y += 1
    return first, y


@accepted
def copies(x):
    y = x.copy()
    y += 1
    z = x.astype(np.float64)
    z -= 1
    return x, y, z


@accepted
def elements_of_an_own_list(x):
    parts = [x + 1, x * 2]
    parts[0] += 1
    parts[1] *= x
    return parts


@accepted
def accumulator(x):
    total = np.zeros_like(x)
    for i in range(3):
        term = x * i
        term -= 1
        total += term
    return total


@pytest.mark.parametrize("function", REFUSED)
def test_refused(function):
    with pytest.raises(UnsupportedError, match="changes an array in place"):
        lowered(function, X)


@pytest.mark.parametrize("function", ACCEPTED)
def test_accepted(function):
    agree(function, X.copy())
