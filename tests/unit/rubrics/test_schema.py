"""The two hashes that identify a rubric, its look-ups, and the JSON Schema that editors use."""

import hashlib
import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import rubrics
from rubrics.loader import find, snapshot
from rubrics.schema import Rubric, content_hash, structure_hash
from rubrics.schema_json import schema_text
from tests.unit.rubrics.samples import GOOD, read

PLAIN: dict[str, Any] = yaml.safe_load(GOOD)
RUBRIC = read(GOOD)[0]

Path_ = tuple[str | int, ...]


def texts(value: Any, path: Path_ = ()) -> list[Path_]:
    """Paths of all sentences: texts that no other part of the rubric refers to."""
    if isinstance(value, dict):
        keys = value.keys() - {"id", "uri", "key", "label", "version", "role_family", "language", "competencies"}
        keys |= value.keys() & {"competencies"} if not path else set()
        return [found for key in sorted(keys) for found in texts(value[key], (*path, key))]
    if isinstance(value, list):
        return [found for number, item in enumerate(value) for found in texts(item, (*path, number))]
    return [path] if isinstance(value, str) else []


SENTENCES = texts(PLAIN)


def shuffled(value: Any, draw: st.DrawFn) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw(st.permutations(list(value)))}
    if isinstance(value, list):
        return [shuffled(item, draw) for item in value]
    return value


@st.composite
def layouts(draw: st.DrawFn) -> str:
    """The same rubric, written down in another way."""
    return yaml.safe_dump(
        shuffled(PLAIN, draw),
        sort_keys=False,
        default_flow_style=draw(st.sampled_from([True, False, None])),
        width=draw(st.integers(40, 200)),
        indent=draw(st.integers(2, 6)),
        allow_unicode=draw(st.booleans()),
        default_style=None,
    ) + draw(st.sampled_from(["", "\n", "# signed off\n"]))


def with_word(path: Path_, word: str) -> Rubric:
    plain: Any = json.loads(json.dumps(PLAIN))
    inner = plain
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] += f" {word}"
    return read(json.dumps(plain))[0]


@settings(max_examples=15, deadline=None)
@given(layouts())
def test_layout_does_not_change_the_hashes(text: str) -> None:
    """Key order, quoting, folding and comments are not part of a rubric's identity."""
    rubric = read(text)[0]
    assert content_hash(rubric) == content_hash(RUBRIC)
    assert structure_hash(rubric) == structure_hash(RUBRIC)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SENTENCES), st.sampled_from(["today", "ünder", "0"]))
def test_a_word_changes_the_content_but_not_the_structure(path: Path_, word: str) -> None:
    """Any changed word makes a new version; scores of both can still be compared."""
    rubric = with_word(path, word)
    assert content_hash(rubric) != content_hash(RUBRIC)
    assert structure_hash(rubric) == structure_hash(RUBRIC)


@pytest.mark.parametrize(
    ("old", "new"),
    [("weight: 1\n", "weight: 2\n"), ("cut: 3.4", "cut: 3.5"), ("  - id: counting\n", "  - id: sums\n")],
)
def test_weights_cuts_and_competencies_change_the_structure(old: str, new: str) -> None:
    """What changes the numbers makes versions that cannot be compared."""
    changed = read(GOOD.replace(old, new, 1))[0]
    assert structure_hash(changed) != structure_hash(RUBRIC)
    assert content_hash(changed) != content_hash(RUBRIC)


def test_the_content_hash_is_the_hash_of_the_snapshot() -> None:
    """An auditor can check a stored snapshot with any SHA-256 tool."""
    assert content_hash(RUBRIC) == hashlib.sha256(snapshot(RUBRIC)).hexdigest()


def test_look_ups() -> None:
    """Competencies and questions are found by id."""
    rubric = find("customer-support/first-interview")
    assert rubric.competency("ordering-work").name == "Ordering work"
    assert rubric.question("four-messages").competencies == ("ordering-work",)
    with pytest.raises(KeyError):
        rubric.competency("four-messages")
    with pytest.raises(KeyError):
        rubric.question("ordering-work")


def test_schema_json_is_in_step_with_the_structs() -> None:
    """The copy for editors is what the code generates; mend it with `python -m rubrics.schema_json`."""
    stored = (Path(rubrics.__file__).parent / "schema.json").read_text(encoding="utf-8")
    assert stored == schema_text()


def test_the_schema_is_printed_by_its_module(capsys: pytest.CaptureFixture[str]) -> None:
    """The command in the docstring works."""
    runpy.run_path(str(Path(rubrics.__file__).with_name("schema_json.py")), run_name="__main__")
    assert capsys.readouterr().out == schema_text()
