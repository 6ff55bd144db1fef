"""The Short Answer Feedback set (Filighera and others, ACL 2022; MIT licence) as a labelled set.

Its XML has one question a file with a reference answer and scored answers. A score from 0 to 1 becomes one of four equal
levels: [0, ¼) is 0, [¼, ½) is 1, [½, ¾) is 2, and [¾, 1] is 3.
"""

import hashlib
import xml.etree.ElementTree as ET
from enum import StrEnum
from pathlib import Path

from orchestrator.errors import ConfigurationInvalid
from orchestrator.evaluation.items import Item
from rubrics.document import Problem

MAX_LEVEL = 3


class Part(StrEnum):
    """Which answers: all, those that the embedded grader may be tuned on, or those that it has not seen."""

    ALL = "all"
    TUNING = "tuning"
    HELD_OUT = "held-out"


def read_saf(folder: Path, part: Part = Part.ALL, *, least_words: int = 0) -> tuple[Item, ...]:
    """Every answer below a folder that has at least so many words, by file and place.

    Raises:
        ConfigurationInvalid: there is no such file, or one is not as described.
    """
    files = sorted(folder.rglob("*.xml"))
    if not files:
        raise ConfigurationInvalid([_problem(folder, "there is no XML file in this folder")])
    items = [item for file in files for item in _items(file)]
    said = [item for item in items if len(item.answer.split()) >= least_words]
    return tuple(item for item in said if part is Part.ALL or part_of(item.id) is part)


def level_of(score: float) -> int:
    """One of four equal levels, 0 to 3, of a score from 0 to 1."""
    return min(MAX_LEVEL, int(score * (MAX_LEVEL + 1)))


def part_of(item_id: str) -> Part:
    """The half that an answer belongs to: by its id alone, so that it stays there whatever is added."""
    odd = hashlib.sha256(item_id.encode()).digest()[-1] % 2
    return Part.HELD_OUT if odd else Part.TUNING


def _items(file: Path) -> list[Item]:
    try:
        # Only files that the user names are read, from the user's own disk; expat refuses endless entities since 2.4.1.
        root = ET.parse(file).getroot()  # noqa: S314 - as said above
        question = _text(root, "questionText")
        reference = "\n".join((one.text or "").strip() for one in root.iter("referenceAnswer"))
        return [
            Item(
                id=answer.attrib["id"],
                question=question,
                reference=reference,
                answer=_text(answer, "response"),
                level=level_of(float(_text(answer, "score"))),
                max_level=MAX_LEVEL,
            )
            for answer in root.iter("studentAnswer")
        ]
    except (ET.ParseError, KeyError, ValueError) as error:
        raise ConfigurationInvalid([_problem(file, f"is not a file of this set ({type(error).__name__})")]) from error


def _text(element: ET.Element, path: str) -> str:
    found = element.find(path)
    if found is None:
        raise ValueError(path)
    return (found.text or "").strip()


def _problem(path: Path, message: str) -> Problem:
    return Problem(file=str(path), line=1, column=1, field="", message=message)
