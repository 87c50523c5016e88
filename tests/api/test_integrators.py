"""Functions of ``scipy.integrate`` that call a function of the user's."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradgen import UnsupportedError, grad, jvp, value_and_grad

pytest.importorskip("scipy")
from scipy.integrate import odeint, quad

ROOT = Path(__file__).resolve().parents[2]
T = np.array([0.0, 0.3, 0.6, 1.0, 2.0])
Y0 = np.array([1.0, 0.2])
WEIGHTS = np.cos(np.arange(10.0)).reshape(5, 2)


def swing(y, t, a, b):
    return [a * y[1] + 0.1 * t, -b * np.sin(y[0])]


def swing_in_time(t, y, a, b):
    return np.array(swing(y, t, a, b))


def path(y0, t, a, b):
    return np.sum(WEIGHTS * odeint(swing, y0, t, (a, b), rtol=1e-11, atol=1e-11))


def path_in_time(y0, t, a, b):
    options = {"rtol": 1e-11, "atol": 1e-11, "hmax": 0.5, "tfirst": True}
    return np.sum(WEIGHTS * odeint(swing_in_time, y0, t, (a, b), **options))


def slopes(function, *args, step=1e-4):
    """Return differences in every number of the arguments, in their structure."""
    found = []
    for k, x in enumerate(args):
        slope = np.zeros(np.shape(x))
        for i in np.ndindex(np.shape(x)):
            values = []
            for sign in (1.0, -1.0):
                moved = np.array(x, float)
                moved[i] += sign * step
                moved = moved if moved.ndim else float(moved)
                values.append(function(*args[:k], moved, *args[k + 1 :]))
            slope[i] = (values[0] - values[1]) / (2 * step)
        found.append(slope)
    return found


@pytest.mark.parametrize(("function", "t"), [(path, T), (path_in_time, T[::-1])])
def test_solutions_of_differential_equations(function, t):
    args = (Y0, t, 1.2, 0.8)
    bars = grad(function, argnums=(0, 1, 2, 3))(*args)
    wanted = slopes(function, *args)
    for bar, slope in zip(bars, wanted, strict=True):
        np.testing.assert_allclose(bar, slope, rtol=1e-6, atol=1e-6)
    dots = (np.array([0.5, -1.0]), np.array([0.1, 0.2, 0.2, 0.3, -0.4]), 0.7, -0.3)
    _, slope = jvp(function, args, dots)
    product = sum(np.sum(bar * dot) for bar, dot in zip(bars, dots, strict=True))
    assert slope == pytest.approx(product, rel=1e-6)


def at_times(a, t):
    return np.sum(odeint(swing, Y0, t, (a, 0.8))[1:, 0])


def test_times_may_be_repeated():
    once, twice = np.array([0.0, 1.0]), np.array([0.0, 1.0, 1.0])
    assert grad(at_times)(1.2, twice) == pytest.approx(2 * grad(at_times)(1.2, once))


def decay(y, t, rate):
    return -rate * (y - np.cos(t))


def stiff(rate, y0):
    return np.sum(odeint(decay, y0, np.array([0.0, 3.0]), (rate,))[-1])


def test_a_stiff_equation_is_not_solved_backwards():
    k = 200.0
    wanted = -np.sin(3.0) / k**2 + 2 * np.cos(3.0) / k**3
    assert grad(stiff)(k, 1.0) == pytest.approx(wanted, rel=1e-3)
    assert abs(grad(stiff, argnums=1)(k, 1.0)) < 1e-12


def mixture(y, t, p, power):
    return p["w"] @ y - p["k"] * y**power


def mixed(p, a):
    ys = odeint(mixture, [a, 1.0], T, args=(p, 2))
    return np.sum(ys[-1] ** 2)


def test_parameters_in_containers_and_lists():
    p = {"w": np.array([[0.1, 0.2], [-0.3, 0.4]]), "k": 0.5}
    p_bar, a_bar = grad(mixed, argnums=(0, 1))(p, 0.7)
    for name, x in p.items():
        (wanted,) = slopes(lambda x, name=name: mixed({**p, name: x}, 0.7), x)
        np.testing.assert_allclose(p_bar[name], wanted, rtol=1e-4)
    wanted = slopes(lambda a: mixed(p, a), 0.7)[0]
    np.testing.assert_allclose(a_bar, wanted, rtol=1e-4)


def along(a):
    return jvp(path, (Y0, T, a, 0.8), (Y0, T, a, 0.3))[1]


def test_second_derivatives_of_solutions():
    wanted = slopes(along, 1.2)[0]
    assert grad(along)(1.2) == pytest.approx(wanted, rel=1e-6)
    assert jvp(along, (1.2,), (1.0,))[1] == pytest.approx(wanted, rel=1e-6)


def falling(y, t, k):
    return -k * y


def from_whole_numbers(k):
    return np.sum(odeint(falling, [1, k, 2.0], [0, 0.5, 1], args=(k,))[-1, :2])


def from_a_vector(k):
    return np.sum(odeint(falling, Y0, T, args=(k,))[-1])


def test_values_and_times_that_are_whole_numbers():
    wanted = -0.5 * np.exp(-0.5)
    assert grad(from_whole_numbers)(0.5) == pytest.approx(wanted, rel=1e-6)
    slope = jvp(from_whole_numbers, (0.5,), (1.0,))[1]
    assert slope == pytest.approx(wanted, rel=1e-6)
    wanted = -2.4 * np.exp(-1.0)
    assert grad(from_a_vector)(0.5) == pytest.approx(wanted, rel=1e-6)
    assert jvp(from_a_vector, (0.5,), (1.0,))[1] == pytest.approx(wanted, rel=1e-6)


def power(y, t, n, name, flag, p):
    return -p[name] * y**n if flag else y


def with_settings(k, n):
    args = (n, "rate", True, {"rate": k, "n": 3, "none": None})
    return odeint(power, Y0, T, args, rtol=1e-10, atol=1e-10)[-1, 0]


def test_parameters_that_are_no_numbers():
    assert grad(with_settings)(0.5, 2) == pytest.approx(-2 / 2**2)
    second = grad(lambda k, n: grad(with_settings)(k, n))
    assert second(0.5, 2) == pytest.approx(2 * 2**2 / 2**3)


def turning(y, t, c):
    return c.real * y


def in_complex_numbers(k):
    return odeint(turning, Y0, T, args=(k + 1j,))[-1, 0]


def test_complex_parameters():
    with pytest.raises(UnsupportedError, match="complex numbers are not known"):
        grad(in_complex_numbers)(0.5)


def clamped(y, t, k):
    if y[0] < 0.5:
        y[0] = 0.5
    return -k * y


def test_a_function_that_writes_to_the_state():
    with pytest.raises(ValueError, match="read-only"):
        grad(lambda k: odeint(clamped, Y0, T, (k,))[-1, 0])(1.0)


def in_steps(a):
    y, total = Y0, 0.0
    for _ in range(3):
        y = odeint(swing, y, T[:2], (a, 0.8))[-1]
        total = total + y[0]
    return total


def test_a_solver_in_a_loop():
    np.testing.assert_allclose(grad(in_steps)(1.2), slopes(in_steps, 1.2)[0], rtol=1e-5)


def bump(x, k, c):
    return np.exp(-k * x) * np.sin(c * x)


def area(a, b, k, c):
    return quad(bump, a, b, args=(k, c))[0]


def tail(k):
    return quad(bump, 0, np.inf, (k, 2.0), epsabs=1e-10)[0]


def moment(w, b):
    value, error = quad(weighted, 0.0, b, w, limit=70)
    return 2 * value + 0.0 * error


def weighted(x, w):
    return w[0] + w[1] * x * x


def test_integrals():
    args = (0.3, 1.2, 0.5, 2.0)
    value, bars = value_and_grad(area, argnums=(0, 1, 2, 3))(*args)
    assert value == area(*args)
    np.testing.assert_allclose(bars, slopes(area, *args), rtol=1e-6)
    slope = jvp(area, args, (1.0, -2.0, 0.5, None))[1]
    assert slope == pytest.approx(bars[0] - 2 * bars[1] + 0.5 * bars[2])
    assert grad(tail)(0.5) == pytest.approx(-2 * 2 * 0.5 / (0.25 + 4) ** 2)
    w_bar, b_bar = grad(moment, argnums=(0, 1))(np.array([1.0, 2.0]), 2.0)
    np.testing.assert_allclose(w_bar, [4.0, 16.0 / 3.0])
    assert b_bar == pytest.approx(18.0)


def area_at(x):
    return area(x[0], x[1], x[2], x[3])


def area_along(x):
    return jvp(area_at, (x,), (np.array([0.3, -1.0, 0.5, 0.2]),))[1]


def gradient_along(x):
    return grad(area_at)(x) @ np.array([0.3, -1.0, 0.5, 0.2])


def test_second_derivatives_of_integrals():
    x = np.array([0.3, 1.2, 0.5, 2.0])
    wanted = slopes(area_along, x)[0]
    np.testing.assert_allclose(grad(area_along)(x), wanted, rtol=1e-6)
    np.testing.assert_allclose(grad(gradient_along)(x), wanted, rtol=1e-6)
    assert grad(lambda k: grad(tail)(k))(0.5) == pytest.approx(
        2 * (3 * 0.25 - 4) * 2 / (0.25 + 4) ** 3, rel=1e-6
    )


def exponential(b):
    return quad(np.exp, 0.0, b)[0]


def test_the_end_of_an_integral_has_derivatives_of_any_order():
    second = grad(lambda b: grad(exponential)(b))
    assert second(0.5) == pytest.approx(np.exp(0.5))


REFUSED = {
    "full_output": lambda a: odeint(swing, Y0, T, (a, 1.0), full_output=1)[0][0, 0],
    "tcrit": lambda a: odeint(swing, Y0, T, (a, 1.0), tcrit=T)[0, 0],
    "weight": lambda k: quad(bump, 0.0, 1.0, (k, 1.0), weight="cos", wvar=1.0)[0],
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused(words):
    with pytest.raises(UnsupportedError, match=words):
        grad(lambda x: REFUSED[words](x))(1.0)


PROGRAM = """
import numpy as np
from scipy.integrate import odeint

def decay(y, t, k):
    return -k * y

def loss(k):
    return odeint(decay, np.ones(1), np.array([0.0, 1.0]), (k,))[-1, 0]
"""
CALL = """
import gradgen, program
gradient = gradgen.grad(program.loss)
print(round(gradient(0.5), 5), gradient.cache_info().disk_hits)
"""


RULE = """
import numpy as np
import gradgen
from scipy.integrate import odeint, quad

@gradgen.rule(odeint, result=lambda f, y0, t: np.ones((len(t), len(y0))))
def odeint_adjoint(ys_bar, ys, f, y0, t):
    return None, 7.0 * ys_bar[0], None

def decay(y, t):
    return -y

def loss(y0):
    return quad(np.exp, 0.0, 1.0)[0] * 0.0 + odeint(decay, y0, np.ones(1))[0, 0]

print(gradgen.grad(loss)(np.ones(1))[0])
"""


def output(code, folder):
    """What a program prints in another process."""
    paths = os.pathsep.join([str(folder), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths}
    if code is RULE:
        (folder / "rule.py").write_text(code)
        code = "import rule"
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, env=environment, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_program_is_found_on_the_disk(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    assert output(CALL, tmp_path) == ["-0.60653", "0"]
    assert output(CALL, tmp_path) == ["-0.60653", "1"]


def test_a_rule_of_the_users_counts(tmp_path):
    assert output(RULE, tmp_path) == ["7.0"]
