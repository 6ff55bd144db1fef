"""The skeleton of a vendor: working code for an API that is made up, to be replaced name by name."""

import re
from collections.abc import Mapping
from importlib.resources import files

KEY = re.compile(r"[a-z][a-z0-9]{1,19}")
SKELETON = "adapters.kit"
_ENDING = ".txt"
# One import of the block, over one line or several.
_IMPORT = re.compile(r"^from (\S+) import (\([^)]*\)|[^\n(]+)\n", re.MULTILINE)
_BLOCK = re.compile(r"(?:^from (?:adapters|tests)[.\w]* import (?:\([^)]*\)|[^\n(]+)\n)+", re.MULTILINE)


class NameUnfit(ValueError):
    """The name cannot be the key of a vendor."""


def scaffold(key: str) -> Mapping[str, str]:
    """The files of a new vendor, by their path from the root of the checkout.

    Raises:
        NameUnfit: not 2 to 20 lower-case letters and digits, a letter first.
    """
    if not KEY.fullmatch(key):
        raise NameUnfit(f"{key!r} cannot be a vendor's key: 2 to 20 lower-case letters and digits, a letter first")
    made: dict[str, str] = {}
    for part, folder in (("adapter", f"adapters/{key}"), ("tests", f"tests/adapters/{key}")):
        for file in sorted(files(SKELETON).joinpath("skeleton", part).iterdir(), key=lambda file: file.name):
            if file.name.endswith(_ENDING):
                text = _filled(file.read_text("utf-8"), key)
                made[f"{folder}/{file.name.removesuffix(_ENDING)}"] = _BLOCK.sub(_sorted, text)
    return made


def registration(key: str) -> tuple[tuple[str, str], ...]:
    """Where a new vendor must be written down, and what: (file, line)."""
    lines = (
        ("adapters/registry.py", "from adapters.{{key}}.vendor import VENDOR as {{KEY}}"),
        ("adapters/registry.py", "{{KEY}}, in the tuple of VENDORS"),
        ("tests/adapters/cases.py", "from tests.adapters.{{key}}.world import {{KEY}}_CASE"),
        ("tests/adapters/cases.py", "{{KEY}}_CASE, in the tuple of CASES"),
        ("pyproject.toml", '| {{key}}, behind the last vendor in layers of the contract with id = "adapters"'),
    )
    return tuple((file, _filled(line, key)) for file, line in lines)


def _filled(text: str, key: str) -> str:
    return text.replace("{{key}}", key).replace("{{KEY}}", key.upper()).replace("{{Name}}", key.capitalize())


def _sorted(block: re.Match[str]) -> str:
    """Imports in the order that the linter wants, which depends on the vendor's name."""
    found = [(line[1], _names(line[2]), line[2].startswith("(")) for line in _IMPORT.finditer(block[0])]
    return "".join(
        f"from {module} import "
        + ("(\n" + "".join(f"    {name},\n" for name in names) + ")\n" if tall else f"{', '.join(names)}\n")
        for module, names, tall in sorted(found)
    )


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.strip("()\n ").split(",") if name.strip()]
    return sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
