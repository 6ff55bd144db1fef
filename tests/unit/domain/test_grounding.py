"""Grounding: a level is computed from indicators whose quotes the candidate said, and from nothing else."""

import pytest

from orchestrator.domain.grounding import Grounded, Source, ground
from orchestrator.domain.scoring import CompetencyClaim, IndicatorVerdict, QuoteClaim, Showing
from tests.unit.grading.examples import RUBRIC, conversation, prepared

CAUSES = RUBRIC.competencies[0]
FIRST = "I asked what error she saw"
SECOND = "a customer could not log in"
INVENTED = "I tripled everything we ever had"


def verdict(level: int, *quotes: str, showing: Showing = Showing.SHOWN) -> IndicatorVerdict:
    return IndicatorVerdict(
        indicator=f"causes-{level}-shown", showing=showing, quotes=tuple(QuoteClaim(1, quote) for quote in quotes)
    )


def grounded(*verdicts: IndicatorVerdict, level: int | None = None) -> Grounded:
    said = conversation()
    claim = CompetencyClaim(competency="causes", level=level, verdicts=verdicts)
    return ground(claim, CAUSES, Source(said, prepared(said).blinded))


@pytest.mark.parametrize(
    ("verdicts", "level", "dropped"),
    [
        ((verdict(3, FIRST), verdict(4, SECOND)), 4, 0),
        ((verdict(3, FIRST), verdict(4, INVENTED)), 3, 1),
        ((verdict(3, FIRST), verdict(4)), 3, 0),
        ((verdict(5, INVENTED),), None, 1),
        ((verdict(5, FIRST, showing=Showing.NOT_SHOWN),), None, 0),
        ((verdict(5, INVENTED, showing=Showing.NOT_SHOWN),), None, 0),
        ((verdict(3, FIRST), verdict(4, FIRST), verdict(4, SECOND, showing=Showing.CONTRADICTED)), 3, 0),
        ((verdict(3, FIRST), verdict(4, FIRST), verdict(4, INVENTED, showing=Showing.CONTRADICTED)), 4, 1),
        ((verdict(1, FIRST),), 1, 0),
    ],
)
def test_only_located_quotes_count(verdicts: tuple[IndicatorVerdict, ...], level: int | None, dropped: int) -> None:
    """Shown or contradicted without a located quote counts for nothing; what stood nowhere is counted."""
    made = grounded(*verdicts)
    assert (made.level, made.dropped) == (level, dropped)
    assert (made.level is None) == (not made.evidence)


def test_what_is_contradicted_is_not_shown() -> None:
    """Neither the indicator nor the quote that contradicts it stands among what is shown."""
    made = grounded(verdict(3, FIRST), verdict(4, SECOND, showing=Showing.CONTRADICTED))
    assert (made.indicators, [e.quote for e in made.evidence]) == (("causes-3-shown",), [FIRST])


def test_a_level_beside_verdicts_counts_for_nothing() -> None:
    """Where verdicts were given, a level that was named too is not looked at."""
    assert grounded(verdict(3, FIRST), level=5).level == 3


def test_an_indicator_that_the_rubric_does_not_have_counts_for_nothing() -> None:
    """A verdict on something else gives no level and no evidence."""
    other = IndicatorVerdict(indicator="causes-9-shown", showing=Showing.SHOWN, quotes=(QuoteClaim(1, FIRST),))
    assert grounded(other).evidence == ()
    assert grounded(other).level is None


def test_one_quote_cannot_support_both_ends() -> None:
    """A span for a low and a high indicator supports neither; other quotes and the middle stay."""
    both = grounded(verdict(1, FIRST), verdict(5, f"{FIRST} and"))
    assert (both.level, both.evidence, both.opposed) == (None, (), 2)
    kept = grounded(verdict(1, FIRST), verdict(4, FIRST, SECOND))
    assert (kept.level, [e.quote for e in kept.evidence], kept.opposed) == (4, [SECOND], 1)
    middle = grounded(verdict(2, FIRST), verdict(3, FIRST))
    assert (middle.level, middle.opposed) == (2, 0)


def test_evidence_nearest_to_the_level_comes_first() -> None:
    """The quotes that explain the level come first, each span once; a weak sign is no quote for a high level."""
    made = grounded(verdict(1, "When I was at my last job"), verdict(3, SECOND), verdict(4, FIRST, SECOND))
    assert made.level == 4
    assert [e.quote for e in made.evidence] == [FIRST, SECOND]
    low = grounded(verdict(2, SECOND), verdict(3, FIRST))
    assert (low.level, [e.quote for e in low.evidence]) == (2, [SECOND])
    assert made.indicators == ("causes-1-shown", "causes-3-shown", "causes-4-shown")


@pytest.mark.parametrize(("quotes", "level"), [((FIRST, INVENTED), 5), ((INVENTED,), None), ((), None)])
def test_a_level_of_its_own_stands_with_a_located_quote(quotes: tuple[str, ...], level: int | None) -> None:
    """A rater that names levels keeps the one it named where the candidate said one of its quotes."""
    said = conversation()
    claim = CompetencyClaim(competency="causes", level=5, quotes=tuple(QuoteClaim(1, quote) for quote in quotes))
    made = ground(claim, CAUSES, Source(said, prepared(said).blinded))
    assert (made.level, made.dropped) == (level, quotes.count(INVENTED))
