"""Modules written by ``gradgen emit``: used without gradgen, refused, and compared."""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest

import gradgen
from gradgen.cli import main

HELPERS = """
FACTOR = 1.5
"""
PROGRAMS = """
from dataclasses import dataclass
import numpy as np
import emit_helpers

K = 3.0
ORDER = 2


@dataclass
class Params:
    w: np.ndarray
    b: float


def simulate(x, dt, steps):
    for i in range(1, steps):
        x[i] = x[i - 1] + dt * np.sin(x[i - 1])
    return x[-1]


def loss(layers, x, y):
    for W, b in layers:
        x = np.tanh(x @ W + b)
    return K * ((x - y) ** 2).sum()


def derived(x, y):
    return np.sum((x[1:] * y) ** 2)


def record(p, x):
    return np.sum(p.w * x) ** ORDER * p.b


def helper(x, scale=2.5):
    return np.sin(scale * x) * emit_helpers.FACTOR


def flagged(x, square=True, *, n: int = 2):
    return helper(x) ** n if square else x


def product(x, A):
    return A @ x * x[0]


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def looked_up(p, i):
    return p["a"] * p["b"][i] ** 2


def written(x, y):
    x[0] = 2.0 * y[1]
    return np.sum(x * y)


def shifted(x, n):
    return np.sum(x[1:] * np.ones(n - 1))


def make():
    c = 2.0

    def inner(x):
        return c * x * x

    return inner


closure = make()


def many(*args):
    return args[0] * args[1]


WEIGHTS = [1.0, 2.0]


def weighted(x):
    total = 0.0
    for w in WEIGHTS:
        total += w * x
    return total


def power(x, y=2.0, /, *, n: int = 2):
    return x * y**n


def applied(x, f):
    return f(x)


def hiding(x, check_array):
    return np.sum(x) * check_array
"""
CALLING = """
import numpy as np
import gradgen


@gradgen.nondiff(result=lambda x: 1.0)
def measured(x):
    return float(np.base_repr(2))


def scaled(x):
    return measured(x) * x


def energy(x):
    return np.sum(x**3)


forces = gradgen.vmap(gradgen.grad(energy))


def all_forces(xs):
    return gradgen.vmap(gradgen.grad(energy))(xs)
"""
WITH_SCIPY = """
import numpy as np
from scipy import signal, special


def gammas(x):
    return np.sum(special.gammaln(x))


def convolved(x, k):
    return np.sum(signal.fftconvolve(x, k) ** 2)
"""
CALLS = """
import importlib, json, sys

for name in ("gradgen", "astor"):
    sys.modules[name] = None
import numpy as np

def plain(x):
    if isinstance(x, (list, tuple)):
        return [plain(part) for part in x]
    if isinstance(x, dict):
        return {k: plain(part) for k, part in x.items()}
    if hasattr(x, "w"):
        return [plain(x.w), plain(x.b)]
    return np.asarray(x).tolist()

found = {}
for name, function, args in json.loads(sys.argv[1]):
    module = importlib.import_module(name)
    found[name] = plain(getattr(module, function)(*eval(args)))
print(json.dumps(found))
"""
MLP = (
    "[(np.full((4, 3), 0.2, np.float32), np.zeros(3, np.float32)), "
    "(np.full((3, 2), 0.3, np.float32), np.ones(2, np.float32))], "
    "np.linspace(0, 1, 20, dtype=np.float32).reshape(5, 4), "
    "np.ones((5, 2), np.float32)"
)
MATRIX = "np.arange(1.0, 4.0), np.arange(12.0).reshape(4, 3)"
SHIPPED = {
    "simulate": (["--sig", "f64[n], f64, i64"], "np.linspace(1, 2, 6), 0.1, 6"),
    "loss": (
        ["--sig", "[(f32[4,h], f32[h]), (f32[h,2], f32[2])], f32[n,4], f32[n,2]"],
        MLP,
    ),
    "derived": (
        ["--sig", "f64[n], f64[k]", "--argnums", "0,1"],
        "np.ones(2), np.ones(3)",
    ),
    "flagged": (["--sig", "f64"], "0.3"),
    "rosenbrock": (["--sig", "f64[n]", "--mode", "hessian"], "np.linspace(0, 1, 4)"),
    "product": (["--sig", "f64[n], f64[k,n]", "--mode", "jacobian"], MATRIX),
    "looked_up": (
        ["--sig", "{'a': f64, 'b': f64[n]}, i64"],
        "{'a': 2.0, 'b': np.arange(3.0)}, 1",
    ),
}
TRANSFORMS = {
    "derived": lambda f: gradgen.grad(f, (0, 1)),
    "rosenbrock": gradgen.hessian,
    "product": gradgen.jacobian,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with programs, of which no trace is left afterwards."""
    path = tmp_path_factory.mktemp("emit")
    (path / "emit_helpers.py").write_text(HELPERS)
    (path / "emit_programs.py").write_text(PROGRAMS)
    (path / "emit_calling.py").write_text(CALLING)
    (path / "emit_scipy.py").write_text(WITH_SCIPY)
    before = list(sys.path), set(sys.modules)
    yield path
    sys.path[:] = before[0]
    for name in set(sys.modules) - before[1]:
        if "emit_" in name:
            del sys.modules[name]


def emit(folder, function, *options, file="emit_programs"):
    return main(["emit", f"{folder / file}.py:{function}", *options])


def shipped(folder, function, *options, file="emit_programs"):
    """The module that is written, imported by its path."""
    output = folder / f"d_{function}.py"
    output.unlink(missing_ok=True)
    assert emit(folder, function, "-o", str(output), *options, file=file) == 0
    spec = importlib.util.spec_from_file_location(output.stem, output)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def programs(folder, file="emit_programs"):
    sys.path.insert(0, str(folder))
    return importlib.import_module(file)


def flat(x):
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, list | tuple):
        return np.concatenate([flat(part) for part in x])
    return np.ravel(x)


def run_without_gradgen(folder, calls):
    done = subprocess.run(
        [sys.executable, "-c", CALLS, json.dumps(calls)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_modules_compute_the_same_without_gradgen(folder):
    calls, wanted = [], {}
    own = programs(folder)
    for name, (options, args) in SHIPPED.items():
        module = shipped(folder, name, *options)
        calls.append((module.__name__, module.__all__[0], args))
        derivative = TRANSFORMS.get(name, gradgen.grad)(getattr(own, name))
        wanted[module.__name__] = derivative(*eval(f"({args},)"))
    found = run_without_gradgen(folder, [(n, f, f"({a},)") for n, f, a in calls])
    for name, value in wanted.items():
        np.testing.assert_allclose(
            flat(found[name]), flat(value), rtol=1e-6, err_msg=name
        )
    assert "sum_to" in (folder / "d_derived.py").read_text()


def test_modules_may_need_scipy(folder):
    pytest.importorskip("scipy")
    own = programs(folder, "emit_scipy")
    x, k = "np.array([0.5, 1.5, 2.5])", "np.array([1.0, 2.0])"
    gammas = shipped(folder, "gammas", "--sig", "f64[n]", file="emit_scipy")
    both = ["--sig", "f64[n], f64[m]", "--argnums", "0,1"]
    shipped(folder, "convolved", *both, file="emit_scipy")
    calls = [
        ("d_gammas", "gammas_grad", f"({x},)"),
        ("d_convolved", "convolved_grad", f"({x}, {k})"),
    ]
    found = run_without_gradgen(folder, calls)
    a, b = eval(x), eval(k)
    np.testing.assert_allclose(found["d_gammas"], gradgen.grad(own.gammas)(a))
    wanted = gradgen.grad(own.convolved, (0, 1))(a, b)
    np.testing.assert_allclose(flat(found["d_convolved"]), flat(wanted))
    assert "from scipy import special" in (folder / "d_gammas.py").read_text()


def test_seeds_are_arguments(folder):
    own = programs(folder)
    x, A = eval(MATRIX)
    options = ["--sig", "f64[n], f64[k,n]", "--argnums", "0,1", "--mode"]
    value, bars = shipped(folder, "product", *options, "vjp").product_vjp(
        x, A, np.ones(4)
    )
    wanted, pullback = gradgen.vjp(own.product, x, A)
    np.testing.assert_allclose(value, wanted)
    np.testing.assert_allclose(flat(bars), flat(pullback(np.ones(4))))
    module = shipped(folder, "product", *options, "jvp")
    moved = module.product_jvp(x, A, np.ones(3), np.ones((4, 3)))
    wanted = gradgen.jvp(own.product, (x, A), (np.ones(3), np.ones((4, 3))))
    np.testing.assert_allclose(flat(moved), flat(wanted))


@pytest.mark.parametrize("bar", [np.ones(1), np.ones(3), np.ones((4, 1)), 1.0])
def test_a_cotangent_of_another_shape_is_refused(folder, bar):
    x, A = eval(MATRIX)
    options = ["--sig", "f64[n], f64[k,n]", "--mode", "vjp"]
    module = shipped(folder, "product", *options)
    with pytest.raises((TypeError, ValueError)):
        module.product_vjp(x, A, bar)


def test_a_tangent_of_another_shape_is_refused(folder):
    x, A = eval(MATRIX)
    options = ["--sig", "f64[n], f64[k,n]", "--mode", "jvp"]
    module = shipped(folder, "product", *options)
    with pytest.raises(ValueError, match=r"x_dot.shape\[0\] must be 3"):
        module.product_jvp(x, A, np.ones(2))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            (np.ones(3, np.float32), 0.1, 3),
            "x must be an array of float64, not float32",
        ),
        ((np.ones((3, 2)), 0.1, 3), "x must have rank 1, not 2"),
        (([1.0, 2.0], 0.1, 2), "x must be an array, not list: pass np.asarray"),
        ((np.ones(1), 0.1, 1), "lengths of 2 or more: write one for 1"),
        ((np.ones(3), "a", 3), "dt must be float, not str"),
        ((np.ones(3), True, 3), "dt must be float, not bool"),
        ((np.ones(3), np.array(1.0), 3), "dt must be float, not ndarray"),
        ((np.ones(3), 0.1, 3.0), "steps must be int, not float"),
        (
            (np.lib.stride_tricks.as_strided(np.ones(1), (3,), (0,)), 0.1, 3),
            "one place",
        ),
    ],
)
def test_other_types_are_refused(folder, args, message):
    module = shipped(folder, "simulate", "--sig", "f64[n], f64, i64")
    with pytest.raises((TypeError, ValueError), match=message):
        module.simulate_grad(*args)


def test_numbers_are_converted(folder):
    module = shipped(folder, "simulate", "--sig", "f64[n], f64, i64", "--argnums", "1")
    x = np.ones(3)
    wanted = module.simulate_grad(x, 1.0, 3)
    assert module.simulate_grad(x, 1, np.int64(3)) == wanted
    assert module.simulate_grad(x, np.float64(1.0), 3) == wanted
    assert (x == 1.0).all()


def test_lengths_of_one_name_must_be_equal(folder):
    module = shipped(folder, "written", "--sig", "f64[n], f64[n]")
    with pytest.raises(ValueError, match=r"y.shape\[0\] must be 3, not 2"):
        module.written_grad(np.ones(3), np.ones(2))


def test_arrays_that_overlap_are_refused(folder):
    module = shipped(folder, "written", "--sig", "f64[n], f64[n]")
    a = np.ones(6)
    with pytest.raises(ValueError, match="x is written to and may share memory with y"):
        module.written_grad(a[:3], a[2:5])
    assert (module.written_grad(a[:3], a[3:]) == [0.0, 1.0, 1.0]).all()


def test_folded_arguments_must_have_their_value(folder):
    module = shipped(folder, "flagged", "--sig", "f64")
    with pytest.raises(TypeError, match="square must be True, for which"):
        module.flagged_grad(0.3, False)
    with pytest.raises(TypeError, match="positional argument"):
        module.flagged_grad(0.3, True, 2)


def test_a_length_is_not_taken_for_a_number_of_its_name(folder):
    """``f64[n]`` says nothing of a parameter that is called n."""
    module = shipped(folder, "shifted", "--sig", "f64[n], i64")
    found = module.shifted_grad(np.ones(5), 2)
    np.testing.assert_allclose(found, [0.0, 1.0, 1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="broadcast"):
        module.shifted_grad(np.ones(5), 4)


def test_records_are_imported(folder):
    own = programs(folder)
    args = "Params(np.ones(3), 2.0), np.ones(3)"
    module = shipped(folder, "record", "--args", args)
    assert "from emit_programs import Params" in (folder / "d_record.py").read_text()
    cls = module.Params
    found = module.record_grad(cls(np.ones(3), 2.0), np.arange(3.0))
    wanted = gradgen.grad(own.record)(own.Params(np.ones(3), 2.0), np.arange(3.0))
    np.testing.assert_allclose(found.w, wanted.w)
    assert found.b == wanted.b
    with pytest.raises(TypeError, match="p must be Params, not tuple"):
        module.record_grad((np.ones(3), 2.0), np.ones(3))
    p = cls(np.ones(3), 2.0)
    p.other = 1
    with pytest.raises(TypeError, match="2 fields and no other attributes"):
        module.record_grad(p, np.ones(3))


def test_functions_that_are_called_as_they_are_are_imported(folder):
    module = shipped(folder, "scaled", "--sig", "f64", file="emit_calling")
    assert "from emit_calling import measured" in (folder / "d_scaled.py").read_text()
    assert module.scaled_grad(3.0) == 10.0


def test_derivatives_inside_are_written_out(folder, capsys):
    options = ["--sig", "f64[k,n]", "--mode"]
    module = shipped(folder, "all_forces", *options, "primal", file="emit_calling")
    xs = np.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(module.all_forces(xs), 3 * xs**2)
    assert "import emit_calling" not in (folder / "d_all_forces.py").read_text()
    assert emit(folder, "forces", "--sig", "f64[k,n]", file="emit_calling") == 2
    assert "emit a function that calls it" in capsys.readouterr().err


def test_what_a_function_reads_is_imported_or_written_down(folder, monkeypatch):
    args = eval(MLP)
    options = SHIPPED["loss"][0]
    module = shipped(folder, "loss", *options)
    before = module.loss_grad(*args)[0][0]
    monkeypatch.setattr(module.emit_programs, "K", 6.0)
    np.testing.assert_allclose(module.loss_grad(*args)[0][0], 2 * before)
    monkeypatch.setattr(module.emit_programs, "K", np.ones(2))
    with pytest.raises(TypeError, match=r"emit_programs\.K must be float, not ndarray"):
        module.loss_grad(*args)
    frozen = shipped(folder, "loss", *options, "--freeze")
    assert "import emit_programs" not in (folder / "d_loss.py").read_text()
    np.testing.assert_allclose(frozen.loss_grad(*args)[0][0], before)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        ("closure", ["--sig", "f64"], "c is a variable of the function round it"),
        ("many", ["--sig", "f64, f64"], "emit a function with a named parameter"),
        ("applied", ["--args", "1.0, np.sin"], "f is folded into the code"),
        ("applied", ["--args", "1.0, np.sin", "--no-checks"], "f is folded into"),
        ("power", ["--sig", "f64", "--name", "a b"], "cannot be the name of"),
        ("hiding", ["--sig", "f64[n], f64"], "check_array hides what"),
        ("simulate", [], "x has no annotation and no default"),
        ("simulate", ["--sig", "f64[n], f64, i64", "--check"], "name it with -o"),
    ],
)
def test_what_cannot_be_shipped_is_refused(folder, capsys, function, options, message):
    assert emit(folder, function, *options) == 2
    assert message in capsys.readouterr().err


def test_the_same_is_written_every_time(folder, capsys):
    options = ["--sig", "f64[n], f64[k]"]
    emit(folder, "derived", *options)
    first = capsys.readouterr().out
    emit(folder, "derived", *options)
    assert capsys.readouterr().out == first
    assert f"# Written by gradgen {gradgen.__version__}" in first
    assert "# source: emit_programs.py:derived" in first
    assert "# signature: x: f64[n], y: f64[k]" in first
    assert "# digest: " in first


def test_check_tells_whether_the_source_has_changed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    source, output = tmp_path / "emit_stale.py", tmp_path / "derivative.py"
    text = (
        "def helper(x):\n    return x * x\n\n\ndef f(x):\n    return 3.0 * helper(x)\n"
    )
    source.write_text(text)
    command = ["emit", f"{source}:f", "--sig", "f64", "-o", str(output)]
    assert main([*command, "--check"]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert main(command) == 0
    assert main([*command, "--check"]) == 0
    written = output.read_text()
    source.write_text(text.replace("x * x", "x * x * x"))
    capsys.readouterr()
    assert main([*command, "--check"]) == 1
    told = capsys.readouterr().err
    assert "is out of date: run without --check" in told
    assert "-# digest: " in told
    assert "+# digest: " in told
    assert output.read_text() == written
    assert main(command) == 0
    assert main([*command, "--check"]) == 0


def test_lists_that_are_read_keep_their_length(folder, monkeypatch):
    module = shipped(folder, "weighted", "--sig", "f64")
    assert module.weighted_grad(1.0) == 3.0
    monkeypatch.setattr(module.emit_programs, "WEIGHTS", [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="WEIGHTS must have 2 members, not 3"):
        module.weighted_grad(1.0)


def test_parameters_are_given_as_those_of_the_function(folder):
    options = ["--sig", "f64", "--argnums", "0,1", "--mode", "jvp"]
    module = shipped(folder, "power", *options, "--name", "moved")
    assert module.moved(3.0, 2.0, n=2, x_dot=1.0, y_dot=0.0) == (12.0, 4.0)
    assert module.moved(3.0, x_dot=1.0, y_dot=1) == (12.0, 16.0)
    with pytest.raises(TypeError, match="positional-only"):
        module.moved(x=3.0, x_dot=1.0, y_dot=0.0)


def test_checks_can_be_left_out(folder, capsys):
    emit(folder, "simulate", "--sig", "f64[n], f64, i64", "--no-checks")
    text = capsys.readouterr().out
    assert "check" not in text.replace("--no-checks", "")
    assert "return _simulate_grad(x, dt, steps)" in text


def test_only_what_was_written_before_is_replaced(folder, capsys):
    own = folder / "emit_programs.py"
    before = own.read_text()
    assert emit(folder, "simulate", "--sig", "f64[n], f64, i64", "-o", str(own)) == 2
    assert "was not written by gradgen" in capsys.readouterr().err
    assert own.read_text() == before
