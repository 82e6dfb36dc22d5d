"""First lines of every child: load `edgewright` from the parent's files without the parent's other packages.

Run by path with a toolchain's Python (``python -P bootstrap.py RESULT_FD``). Putting the parent's site-packages on
the path would mix two environments; loading single packages from their directories cannot. Third parties' packages, which
hold workers too, are named in ``EDGEWRIGHT_PACKAGES`` and loaded the same way, when a job asks for them.
"""

import importlib.util
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType


class Packages(MetaPathFinder):
    """Finds a few packages by name in directories of their own, before anything that is installed."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        folder = self._folders.get(fullname)
        if folder is None:
            return None
        return importlib.util.spec_from_file_location(
            fullname, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )


def main() -> None:
    named = (
        part.partition("=") for part in os.environ.get("EDGEWRIGHT_PACKAGES", "").split(os.pathsep) if part
    )
    folders = {name: Path(folder) for name, _, folder in named}
    folders["edgewright"] = Path(__file__).resolve().parent.parent
    sys.meta_path.insert(0, Packages(folders))
    runpy.run_module("edgewright.worker", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
