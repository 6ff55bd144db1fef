"""How far an interview is, in the words that its ATS has of it."""

import itertools
from datetime import UTC, datetime

import pytest

from orchestrator.db.models.interview import InterviewRow
from orchestrator.domain.interview import COMPLETION, Completion, InterviewState
from orchestrator.services.result_links import completion_said

NOW = datetime(2026, 11, 22, tzinfo=UTC)
S, C = InterviewState, Completion
SO_FAR = {0: C.INVITED, 1: C.IN_PROGRESS, 2: C.IN_REVIEW}
EVERYWHERE = tuple(itertools.product(InterviewState, SO_FAR))
ENDS = frozenset({S.WITHDRAWN, S.CANCELLED, S.HANDED_OVER})


def standing(state: InterviewState, reached: int) -> InterviewRow:
    """An interview that nobody began (0), that was begun (1) or handed in (2)."""
    return InterviewRow(
        state=state, consented_at=NOW if reached else None, submitted_at=NOW if reached == max(SO_FAR) else None
    )


@pytest.mark.parametrize(("state", "reached"), EVERYWHERE)
def test_the_field_has_every_word_but_an_alternative(state: InterviewState, reached: int) -> None:
    """While somebody waits for an alternative, the word is one that stood there before."""
    said = completion_said(standing(state, reached), untold=False, in_full=True)
    other = {S.PAUSED: SO_FAR[reached], S.HANDED_OVER: C.NOT_SCORED}
    assert said is other.get(state, COMPLETION[state])


@pytest.mark.parametrize(("state", "reached"), EVERYWHERE)
def test_an_order_has_four_words(state: InterviewState, reached: int) -> None:
    """Nobody learns from them that it ran out, was withdrawn, or is being reviewed."""
    said = completion_said(standing(state, reached), untold=False, in_full=False)
    if state is S.FINAL or (state is S.CLOSED and reached == max(SO_FAR)):
        assert said is C.COMPLETED
    elif state in ENDS or state is S.CLOSED:
        assert said is C.NOT_SCORED
    else:
        assert said is (C.IN_PROGRESS if reached else C.INVITED)


@pytest.mark.parametrize(("state", "reached"), EVERYWHERE)
def test_what_is_not_told_yet_has_no_end(state: InterviewState, reached: int) -> None:
    """Whatever the state, only how far the candidate came."""
    interview = standing(state, reached)
    assert completion_said(interview, untold=True, in_full=True) is SO_FAR[reached]
    assert completion_said(interview, untold=True, in_full=False) is SO_FAR[min(reached, 1)]
