"""Labelled sets: one JSON object a line, read strictly, so that a misspelt key never goes unseen.

``{"id", "question", "reference", "answer", "level", "max_level"}``, and optionally ``group`` and ``raters`` (the levels
of further people). Levels run from 0 to ``max_level``.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from orchestrator.errors import ConfigurationInvalid
from rubrics.document import Problem

T = TypeVar("T")
_Level = Annotated[int, Meta(ge=0, le=100)]
_Words = Annotated[str, Meta(max_length=100_000)]


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer with what people made of it. PII class: what a person wrote; never logged."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    question: _Words
    reference: _Words
    answer: _Words
    level: _Level
    max_level: Annotated[int, Meta(ge=1, le=100)]
    group: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    raters: tuple[_Level, ...] = ()


class LabelledSet(Struct, frozen=True, kw_only=True):
    """The items of a file with its name (no folder) and the SHA-256 (hex) of its bytes."""

    name: str
    sha256: str
    items: tuple[Item, ...]

    @property
    def max_level(self) -> int | None:
        """The highest level where all items share one, else None."""
        highest = {item.max_level for item in self.items}
        return highest.pop() if len(highest) == 1 else None

    def spread(self, count: int | None) -> "LabelledSet":
        """The set cut to ``count`` items; the hash stays."""
        return msgspec.structs.replace(self, items=spread(self.items, count))


def spread(of: Sequence[T], count: int | None) -> tuple[T, ...]:
    """So many of them (None, or too many: all), evenly over their order, so that each part has its share; always the same."""
    count = len(of) if count is None else min(count, len(of))
    return tuple(of[number * len(of) // count] for number in range(count))


def read_set(path: Path) -> LabelledSet:
    """Read a set.

    Raises:
        ConfigurationInvalid: with every problem, each by line and field; never with the words of an answer.
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    items, problems = _read_lines(content, file=str(path))
    problems += _twice(items, file=str(path))
    if not items and not problems:
        problems.append(_problem(str(path), 1, "", "the set is empty"))
    if problems:
        raise ConfigurationInvalid(problems)
    return LabelledSet(
        name=path.name, sha256=hashlib.sha256(content).hexdigest(), items=tuple(item for _, item in items)
    )


def write_set(items: Sequence[Item], path: Path) -> None:
    """Write items in the form that `read_set` reads."""
    path.write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in items))


def _read_lines(content: bytes, *, file: str) -> tuple[list[tuple[int, Item]], list[Problem]]:
    items: list[tuple[int, Item]] = []
    problems: list[Problem] = []
    decoder = msgspec.json.Decoder(Item)
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            item = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.append(_refused(file, number, error))
            continue
        items.append((number, item))
        problems += [
            _problem(file, number, field, f"must be from 0 to max_level ({item.max_level})")
            for field, levels in (("level", (item.level,)), ("raters", item.raters))
            if any(level > item.max_level for level in levels)
        ]
    return items, problems


def _twice(items: Sequence[tuple[int, Item]], *, file: str) -> list[Problem]:
    seen: dict[str, int] = {}
    problems = []
    for number, item in items:
        if item.id in seen:
            problems.append(_problem(file, number, "id", f"is the same as in line {seen[item.id]}"))
        seen.setdefault(item.id, number)
    return problems


def _refused(file: str, line: int, error: Exception) -> Problem:
    if not isinstance(error, msgspec.ValidationError):
        return _problem(file, line, "", "is not a JSON object in UTF-8")
    # "Object contains unknown field `colour`", "Expected `int`, got `str` - at `$.level`": it never repeats a value.
    said, _, place = str(error).partition(" - at ")
    field = place.strip("`").removeprefix("$").removeprefix(".")
    return _problem(file, line, field, f"{said[:1].lower()}{said[1:]}")


def _problem(file: str, line: int, field: str, message: str) -> Problem:
    return Problem(file=file, line=line, column=1, field=field, message=message)
