"""Print what each module of primitives declares, as the text of the catalog.

Run as a script, in a process of its own, since modules declare when first imported.
"""

import importlib
import pkgutil
import sys
import textwrap
from collections import defaultdict

import gradgen.primitives
from gradgen.primitives.tables import Table, short_name, stands_at

HEAD = '''"""Which module of primitives declares what; found by importing them all.

Written by ``pytest tests/primitives/test_catalog.py --update-goldens``. By table:
names, and after ``module:`` those of functions of that module.
"""

CATALOG: dict[str, dict[str, str]] = {
'''

declared = defaultdict(lambda: defaultdict(set))


def note(table, key, value):
    """Note which module runs when something is declared, and declare it."""
    frame = sys._getframe(1)
    while frame.f_code.co_name != "<module>":
        frame = frame.f_back
    module = frame.f_globals["__name__"].removeprefix("gradgen.primitives.")
    declared[module][table.kind].add(key if isinstance(key, str) else place_of(key))
    dict.__setitem__(table, key, value)


def place_of(function):
    """Return the public place of a function, that with the shortest name."""
    own = getattr(function, "__module__", None) or ""
    public = [m for m in sys.modules if "._" not in f".{m}" and m != "__main__"]
    modules = [own, *sorted(public, key=lambda m: (m.count("."), m))]
    places = (f"{m}:{short_name(function)}" for m in modules if "._" not in f".{m}")
    return next(place for place in places if stands_at(place, function))


def import_everything():
    """Import every module of the package."""
    for module in pkgutil.iter_modules(gradgen.primitives.__path__):
        importlib.import_module(f"gradgen.primitives.{module.name}")


def text_of(words, room):
    """Return a string literal of some words, over several lines if need be."""
    homes = defaultdict(list)
    for word in sorted(words):
        home, colon, name = word.rpartition(":")
        homes[home + colon].append(name)
    text = " ".join(" ".join([home, *homes[home]]) for home in sorted(homes)).strip()
    if len(text) <= room:
        return f'"{text}"'
    width = max(72, len(text) if len(text) <= 74 else 0)  # what ruff would join
    lines = textwrap.wrap(text, width, break_on_hyphens=False)
    lines[:-1] = [f"{line} " for line in lines[:-1]]
    inner = "\n".join(f'            "{line}"' for line in lines)
    return f"(\n{inner}\n        )"


def catalog():
    """Return the text of the catalog."""
    parts = [HEAD]
    for module, kinds in sorted(declared.items()):
        parts.append(f'    "{module}": {{\n')
        for kind, words in sorted(kinds.items()):
            parts.append(f'        "{kind}": {text_of(words, 73 - len(kind))},\n')
        parts.append("    },\n")
    return "".join([*parts, "}\n"])


if __name__ == "__main__":
    Table.__setitem__ = note
    import_everything()
    print(catalog(), end="")
