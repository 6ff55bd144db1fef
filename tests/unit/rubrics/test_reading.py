"""The reading level: close to what a reader of English would count."""

import pytest

from rubrics.reading import grade, syllables, word_count


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("bread", 1),
        ("named", 1),
        ("names", 1),
        ("wanted", 2),
        ("minutes", 2),
        ("changes", 2),
        ("little", 2),
        ("over", 2),
        ("customer", 3),
        ("situation", 4),
        ("the", 1),
        ("I", 1),
    ],
)
def test_syllables(word: str, count: int) -> None:
    """Silent endings do not count; lone vowels do."""
    assert syllables(word) == count


def test_grade() -> None:
    """Short words in short sentences read easily; a text without words has no grade."""
    easy = "The cat sat on the mat. It was glad."
    hard = "Organisational interdependencies necessitate comprehensive prioritisation methodologies."
    assert grade(easy) < 1
    assert grade(hard) > 12
    assert grade("42 ... 17") == pytest.approx(0)
    assert word_count("Don't count 42") == 2
