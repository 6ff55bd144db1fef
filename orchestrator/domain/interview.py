"""The interview state machine: one transition table, one pure ``decide``.

``TRANSITIONS`` is the whole truth about what may follow what. ``decide`` adds what must happen because of a step,
as effect values; the service stores the new state, an audit event and the effects as work in one transaction.
docs/states.md is generated from this module.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.program import Invitation
from orchestrator.errors import TransitionRefused


class InterviewState(StrEnum):
    """Where an interview stands."""

    INVITED = "invited"  # entered when a program starts it, or the team has it begin again / left on consent
    IN_PROGRESS = "in_progress"  # entered when the candidate consents / left when the answers are submitted
    PAUSED = "paused"  # entered when the candidate asks for a person or an adjustment / left when a person answers
    SUBMITTED = "submitted"  # entered when the answers are submitted / left when the score is there, or cannot be
    IN_REVIEW = "in_review"  # entered when a person must decide / left when a person decided, or asks again
    FINAL = "final"  # entered when the result is final / never left
    EXPIRED = "expired"  # entered when the link ran out / left when the team extends it, or the record is closed
    WITHDRAWN = "withdrawn"  # entered when the candidate withdraws / never left
    CANCELLED = "cancelled"  # entered when it left the stage unbegun, or its order was cancelled / never left
    HANDED_OVER = "handed_over"  # entered when a person takes over instead of the interview / never left
    CLOSED = "closed"  # entered when a person closes it unscored, or its time is over / never left


TERMINAL = frozenset(
    {
        InterviewState.FINAL,
        InterviewState.WITHDRAWN,
        InterviewState.CANCELLED,
        InterviewState.HANDED_OVER,
        InterviewState.CLOSED,
    }
)
OPEN_TO_CANDIDATE = frozenset({InterviewState.INVITED, InterviewState.IN_PROGRESS})


class Completion(StrEnum):
    """Values of the ATS field *completion*."""

    INVITED = "Invited"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    IN_REVIEW = "In review"
    EXPIRED = "Expired"
    WITHDRAWN = "Withdrawn"
    ALTERNATIVE_REQUESTED = "Alternative requested"
    NOT_SCORED = "Not scored by AI"


COMPLETION: Mapping[InterviewState, Completion] = {
    InterviewState.INVITED: Completion.INVITED,
    InterviewState.IN_PROGRESS: Completion.IN_PROGRESS,
    InterviewState.PAUSED: Completion.ALTERNATIVE_REQUESTED,
    InterviewState.SUBMITTED: Completion.COMPLETED,
    InterviewState.IN_REVIEW: Completion.IN_REVIEW,
    InterviewState.FINAL: Completion.COMPLETED,
    InterviewState.EXPIRED: Completion.EXPIRED,
    InterviewState.WITHDRAWN: Completion.WITHDRAWN,
    InterviewState.CANCELLED: Completion.EXPIRED,
    InterviewState.HANDED_OVER: Completion.ALTERNATIVE_REQUESTED,
    InterviewState.CLOSED: Completion.NOT_SCORED,
}


class Alternative(StrEnum):
    """What a candidate can ask for on every screen."""

    ADJUSTMENT = "adjustment"
    PERSON = "person"


class Consent(Struct, frozen=True, tag=True):
    """The candidate read the notice (``notice_hash``) and agreed to begin."""

    notice_hash: str


class Submit(Struct, frozen=True, tag=True):
    """The candidate handed the answers in."""


class AskForAlternative(Struct, frozen=True, tag=True):
    """The candidate asks for an adjustment or for a person; every clock stops, nothing is held against them."""

    kind: Alternative
    message: str = ""


class Withdraw(Struct, frozen=True, tag=True):
    """The candidate does not want to go on."""


class Expire(Struct, frozen=True, tag=True):
    """The link ran out."""


class Cancel(Struct, frozen=True, tag=True):
    """The application left the stage before the candidate began, or the order was taken back before answers came."""


class Reopen(Struct, frozen=True, tag=True):
    """The team extends the interview, or goes on after an adjustment was agreed."""


class AskAgain(Struct, frozen=True, tag=True):
    """The team asks the candidate once more, because what was handed in could not be read as an answer."""


class HandOver(Struct, frozen=True, tag=True):
    """A person takes over instead of this interview."""


class SendToReview(Struct, frozen=True, tag=True):
    """A person must decide, for these reasons (codes)."""

    reasons: tuple[str, ...]


class Finalise(Struct, frozen=True, tag=True):
    """The result is final: a person decided, or the policy needs nobody."""


class Close(Struct, frozen=True, tag=True):
    """The interview ends without a score: a person said so, or nobody acted until retention ended it."""


Command = (
    Consent
    | Submit
    | AskForAlternative
    | Withdraw
    | Expire
    | Cancel
    | Reopen
    | AskAgain
    | HandOver
    | SendToReview
    | Finalise
    | Close
)

S = InterviewState
TRANSITIONS: Mapping[tuple[InterviewState, type], InterviewState] = {
    (S.INVITED, Consent): S.IN_PROGRESS,
    (S.INVITED, AskForAlternative): S.PAUSED,
    (S.INVITED, Withdraw): S.WITHDRAWN,
    (S.INVITED, Expire): S.EXPIRED,
    (S.INVITED, Cancel): S.CANCELLED,
    (S.INVITED, Reopen): S.INVITED,
    (S.IN_PROGRESS, Submit): S.SUBMITTED,
    (S.IN_PROGRESS, AskForAlternative): S.PAUSED,
    (S.IN_PROGRESS, Withdraw): S.WITHDRAWN,
    (S.IN_PROGRESS, Expire): S.EXPIRED,
    (S.IN_PROGRESS, Cancel): S.CANCELLED,
    (S.IN_PROGRESS, Reopen): S.INVITED,
    (S.PAUSED, Reopen): S.INVITED,
    (S.PAUSED, HandOver): S.HANDED_OVER,
    (S.PAUSED, Withdraw): S.WITHDRAWN,
    (S.PAUSED, Cancel): S.CANCELLED,
    (S.PAUSED, Close): S.CLOSED,
    (S.SUBMITTED, AskForAlternative): S.PAUSED,
    (S.SUBMITTED, Withdraw): S.WITHDRAWN,
    (S.SUBMITTED, SendToReview): S.IN_REVIEW,
    (S.SUBMITTED, Finalise): S.FINAL,
    (S.SUBMITTED, Close): S.CLOSED,
    (S.IN_REVIEW, AskForAlternative): S.PAUSED,
    (S.IN_REVIEW, Withdraw): S.WITHDRAWN,
    (S.IN_REVIEW, AskAgain): S.INVITED,
    (S.IN_REVIEW, Finalise): S.FINAL,
    (S.IN_REVIEW, Close): S.CLOSED,
    (S.EXPIRED, Reopen): S.INVITED,
    (S.EXPIRED, AskForAlternative): S.PAUSED,
    (S.EXPIRED, Withdraw): S.WITHDRAWN,
    (S.EXPIRED, Cancel): S.CANCELLED,
    (S.EXPIRED, Close): S.CLOSED,
}


class SendInvitation(Struct, frozen=True, tag=True):
    """Send the link (again)."""


class SendReminderAt(Struct, frozen=True, tag=True):
    """Remind at ``at`` if the candidate has not handed in by then; ``number`` counts from 1."""

    at: datetime
    number: int


class ExpireAt(Struct, frozen=True, tag=True):
    """End the link at ``at``."""

    at: datetime


class SendThanks(Struct, frozen=True, tag=True):
    """Tell the candidate that the answers arrived and what happens next."""


class ScoreTranscript(Struct, frozen=True, tag=True):
    """Have the transcript graded."""


class OpenCase(Struct, frozen=True, tag=True):
    """Put a case in front of people."""

    kind: str
    reasons: tuple[str, ...]


class CloseCases(Struct, frozen=True, tag=True):
    """Take every open case of this interview out of the queue."""


class WriteCompletion(Struct, frozen=True, tag=True):
    """Write the completion value to the ATS."""

    value: Completion


class WriteResult(Struct, frozen=True, tag=True):
    """Write the final result to the ATS."""


class RevokeLinks(Struct, frozen=True, tag=True):
    """End every link to the interview."""


Effect = (
    SendInvitation
    | SendReminderAt
    | ExpireAt
    | SendThanks
    | ScoreTranscript
    | OpenCase
    | CloseCases
    | WriteCompletion
    | WriteResult
    | RevokeLinks
)


class Step(Struct, frozen=True):
    """What a command leads to. ``expires_at`` is set where the step gives the link a new end."""

    state: InterviewState
    effects: tuple[Effect, ...]
    expires_at: datetime | None = None


def start(invitation: Invitation, *, now: datetime) -> Step:
    """Begin: the candidate is invited."""
    return _invite(invitation, days=invitation.valid_days, now=now)


def allowed(state: InterviewState, command: Command) -> bool:
    """Say whether the table has this step."""
    return (state, type(command)) in TRANSITIONS


def decide(state: InterviewState, command: Command, *, invitation: Invitation, now: datetime) -> Step:
    """Take one step.

    Raises:
        TransitionRefused: the table has no such step.
    """
    target = TRANSITIONS.get((state, type(command)))
    if target is None:
        raise TransitionRefused(f"an interview that is {state.value!r} cannot take the step {type(command).__name__!r}")
    if isinstance(command, Reopen | AskAgain):
        step = _invite(invitation, days=invitation.extension_days, now=now)
        return Step(target, (CloseCases(), RevokeLinks(), *step.effects), step.expires_at)
    return Step(
        target, (*_effects(state, command), WriteResult() if target is S.FINAL else WriteCompletion(COMPLETION[target]))
    )


def _effects(state: InterviewState, command: Command) -> tuple[Effect, ...]:
    match command:
        case Submit():
            return (SendThanks(), ScoreTranscript())
        case AskForAlternative(kind=kind):
            withdrawn = (CloseCases(),) if state is S.IN_REVIEW else ()
            return (*withdrawn, OpenCase(kind.value, (kind.value,)))
        case SendToReview(reasons=reasons):
            return (OpenCase("result", reasons),)
        case Withdraw() | Close() | HandOver() | Cancel() | Finalise():
            # The link goes on showing the candidate what became of it; it can do nothing any more.
            return (CloseCases(),)
        case _:  # Consent and Expire: what they change is the completion value
            return ()


def _invite(invitation: Invitation, *, days: int, now: datetime) -> Step:
    expires_at = now + timedelta(days=days)
    reminders = tuple(
        SendReminderAt(now + timedelta(hours=hours), number)
        for number, hours in enumerate(invitation.reminder_hours, start=1)
        if now + timedelta(hours=hours) < expires_at
    )
    return Step(
        S.INVITED,
        (SendInvitation(), *reminders, ExpireAt(expires_at), WriteCompletion(Completion.INVITED)),
        expires_at,
    )
