"""What is refused, and words that the reason or the rewrite must contain."""

from __future__ import annotations

import math
import random
import struct
import types

import numpy as np

from tests.programs.corpus import Program, entering

PROGRAMS: dict[str, Program] = {}
program = entering(PROGRAMS)

SETTINGS = types.SimpleNamespace(scale=2.0)
HISTORY: list[float] = [0.0]
TABLE: dict[str, float] = {"a": 1.0}
BUFFER = np.zeros(3)
CALLS = 0
WAYS_OUT = ("stop_gradient",)


def make_counter():
    count = 0

    def counter(x):
        nonlocal count
        count += 1
        return x * count

    return counter


COUNTER = make_counter()


@program(lambda r, n, m: (r(n),), words=("generator",))
def generator_function(x):
    def squares():
        for v in x:
            yield v * v

    return sum(squares())


@program(lambda r, n, m: (r(n),), words=("async",))
def async_function(x):
    async def total():
        return np.sum(x)

    return np.sum(x)


@program(lambda r, n, m: (r(n),), words=("global",))
def global_write(x):
    global CALLS
    CALLS += 1
    return np.sum(x) * CALLS


@program(lambda r, n, m: (r(),), words=("nonlocal",))
def nonlocal_write_outside(x):
    return COUNTER(x)


@program(lambda r, n, m: (r(),), words=("try",))
def try_around_active_code(x):
    try:
        y = math.log(x)
    except ValueError:
        y = 0.0
    return y * x


@program(lambda r, n, m: (r(),), words=("class",))
def class_definition(x):
    class Holder:
        value = 1.0

    return Holder.value * x


@program(lambda r, n, m: (r(),), words=("eval",))
def eval_of_text(x):
    return eval("x * x")


@program(lambda r, n, m: (r(),), words=("exec",))
def exec_of_text(x):
    exec("y = x * x")
    return x


@program(lambda r, n, m: (r(),), words=("match",))
def match_statement(x):
    match x:
        case 0.0:
            return x
        case _:
            return x * x


@program(lambda r, n, m: (r(n, m),), least=2, words=("reshape", "copy"))
def write_through_reshape_of_argument(A):
    flat = A.reshape(-1)
    flat[0] = 1.0
    return np.sum(A * A)


@program(lambda r, n, m: (r(n, m),), least=2, words=("reshape", "copy"))
def write_through_reshape_of_product(A):
    B = A * 2.0
    B.reshape(-1)[0] = 1.0
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, m),), least=2, words=("ravel", "copy"))
def write_through_ravel_of_transpose(A):
    B = A * 2.0
    flat = B.T.ravel()
    flat[0] = 1.0
    return np.sum(B * A)


@program(lambda r, n, m: (r(n, n),), words=("read-only",))
def write_to_diagonal(A):
    B = A * 2.0
    np.diagonal(B)[0] = 1.0
    return np.sum(B)


@program(lambda r, n, m: (r(),), words=WAYS_OUT)
def unknown_function(x):
    return struct.unpack("d", struct.pack("d", x))[0]


@program(lambda r, n, m: (r(n),), words=WAYS_OUT)
def unknown_function_through_float(x):
    return struct.unpack("d", struct.pack("d", float(x[0])))[0] + x[0]


@program(lambda r, n, m: (r(n),), words=WAYS_OUT)
def unknown_function_through_item(x):
    return struct.calcsize("d") * x[0] + len(struct.pack("d", x[0].item()))


@program(lambda r, n, m: (r(n),), words=WAYS_OUT)
def unknown_function_through_tolist(x):
    return np.sum(x) + len(struct.pack(f"{x.shape[0]}d", *x.tolist()))


@program(lambda r, n, m: (r(n),), words=WAYS_OUT)
def unknown_function_through_asarray(x):
    return np.sum(x) + len(memoryview(np.asarray(x)))


@program(lambda r, n, m: (r(n),), words=WAYS_OUT)
def unknown_method(x):
    return np.sum(x) + len(x.tobytes())


@program(lambda r, n, m: (r(n),), words=WAYS_OUT)
def unknown_numpy_function(x):
    return np.sum(np.polynomial.chebyshev.chebval(0.5, x))


@program(lambda r, n, m: (r(n),), words=("attribute",))
def attribute_of_foreign_object(x):
    SETTINGS.scale = x[0]
    return np.sum(x) * SETTINGS.scale


@program(lambda r, n, m: (r(n),), words=("list of the caller",))
def append_to_foreign_list(x):
    HISTORY.append(x[0])
    return np.sum(x) * HISTORY[-1]


@program(lambda r, n, m: (r(n),), words=("dict of the caller",))
def write_to_foreign_dict(x):
    TABLE["a"] = x[0]
    return np.sum(x) * TABLE["a"]


@program(lambda r, n, m: (r(n),), words=("array from outside",))
def write_to_foreign_array(x):
    BUFFER[0] = x[0]
    return np.sum(x) * BUFFER[0]


@program(lambda r, n, m: (r(n),), words=("other numbers",))
def random_numbers(x):
    return np.sum(x * np.random.rand(len(x)))


@program(lambda r, n, m: (r(n),), words=("random",))
def random_choice(x):
    return x[0] * random.random()


@program(lambda r, n, m: (r(n),), words=("shuffle",))
def shuffles(x):
    y = x * 2.0
    np.random.shuffle(y)
    return np.sum(y * x)


@program(lambda r, n, m: (r(n),), words=("less", "complex numbers", "z.real"))
def order_of_complex_numbers(x):
    z = np.exp(1j * x)
    return np.sum(np.where(z < 1j, x, 0.0))


@program(lambda r, n, m: (r(n),), words=("imaginary part", "z.real"))
def imaginary_part_discarded(x):
    return np.sum(np.exp(1j * x).astype(float))


@program(lambda r, n, m: (r(n),), words=("object",))
def array_of_objects(x):
    y = np.empty(len(x), dtype=object)
    y[:] = x
    return np.sum(y)


@program(lambda r, n, m: (r(n),), words=("open",))
def context_of_a_file(x):
    with open("/dev/null") as file:
        return np.sum(x) + len(file.read())


@program(lambda r, n, m: (r(),), words=("locals",))
def names_as_data(x):
    y = x * x
    return locals()["y"]


@program(lambda r, n, m: (r(), r()), words=("set",))
def set_of_active_numbers(x, y):
    return sum({x, y, x * y})


@program(lambda r, n, m: (r(), r()), words=("function",))
def returns_a_function(x, y):
    return lambda: x * y


@program(lambda r, n, m: (r(),), words=("without calling itself",))
def recursion_without_an_end(x):
    def rec(v):
        return rec(v * 0.5) + 1.0 if v > 0.1 else rec(v * 2.0)

    return rec(x)


@program(lambda r, n, m: (r(),), words=("recursive call", "values"))
def recursion_with_continuations(x):
    def rec(v, then):
        return then(v) if v < 0.3 else rec(v * 0.5, lambda t: then(t * v))

    return rec(x, lambda t: t)


@program(lambda r, n, m: (r(),), words=("recursive call", "values"))
def recursion_that_returns_a_function(x):
    def rec(v):
        return rec(v * 0.5) if v > 0.1 else lambda t: t * v

    return rec(x)(2.0)


@program(lambda r, n, m: (r(),), words=("recursive call", "values"))
def recursion_that_stores_a_function(x):
    box = [lambda t: t]

    def rec(v):
        if v < 0.1:
            box[0] = lambda t: t * v
            return v
        return rec(v * 0.5)

    return rec(x) + box[0](x)


@program(lambda r, n, m: (r(n + 3),), words=("written", "copy"))
def recursion_that_writes_to_a_view_of_another(x):
    def rec(u, v):
        if len(u) < 2:
            return u[0]
        u[0] = 5.0
        return v[0] + rec(v[1:], v[1:])

    return rec(x * 1.0, x * 2.0)


@program(lambda r, n, m: (r(n + 3),), words=("written", "copy"))
def recursion_that_reads_what_it_writes_by_name(x):
    y = x * 1.0

    def rec(u):
        if len(u) < 2:
            return 0.0
        u[0] = u[0] * 2.0
        return y[1] + rec(u[1:])

    return rec(y[1:])


@program(lambda r, n, m: (r(n),), words=("passed", "copy"))
def recursion_that_may_return_its_argument(x):
    y = x * 1.0

    def rec(u, k):
        if x[0] * k > 1.0:
            return u
        return rec(u * 1.0, k + 1) if x[0] > 0.5 else rec(u, k + 1)

    found = rec(y, 0)
    found[0] = 5.0
    return y[0]


@program(lambda r, n, m: (r(),), words=("'mode'", "unlike kinds"))
def recursion_that_binds_unlike_kinds(x):
    mode = 1.0

    def rec(v):
        nonlocal mode
        if v < 0.3:
            return v
        mode = [1.0]
        return rec(v * 0.5)

    return rec(x) * mode


@program(lambda r, n, m: (r(n),), words=("another name", ".copy()"))
def new_array_of_a_branch_under_two_names(x):
    g = x * 3.0
    a = x * 1.0
    c = a
    if a[0] > 0.5:
        g = g * 0.5
        c = g
    c[1] = c[0] * 7.0
    return np.sum(g * x) + np.sum(a)


@program(lambda r, n, m: (r(n),), words=("another name", ".copy()"))
def array_chosen_twice_within_a_branch(x):
    a = x * 1.0
    b = x * 2.0
    d = x * 3.0
    if x[0] > 0.5:
        c = a if x[-1] > 0.5 else b
    else:
        c = d
    c[0] = c[-1] * 7.0
    return np.sum(a * x) + np.sum(b**2) + np.sum(d**3)


@program(lambda r, n, m: (r(n),), words=("another name", ".copy()"))
def new_array_or_an_older_one_within_a_branch(x):
    a = x * 1.0
    d = x * 3.0
    if x[0] > 0.5:
        new = x * 2.0
        c = a if x[-1] > 0.5 else new
    else:
        c = d
    c[0] = c[-1] * 7.0
    return np.sum(a * x) + np.sum(d**3)


@program(lambda r, n, m: (r(n),), words=("in this list", "copies"))
def part_of_an_element_put_back(x):
    pairs = [(v, np.zeros(2) + v) for v in x]
    v, w = pairs[0]
    pairs[0] = (2.0 * v, w)
    w[1] = 3.0 * x[0]
    return sum(a + np.sum(b**2) for a, b in pairs)


@program(lambda r, n, m: (r(n),), words=("recursive", "or None", "an array in"))
def recursion_that_returns_none_or_part_of_an_array(x):
    def search(i):
        if i == len(x):
            return None
        if x[i] > 0.6:
            return x[i:] * 2.0
        return search(i + 1)

    found = search(0)
    return np.sum(x) if found is None else np.sum(found)
