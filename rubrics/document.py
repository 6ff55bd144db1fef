"""From YAML text to a checked value: parse, check against a JSON Schema, convert to a msgspec type.

Generic: it serves every file that people write for Evenhand, and knows none of them. Typical use:

    settings = decode(text, file="evenhand.yaml", type=Configuration, schema=msgspec.json.schema(Configuration))
"""

import re
from typing import TypeVar

import msgspec

from rubrics.explain import Schema, explain
from rubrics.positions import Document as Document
from rubrics.positions import DocumentInvalid as DocumentInvalid
from rubrics.positions import JsonValue as JsonValue
from rubrics.positions import Path as Path
from rubrics.positions import Problem as Problem
from rubrics.positions import field_name as field_name
from rubrics.positions import near_match as near_match
from rubrics.positions import parse as parse

T = TypeVar("T")


def check_schema(document: Document, schema: Schema) -> tuple[Problem, ...]:
    """List every violation of a JSON Schema (draft 2020-12), in the order of the file; empty when there is none."""
    return explain(document, schema)


def convert(document: Document, *, type: type[T], schema: Schema) -> T:  # noqa: A002 it is read as convert(document, type=Rubric)
    """Check a parsed document and build `type` from it; raises DocumentInvalid with every problem."""
    problems = check_schema(document, schema)
    if problems:
        raise DocumentInvalid(problems)
    try:
        return msgspec.convert(document.data, type)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        raise DocumentInvalid([document.problem(_steps(where), message)]) from error


def decode(text: str, *, file: str, type: type[T], schema: Schema) -> T:  # noqa: A002 it is read as decode(text, type=Rubric)
    """Turn the text of a file into a value of `type`; raises DocumentInvalid with every problem, each with its line."""
    return convert(parse(text, file=file), type=type, schema=schema)


def _steps(where: str) -> Path:
    """Read msgspec's path (`.programs[0].stage`); stops where it does not name the key of a mapping (`[...]`)."""
    steps: list[str | int] = []
    for name, number in re.findall(r"\.([^.\[`]+)|\[(\d+)\]", where.partition("[...]")[0]):
        steps.append(int(number) if number else name)
    return tuple(steps)
