"""The documentation as text: pages, tables, links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "adapters").rglob("*.md")]))
CODE = re.compile(r"`([^`]+)`")


def text(path: str) -> str:
    """A page, by its path from the root."""
    return (ROOT / path).read_text("utf-8")


def first_cells(page: str) -> dict[str, list[str]]:
    """By heading: the code words in the first cells of its tables, in order."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in page.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").replace("`", "")
        elif line.startswith("| `"):
            found.setdefault(heading, []).extend(CODE.findall(line.split("|")[1]))
    return found
