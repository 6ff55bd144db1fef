"""Results: what a person decided stands, and the number never contradicts it."""

import pytest

from orchestrator.domain.interview import Completion
from orchestrator.domain.result import Finality, Result, Subscore, band_keys, result_of
from tests.unit.domain.samples import evidence, score, scorecard
from tests.unit.grading.examples import RUBRIC


def _result(band: str | None = None, aggregate: float | None = 3.0, card_band: str = "mixed") -> Result:
    card = scorecard(score(evidence=(evidence(),)), aggregate=aggregate, band=card_band)
    return result_of(
        card, RUBRIC, revision=2, finality=Finality.PERSON, band=band, link="http://localhost/r", audit_ref="r"
    )


def test_a_result_is_the_scorecard_as_recruiters_read_it() -> None:
    """Band with its label, a subscore for every competency of the rubric, bullets, and completion."""
    result = _result()
    assert (result.band, result.band_label, result.completion) == ("mixed", "Mixed evidence", Completion.COMPLETED)
    assert result.subscores == (Subscore("causes", "Causes", 4.0), Subscore("promises", "Promises", None))
    assert [s.text for s in result.subscores] == ["4 of 5", "not enough evidence"]
    assert [b.competency for b in result.bullets] == ["causes"]
    assert (result.revision, result.finality, result.link, result.audit_ref) == (
        2,
        Finality.PERSON,
        "http://localhost/r",
        "r",
    )


@pytest.mark.parametrize(
    ("band", "aggregate", "card_band", "wanted", "percent"),
    [
        (None, 3.0, "mixed", "mixed", 50),
        ("mixed", 3.0, "mixed", "mixed", 50),
        ("strong", 3.0, "mixed", "strong", None),
        ("not_enough", 3.0, "mixed", "not_enough", None),
        (None, None, "not_enough", "not_enough", None),
        ("mixed", None, "not_enough", "mixed", None),
    ],
)
def test_the_decided_band_stands(
    band: str | None, aggregate: float | None, card_band: str, wanted: str, percent: int | None
) -> None:
    """A person's band replaces the machine's, and a number is given only where both agree."""
    result = _result(band, aggregate, card_band)
    assert (result.band, result.percent) == (wanted, percent)


def test_the_bands_to_choose_from() -> None:
    """Highest first, as the rubric lists them."""
    assert band_keys(RUBRIC) == ["strong", "mixed", "not_enough"]
