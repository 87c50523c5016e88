"""Modules of primitives are imported when what they declare is first met."""

import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest

from gradgen.primitives import tables
from gradgen.primitives.catalog import CATALOG
from gradgen.primitives.registry import LOWERINGS, METHODS, PRIMITIVES, find_lowering
from gradgen.primitives.tables import Table, import_all, stands_at

HERE = pathlib.Path(__file__).parent
CATALOG_FILE = HERE.parents[1] / "gradgen" / "primitives" / "catalog.py"


def run(*arguments):
    """The output of a fresh interpreter, which must end with status 0."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1])
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded(code):
    """The modules of primitives that are imported after some code has run."""
    names = "[m for m in sys.modules if m.startswith('gradgen.primitives.')]"
    output = run("-c", f"{code}\nimport sys\nprint(*{names})")
    return {name.removeprefix("gradgen.primitives.") for name in output.split()}


@pytest.mark.skipif(
    not np.__version__.startswith("2.4."), reason="it lists the names of NumPy 2.4"
)
def test_the_catalog_says_what_the_modules_declare(request):
    text = run("-m", "tests.primitives.declared")
    if request.config.getoption("--update-goldens"):
        CATALOG_FILE.write_text(text)
    assert CATALOG_FILE.read_text() == text, "run pytest --update-goldens"


def test_nothing_is_declared_by_two_modules():
    for kind in ("PRIMITIVES", "LOWERINGS", "METHODS", "ATTRIBUTES", "MUTATORS"):
        places = [p for found in tables._places(kind).values() for p, _ in found]
        assert sorted(set(places)) == sorted(places)
        assert places


def test_what_a_program_does_not_use_is_not_imported():
    code = "from gradgen.primitives.registry import LOWERINGS, PRIMITIVES\n"
    families = loaded(code)
    assert not families & set(CATALOG)
    found = loaded(f"{code}import numpy as np\nLOWERINGS[np.matmul]")
    assert "linalg" in found
    assert "trigonometry" not in found
    assert "trigonometry" in loaded(f"{code}PRIMITIVES['arctan2']")


IMPORT_EACH_ALONE = """
import importlib, sys
from gradgen.primitives.catalog import CATALOG

for module in CATALOG:
    for name in [m for m in sys.modules if m.startswith("gradgen")]:
        del sys.modules[name]
    importlib.import_module(f"gradgen.primitives.{module}")
    print(module)
"""


def test_each_module_can_be_the_first():
    assert run("-c", IMPORT_EACH_ALONE).split() == list(CATALOG)


def test_going_through_a_table_imports_all():
    code = "from gradgen.primitives.registry import PRIMITIVES\nlen(PRIMITIVES)"
    assert set(CATALOG) <= loaded(code)


def test_a_function_of_the_same_name_is_another_one():
    def exp(x):
        return x

    assert find_lowering(exp) is None
    assert find_lowering(np.exp) is LOWERINGS[np.exp]
    assert stands_at("numpy:exp", np.exp)
    assert not stands_at("numpy:exp", exp)
    assert not stands_at("scipy.nowhere:exp", np.exp)


UNKNOWN = np.polynomial.chebyshev.chebval


@pytest.mark.parametrize("key", ["no_such_op", UNKNOWN, object(), [], "if"])
def test_what_nobody_declares_is_missing(key):
    assert find_lowering(key) is None
    if not isinstance(key, list):
        assert key not in PRIMITIVES
        with pytest.raises(KeyError):
            METHODS[key]


def test_an_object_is_not_asked_for_its_name_if_its_class_makes_up_attributes():
    class Settings:
        def __getattr__(self, name):
            raise KeyError(name)

    assert find_lowering(Settings()) is None


def test_the_module_of_a_library_that_is_not_there_declares_nothing(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named '{absent}'", name=absent)

    monkeypatch.setattr(tables.importlib, "import_module", missing)
    absent = "scipy"
    import_all()
    absent = "gradgen.primitives.nowhere"
    with pytest.raises(ModuleNotFoundError):
        import_all()


def test_functions_of_one_name_are_told_apart_before_anything_is_imported(monkeypatch):
    library = types.ModuleType("library.special")
    library.exp = lambda x: x
    library.exp.__name__ = "exp"
    catalog = {
        "ours": {"LOWERINGS": "numpy: exp"},
        "others": {"LOWERINGS": "library.special: exp log"},
    }
    table, imported = Table("LOWERINGS"), []

    def declare(name):
        imported.append(name)
        table[np.exp if name.endswith(".ours") else library.exp] = name

    monkeypatch.setattr(tables, "CATALOG", catalog)
    monkeypatch.setattr(tables, "_places", tables._places.__wrapped__)
    monkeypatch.setattr(tables.importlib, "import_module", declare)
    assert library.exp not in table, "a library that nobody imported"
    assert imported == []
    assert table[np.exp] == "gradgen.primitives.ours"
    monkeypatch.setitem(sys.modules, "library.special", library)
    assert np.log not in table
    assert imported == ["gradgen.primitives.ours"]
    assert table[library.exp] == "gradgen.primitives.others"


def test_a_table_knows_what_is_there_without_importing():
    table = Table("PRIMITIVES")
    assert not table.holds("exp")
    assert "exp" not in table, "declared in another table of the same kind"
