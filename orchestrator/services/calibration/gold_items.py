"""Gold items from files: those that come with Evenhand, and a team's own beside evenhand.yaml.

A file is called after its rubric: ``gold/<family>/<name>.yaml`` (JSON is YAML). What cannot be used is told in words and
left out: a mistake in one item must not close the page that offers the others.
"""

import functools
import importlib.resources
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from orchestrator.domain.calibration import GoldFile, GoldItem, gold_faults
from rubrics.document import DocumentInvalid, decode
from rubrics.schema import Rubric

FOLDER = "gold"
SUFFIXES = (".yaml", ".json")


class GoldFound(Struct, frozen=True):
    """The items that fit a rubric, by key, and what is wrong with the others."""

    items: Mapping[str, GoldItem]
    faults: tuple[str, ...]


def find_gold(rubric: Rubric, own: Path | None) -> GoldFound:
    """Every gold item for a rubric. An own item replaces a packaged one with its key. Reads files."""
    packaged = importlib.resources.files("orchestrator.services.calibration") / FOLDER
    items: dict[str, GoldItem] = {}
    faults: list[str] = []
    for folder in (packaged, own):
        if folder is None:
            continue
        for suffix in SUFFIXES:
            name = f"{rubric.id}{suffix}"
            found = _read(folder.joinpath(*name.split("/")), f"{FOLDER}/{name}", rubric)
            items.update(found.items)
            faults.extend(found.faults)
    return GoldFound(items, tuple(faults))


def _read(path: Path | Traversable, name: str, rubric: Rubric) -> GoldFound:
    if not path.is_file():
        return GoldFound({}, ())
    try:
        file = decode(path.read_text(encoding="utf-8"), file=name, type=GoldFile, schema=gold_schema())
    except DocumentInvalid as error:
        return GoldFound({}, tuple(str(problem) for problem in error.problems))
    except (OSError, UnicodeDecodeError):
        return GoldFound({}, (f"{name}: cannot be read as UTF-8 text",))
    if file.rubric != rubric.id:
        return GoldFound({}, (f"{name}: rubric must be {rubric.id}, as the file is called",))
    faults = [
        f"{name}: {item.id}: {member}.{key} {what}"
        for item in file.items
        for (member, key), what in gold_faults(item, rubric)
    ]
    return GoldFound({item.id: item for item in file.items if not gold_faults(item, rubric)}, tuple(faults))


@functools.cache
def gold_schema() -> dict[str, Any]:
    """JSON Schema of a file of gold items. Shared: callers must not change it."""
    return msgspec.json.schema(GoldFile)
