"""The Short Answer Feedback set as a labelled set, on the sample in tests/fixtures/saf."""

from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationInvalid
from orchestrator.evaluation.saf import Part, level_of, part_of, read_saf

SAMPLE = Path(__file__).parents[2] / "fixtures" / "saf"


@pytest.mark.parametrize(
    ("score", "level"), [(0, 0), (0.24, 0), (0.25, 1), (0.49, 1), (0.5, 2), (0.74, 2), (0.75, 3), (0.875, 3), (1, 3)]
)
def test_four_equal_levels(score: float, level: int) -> None:
    """A quarter of the scale each, its lower end included."""
    assert level_of(score) == level


def test_the_sample_is_read() -> None:
    """Four questions with their reference, thirty answers each, none twice, each with a level of its score."""
    found = read_saf(SAMPLE)
    assert len(found) == len({one.id for one in found}) == 120
    assert len({one.question for one in found}) == 4
    assert all(one.reference and one.max_level == 3 for one in found)
    assert {one.level for one in found} == {0, 1, 2, 3}
    assert found[0].answer == found[0].answer.strip() != ""


def test_the_halves_share_no_answer_and_miss_none() -> None:
    """Answer-disjoint by id alone: whatever is added later, an answer stays in its half."""
    whole, tuning, held_out = (read_saf(SAMPLE, part) for part in Part)
    assert {one.id for one in tuning} | {one.id for one in held_out} == {one.id for one in whole}
    assert not {one.id for one in tuning} & {one.id for one in held_out}
    assert 40 < len(held_out) < 80
    assert (part_of("MM_8.1.2"), part_of("MM_8.1.4")) == (Part.TUNING, Part.HELD_OUT)


def test_answers_that_say_nothing_can_be_left_out() -> None:
    """By words: nothing else is left out, and without being asked nothing is."""
    said = read_saf(SAMPLE, least_words=4)
    left_out = {one.id for one in read_saf(SAMPLE)} - {one.id for one in said}
    assert 0 < len(left_out) < 30
    assert all(len(one.answer.split()) >= 4 for one in said)
    assert all(len(one.answer.split()) < 4 for one in read_saf(SAMPLE) if one.id in left_out)


@pytest.mark.parametrize(
    "text", ["no XML", "<question/>", "<question><questionText>q</questionText><studentAnswer/></question>"]
)
def test_another_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """Not XML, no question, an answer without its parts: each is said, none is skipped."""
    (tmp_path / "one.xml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationInvalid, match=r"one\.xml:1:1: is not a file of this set"):
        read_saf(tmp_path)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    """An empty set would be measured as nothing at all."""
    with pytest.raises(ConfigurationInvalid, match="there is no XML file"):
        read_saf(tmp_path)
