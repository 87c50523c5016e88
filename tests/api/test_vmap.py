"""`vmap`: many examples at once give what a loop over them gives."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from gradgen import ArgumentError, UnsupportedError, grad, jacfwd, jvp, vmap


def rows(*shape):
    return np.random.default_rng(len(shape)).uniform(0.2, 1.2, shape)


def looped(f, *args):
    return np.stack([f(*each) for each in zip(*args, strict=True)])


def same(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found.dtype == wanted.dtype


def layer(x, w, b):
    return np.tanh(w @ x + b)


def test_shared_arguments_are_the_same_for_all_examples():
    x, w, b = rows(5, 3), rows(2, 3), 0.5
    found = vmap(layer, in_axes=(0, None, None))(x, w, b)
    same(found, np.stack([layer(row, w, b) for row in x]))


@pytest.mark.parametrize("which", [(0,), (1,), (0, 1), (2,), (0, 1, 2)])
def test_any_of_the_arguments_may_differ(which):
    args = [rows(5, 3), rows(5, 2, 3), rows(5)]
    axes = tuple(0 if i in which else None for i in range(3))
    given = [x if i in which else x[0] for i, x in enumerate(args)]
    each = [x if i in which else np.stack([x[0]] * 5) for i, x in enumerate(args)]
    same(vmap(layer, in_axes=axes)(*given), looped(layer, *each))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_examples_lie_along_any_axis(axis):
    x = rows(4, 2, 3)

    def f(x):
        return x.T * x[0, 0]

    examples = np.moveaxis(x, axis, 0)
    wanted = np.stack([f(each) for each in examples])
    same(vmap(f, in_axes=axis)(x), wanted)
    moved = vmap(f, in_axes=axis, out_axes=axis)(x)
    same(moved, np.moveaxis(wanted, 0, axis))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_examples(count):
    x = rows(count, 3)
    found = vmap(lambda x: (x.sum(), x * 2))(x)
    same(found[0], x.sum(axis=1))
    same(found[1], x * 2)


class Params(NamedTuple):
    w: Any
    b: Any


def test_containers_in_and_out():
    p = Params(rows(4, 2, 3), {"shift": rows(4)})

    def f(p, x):
        return {"y": p.w @ x + p.b["shift"], "w": p.w}

    found = vmap(f, in_axes=(0, None))(p, rows(3))
    same(found["y"], p.w @ rows(3) + p.b["shift"][:, None])
    same(found["w"], p.w)
    shared = vmap(
        f, in_axes=(Params(None, {"shift": 0}), None), out_axes={"y": 0, "w": None}
    )
    found = shared(Params(p.w[0], p.b), rows(3))
    same(found["w"], p.w[0])
    same(found["y"], p.w[0] @ rows(3) + p.b["shift"][:, None])


def test_what_does_not_depend_on_the_example_is_repeated():
    found = vmap(lambda x, y: (y * 2, 1.0), in_axes=(0, None))(rows(3), rows(2))
    same(found[0], np.stack([rows(2) * 2] * 3))
    same(found[1], np.ones(3))
    found[0][0] = 0.0
    assert found[0][1, 0] == rows(2)[0] * 2


def clipped(x, limit):
    total = 0.0
    for value in x:
        if value > limit:
            break
        total += value**2
    return total


def halved(x):
    turns = 0
    while np.sum(x) > 1.0:
        x = x / 2
        turns += 1
    return x, turns


def test_loops_that_end_for_each_example_at_its_own_time():
    x = rows(6, 4)
    same(
        vmap(clipped, in_axes=(0, None))(x, 0.8),
        np.array([clipped(row, 0.8) for row in x]),
    )
    found = vmap(halved)(x * 3)
    wanted = [halved(row) for row in x * 3]
    same(found[0], np.stack([y for y, _ in wanted]))
    assert found[1].tolist() == [turns for _, turns in wanted]
    assert "for example in range" in vmap(halved).source(x)


def recurrence(x, w):
    h = np.zeros(2)
    for t in range(len(x)):
        h[:] = np.tanh(w @ h + x[t])
        h[0] += x[t] ** 2
    return h


def test_a_loop_that_runs_alike_for_all_is_one_loop():
    x, w = rows(5, 4), rows(2, 2)
    batched = vmap(recurrence, in_axes=(0, None))
    same(batched(x, w), np.stack([recurrence(row, w) for row in x]))
    source = batched.source(x, w)
    assert source.count("for ") == 1


def test_writes_and_views():
    def f(x, v):
        y = x.copy()
        row = y[1]
        row[0] = v
        y[:, 1] += row
        y[[0, 2]] *= 2
        return y

    x, v = rows(4, 3, 3), rows(4)
    same(vmap(f)(x, v), looped(f, x, v))
    same(vmap(f, in_axes=(None, 0))(x[0], v), np.stack([f(x[0], a) for a in v]))
    before = x.copy()
    vmap(f)(x, v)
    np.testing.assert_array_equal(x, before)


def test_indices_that_differ():
    def f(x, i):
        return x[i] * 2, x[i, 1], x[i + 1 - 1]

    x, i = rows(4, 3, 2), np.array([0, 2, 1, 2])
    for axes, args in (((0, 0), (x, i)), ((None, 0), (x[0], i))):
        found = vmap(f, in_axes=axes)(*args)
        each = [x[0]] * 4 if axes[0] is None else x
        for k in range(3):
            same(found[k], np.stack([f(a, j)[k] for a, j in zip(each, i, strict=True)]))


def test_precision_is_kept():
    x = rows(4, 3).astype(np.float32)
    scale = rows(4).astype(np.float32)

    def f(x, s):
        return x * float(s) + 1.0

    found = vmap(f)(x, scale)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, x * scale[:, None] + 1, rtol=1e-6)


def energy(x, k):
    return 0.5 * k * np.sum(x**2) + np.prod(x)


def test_derivatives_of_many_examples():
    x, k = rows(4, 3), 2.0
    found = vmap(grad(energy), in_axes=(0, None))(x, k)
    same(found, np.stack([grad(energy)(row, k) for row in x]))
    total = grad(lambda x: np.sum(vmap(energy, (0, None))(x, 2.0) ** 2))(x)
    wanted = [2 * energy(row, k) * grad(energy)(row, k) for row in x]
    np.testing.assert_allclose(total, np.stack(wanted), rtol=1e-12)
    value, tangent = jvp(vmap(energy, (0, None)), (x, k), (x, None))
    np.testing.assert_allclose(value, [energy(row, k) for row in x])
    slopes = np.einsum("ij,ij->i", found, x)
    np.testing.assert_allclose(tangent, slopes, rtol=1e-12)


def soft_distance(x):
    cost = np.zeros(len(x) + 1)
    for i in range(1, len(x) + 1):
        cost[i] = cost[i - 1] * x[i - 1] + np.sum(np.exp(-cost[i - 1 : i + 1]))
    return cost[-1]


def test_directions_of_a_derivative_that_is_taken_inside():
    x, directions = rows(5), rows(4, 5)

    def product(x, v):
        return jvp(grad(soft_distance), (x,), (v,))[1]

    found = vmap(product, in_axes=(None, 0))(x, directions)
    np.testing.assert_allclose(found, directions @ jacfwd(grad(soft_distance))(x))


def test_vmap_of_vmap():
    x, y = rows(4, 3), rows(5, 3)
    pairs = vmap(vmap(np_dot, in_axes=(None, 0)), in_axes=(0, None))
    np.testing.assert_allclose(pairs(x, y), x @ y.T, rtol=1e-12)


def np_dot(x, y):
    return x @ y


def test_jacobian_of_each_example():
    x = rows(4, 3)
    found = vmap(jacfwd(lambda x: x[1:] * x[0]))(x)
    wanted = [[[row[1], row[0], 0], [row[2], 0, row[0]]] for row in x]
    np.testing.assert_allclose(found, wanted)


def test_inside_of_a_function_it_writes_to_nothing_from_outside():
    def f(x):
        seen = np.zeros(2)

        def g(a):
            seen[0] = a
            return a

        return np.sum(vmap(g)(x)) + seen[0]

    with pytest.raises(UnsupportedError, match="writes to an array from outside"):
        grad(f)(rows(3))


def test_the_numbers_of_examples_have_to_agree():
    f = vmap(lambda x, y: x * y)
    with pytest.raises(ArgumentError, match="x has 3, y has 4"):
        f(rows(3), rows(4))
    f(rows(3), rows(3))
    with pytest.raises(ValueError, match="broadcast"):
        f(rows(3), rows(4))


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ((1, None), "axis 1 does not fit x"),
        ((0, 0), "y is a float object, which in_axes cannot map"),
        ((None, None), "nothing|select"),
        ((0, None, None), "3 entries for 2 arguments"),
        (((0, 0), None), "must have its structure"),
    ],
)
def test_axes_that_do_not_fit_are_refused(axes, words):
    with pytest.raises(ArgumentError, match=words):
        vmap(lambda x, y: x * y, in_axes=axes)(rows(3), 2.0)


@pytest.mark.parametrize("axes", ["0", True, None, 0.0])
def test_axes_are_integers(axes):
    with pytest.raises(ArgumentError, match="in_axes must be an int or a tuple"):
        vmap(np_dot, in_axes=axes)


def test_a_shared_result_must_not_differ():
    with pytest.raises(ArgumentError, match="out_axes"):
        vmap(lambda x: x * 2, out_axes=None)(rows(3))


def states(x):
    hs = [x[0]]
    for value in x[1:]:
        hs.append(np.tanh(hs[-1] + value))
    return sum(hs) / len(hs)


def chosen(x):
    kept = [value for value in x if value > 0.6]
    return sum(kept) if kept else -1.0


def found_or_none(x):
    found = None
    for k in range(len(x)):
        if x[k] > 0.6:
            found = x * x[k]
    return np.sum(x) if found is None else np.sum(found)


def counted(x):
    seen = {}
    for value in x:
        key = int(value * 4)
        seen[key] = seen.get(key, 0.0) + value
    return sum(v**2 for v in seen.values())


def factorial(x):
    return 1.0 if x < 1.0 else x * factorial(x - 1.0)


def of_several(x):
    return factorial(x[0] * 5) + np.sum(x)


@pytest.mark.parametrize("f", [states, chosen, found_or_none, counted, of_several])
def test_what_differs_as_a_list_or_object_is_computed_one_example_at_a_time(f):
    x = rows(6, 4)
    same(vmap(f)(x), np.array([f(row) for row in x]))
    found = vmap(grad(f))(x)
    np.testing.assert_allclose(found, [grad(f)(row) for row in x], rtol=1e-12)
    hessians = vmap(jacfwd(grad(f)))(x)
    np.testing.assert_allclose(hessians[2], jacfwd(grad(f))(x[2]), rtol=1e-12)


def test_lists_of_run_time_length_are_no_results():
    with pytest.raises(UnsupportedError, match=r"list or object in the result"):
        vmap(lambda x: [value for value in x if value > 0.6])(rows(6, 4))


def test_strings_are_no_results():
    with pytest.raises(UnsupportedError, match="a value of type str"):
        vmap(lambda x: "text")(rows(3))


def test_results_of_another_shape_for_each_example_do_not_fit():
    with pytest.raises(ValueError, match="shape"):
        vmap(lambda x: x[x > 0.6])(rows(6, 4))


def test_random_draws_are_refused():
    def f(x, rng):
        return x + rng.normal()

    with pytest.raises(UnsupportedError, match="draw"):
        vmap(f, in_axes=(0, None))(rows(3), np.random.default_rng(0))
