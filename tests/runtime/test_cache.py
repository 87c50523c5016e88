"""The disk cache: what is found again, and what is not trusted."""

import importlib
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from gradgen import CacheError, CacheWarning, grad, vjp
from gradgen.runtime import cache

PROGRAM = """
import numpy as np
from other import helper
RATE = 2.0
POWER = 2

def f(x, flag=True):
    return np.sum(helper(x) ** POWER) * RATE if flag else np.sum(x)
"""
OTHER = """
def helper(x):
    return 3.0 * x

def same(x):
    return x
"""
CALL = """
import sys; sys.path.insert(0, {folder!r})
import numpy as np, gradgen, program
{change}
d = gradgen.grad(program.f)
print(d(np.ones(2))[0], d.cache_info().disk_hits, "gradgen.frontend" in sys.modules)
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A new cache, and a folder with two modules."""
    monkeypatch.setenv(cache.DIRECTORY, str(tmp_path / "cache"))
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "other.py").write_text(OTHER)
    return tmp_path


def call(folder, change=""):
    """The gradient, disk hits, and whether the compiler was loaded, in a process."""
    code = textwrap.dedent(CALL.format(folder=str(folder), change=change))
    # Python takes a file of the same second and size for unchanged: no bytecode.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    value, hits, loaded = done.stdout.split()
    return float(value), int(hits), loaded == "True"


def files():
    return sorted(Path(cache.directory()).glob("*/*.py"))


def test_another_process_finds_the_program_and_loads_no_compiler(folder):
    assert call(folder) == (36.0, 0, True)
    assert call(folder) == (36.0, 1, False)
    assert cache.usage().programs == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("other.py", "3.0 * x", "5.0 * x", 100.0),
        ("program.py", "POWER = 2", "POWER = 3", 162.0),
        ("program.py", "* RATE if", "* RATE * 2.0 if", 72.0),
        ("program.py", "flag=True", "flag=False", 1.0),
    ],
)
def test_what_changed_is_compiled_anew(folder, file, old, new, expected):
    assert call(folder) == (36.0, 0, True)
    path = folder / file
    path.write_text(path.read_text().replace(old, new))
    assert call(folder) == (expected, 0, True)
    path.write_text(path.read_text().replace(new, old))
    assert call(folder)[:2] == (36.0, 1)


def test_what_is_read_at_each_call_may_change(folder):
    assert call(folder)[0] == 36.0
    assert call(folder, "program.RATE = 4.0")[:2] == (72.0, 1)
    assert call(folder, "program.RATE = np.float32(4)")[:2] == (72.0, 0)


def test_a_helper_replaced_at_run_time_is_noticed(folder):
    assert call(folder)[0] == 36.0
    assert call(folder, "program.helper = np.sin")[1] == 0
    assert call(folder, "import other; program.helper = other.same")[:2] == (4.0, 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("return", "return 2 *"),
        lambda text: text.replace('"promoted"', '"other"'),
        lambda text: "# gradgen x {}\n" + text,
        lambda text: "import os\n",
        lambda text: text + "print('more')\n",
    ],
)
def test_a_damaged_file_is_built_again(folder, damage):
    def f(x):
        return np.sum(x**3)

    assert grad(f)(np.ones(2))[0] == 3.0
    (path,) = files()
    whole = path.read_text()
    path.write_text(damage(whole))
    d = grad(f)
    assert d(np.ones(2))[0] == 3.0
    assert d.cache_info()[1:3] == (1, 0)
    assert path.read_text() == whole


def test_a_file_that_is_no_text_is_built_again(folder):
    def f(x):
        return np.sum(x**3)

    grad(f)(np.ones(2))
    (path,) = files()
    path.write_bytes(b"\xff\xfe\x00")
    assert grad(f)(np.ones(2))[0] == 3.0


def test_the_directory_is_the_users_own(folder):
    grad(lambda x: x)(1.0)
    assert os.stat(cache.directory()).st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_directory_that_others_can_write_is_not_used(folder, mode):
    root = Path(cache.directory())
    root.mkdir()
    root.chmod(mode)
    cache._warn.cache_clear()
    with pytest.warns(CacheWarning, match="can be written by others"):
        assert grad(lambda x: x * x)(1.0) == 2.0
    assert grad(lambda x: x * x)(2.0) == 4.0
    assert files() == []
    with pytest.raises(CacheError):
        cache.check_safe(str(root))


def test_a_directory_that_cannot_be_made_is_done_without(folder, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv(cache.DIRECTORY, str(folder / "file" / "cache"))
    assert grad(lambda x: x * x)(1.0) == 2.0


def test_it_can_be_switched_off(folder, monkeypatch):
    monkeypatch.setenv(cache.SWITCH, "0")
    assert grad(lambda x: x * x)(1.0) == 2.0
    assert files() == []


def test_clear_removes_programs_and_nothing_else(folder):
    grad(lambda x: x * x)(1.0)
    other = Path(cache.directory()) / "notes.txt"
    other.write_text("mine")
    stray = files()[0].parent / "left.tmp"
    stray.write_text("")
    assert cache.clear().programs == 1
    assert cache.usage().programs == 0
    assert other.exists()
    assert not stray.exists()


def test_programs_that_differ_in_what_is_folded_are_kept_apart(folder):
    def f(x, axis):
        return np.sum(np.sum(x, axis=axis) ** 2)

    x = np.arange(6.0).reshape(2, 3)
    expected = [grad(f)(x, axis) for axis in (0, 1)]
    for axis in (0, 1):
        d = grad(f)
        np.testing.assert_array_equal(d(x, axis), expected[axis])
        assert d.cache_info().disk_hits == 1


def test_options_are_part_of_the_key(folder):
    def f(x, y):
        return x * y

    assert grad(f)(2.0, 3.0) == 3.0
    assert grad(f, argnums=1)(2.0, 3.0) == 2.0
    assert grad(f, argnums=(1,))(2.0, 3.0) == (2.0,)
    assert vjp(f, 2.0, 3.0)[1](1.0) == (3.0, 2.0)
    assert grad(f).cache_info().disk_hits == 0
    assert grad(grad(f), argnums=1)(2.0, 3.0) == 1.0


def test_what_bears_the_name_of_another_is_kept_apart(folder):
    def product(x, y):
        return x * x * y

    def calling(function):
        return lambda *xs: function(*xs) + 0.0 * xs[0]

    for number, expected in ((0, 12.0), (1, 6.0)):
        d = grad(calling(grad(product, argnums=number)))
        assert d(3.0, 6.0) == expected
    stats = pytest.importorskip("scipy.stats")
    for law, expected in ((stats.norm, -3.0), (stats.expon, -1.0)):
        assert grad(calling(law.logpdf))(3.0) == expected


def test_vjp_is_found_again(folder):
    def f(x):
        return np.exp(x)

    from gradgen.api import calls

    for _ in range(2):
        calls._kept_dispatcher.cache_clear()
        _, pullback = vjp(f, np.zeros(2))
        np.testing.assert_array_equal(pullback(np.ones(2))[0], [1.0, 1.0])
    assert len(files()) == 1


def test_an_object_without_a_name_is_not_kept(folder):
    class Scale:
        def __init__(self, k):
            self.k = k

    scales = {"a": Scale(2.0)}

    def f(x, scale):
        return x * scale.k

    assert grad(f)(3.0, scales["a"]) == 2.0
    assert grad(f)(3.0, Scale(5.0)) == 5.0


def _work(folder):
    sys.path.insert(0, folder)
    program = importlib.import_module("program")
    return float(grad(program.f)(np.ones(2))[0])


def test_many_processes_and_threads_at_once(folder):
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        assert pool.map(_work, [str(folder)] * 9) == [36.0] * 9
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(grad(lambda x: x * x)(3.0)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [6.0] * 8
    assert not list(Path(cache.directory()).glob("*/*.tmp"))


def test_old_programs_make_room(folder, monkeypatch):
    monkeypatch.setattr(cache, "MAX_VARIANTS", 2)

    def f(x, n):
        return np.sum(np.sum(np.ones((1, 2, 3, 4)) * x, axis=n))

    for n in range(4):
        assert grad(f)(1.0, n) == 24
    assert len(files()) == 2
