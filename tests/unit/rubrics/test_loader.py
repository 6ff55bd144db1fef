"""Loading: one file, the library, further folders; and the snapshots that interviews keep."""

from pathlib import Path

import msgspec
import pytest

from rubrics.document import DocumentInvalid
from rubrics.loader import RubricNotFound, find, from_snapshot, load_library, load_rubric, load_sources, snapshot
from rubrics.schema import content_hash
from tests.unit.rubrics.samples import GOOD, read

SHIPPED = ["customer-support/first-interview", "sales/sdr-first-interview"]


def write(folder: Path, name: str, text: str = GOOD) -> Path:
    file = folder / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def told(error: DocumentInvalid, folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in error.problems]


def test_the_library_ships_two_rubrics() -> None:
    """The packaged library has the two pilot role families."""
    library = load_library()
    assert list(library) == SHIPPED
    assert [rubric.role_family for rubric in library.values()] == ["customer-support", "sdr"]


def test_further_folders_join_the_library(tmp_path: Path) -> None:
    """A company's own rubrics stand beside the shipped ones; other files are left alone."""
    write(tmp_path, "bakery/first-interview")
    (tmp_path / "bakery" / "notes.txt").write_text("not a rubric", encoding="utf-8")
    (tmp_path / "README.md").write_text("nor this", encoding="utf-8")
    assert list(load_library([tmp_path])) == ["bakery/first-interview", *SHIPPED]
    assert find("bakery/first-interview", [tmp_path]).title == "Bakery counter, first interview"


def test_one_file(tmp_path: Path) -> None:
    """A single file can be read by its path, also by a relative one, as long as it is called after its id."""
    file = write(tmp_path, "bakery/first-interview")
    assert load_rubric(file) == read(GOOD)[0]
    assert load_rubric(file, rubric_id="bakery/first-interview").id == "bakery/first-interview"


def test_the_id_is_the_name_of_the_file(tmp_path: Path) -> None:
    """A copied file with a forgotten id is told at the id."""
    file = write(tmp_path, "bakery/second-interview")
    with pytest.raises(DocumentInvalid) as caught:
        load_rubric(file)
    assert told(caught.value, tmp_path) == [
        "bakery/second-interview.yaml:1:5: id: must be bakery/second-interview, as the file is called"
    ]


def test_everything_wrong_in_all_files_is_told_at_once(tmp_path: Path) -> None:
    """One run lists every problem of every file."""
    write(tmp_path, "bakery/first-interview", GOOD.replace("version: 0.1.0", "version: one").replace("why:", "wy:"))
    write(tmp_path, "bakery/other", "a: [")
    write(tmp_path, "bakery/third").write_bytes(b"id: \xff")
    (tmp_path / "bakery" / "fourth.yaml").mkdir()
    with pytest.raises(DocumentInvalid) as caught:
        load_library([tmp_path, tmp_path / "nowhere"])
    assert told(caught.value, tmp_path) == [
        r"bakery/first-interview.yaml:2:10: version: must match the pattern ^\d+\.\d+\.\d+$",
        "bakery/first-interview.yaml:69:5: questions[0].why: is missing",
        (
            "bakery/first-interview.yaml:71:5: questions[0].wy: is not a key here; did you mean 'why'? allowed: "
            "competencies, id, max_follow_ups, minutes, probes, text, why"
        ),
        "bakery/first-interview.yaml:77:5: questions[1].why: is missing",
        (
            "bakery/first-interview.yaml:79:5: questions[1].wy: is not a key here; did you mean 'why'? allowed: "
            "competencies, id, max_follow_ups, minutes, probes, text, why"
        ),
        "bakery/fourth.yaml:1:1: cannot be opened",
        (
            "bakery/other.yaml:1:5: not valid YAML: while parsing a flow node, expected the node content, "
            "but found '<stream end>'"
        ),
        "bakery/third.yaml:1:1: cannot be read as UTF-8 text",
        "nowhere:1:1: there is no such folder",
    ]


def test_an_id_belongs_to_one_file(tmp_path: Path) -> None:
    """Two files with one id are refused, because an interview would not know which one it was planned with."""
    first, second = tmp_path / "a", tmp_path / "b"
    write(first, "bakery/first-interview")
    write(second, "bakery/first-interview")
    with pytest.raises(DocumentInvalid) as caught:
        load_sources([first, second])
    assert told(caught.value, second) == [
        (
            "bakery/first-interview.yaml:1:5: id: bakery/first-interview is already defined in "
            f"{first}/bakery/first-interview.yaml"
        )
    ]


def test_an_unknown_id_gets_a_hint() -> None:
    """A slip in the id is answered with the id that was meant, or with what there is."""
    with pytest.raises(RubricNotFound, match="did you mean 'customer-support/first-interview'"):
        find("customer_support/first-interview")
    with pytest.raises(RubricNotFound, match=r"there is no rubric 'x' \(there are: customer-support/first-interview, "):
        find("x")


@pytest.mark.parametrize("rubric_id", SHIPPED)
def test_a_snapshot_is_the_rubric(rubric_id: str) -> None:
    """What is stored with an interview gives back the same rubric with the same hash."""
    rubric = find(rubric_id)
    stored = snapshot(rubric)
    assert from_snapshot(stored) == rubric
    assert content_hash(from_snapshot(stored)) == content_hash(rubric)
    assert snapshot(from_snapshot(stored)) == stored


def test_a_snapshot_of_something_else_is_refused() -> None:
    """Stored bytes that are no rubric are not taken for one."""
    with pytest.raises(msgspec.ValidationError):
        from_snapshot(b'{"id": "a/b"}')
