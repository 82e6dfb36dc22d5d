"""First lines of every child: load `edgewright` from the parent's files without the parent's other packages.

Run by path with a toolchain's Python (``python -P bootstrap.py RESULT_FD``). Putting the parent's site-packages on
the path would mix two environments; loading the one package from its directory cannot.
"""

import importlib.util
import runpy
import sys
from pathlib import Path


def main() -> None:
    package = Path(__file__).resolve().parent.parent
    spec = importlib.util.spec_from_file_location(
        "edgewright", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        raise SystemExit("the package edgewright cannot be loaded from " + str(package))
    module = importlib.util.module_from_spec(spec)
    sys.modules["edgewright"] = module
    spec.loader.exec_module(module)
    runpy.run_module("edgewright.worker", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
