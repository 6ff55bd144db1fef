"""Which third-party modules a web process of Evenhand loads until it is ready, in their order, as JSON: ``python -m bench.loaded``.

Configured by the environment like ``evenhand serve``; nothing is connected.
"""

import importlib
import os
import sys
from pathlib import Path

import msgspec

OURS = {"orchestrator", "adapters", "rubrics", "bench"}


def loaded() -> list[str]:
    """The modules that are there after the web application was put together, and that are neither ours nor Python's."""
    main = importlib.import_module("orchestrator.main")
    importlib.import_module("orchestrator.__main__")
    main.build(main.read_environment(os.environ), os.environ).app()
    return [name for name, module in sys.modules.items() if _is_third_party(name, getattr(module, "__file__", None))]


def _is_third_party(name: str, file: str | None) -> bool:
    top = name.partition(".")[0]
    installed = file is not None and "site-packages" in Path(file).parts
    # What the interpreter itself loads for an installation (editable finders) has such names.
    return installed and top not in OURS and top not in sys.stdlib_module_names and not top.startswith("__")


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(loaded()).decode())
