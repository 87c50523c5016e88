"""Random numbers: each call draws once, in its place, as the function itself does."""

from __future__ import annotations

import copy
import functools
import inspect

import numpy as np
import pytest

import gradgen
from gradgen import (
    UnsupportedError,
    checkpoint,
    checkpointed,
    grad,
    jvp,
    value_and_grad,
    vjp,
)
from gradgen.primitives.lowering import Only
from gradgen.primitives.registry import LOWERINGS

X = np.array([0.4, 0.9, 1.3])
OUTER = np.random.default_rng(12)


def generator(seed=0):
    return np.random.default_rng(seed)


def state(rng):
    return rng.bit_generator.state


def copied(args):
    return copy.deepcopy(args)


def check(f, *args, rtol=1e-6):
    """Compare value, gradient in the first argument, and the states that are left."""
    plain, pulled, pushed, split = (copied(args) for _ in range(4))
    value = f(*plain)
    found, bar = value_and_grad(f)(*pulled)
    same_kind(found, value)
    np.testing.assert_allclose(found, value, rtol=1e-14)
    dot = np.cos(np.arange(np.size(args[0]))).reshape(np.shape(args[0]))
    dot = dot if np.shape(args[0]) else 1.0
    slope = slope_of(f, args, dot)
    np.testing.assert_allclose(np.sum(bar * dot), slope, rtol=rtol, atol=1e-7)
    moved = jvp(f, pushed, (dot, *[None] * (len(args) - 1)))
    np.testing.assert_allclose(moved[1], slope, rtol=rtol, atol=1e-7)
    again, pullback = vjp(f, *split, argnums=0)
    bars = pullback(1.0), pullback(1.0)
    assert found == moved[0] == again
    for each in bars:
        np.testing.assert_allclose(each, bar, rtol=1e-12)
    for run in (pulled, pushed, split):
        assert states(run) == states(plain)
    return value


def states(args):
    return [state(x) for x in args if isinstance(x, np.random.Generator)]


def slope_of(f, args, dot, step=1e-4):
    ahead, behind = (f(args[0] + t * dot, *copied(args[1:])) for t in (step, -step))
    return (ahead - behind) / (2.0 * step)


def same_kind(found, value):
    assert np.shape(found) == np.shape(value)
    assert np.asarray(found).dtype == np.asarray(value).dtype


# What each method draws


def method(name, *params, **options):
    """A function of ``x`` that draws by a method, from parameters that depend on it."""

    def drawn(x, rng):
        given = [p(x) if callable(p) else p for p in params]
        y = getattr(rng, name)(*given, **options)
        return np.sum(y * np.sin(y)) + rng.random()

    return drawn


def normal(x, rng):
    return np.sum(np.sin(rng.normal(x, 0.5 * x)) * rng.normal(x[0], x[1]))


def normal_of_a_size(x, rng):
    return np.sum(np.sin(rng.normal(x, x[1], (2, 3))) * rng.normal(size=3))


def normal_of_known_numbers(x, rng):
    return np.sum(x * rng.normal(1.0, 2.0, 3) * rng.normal() * rng.normal(scale=2.0))


def others_with_scales(x, rng):
    a = rng.laplace(x, x) + rng.logistic(x, x[0]) * rng.gumbel(x[0], x)
    b = rng.exponential(x) * rng.rayleigh(x[1]) + rng.lognormal(0.1 * x, 0.2)
    return np.sum(a * b) + rng.exponential(x[0]) * rng.lognormal(0.1, x[2])


def intervals(x, rng):
    a = rng.uniform(x, 2.0) * rng.uniform(-x, x, (2, 3)) + rng.uniform(high=x[0])
    return np.sum(a) + rng.triangular(x[0], 1.0, 2.0) + rng.uniform(x[0], x[2])


def triangles(x, rng):
    left, right = x - 1.0, x + 1.0
    return np.sum(rng.triangular(left, x, right) * rng.triangular(-x, 0.0, x, (2, 3)))


def implicit(x, rng):
    a = rng.weibull(x) * rng.pareto(x + 2.0, 3) * rng.power(x[0], (2, 3))
    return np.sum(a) + rng.weibull(x[0]) * rng.pareto(3.0) * rng.power(x[1])


def gamma(x, rng):
    return np.sum(rng.gamma(2.0, x) * rng.gamma(3.0, x[0], 3)) + rng.gamma(1.5, x[0])


def fixed_shapes(x, rng):
    a = rng.gamma(2.0, size=3) * rng.standard_gamma(1.5) * rng.beta(1.0, 2.0, 3)
    b = rng.chisquare(3.0) * rng.standard_t(4.0, 3) * rng.f(5.0, 6.0)
    c = rng.noncentral_chisquare(3.0, 1.0) + rng.noncentral_f(3.0, 4.0, 1.0)
    d = rng.wald(1.0, 2.0) * rng.vonmises(0.5, 2.0, 3) * rng.standard_cauchy(3)
    return np.sum(x * a * b * c * d * rng.dirichlet(np.array([1.0, 2.0, 3.0])))


def standard(x, rng):
    a = rng.standard_normal(3) * rng.standard_exponential((2, 3)) * rng.random()
    b = rng.standard_exponential(method="inv") * rng.random(size=[2, 3])
    return np.sum(x * a * b)


def single_precision(x, rng):
    y = x.astype(np.float32)
    a = rng.standard_normal(3, dtype=np.float32) * y
    b = rng.random(3, "f4") * rng.standard_gamma(2.0, 3, dtype=np.float32)
    c = rng.standard_exponential((2, 3), np.float32) * rng.random(dtype=np.float32)
    return float(np.sum(a * b * c))


def multivariate(x, rng):
    cov = np.diag(x) + 0.1
    a = rng.multivariate_normal(x, cov, method="cholesky")
    b = rng.multivariate_normal(x, cov, (2, 2), method="cholesky")
    return np.sum(np.sin(a) * b)


COV = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.2], [0.1, 0.2, 3.0]])


def multivariate_in_the_mean(x, rng):
    a = rng.multivariate_normal(x, COV, 4)
    b = rng.multivariate_normal(x, COV, method="eigh", tol=1e-6)
    return np.sum(a * b)


def counts(x, rng):
    a = rng.binomial(5, 0.3, 3) + rng.poisson(x) + rng.geometric(0.4)
    b = rng.negative_binomial(3, 0.4) + rng.logseries(0.5, 3) + rng.zipf(3.0)
    c = rng.hypergeometric(5, 6, 4, 3) + rng.multinomial(6, np.array([0.2, 0.3, 0.5]))
    d = rng.multivariate_hypergeometric([3, 4, 5], 6) + rng.integers(1, 4, 3)
    e = rng.integers(3, size=3, dtype=np.int32, endpoint=True) + rng.integers(9)
    return np.sum(x * (a + b + c + d + e)) * rng.integers(2, dtype=int)


def places(x, rng):
    a = rng.choice(x, (3, 3)) * rng.choice(x, p=[0.2, 0.3, 0.5])
    b = x[rng.choice(3, 2, replace=False, shuffle=False)].sum() + rng.choice(4)
    c = x[rng.permutation(3)] * rng.permutation(x) * rng.permuted(x)
    d = np.outer(x, x + 1.0)
    e = rng.permuted(d, axis=1) + rng.permutation(d, axis=1) + rng.choice(d, 3, axis=1)
    rng.shuffle(d)
    rng.shuffle(d[0])
    rng.shuffle(d.T, axis=1)
    return np.sum(a * b * c * d * e * x[rng.integers(3)])


def filled(x, rng):
    y = x * 2.0
    rng.standard_normal(out=y)
    z = np.empty((2, 3))
    rng.random(out=z[1])
    rng.standard_exponential(3, out=z[0])
    out = np.empty(3)
    rng.permuted(x, out=out)
    return np.sum(x * y * z * out)


METHODS = (
    normal,
    normal_of_a_size,
    normal_of_known_numbers,
    others_with_scales,
    intervals,
    triangles,
    implicit,
    gamma,
    fixed_shapes,
    standard,
    multivariate,
    multivariate_in_the_mean,
    counts,
    places,
    filled,
)


@pytest.mark.parametrize("f", METHODS)
def test_values_gradients_and_states(f):
    check(f, X, generator(1))


def test_single_precision():
    plain, found = generator(3), generator(3)
    value = single_precision(X, plain)
    again, bar = value_and_grad(single_precision)(X, found)
    assert value == again
    assert state(plain) == state(found)
    np.testing.assert_allclose(np.sum(bar * X), 3.0 * value / 3.0, rtol=1e-5)


NAMES = [
    n
    for n in dir(np.random.Generator)
    if not n.startswith("_") and n not in ("bit_generator", "bytes", "shuffle", "spawn")
]


def test_every_method_is_drawn_by():
    text = "".join(inspect.getsource(f) for f in (*METHODS, single_precision))
    assert [n for n in (*NAMES, "shuffle") if f"rng.{n}(" not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_handled_or_refused_by_name(name):
    """A lowering has the parameters of the method, with their defaults."""
    target = getattr(np.random.Generator, name)
    theirs = inspect.signature(target).parameters
    ours = inspect.signature(LOWERINGS[target].function).parameters
    assert list(ours) == list(theirs)
    for p, q in zip(ours.values(), theirs.values(), strict=True):
        assert p.kind == q.kind
        default = p.default.value if isinstance(p.default, Only) else p.default
        assert default == q.default, p


@pytest.mark.parametrize(
    "kind", [float, int, np.float64, np.float32, np.int32, np.array, np.bool_]
)
def test_parameters_of_any_kind_draw_what_numpy_draws(kind):
    s = kind(1)

    def f(x, s, rng):
        a = rng.normal(x, s) * np.float32(2.0)
        b = rng.uniform(s, 3.5) * rng.exponential(s) * rng.weibull(s)
        return a * b * rng.gamma(2.0, s) * rng.normal(s, 2.0, 2).sum()

    check(f, 0.7, s, generator(4), rtol=1e-4)
    value = value_and_grad(lambda x, s, r: r.normal(s) * np.float32(x))
    assert type(value(0.5, s, generator())[0]) is type(
        generator().normal(s) * np.float32(0.5)
    )


# Where the generator comes from


def test_a_captured_generator():
    rng = generator(5)

    def f(x):
        return np.sum(x * rng.normal(x)) * OUTER.random()

    before, outer = copied((rng, OUTER))
    value = value_and_grad(f)(X)[0]
    after = state(rng), state(OUTER)
    rng.bit_generator.state, OUTER.bit_generator.state = state(before), state(outer)
    assert value == f(X)
    assert after == (state(rng), state(OUTER))
    second = value_and_grad(f)(X)[0]
    assert second != value


def test_another_generator_in_the_same_variable_is_used():
    rng = generator(5)

    def f(x):
        return x * rng.random()

    first = value_and_grad(f)(1.0)[0]
    rng = generator(6)
    assert value_and_grad(f)(1.0)[0] == generator(6).random()
    assert first == generator(5).random()


class Layer:
    def __init__(self, rng):
        self.rng = rng

    def noise(self, x):
        return self.rng.normal(x)


def test_a_generator_in_an_object_or_a_container():
    def f(x, layer, rest):
        return layer.noise(x) * rest["rngs"][1].random() * layer.rng.random()

    def made():
        return Layer(generator(1)), {"rngs": [generator(2), generator(3)]}

    value, bar = value_and_grad(f)(0.5, *made())
    assert value == f(0.5, *made())
    np.testing.assert_allclose(bar, slope_of(f, (0.5, *made()), 1.0), rtol=1e-6)


@pytest.mark.parametrize("seed", [3, None])
def test_a_generator_made_inside(seed):
    def f(x, seed):
        rng = np.random.default_rng(seed)
        other = np.random.default_rng(rng)
        return x * rng.normal(x) * other.random()

    value, bar = value_and_grad(f)(0.5, seed)
    if seed is not None:
        assert value == f(0.5, seed)
    assert np.isfinite(bar)


def test_two_generators_of_one_seed_are_two():
    def f(x):
        a, b = np.random.default_rng(1), np.random.default_rng(1)
        return x * a.random() * b.random() * a.random()

    check(f, 0.5)


def test_one_generator_under_two_names():
    def f(x, one, other):
        return one.normal(x) * other.normal(x) * one.random()

    rng, plain = generator(2), generator(2)
    assert value_and_grad(f)(0.5, rng, rng)[0] == f(0.5, plain, plain)
    assert state(rng) == state(plain)


def test_one_of_two_generators():
    def f(x, a, b):
        rng = a if x > 0.5 else b
        if rng is None:
            return x
        return x * rng.normal(x) * a.random()

    check(f, 0.4, generator(1), generator(2))
    check(f, 0.6, generator(1), generator(2))


def test_a_generator_may_be_left_out_and_be_returned():
    def f(x, rng=None):
        if rng is None:
            rng = np.random.default_rng(7)
        assert isinstance(rng, np.random.Generator)
        return x * rng.normal(x), rng

    rng = generator(3)
    (value, found), _ = value_and_grad(f, has_aux=True)(0.5, rng)
    assert found is rng
    assert value == f(0.5, generator(3))[0]
    assert value_and_grad(lambda x: f(x)[0])(0.5)[0] == f(0.5)[0]


def test_an_own_kind_of_generator_is_refused():
    class Mine(np.random.Generator):
        pass

    with pytest.raises(UnsupportedError):
        grad(lambda x, rng: x * rng.random())(0.5, Mine(np.random.PCG64(1)))


# How often, and in which order


def test_two_derivatives_advance_a_generator_twice():
    f = lambda x, rng: np.sum(x * rng.normal(x))
    rng, plain = generator(), generator()
    for _ in range(3):
        assert value_and_grad(f)(X, rng)[0] == f(X, plain)
    assert state(rng) == state(plain)


def test_what_nobody_reads_is_drawn():
    def f(x, rng):
        rng.normal(x)
        noise = rng.standard_normal(7)
        rng.choice(x)
        np.random.default_rng(rng).random()
        return x[0] * 2.0

    rng, plain = generator(), generator()
    np.testing.assert_array_equal(grad(f)(X, rng), [2.0, 0.0, 0.0])
    f(X, plain)
    assert state(rng) == state(plain)


def test_equal_calls_draw_different_numbers():
    check(
        lambda x, rng: x * rng.random() * (rng.random() - rng.random()),
        0.5,
        generator(),
    )


def test_only_the_branch_that_is_taken_draws():
    def f(x, rng):
        if x > 0.5:
            x = x * rng.normal(x)
        y = rng.exponential(x * x) if x < 0.9 else rng.random() * x
        return y * rng.random() * (1.0 if x > 0.5 and rng.random() < 0.5 else 2.0)

    for x in (0.3, 0.7, 1.5):
        check(f, x, generator(2))


def test_loops_of_every_kind():
    def f(x, n, rng):
        total = 0.0
        for i in range(3):
            total = total + rng.normal(x)
        for i in range(n):
            total = np.tanh(total * rng.normal(x, 0.1)) + x
            if 0.1 < rng.random() < 0.2:
                continue
            total = total * rng.random()
        while rng.random() < 0.6:
            total = total * rng.normal(x)
        return total + sum([rng.normal(x) for _ in range(n)])

    check(f, 0.7, 40, generator(3))


def test_what_python_does_not_evaluate_is_not_drawn():
    def f(x, n, rng):
        some = any(rng.random() < 0.2 for _ in range(n))
        every = all(rng.random() < 0.8 for _ in range(n))
        y = x if x < 0.5 < rng.random() else 2.0 * x
        return y * rng.random() * (2.0 if some or rng.random() < 0.5 else 3.0) * every

    check(f, 0.7, 30, generator(3))
    check(f, 0.3, 2, generator(4))


def test_lists_that_grow_and_names_bound_late():
    def f(x, n, rng):
        drawn, last, total = [], None, 0.0
        for i in range(n):
            y = rng.normal(x)
            drawn.append(y * rng.random())
            if last is not None:
                total = total + last * y
            last = y
            if rng.random() < 0.3:
                drawn.append(rng.exponential(x))
        return sum(drawn) * len(drawn) + total

    check(f, 0.7, 30, generator(3))


def test_an_index_is_drawn_once():
    def f(x, rng):
        y = x * x
        y[rng.integers(3)] += rng.normal(x[0])
        y[rng.integers(2) :] *= x[rng.integers(3)]
        return np.sum(y * y)

    check(f, X, generator(4))


def helper(x, depth, rng):
    x = rng.normal(x, 0.1)
    if depth < 1 or rng.random() < 0.1:
        return x * rng.random()
    return np.sin(helper(x, depth - 1, rng)) * rng.exponential(x * x)


def test_helpers_and_recursion():
    def f(x, depth, rng):
        inner = functools.partial(helper, rng=rng)
        return inner(x, depth) + inner(2.0 * x, 3) * rng.random()

    check(f, 0.7, 6, generator(5))


def test_functions_with_rules():
    @gradgen.rule(noisy)
    def adjoint(value_bar, value, x, rng):
        return 3.0 * value_bar, None

    f = lambda x, rng: noisy(x * x, rng) * rng.random()
    rng, plain = generator(2), generator(2)
    value, bar = value_and_grad(f)(0.5, rng)
    assert value == f(0.5, plain)
    assert state(rng) == state(plain)
    fresh = generator(2)
    noisy(0.25, fresh)
    np.testing.assert_allclose(bar, 3.0 * fresh.random())


def test_a_rule_is_checked_at_the_same_draws():
    def scaled(x, rng):
        return x * x * rng.random()

    @gradgen.rule(scaled)
    def scaled_adjoint(value_bar, value, x, rng):
        return 2.0 * value / x * value_bar, None

    rng = generator(4)
    gradgen.check_rule(scaled, 0.7, rng, order=1)
    assert state(rng) == state(generator(4))


def unread(x, rng):
    return x * rng.random()


@gradgen.rule(unread, result=lambda x, rng: x)
def unread_adjoint(value_bar, value, x, rng):
    return value_bar, None


def noisy(x, rng):
    return x * rng.normal(x)


def test_second_derivatives_draw_once():
    def f(x, rng):
        y = np.sin(rng.normal(x, x * x)) * rng.weibull(x + 1.0)
        return np.sum(y * rng.uniform(0.0, x))

    total = lambda x, rng: np.sum(grad(f)(x, rng) * np.cos(X))
    check(total, X, generator(6))
    bent = lambda x, rng: jvp(f, (x, rng), (np.cos(X), None))[1]
    check(bent, X, generator(6))


def test_a_derivative_inside_draws_in_its_place():
    def inner(y, rng):
        return y * y * rng.normal(y)

    def f(x, rng):
        first = rng.random()
        slope = grad(inner)(x, rng)
        value, pull = vjp(inner, x, rng)
        pulled = pull(rng.random())[0]
        return first * slope * value * pulled * rng.random()

    check(f, 0.7, generator(7))


# What is computed again


def layer(x, w, rng):
    noise = rng.standard_normal(3)
    kept = x[rng.permutation(3)]
    return np.tanh(x * w + 0.3 * noise) + 0.3 * kept * rng.normal(w)


def test_a_checkpoint_records_what_it_draws():
    def f(w, rng):
        x = X
        for _ in range(20):
            x = checkpoint(layer)(x, w, rng)
        return np.sum(checkpoint(layer)(x, w, rng)) * rng.random()

    check(f, 0.9, generator(8))
    slope = slope_of(grad(f), (0.9, generator(8)), 1.0)
    rng = generator(8)
    np.testing.assert_allclose(grad(grad(f))(0.9, rng), slope, rtol=1e-6)
    assert state(rng) != state(generator(8))


def test_what_is_run_again_with_few_states_is_not_drawn_again():
    def f(w, n, rng):
        x = X
        for _ in checkpointed(range(n), memory=500):
            x = np.tanh(x * w) * rng.random()
        return np.sum(x)

    with pytest.raises(
        UnsupportedError, match=r"memory= keeps few states[\s\S]*every="
    ):
        grad(f)(0.9, 7, generator())
    rng, plain = generator(2), generator(2)
    jvp(f, (0.9, 7, rng), (1.0, None, None))
    f(0.9, 7, plain)
    assert state(rng) == state(plain)


def test_draws_whose_number_is_not_known_before_are_not_recorded():
    def until(x, rng):
        while rng.random() < 0.7:
            x = np.sin(x)
        return x

    def some(x, n, rng):
        if rng.random() < 0.5:
            k = int(n * rng.random()) + 1
            x = x * rng.standard_normal(k).sum()
        return x

    for call in (
        lambda x, n, rng: checkpoint(until)(x, rng),
        lambda x, n, rng: checkpoint(helper)(x, n, rng),
        lambda x, n, rng: checkpoint(some)(x, n, rng),
    ):
        with pytest.raises(UnsupportedError, match=r"computed again[\s\S]*size="):
            grad(call)(0.5, 4, generator())


# What NumPy raises, and what is refused


@pytest.mark.parametrize(
    "draw",
    [
        lambda x, rng: rng.normal(0.0, x),
        lambda x, rng: rng.normal(X, x),
        lambda x, rng: rng.normal(1.0, 0.0 * x),
        lambda x, rng: rng.exponential(x * X),
        lambda x, rng: rng.lognormal(1.0, x),
        lambda x, rng: rng.gamma(2.0, x),
        lambda x, rng: rng.uniform(0.0, x),
        lambda x, rng: rng.uniform(x, np.inf),
        lambda x, rng: rng.triangular(0.0, x, 1.0),
        lambda x, rng: rng.triangular(-2.0, 1.0, x),
        lambda x, rng: rng.triangular(x, x, x),
        lambda x, rng: rng.weibull(x),
        lambda x, rng: rng.normal(X * x, 1.0, 2),
        lambda x, rng: rng.normal(X * x, 1.0, (3, 1)),
        lambda x, rng: rng.choice(X * x, 5, replace=False),
        lambda x, rng: rng.normal(x, 1.0, size=-1),
        lambda x, rng: rng.normal((X * x)[1:], 1.0, (2, 1)),
    ],
)
def test_parameters_that_numpy_refuses_raise_before_anything_is_drawn(draw):
    f = lambda x, rng: np.sum(draw(x, rng))
    with pytest.raises((ValueError, OverflowError)) as wanted:
        f(-1.0, generator())
    rng = generator()
    with pytest.raises((ValueError, OverflowError, gradgen.GradgenError)) as found:
        grad(f)(-1.0, rng)
    assert state(rng) == state(generator())
    words = str(wanted.value)
    ours = "size" in words or "shape" in words
    if not ours and not isinstance(found.value, gradgen.GradgenError):
        assert str(found.value).splitlines()[0] == words


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda x, rng: rng.standard_gamma(x), "special.gammainc"),
        (lambda x, rng: rng.gamma(x, x), "special.gammainc"),
        (lambda x, rng: rng.beta(2.0, x), "special.betainc"),
        (lambda x, rng: rng.chisquare(x), "special.gammainc"),
        (lambda x, rng: rng.standard_t(x), "special.betainc"),
        (lambda x, rng: rng.f(x, 2.0), "special.betainc"),
        (lambda x, rng: rng.noncentral_chisquare(2.0, x), "special.chndtr"),
        (lambda x, rng: rng.wald(x, 1.0), "two roots"),
        (lambda x, rng: rng.vonmises(x, 1.0), "not wrapped"),
        (lambda x, rng: rng.dirichlet(np.array([1.0, x])).sum(), "special.gammainc"),
        (
            lambda x, rng: rng.multivariate_normal(X[:2], x * np.eye(2)).sum(),
            'method="cholesky"',
        ),
        (lambda x, rng: x * len(rng.bytes(3)), "bytes"),
        (lambda x, rng: x * rng.spawn(2)[0].random(), "spawn"),
        (lambda x, rng: x * rng.bit_generator.random_raw(), "bit_generator"),
        (lambda x, rng: x + rng, "Generator is no number"),
        (lambda x, rng: x if rng else 2.0 * x, "Generator is no number"),
        (lambda x, rng: x * rng.random(size=()), "size=()"),
        (lambda x, rng: x * rng.random(dtype=int), "draws no int64"),
        (
            lambda x, rng: rng.normal(x + 1j).real,
            "parameters of float64, not of complex",
        ),
        (lambda x, rng: rng.permuted(np.outer(X, X) * x).sum(), "layout"),
        (lambda x, rng: x * rng.integers(0.0, 3.0), "between floats"),
        (lambda x, rng: x * np.random.normal(), "rng = np.random.default_rng"),
        (lambda x, rng: x * np.random.rand(), "rng.random(…)"),
        (lambda x, rng: x * np.random.RandomState(1).rand(), "default_rng(seed)"),
        (lambda x, rng: x if rng is OUTER else 2.0 * x, "whether 'rng' is"),
        (lambda x, rng: x * copy.deepcopy(rng).random(), "cannot be copied here"),
        (lambda x, rng: rng.normal(x, -1.0), "always raises ValueError: scale < 0"),
        (lambda x, rng: x * np.random.default_rng(0.5).random(), "a seed of float"),
    ],
)
def test_refused_with_the_reason(draw, words):
    with pytest.raises(UnsupportedError) as caught:
        grad(draw)(0.5, generator())
    lines = str(caught.value).splitlines()
    assert words in lines[0] or any(words in x for x in lines if "= instead:" in x)


def test_the_message_of_an_assertion_draws_nothing():
    def f(x, rng):
        assert x < 1.0, f"not {rng.random()}"
        return x * rng.random()

    with pytest.raises(UnsupportedError, match="only if it fails"):
        grad(f)(0.5, generator())


def test_what_a_function_that_is_not_read_draws_is_not_known():
    with pytest.raises(UnsupportedError, match="is not read draws"):
        grad(lambda x, rng: x * unread(x, rng))(0.5, generator())


def test_quick_calls_look_at_the_class_of_a_generator():
    f = value_and_grad(lambda x, rng: x * rng.random())
    rng, plain = generator(), generator()
    for _ in range(4):
        assert f(2.0, rng)[0] == 2.0 * plain.random()
    with pytest.raises(UnsupportedError):
        f(2.0, np.random.RandomState(1))
    assert f(2.0, rng)[0] == 2.0 * plain.random()


def test_a_list_is_not_shuffled():
    def f(x, rng):
        parts = [x, 2.0 * x]
        rng.shuffle(parts)
        return parts[0]

    with pytest.raises(UnsupportedError, match="changes a list"):
        grad(f)(0.5, generator())


def test_out_of_another_shape_or_dtype_is_refused():
    def f(x, rng, dtype, size):
        y = np.zeros(3, dtype)
        rng.standard_normal(size, out=y)
        return np.sum(y) * x

    check(functools.partial(f, dtype=np.float64, size=3), 0.5, generator())
    for dtype, size in ((np.float32, None), (np.float64, 2), (np.float64, (1, 3))):
        with pytest.raises((UnsupportedError, gradgen.ShapeError)):
            grad(lambda x, rng: f(x, rng, dtype, size))(0.5, generator())


def test_the_generated_code_draws_standard_numbers_and_moves_them():
    def f(mu, sigma, rng):
        x = rng.normal(mu, sigma, 5)
        return np.sum(np.sin(x))

    source = value_and_grad(f, (0, 1)).source(0.5, 1.5, generator())
    assert "z = rng.standard_normal(5)\n    x = mu + sigma * z\n" in source
    assert "check_not_negative(sigma, 'scale')" in source
    assert "np.cos(x)" in source
    source = grad(lambda s, rng: rng.normal(0.0, np.exp(s))).source(0.5, generator())
    assert "check_not_negative" not in source
    source = grad(lambda x, rng: x * rng.normal(size=2).sum()).source(0.5, generator())
    assert "rng.normal(size=2)" in source
