"""``gradgen check`` as users run it."""

import sys

import pytest

from gradgen.cli import main

PROGRAM = """
import numpy as np
from gradgen import grad, rule


def cube(x):
    return x**3


@rule(cube)
def cube_adjoint(value_bar, value, x):
    return 2.0 * x**2 * value_bar


@rule(cube, mode="tangent")
def cube_tangent(x_dot, value, x):
    return 2.0 * x**2 * x_dot


def right(x, k):
    return k * np.sum(np.sin(x) * x)


def wrong(x):
    total = 0.0
    for i in range(len(x)):
        total += np.cos(x[i])
        total += cube(x[i])
    return total


def refused(x):
    return np.sum(np.polynomial.chebyshev.chebval(0.5, x))


def fails(x):
    return {}[x]


d_right = grad(right)
"""


@pytest.fixture
def check(tmp_path, capsys):
    """Runs the command; returns its status, output and errors."""
    path = tmp_path / "checked.py"
    path.write_text(PROGRAM, encoding="utf-8")
    modules, paths = dict(sys.modules), list(sys.path)

    def run(name, *arguments):
        status = main(["check", f"{path}:{name}", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    yield run
    sys.path[:] = paths
    for name in set(sys.modules) - set(modules):
        if name.endswith("checked"):
            del sys.modules[name]


def test_right_derivatives(check):
    status, out, err = check("right", "--args", "np.ones(3), 2")
    assert (status, err) == (0, "")
    head, *rows = out.splitlines()
    assert head.split() == ["mode", "order", "against", "deviation", "verdict"]
    assert [row.split("  ")[0] for row in rows] == [
        "fwd",
        "rev",
        "fwd over fwd",
        "rev over fwd",
        "fwd over rev",
        "rev over rev",
    ]
    assert all(row.endswith("ok") for row in rows)


def test_options(check):
    _, out, _ = check("d_right", "--args", "np.ones(3), 2", "--order", "1")
    assert len(out.splitlines()) == 3
    _, out, _ = check("right", "--args", "np.ones(3), 2", "--modes", "rev")
    assert len(out.splitlines()) == 3
    status, *_ = check("wrong", "--args", "np.ones(3)", "--rtol", "1", "--order", "1")
    assert status == 0


def test_the_line_of_a_wrong_rule_is_named(check):
    status, out, _ = check("wrong", "--args", "np.ones(3)")
    assert status == 1
    assert [row.split()[-1] for row in out.splitlines()[1:3]] == ["wrong", "wrong"]
    assert "the tangent of 'wrong' is" in out
    assert "it departs first here:" in out
    assert "checked.py:28:18" in out
    assert "28 |         total += cube(x[i])\n" in out


def test_refusals(check):
    status, out, _ = check("refused", "--args", "np.ones(3)")
    assert status == 2
    assert out.splitlines()[1].split() == ["fwd", "1", "-", "-", "refused"]
    assert "the derivative of 'np.polynomial.chebyshev.chebval' is not known" in out
    assert "checked.py:33:19" in out


def test_what_cannot_be_checked(check):
    status, _, err = check("right", "--args", "1, 2")
    assert status == 2
    assert "no argument of right is a float" in err
    status, _, err = check("fails", "--args", "1.0")
    assert status == 2
    assert "raises KeyError: 1.0" in err
    with pytest.raises(SystemExit):
        check("right")
