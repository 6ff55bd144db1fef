"""The judge of the chaos suite can find guilty: every figure of the last line rises from the state that it stands for."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from tests.chaos.checker import (
    BAD,
    BAND,
    COMPLETION,
    HUMAN_VALUE,
    INTEGRATION,
    AtsRecord,
    Change,
    Findings,
    House,
    Interview,
    Result,
    Value,
    Write,
    check,
)
from tests.chaos.plan import Candidate, Decision, Human, Job, Person, Step

RECRUITER = "Robin Recruiter"
ENTERED = datetime(2026, 11, 1, 10, tzinfo=UTC)
MARKER = "[evenhand EH-1]"
STRONG = "Strong evidence"
IN, OUT = Step.ENTER, Step.LEAVE


class World:
    """One application, its interviews, its mails, and what stands in the database; good until a test spoils it."""

    def __init__(
        self, person: Person, record: AtsRecord, interviews: Sequence[Interview], invitations: Sequence[str]
    ) -> None:
        self.person, self.record = person, record
        self.interviews, self.invitations = list(interviews), list(invitations)
        self.acknowledged, self.stored = ["evt_000001"], frozenset({"evt_000001"})
        self.left: dict[str, int] = {}

    def judged(self) -> Findings:
        """The verdict."""
        house = House(interviews={self.record.application_id: self.interviews}, stored_events=self.stored, **self.left)
        return check(
            [self.person],
            ats=[self.record],
            acknowledged=self.acknowledged,
            mails={self.person.email: self.invitations},
            house=house,
        )

    def guilty(self) -> set[str]:
        """Which figures are not zero."""
        found = self.judged()
        assert found.clean == (not found.offenders)
        return {name for name in BAD if getattr(found, name)}

    def change(self, **values: Any) -> None:
        """Spoil the ATS's side."""
        self.record = structs.replace(self.record, **values)

    def change_interview(self, index: int, **values: Any) -> None:
        """Spoil an interview."""
        self.interviews[index] = structs.replace(self.interviews[index], **values)


def ours(field: str, *values: Value, first: Value = None) -> list[Change]:
    """Changes of one field by the integration, one after the other."""
    olds = [first, *values]
    return [Change(INTEGRATION, field, old, new) for old, new in zip(olds, values, strict=False)]


def human_edit(old: Value = None) -> Change:
    """The recruiter's edit of the plan."""
    return Change(RECRUITER, COMPLETION, old, HUMAN_VALUE)


def meant(*values: str) -> list[Write]:
    """Settled write-backs of the completion."""
    return [Write(sequence=n, fields={COMPLETION: value}) for n, value in enumerate(values, start=1)]


def record(changes: Sequence[Change], fields: Mapping[str, Value], **more: Any) -> AtsRecord:
    """An application that entered the stage once and is still there."""
    values = {"entries": 1, "in_trigger_stage": True, "notes": [], **more}
    return AtsRecord(person=0, application_id="app_000011", fields=fields, changes=changes, **values)


def invited(**person: Any) -> World:
    """Somebody who was moved and did nothing."""
    who = Person(number=0, job=Job.SUPPORT, **{"path": (IN,), **person})
    interview = Interview(id="a1", state="invited", entered_at=ENTERED, writes=meant("Invited"))
    return World(who, record(ours(COMPLETION, "Invited"), {COMPLETION: "Invited"}), [interview], ["a1.invitation.1.0"])


def edited() -> World:
    """Somebody into whose field a recruiter wrote after us."""
    world = invited(human=Human.LATE)
    world.change(changes=[*ours(COMPLETION, "Invited"), human_edit("Invited")], fields={COMPLETION: HUMAN_VALUE})
    return world


def completed(decision: Decision = Decision.CONFIRM) -> World:
    """Somebody who answered, with a result that a person confirmed."""
    values = ("Invited", "In progress", "Completed", "In review", "Completed")
    writes = [*meant(*values[:4]), Write(sequence=5, fields={COMPLETION: "Completed", BAND: STRONG}, marker=MARKER)]
    result = Result(band=STRONG, by_person=True, policy_allows=False, reasons=("policy",))
    interview = Interview(id="a1", state="final", entered_at=ENTERED, writes=writes, results=[result])
    changes = [*ours(COMPLETION, *values), *ours(BAND, STRONG)]
    fields = {COMPLETION: "Completed", BAND: STRONG}
    who = Person(number=0, job=Job.SUPPORT, path=(IN,), candidate=Candidate.HAND_IN, decision=decision)
    return World(who, record(changes, fields, notes=[f"Well done {MARKER}"]), [interview], ["a1.invitation.1.0"])


def returned() -> World:
    """Somebody who entered, left and entered again."""
    first = Interview(id="a1", state="cancelled", entered_at=ENTERED, writes=meant("Invited", "Expired"))
    second = Interview(id="a2", state="invited", entered_at=ENTERED + timedelta(seconds=9), writes=meant("Invited"))
    changes = ours(COMPLETION, "Invited", "Expired", "Invited")
    return World(
        Person(number=0, job=Job.SALES, path=(IN, OUT, IN)),
        record(changes, {COMPLETION: "Invited"}, entries=2),
        [first, second],
        ["a1.invitation.1.0", "a2.invitation.1.0"],
    )


def left() -> World:
    """Somebody who entered and left before anybody looked."""
    who = Person(number=0, job=Job.SUPPORT, path=(IN, OUT))
    return World(who, record([], {}, in_trigger_stage=False), [], [])


@pytest.mark.parametrize("world", [invited(), edited(), completed(), returned(), left()])
def test_what_is_right_is_clean(world: World) -> None:
    """Nothing is held against a world in which everything went as it should."""
    assert world.guilty() == set()


def test_the_last_line() -> None:
    """The last line has exactly the figures that were asked for, in their order."""
    found = Findings(deliveries=9, moves=8, interviews=7, kills=6, faults=5)
    assert found.line() == (
        "deliveries=9 moves=8 interviews=7 kills=6 faults=5 lost=0 doubled_invitations=0 doubled_writes=0"
        " order_violations=0 overwritten_human_edits=0"
    )


@pytest.mark.parametrize("what", ["unprocessed", "open_work", "dead_work", "broken_audit_links"])
def test_what_waits_is_lost(what: str) -> None:
    """N2: stored and not processed, queued and not done, dead and not seen to; or gone from the audit log."""
    world = invited()
    world.left = {what: 3}
    assert world.judged().lost == 3


def test_an_acknowledged_event_that_is_not_stored_is_lost() -> None:
    """N2: acknowledged means stored."""
    world = invited()
    world.acknowledged.append("evt_000002")
    assert world.guilty() == {"lost"}


def test_no_interview_is_lost() -> None:
    """N2: who stands in the stage is invited."""
    world = invited()
    world.interviews.clear()
    world.invitations.clear()
    world.change(changes=[], fields={})
    assert world.guilty() == {"lost"}


def test_no_invitation_is_lost() -> None:
    """N2: an interview without its mail helps nobody."""
    world = invited()
    world.invitations.clear()
    assert world.guilty() == {"lost"}


def test_an_application_that_the_ats_forgot_is_lost() -> None:
    """A run whose people are not there proves nothing."""
    world = invited()
    found = check([world.person], ats=[], acknowledged=[], mails={}, house=House(interviews={}))
    assert found.lost == 1


def test_moves_and_edits_that_were_not_made_are_lost() -> None:
    """A run that did not do what was planned proves nothing."""
    moved = invited()
    moved.change(entries=2)
    assert moved.guilty() == {"lost"}
    unedited = edited()
    unedited.change(changes=ours(COMPLETION, "Invited"))
    assert unedited.guilty() == {"lost"}


def test_a_write_that_never_came_is_lost() -> None:
    """N2: what was meant for the ATS is in the ATS."""
    world = completed()
    world.change(changes=[*ours(COMPLETION, "Invited", "In progress"), *ours(BAND, STRONG)])
    assert world.guilty() == {"lost"}


def test_an_unsettled_write_is_lost() -> None:
    """N2: a write-back is written or in conflict at the end, never between the two."""
    world = invited()
    world.change_interview(0, writes=[Write(sequence=1, fields={COMPLETION: "Invited"}, settled=False)])
    assert world.guilty() == {"lost"}


@pytest.mark.parametrize(("fields", "why"), [({COMPLETION: "In review"}, "completion"), ({}, "nothing")])
def test_a_wrong_end_is_lost(fields: dict[str, Value], why: str) -> None:
    """N2: the ATS shows at the end how far the interview came."""
    world = completed()
    world.change(fields={BAND: STRONG, **fields})
    assert world.guilty() == {"lost"}, why


def test_an_invitation_of_who_left_stays_not_open() -> None:
    """N2: what was started for somebody who left was ended, and the ATS says so."""
    world = returned()
    world.person = Person(number=0, job=Job.SALES, path=(IN, OUT))
    world.change(entries=1, in_trigger_stage=False, fields={COMPLETION: "Invited"})
    world.interviews.pop()
    world.invitations.pop()
    world.change(changes=ours(COMPLETION, "Invited"))
    assert world.guilty() == {"lost"}


def test_a_missing_band_or_note_is_lost() -> None:
    """N2: who handed in and was decided about has a band and a note."""
    no_band = completed()
    no_band.change(fields={COMPLETION: "Completed"})
    assert no_band.guilty() == {"lost"}
    no_note = completed()
    no_note.change(notes=[])
    assert no_note.guilty() == {"lost"}


def test_the_same_mail_twice_is_doubled() -> None:
    """N3: one invitation for each interview, sent once."""
    world = invited()
    world.invitations *= 3
    assert world.judged().doubled_invitations == 2


def test_a_mail_about_an_unknown_interview_is_doubled() -> None:
    """N3: a transaction that was rolled back must not have invited anybody."""
    world = invited()
    world.invitations.append("b7.invitation.1.0")
    assert world.guilty() == {"doubled_invitations"}


def test_more_interviews_than_entries_are_doubled() -> None:
    """N3: one entry starts at most one interview."""
    world = returned()
    world.person = Person(number=0, job=Job.SALES, path=(IN,))
    world.change(entries=1)
    assert world.guilty() == {"doubled_invitations"}


def test_two_interviews_of_one_entry_are_doubled() -> None:
    """N3: also where another entry started none."""
    world = returned()
    world.change_interview(1, entered_at=ENTERED)
    assert world.guilty() == {"doubled_invitations"}


def test_a_value_written_again_is_doubled() -> None:
    """N4: back and forth is seen in the ATS's log."""
    world = completed()
    values = ("Invited", "In progress", "Completed", "In review", "Completed", "In review", "Completed")
    world.change(changes=[*ours(COMPLETION, *values), *ours(BAND, STRONG)])
    assert world.judged().doubled_writes == 2


def test_a_note_written_again_is_doubled() -> None:
    """N4: a note that stands there twice, and one that belongs to no result."""
    twice = completed()
    twice.change(notes=[MARKER, MARKER])
    assert twice.guilty() == {"doubled_writes"}
    foreign = completed()
    foreign.change(notes=[MARKER, "[evenhand EH-2]"])
    assert foreign.guilty() == {"doubled_writes"}


def test_the_wrong_order_is_seen() -> None:
    """N4: the same values in another order than they were meant."""
    world = completed()
    values = ("In progress", "Invited", "Completed", "In review", "Completed")
    world.change(changes=[*ours(COMPLETION, *values), *ours(BAND, STRONG)])
    assert world.guilty() == {"order_violations"}


def test_an_order_that_was_meant_wrongly_is_seen() -> None:
    """N4: the database itself may not mean what the state machine has no way for, such as two invitations in one."""
    world = invited()
    world.change_interview(0, writes=meant("Invited", "Invited"))
    assert "order_violations" in world.guilty()


def test_an_overwritten_edit_is_seen() -> None:
    """N4: our value over a person's, also where the person's came back."""
    gone = edited()
    gone.change(changes=[human_edit(), *ours(COMPLETION, "Invited", first=HUMAN_VALUE)], fields={COMPLETION: "Invited"})
    assert gone.guilty() == {"overwritten_human_edits"}
    back = edited()
    back.change(changes=[human_edit(), *ours(COMPLETION, "Invited", first=HUMAN_VALUE), human_edit("Invited")])
    assert back.guilty() == {"overwritten_human_edits"}


def test_an_edit_that_vanished_is_seen() -> None:
    """N4: the ATS's log and its field must agree about a person's value."""
    world = edited()
    world.change(fields={COMPLETION: "Invited"})
    assert world.guilty() == {"overwritten_human_edits"}


def test_a_foreign_field_is_not_ours() -> None:
    """N4: only the fields of the mapping are written."""
    world = invited()
    world.change(changes=[*world.record.changes, Change(INTEGRATION, "salary", None, 1)])
    assert world.guilty() == {"overwritten_human_edits"}


@pytest.mark.parametrize(
    ("allows", "reasons", "guilty"),
    [(True, (), set()), (True, ("borderline",), {"final_band_violations"}), (False, (), {"final_band_violations"})],
)
def test_a_band_needs_a_person_or_a_policy(*, allows: bool, reasons: Sequence[str], guilty: set[str]) -> None:
    """N5: without a decision, a band is final only where the policy asks nobody and had no reason to."""
    world = completed()
    result = Result(band=STRONG, by_person=False, policy_allows=allows, reasons=reasons)
    world.change_interview(0, results=[result])
    assert world.guilty() == guilty


def test_a_band_without_a_result_is_seen() -> None:
    """N5: a band in the ATS that is nobody's result, even if it was replaced later."""
    world = completed()
    changes = [*ours(COMPLETION, "Invited", "In progress", "Completed", "In review", "Completed")]
    world.change(changes=[*changes, *ours(BAND, "Limited evidence", STRONG)])
    assert world.guilty() == {"final_band_violations"}
