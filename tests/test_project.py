"""What holds for the project as a whole: layout, imports, README and version."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import gradgen

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = {
    "LICENSE",
    "README.md",
    "docs",
    "examples",
    "gradgen",
    "pyproject.toml",
    "tests",
}
MODULES = sorted((ROOT / "gradgen").rglob("*.py"))
MAX_LINES = 420  # about 400
IMPORTED_WHEN_USED = {
    "astor",
    "jaxtyping",
    "matplotlib",
    "pygments",
    "scipy",
    "sklearn",
    "tqdm",
}

each_module = pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def run(*command: str, cwd: Path = ROOT) -> str:
    """The output of `command`, which must end with status 0."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def project() -> dict:
    """The `[project]` table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def readme_commands() -> list[str]:
    """The two commands that README gives for setting everything up."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- commands -->\n```sh\n(.*?)```", readme, re.DOTALL)
    return [line for line in block.splitlines() if line and not line.startswith("#")]


def top_level_names() -> set[str]:
    """What stands at the top, without dot-files and what git ignores."""
    if (ROOT / ".git").exists():
        listing = run("git", "ls-files", "--cached", "--others", "--exclude-standard")
        names = {line.split("/")[0].strip('"') for line in listing.splitlines()}
        names = {name for name in names if (ROOT / name).exists()}
    else:
        names = {path.name for path in ROOT.iterdir()} - {"__pycache__"}
    return {name for name in names if not name.startswith(".")}


def test_the_top_level_holds_nothing_else():
    assert top_level_names() <= TOP_LEVEL


@each_module
def test_a_module_has_a_docstring(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@each_module
def test_a_module_is_short_enough_to_read(path):
    if path.name == "catalog.py":
        pytest.skip("a table that a test writes")
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def imported_modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The modules that an import statement names; relative ones count as ours."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return ["gradgen"] if node.level else [node.module or ""]


def local_imports(tree: ast.Module) -> list[int]:
    """The lines on which a function or class body imports a module of gradgen."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return sorted(
        {
            inner.lineno
            for scope in ast.walk(tree)
            if isinstance(scope, scopes)
            for inner in ast.walk(scope)
            if isinstance(inner, ast.Import | ast.ImportFrom)
            and any(name.split(".")[0] == "gradgen" for name in imported_modules(inner))
        }
    )


@each_module
def test_no_function_imports_a_module_of_gradgen(path):
    assert local_imports(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import gradgen",
        "import gradgen.ir as ir",
        "from gradgen.ir import core",
        "from . import x",
    ],
)
def test_a_local_import_is_found(statement):
    assert local_imports(ast.parse(f"def f():\n    if f:\n        {statement}")) == [3]
    assert local_imports(ast.parse(statement)) == []


def test_importing_gradgen_imports_only_what_every_use_needs():
    names = run(
        sys.executable,
        "-c",
        "import sys, numpy; before = set(sys.modules); import gradgen;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))",
    ).split()
    assert "gradgen" in names
    assert IMPORTED_WHEN_USED.isdisjoint(names)


def test_a_derivative_gives_no_warning_where_warnings_are_errors(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from gradgen import grad\n"
        "def square(x):\n"
        "    return x * x\n"
        "print(grad(square)(3.0))\n"
    )
    assert run(sys.executable, "-W", "error", str(program), cwd=tmp_path) == "6.0\n"


def test_the_version_is_the_same_everywhere():
    version = project()["version"]
    assert gradgen.__version__ == version
    changelog = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changelog, re.MULTILINE)[1] == version
    try:
        installed = metadata.version("gradgen")
    except metadata.PackageNotFoundError:
        pytest.skip("gradgen is not installed, only on the path")
    assert installed == version


def test_numpy_and_astor_are_all_that_computing_needs():
    names = {re.match(r"[\w-]+", line)[0] for line in project()["dependencies"]}
    assert names == {"numpy", "astor", "platformdirs"}


def test_ci_runs_the_commands_that_readme_gives():
    train, test = readme_commands()
    assert run("bash", ".ci/run", "--commands") == f"{train}\n{test}\n"
    assert "examples/mlp.py" in train
    assert "-m pytest" in test


@pytest.mark.parametrize("command", readme_commands())
def test_readme_installs_extras_that_exist(command):
    extras = re.search(r"'\.\[([\w,]+)\]'", command)[1].split(",")
    assert set(extras) <= set(project()["optional-dependencies"])
