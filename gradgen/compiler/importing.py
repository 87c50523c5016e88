"""What a shipped module imports from the user's own modules."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Mapping
from typing import Any

from gradgen.codegen.bundle import Imports
from gradgen.errors import UnsupportedError
from gradgen.structs import field, struct


@struct
class Importer:
    """The modules and objects that are imported by name.

    ``module`` is that of the function, which was loaded from its file.
    """

    module: types.ModuleType
    modules: dict[str, str] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)

    def module_of(self, names: Mapping[str, Any]) -> str | None:
        """Return the name of an imported module, given all that it holds."""
        name = names.get("__name__")
        module = sys.modules.get(str(name))
        if module is None or vars(module) is not names or self._is_ours(module):
            return None
        path = self._path(module)
        stem = path.rpartition(".")[2]
        self.modules[path] = stem
        return stem

    def add(self, value: Any, name: str) -> None:
        """Import an object as ``name``; refuse it if no module has it by name."""
        for module in (sys.modules.get(_module_name(value)), self.module):
            if module is None or self._is_ours(module):
                continue
            for own in (getattr(value, "__name__", name), name):
                if getattr(module, str(own), None) is value:
                    self.members[name] = self._path(module), str(own)
                    return
        raise UnsupportedError(
            f"the code needs {name}, which no module holds by that name; define it at "
            "the top level of a module, or pass what it computes as an argument"
        )

    def _is_ours(self, module: types.ModuleType) -> bool:
        return module.__name__.partition(".")[0] == "gradgen"

    def _path(self, module: types.ModuleType) -> str:
        """Return how a module is imported; that of the function by its file."""
        if module is not self.module:
            return module.__name__
        folder, file = os.path.split(os.path.abspath(str(module.__file__)))
        parts = [os.path.splitext(file)[0]]
        while os.path.isfile(os.path.join(folder, "__init__.py")):
            folder, package = os.path.split(folder)
            parts.insert(0, package)
        if not all(map(str.isidentifier, parts)):
            raise UnsupportedError(
                f"{file} has no name that can be imported, which the code needs; "
                "rename the file"
            )
        return ".".join(parts)

    def enter(self, imports: Imports) -> None:
        """Enter all of them in the imports of a module."""
        for path, name in self.modules.items():
            if path == name:
                imports.modules.add((path, name))
            else:
                imports.members.add((path.rpartition(".")[0], name, name))
        for name, (path, own) in self.members.items():
            imports.members.add((path, own, name))


def _module_name(value: Any) -> str:
    return str(getattr(value, "__module__", ""))
