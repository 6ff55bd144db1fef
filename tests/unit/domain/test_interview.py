"""The state machine: the table is the whole truth, and nobody is stuck in it."""

from datetime import timedelta
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.interview import (
    COMPLETION,
    OPEN_TO_CANDIDATE,
    TERMINAL,
    TRANSITIONS,
    Alternative,
    AskAgain,
    AskForAlternative,
    Cancel,
    Close,
    CloseCases,
    Command,
    Completion,
    Consent,
    Effect,
    Expire,
    ExpireAt,
    InterviewState,
    OpenCase,
    Reopen,
    RevokeLinks,
    ScoreTranscript,
    SendInvitation,
    SendReminderAt,
    SendThanks,
    SendToReview,
    Submit,
    WriteCompletion,
    WriteResult,
    allowed,
    decide,
    start,
)
from orchestrator.domain.program import Invitation
from orchestrator.domain.states_page import COMMANDS
from orchestrator.errors import TransitionRefused
from tests.unit.domain.samples import NOW

S = InterviewState
TIMED = (Expire, Close)


def _closure(first: set[InterviewState], commands: tuple[type, ...]) -> set[InterviewState]:
    reached = set(first)
    while more := {
        target
        for (state, command), target in TRANSITIONS.items()
        if state in reached and command in commands and target not in reached
    }:
        reached |= more
    return reached


def _effects(state: InterviewState, command: Command) -> tuple[Effect, ...]:
    return decide(state, command, invitation=Invitation(), now=NOW).effects


def test_the_list_of_commands_is_complete() -> None:
    """Every command of the machine takes part in the cross product below."""
    assert {type(command) for command in COMMANDS} == set(get_args(Command))


@pytest.mark.parametrize(("state", "command"), list(product(InterviewState, COMMANDS)))
def test_every_pair_is_either_in_the_table_or_refused(state: InterviewState, command: Command) -> None:
    """A step that the table has leads where the table says; every other one raises and names both."""
    target = TRANSITIONS.get((state, type(command)))
    assert allowed(state, command) is (target is not None)
    if target is not None:
        assert decide(state, command, invitation=Invitation(), now=NOW).state is target
    else:
        with pytest.raises(TransitionRefused, match=rf"'{state}'.*'{type(command).__name__}'"):
            decide(state, command, invitation=Invitation(), now=NOW)


def test_every_state_can_be_reached_from_the_invitation() -> None:
    """No state is there that nobody can come to."""
    assert _closure({S.INVITED}, tuple(get_args(Command))) == set(S)


@pytest.mark.parametrize("state", [state for state in S if state not in TERMINAL])
def test_time_alone_ends_every_interview(state: InterviewState) -> None:
    """From every state that is no end, Expire and Close alone lead to an end."""
    assert _closure({state}, TIMED) & TERMINAL


def test_an_end_is_a_state_that_nothing_leaves() -> None:
    """TERMINAL is exactly the set of states without a way out."""
    assert {state for state, _ in TRANSITIONS}.isdisjoint(TERMINAL)
    assert {state for state, _ in TRANSITIONS} | TERMINAL == set(S)


def test_every_state_has_its_completion_and_every_completion_a_state() -> None:
    """What the ATS shows is defined for each state, and no value is left over."""
    assert set(COMPLETION) == set(S)
    assert set(COMPLETION.values()) == set(Completion)


def test_a_candidate_can_ask_for_a_person_or_leave_until_the_end() -> None:
    """Wherever a candidate waits or works, asking for an alternative or withdrawing is possible; paused is already asked."""
    for state in S:
        if state not in TERMINAL:
            names = {command.__name__ for before, command in TRANSITIONS if before is state}
            assert "Withdraw" in names
            assert "AskForAlternative" in names or state is S.PAUSED
    assert OPEN_TO_CANDIDATE.isdisjoint(TERMINAL)


@given(
    st.sampled_from(InterviewState),
    st.lists(st.sampled_from(COMMANDS), max_size=12),
)
def test_any_run_keeps_the_ats_in_step(state: InterviewState, commands: list[Command]) -> None:
    """After any run of commands each accepted step told the ATS exactly once what now holds."""
    for command in commands:
        if not allowed(state, command):
            continue
        step = decide(state, command, invitation=Invitation(), now=NOW)
        told = [e for e in step.effects if isinstance(e, WriteCompletion | WriteResult)]
        wanted = WriteResult() if step.state is S.FINAL else WriteCompletion(COMPLETION[step.state])
        assert told == [wanted]
        state = step.state


def test_an_invitation_goes_out_with_reminders_and_an_end() -> None:
    """The first step sends the link, plans the reminders and the end, and says *Invited*."""
    step = start(Invitation(valid_days=7, reminder_hours=(48, 120)), now=NOW)
    end = NOW + timedelta(days=7)
    assert step.state is S.INVITED
    assert step.expires_at == end
    assert step.effects == (
        SendInvitation(),
        SendReminderAt(NOW + timedelta(hours=48), 1),
        SendReminderAt(NOW + timedelta(hours=120), 2),
        ExpireAt(end),
        WriteCompletion(Completion.INVITED),
    )


def test_no_reminder_after_the_end() -> None:
    """A reminder that would fall on or after the end of the link is not planned."""
    effects = start(Invitation(valid_days=2, reminder_hours=(47, 48)), now=NOW).effects
    assert [e.number for e in effects if isinstance(e, SendReminderAt)] == [1]


def test_reopening_gives_a_new_link_for_the_days_of_an_extension() -> None:
    """A reopened interview ends the old links first and lives for the extension, not for the first term."""
    step = decide(S.EXPIRED, Reopen(), invitation=Invitation(valid_days=7, extension_days=3), now=NOW)
    assert step.effects[:3] == (CloseCases(), RevokeLinks(), SendInvitation())
    assert step.expires_at == NOW + timedelta(days=3)


def test_asking_again_is_a_new_round_and_only_a_reviewer_asks_so() -> None:
    """It ends the case and the old links first, and no other state knows it: a new link is extended, not asked for again."""
    step = decide(S.IN_REVIEW, AskAgain(), invitation=Invitation(valid_days=7, extension_days=3), now=NOW)
    assert step.effects[:3] == (CloseCases(), RevokeLinks(), SendInvitation())
    assert (step.state, step.expires_at) == (S.INVITED, NOW + timedelta(days=3))
    assert [state for state, command in TRANSITIONS if command is AskAgain] == [S.IN_REVIEW]
    assert not allowed(S.IN_REVIEW, Reopen())


def test_handing_in_thanks_and_has_it_scored() -> None:
    """Submitting sends the thanks and the transcript to be graded."""
    assert _effects(S.IN_PROGRESS, Submit())[:2] == (SendThanks(), ScoreTranscript())


@pytest.mark.parametrize("kind", Alternative)
def test_asking_for_an_alternative_puts_a_person_in_charge(kind: Alternative) -> None:
    """The request opens a case of its kind, and takes a result case out of the queue where one was open."""
    case = OpenCase(kind.value, (kind.value,))
    assert _effects(S.INVITED, AskForAlternative(kind)) == (case, WriteCompletion(Completion.ALTERNATIVE_REQUESTED))
    assert _effects(S.IN_REVIEW, AskForAlternative(kind))[:2] == (CloseCases(), case)


def test_a_review_carries_its_reasons() -> None:
    """The case of a result says why a person must decide."""
    assert _effects(S.SUBMITTED, SendToReview(("policy", "borderline")))[0] == OpenCase(
        "result", ("policy", "borderline")
    )


def test_beginning_and_running_out_only_tell_the_ats() -> None:
    """Consent and expiry set nothing off but the completion value."""
    assert _effects(S.INVITED, Consent("h")) == (WriteCompletion(Completion.IN_PROGRESS),)
    assert _effects(S.INVITED, Expire()) == (WriteCompletion(Completion.EXPIRED),)


def test_only_beginning_and_running_out_set_nothing_off() -> None:
    """Every other step has an effect beside the completion value, so that a new command is not forgotten."""
    by_type = {type(command): command for command in COMMANDS}
    idle = {kind for state, kind in TRANSITIONS if len(_effects(state, by_type[kind])) == 1}
    assert idle == {Consent, Expire}


def test_an_interview_that_ends_takes_its_cases_with_it() -> None:
    """Cancelling or closing leaves no open case behind."""
    assert CloseCases() in _effects(S.INVITED, Cancel())
    assert CloseCases() in _effects(S.IN_REVIEW, Close())
