"""The command line, run as users run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradgen.cli import main

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import numpy as np
from dataclasses import dataclass
from typing import NamedTuple
from gradgen import grad
from sibling import CONSTANT

def energy(x, k):
    return k * np.sum(x * x) * CONSTANT


def area(width: float, height: float, scale=2.0):
    return width * height * scale


class Pair(NamedTuple):
    a: float
    b: float


def of_pair(p: Pair, n: int, t: tuple[float, float]):
    return p.a * p.b * n * t[0]


def noisy(x: float, rng: np.random.Generator):
    return rng.normal(x)


def unclear(x: np.ndarray):
    return np.sum(x)


def refused(x):
    global total
    total = x
    return x


class Model:
    def __init__(self, k):
        self.k = k

    def energy(self, x):
        return self.k * x * x

    @classmethod
    def standard(cls, x):
        return x * x

    @grad(argnums=1)
    def d_energy(self, x):
        return self.k * x * x


@dataclass
class Spring:
    k: float

    def energy(self, x):
        return self.k * x * x


model = Model(2.0)


@grad
def d_area(width):
    return width * width


@grad(argnums=1)
def d_height(width, height):
    return width * height * height


d2_height = grad(d_height, 1)


def breite(größe):
    return größe * größe


number = 3

if __name__ == "__main__":
    raise AssertionError("run as a script")
"""


@pytest.fixture
def program(tmp_path):
    (tmp_path / "sibling.py").write_text("CONSTANT = 2.0\n")
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "gradgen", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def show(capsys, *arguments):
    """The status, output and errors of `gradgen show`."""
    modules, paths = dict(sys.modules), list(sys.path)
    try:
        status = main(["show", *map(str, arguments)])
    finally:
        for name in set(sys.modules) - set(modules):
            if not name.startswith(("gradgen", "numpy", "pygments", "astor")):
                del sys.modules[name]
        sys.path[:] = paths
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_gradient_is_shown(program):
    done = run("show", f"{program}:energy", "--sig", "f64[n], f64")
    assert done.returncode == 0, done.stderr
    assert "def energy_grad(x, k, CONSTANT):" in done.stdout
    assert "    x: f64[n]\n    k: float\n" in done.stdout
    assert "\x1b" not in done.stdout
    compile(done.stdout, "shown", "exec")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("primal", "def energy(x, k, CONSTANT):"),
        ("ir", "function energy("),
        ("tangent", "def energy_jvp(x, k, CONSTANT, x_dot):"),
        ("adjoint", "def energy_vjp(x, k, CONSTANT, value_bar=1.0):"),
        ("grad", "def energy_grad(x, k, CONSTANT):"),
    ],
)
def test_modes(program, capsys, mode, expected):
    options = ("--sig", "f64[n], f64", "--mode", mode)
    status, out, _ = show(capsys, f"{program}:energy", *options)
    assert status == 0
    assert expected in out


def test_argnums(program, capsys):
    options = ("--sig", "f64[n], f64")
    both = show(capsys, f"{program}:energy", *options, "--argnums", "0,1")[1]
    assert "return x_bar, k_bar" in both
    one = show(capsys, f"{program}:energy", *options, "--argnums", "1,")[1]
    assert "return (k_bar,)" in one or "return k_bar," in one
    last = show(capsys, f"{program}:energy", *options, "--argnums=-1")[1]
    assert "return k_bar\n" in last


def test_arguments_from_an_expression(program, capsys):
    options = ("--args", "np.ones((2, 3), np.float32), CONSTANT")
    status, out, _ = show(capsys, f"{program}:energy", *options)
    assert status == 0
    assert "x: f32[n,m]\n" in out


def test_arguments_from_annotations_and_defaults(program, capsys):
    status, out, _ = show(capsys, f"{program}:area")
    assert status == 0
    assert "#" not in out.split("def ")[0]
    assert "scale: float" in out
    status, out, _ = show(capsys, f"{program}:of_pair")
    assert "p: Pair(a=float, b=float)\n    n: int\n    t: (float, float)\n" in out


def test_a_generator_of_random_numbers(program, capsys):
    for options in ((), ("--sig", "f64, Generator")):
        status, out, _ = show(capsys, f"{program}:noisy", *options)
        assert status == 0
        assert "rng: Generator\n" in out
        assert "rng.standard_normal()" in out


def test_a_parameter_without_annotation_is_a_float_and_said_so(program, capsys):
    _, out, _ = show(capsys, f"{program}:energy")
    first = "# x, k have no annotation: taken as float (see --sig)\n"
    assert out.startswith(first)


def test_jaxtyping(program, capsys):
    pytest.importorskip("jaxtyping")
    with program.open("a") as file:
        file.write(
            "from jaxtyping import Float, Float32, Shaped\n"
            "def typed(x: Float[np.ndarray, 'n 3'], y: Float32[np.ndarray, 'n']):\n"
            "    return np.sum(x[:, 0] * y)\n"
            "def untyped(x: Shaped[np.ndarray, 'n']):\n"
            "    return np.sum(x)\n"
        )
    status, out, err = show(capsys, f"{program}:untyped")
    assert (status, err.count("\n")) == (2, 1)
    assert "no dtype in the annotation of x" in err
    status, out, err = show(capsys, f"{program}:typed")
    assert status == 0, err
    assert "x: f64[n,3]\n    y: f32[n]\n" in out


def test_methods_and_derivatives(program, capsys):
    status, out, _ = show(capsys, f"{program}:d_area")
    assert status == 0
    assert "def d_area_grad(width):" in out
    status, out, _ = show(capsys, f"{program}:d_area", "--mode", "primal")
    assert "def d_area(width):" in out
    status, out, _ = show(capsys, f"{program}:d_height", "--mode", "adjoint")
    assert "adjoint of d_height in height" in out
    status, out, _ = show(capsys, f"{program}:d2_height", "--mode", "tangent")
    assert "def d_height_grad_jvp(width, height, height_dot):" in out


def test_the_object_of_a_method(program, capsys):
    given = ("--args", "Model(3.0), 2.0")
    status, out, err = show(capsys, f"{program}:Model.d_energy", *given)
    assert status == 0, err
    assert "with respect to x" in out
    status, out, err = show(capsys, f"{program}:Spring.energy")
    assert status == 0, err
    assert out.startswith("# x has no annotation")
    assert "    self: Spring(k=float)\n    x: float\n" in out
    for name in ("model.energy", "Model.standard"):
        status, out, err = show(capsys, f"{program}:{name}")
        assert status == 0, err
        assert out.startswith("# x has no annotation")
        assert "with respect to x" in out


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("nowhere.py:f", (), "there is no file nowhere.py"),
        ("{}", (), "expected FILE.py:FUNCTION"),
        ("{}:nothing", (), "has no function called 'nothing'"),
        ("{}:number", (), "has something other than a function called 'number'"),
        ("{}:energy", ("--sig", "f99"), "unknown type 'f99'"),
        ("{}:energy", ("--sig", "f64[n]"), "missing 1 required positional argument"),
        ("{}:energy", ("--sig", "f64, f64, f64"), "takes 2 positional arguments but 3"),
        ("{}:energy", ("--sig", "i64[n], f64"), "x is an integer array"),
        ("{}:energy", ("--args", "1/0"), "ZeroDivisionError: division by zero"),
        ("{}:energy", ("--argnums", "7"), "argnums=7 is out of range"),
        ("{}:energy", ("--argnums", "x"), "--argnums takes numbers, not 'x'"),
        ("{}:d_area", ("--argnums", "0"), "<grad of d_area> has its own argnums"),
        ("{}:unclear", (), "the annotation of x does not say"),
        ("{}:Model.energy", (), "give its object with the arguments, as in --args"),
        ("{}:Model.nothing", (), "has no function called 'Model.nothing'"),
    ],
)
def test_mistakes_end_with_one_line_and_status_2(
    program, capsys, target, options, message
):
    status, out, err = show(capsys, target.format(program), *options)
    assert status == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_a_refusal_is_shown_with_its_place(program, capsys):
    status, _, err = show(capsys, f"{program}:refused")
    assert status == 2
    assert "program.py:" in err
    assert "global total" in err


def test_a_file_that_fails_on_import(tmp_path, capsys):
    path = tmp_path / "broken.py"
    path.write_text("import nothing_of_this_name\n")
    status, _, err = show(capsys, f"{path}:f")
    assert status == 2
    assert "ModuleNotFoundError" in err
    assert err.count("\n") == 1


def test_unknown_options_end_with_status_2():
    assert run("show").returncode == 2
    assert run("draw").returncode == 2


def test_a_closed_pipe_is_no_error(program):
    command = f'"{sys.executable}" -m gradgen show "{program}:area" | true'
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
def test_a_full_disk_gives_one_line(program):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gradgen", "show", f"{program}:area"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("gradgen: cannot write the output: ")
    assert done.stderr.count("\n") == 1


def test_an_encoding_without_the_characters_of_a_name(program):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run("show", f"{program}:breite", env=environment)
    assert done.returncode == 0, done.stderr
    assert r"gr\xf6\xdfe: float" in done.stdout


def on_terminal(program, **environment):
    """What `gradgen show` writes to a terminal."""
    pytest.importorskip("pygments")
    pty = pytest.importorskip("pty", reason="there are no such terminals")
    ours, theirs = pty.openpty()
    variables = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-m", "gradgen", "show", f"{program}:area"],
        stdout=theirs,
        cwd=ROOT,
        env={**variables, **environment},
        check=True,
    )
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 4096):
            text += chunk
    except OSError:
        pass
    os.close(ours)
    return text.decode()


def test_a_terminal_gets_colours_unless_told_otherwise(program):
    assert "\x1b[" in on_terminal(program, TERM="xterm")
    assert "\x1b[" not in on_terminal(program, NO_COLOR="1")
    assert "\x1b[" not in on_terminal(program, TERM="dumb")


def test_cache_info_and_clear(program, tmp_path):
    environment = {**os.environ, "GRADGEN_CACHE_DIR": str(tmp_path / "cache")}
    code = "import sys; sys.path.insert(0, sys.argv[1]); import program"
    code += "; program.d_area(2.0)"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**environment, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    info = run("cache", "info", env=environment)
    assert info.stdout.startswith(f"{tmp_path / 'cache'}: 1 program, ")
    cleared = run("cache", "clear", env=environment)
    assert cleared.stdout == f"removed 1 program from {tmp_path / 'cache'}\n"
    assert run("cache", "info", env=environment).stdout.count("0 programs") == 1


def test_the_example_of_the_readme_works():
    signature = "[(f32[784,h], f32[h]), (f32[h,10], f32[10])], f32[n,784], f32[n,10]"
    done = run("show", "examples/mlp.py:loss", "--sig", signature)
    assert done.returncode == 0, done.stderr
    assert "layers: [(f32[784,h], f32[h]), (f32[h,10], f32[10])]\n" in done.stdout
