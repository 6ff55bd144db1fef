"""Labelled sets are read strictly: every mistake by line and field, no answer in an error."""

from pathlib import Path

import msgspec
import pytest

from orchestrator.errors import ConfigurationInvalid
from orchestrator.evaluation.items import read_set, write_set
from tests.unit.evaluation.labelled import item, items, labelled

GOOD = b'{"id":"a","question":"q","reference":"r","answer":"SECRET","level":1,"max_level":3}'


def problems(tmp_path: Path, *lines: bytes) -> list[str]:
    file = tmp_path / "set.jsonl"
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(ConfigurationInvalid) as caught:
        read_set(file)
    assert "SECRET" not in str(caught.value)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace(b'"level"', b'"lvl"'), "1:1: object contains unknown field `lvl`"),
        (GOOD.replace(b',"level":1', b""), "1:1: object missing required field `level`"),
        (GOOD.replace(b"{", b'{"colour":1,'), "1:1: object contains unknown field `colour`"),
        (GOOD.replace(b'"level":1', b'"level":"1"'), "1:1: level: expected `int`, got `str`"),
        (GOOD.replace(b'"level":1', b'"level":4'), "1:1: level: must be from 0 to max_level (3)"),
        (GOOD.replace(b'"level":1', b'"level":1,"raters":[1,9]'), "1:1: raters: must be from 0 to max_level (3)"),
        (GOOD.replace(b'"max_level":3', b'"max_level":0'), "1:1: max_level: expected `int` >= 1"),
        (b"nothing", "1:1: is not a JSON object in UTF-8"),
        (b'{"id":"\xff"}', "1:1: is not a JSON object in UTF-8"),
        (b'{"answer":' + b"[" * 100_000, "1:1: answer: expected `str`, got `array`"),
        (b"[" * 100_000, "1:1: expected `object`, got `array`"),
        (b"", "1:1: the set is empty"),
    ],
)
def test_a_mistake_is_named_by_line_and_field(tmp_path: Path, line: bytes, said: str) -> None:
    """Unknown and missing keys, wrong types, levels off the scale, lines that are no JSON."""
    assert problems(tmp_path, line) == [said]


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    """The lines count as an editor counts them; empty ones are no mistake; an id stands once."""
    found = problems(tmp_path, GOOD, b"", b"{}", GOOD)
    assert found == ["3:1: object missing required field `id`", "4:1: id: is the same as in line 1"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """All fields, the optional ones too; the hash is the file's, the name has no folder."""
    file = tmp_path / "set.jsonl"
    made = (item(1, group="a", raters=(1, 3)), item(2, answer="Ünïcode\nand a second line"))
    write_set(made, file)
    found = read_set(file)
    assert found.items == made
    assert (found.name, len(found.sha256), found.max_level) == ("set.jsonl", 64, 3)
    assert msgspec.json.decode(file.read_bytes().splitlines()[0])["raters"] == [1, 3]


def test_a_set_may_mix_scales(tmp_path: Path) -> None:
    """Then no level is the highest of all."""
    file = tmp_path / "set.jsonl"
    write_set((*items(1, 2), item(9, max_level=5)), file)
    assert read_set(file).max_level is None


def test_a_part_of_a_set_is_taken_evenly() -> None:
    """Sets are ordered by question: the first so many would all answer the same one. The hash stays the file's."""
    whole = labelled(items(*[0] * 10))
    part = whole.spread(4)
    assert [one.id for one in part.items] == ["a0", "a2", "a5", "a7"]
    assert part.sha256 == whole.sha256
    assert [len(whole.spread(count).items) for count in (None, 1, 10, 11)] == [10, 1, 10, 10]
