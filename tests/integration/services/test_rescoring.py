"""Rescoring: stored transcripts are read again, beside their results, on both databases."""

import uuid
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from msgspec import structs

from orchestrator.db.models.account import Role
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.models.interview import InterviewRow, TurnRow
from orchestrator.db.models.rescoring import RescoringRow
from orchestrator.db.models.scoring import ScorecardRow
from orchestrator.db.repositories import rescorings
from orchestrator.db.session import Database
from orchestrator.domain.followups import FollowUpReason
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.result_parts import PartKind
from orchestrator.domain.scoring import Usage
from orchestrator.errors import GradingFailed, InputInvalid, Missing
from orchestrator.grading.budget import FailedAfterCalls
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.ports import Grader, GradingReply, GradingRequest, SystemClock
from orchestrator.services.connections import Connections
from orchestrator.services.links import LinkMaker
from orchestrator.services.rescoring.adopting import Adopting
from orchestrator.services.rescoring.checks import EARLIER, NEWER, NO_WORDS, OTHER_QUESTIONS
from orchestrator.services.rescoring.rescoring import Rescored, Rescoring
from orchestrator.services.steps import Steps
from orchestrator.services.views import Account
from rubrics.schema import Rubric, content_hash
from tests.fixtures.scored_interviews import scored_interview
from tests.integration.services.rows import dump
from tests.unit.grading.examples import ANSWERS, RUBRIC, competency

CUES = {"level_3": ("asked what",), "level_4": ("reproduced it",), "level_5": ("in the log",)}
OLD = structs.replace(
    RUBRIC,
    competencies=(competency("causes", 2.0, **CUES), competency("promises", level_2=("it would be late",))),
)
NEW = structs.replace(
    OLD,
    version="1.1.0",
    competencies=(structs.replace(OLD.competencies[0], weight=6.0), OLD.competencies[1]),
)
ANSWERED = {
    "one": f"{ANSWERS['one']} I wrote that down and asked a colleague, Wren Newcomer, to look at it as well.",
    "two": f"{ANSWERS['two']} The customer was content with that and came back to us in the spring.",
}
VIEWER = Account(id=uuid.UUID(int=1), email="kim@northwind.example", name="Kim", role=Role.RECRUITER)


class Meddling(EmbeddedGrader):
    """A grader that takes its time: meanwhile the words are removed."""

    def __init__(self, database: Database) -> None:
        self._other = database

    async def grade(self, request: GradingRequest) -> GradingReply:
        async with self._other.transaction() as tx:
            await tx.session.execute(sa.delete(TurnRow))
        return await super().grade(request)


class Failing(EmbeddedGrader):
    """Gives nothing usable from its second interview on; keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def grade(self, request: GradingRequest) -> GradingReply:
        if self.seen:
            error = GradingFailed("no answer from the model", retryable=True)
            raise FailedAfterCalls(error, Usage(requests=2, input_tokens=200, output_tokens=40))
        self.seen += [turn.text for turn in request.transcript.turns]
        return await super().grade(request)


def rescoring(database: Database, grader: Grader | None = None) -> Rescoring:
    """Rescoring with the new rubric in the library."""
    links = LinkMaker(base_url="https://evenhand.example", secret_key="a secret for tests only")
    steps = Steps(connections=Connections([]), links=links)
    return Rescoring(
        database=database,
        clock=SystemClock(),
        grader=grader or EmbeddedGrader(),
        rubrics={NEW.id: NEW},
        adopting=Adopting(database=database, clock=SystemClock(), steps=steps, links=links),
    )


async def again(
    service: Rescoring, ids: Sequence[uuid.UUID], rubric: Rubric | None = NEW, *, keep: bool = True
) -> list[Rescored]:
    """Read these interviews again."""
    return [one async for one in service.rescore(ids, rubric, actor="cli", keep=keep)]


async def kept(database: Database, interview: uuid.UUID) -> Sequence[RescoringRow]:
    """The later readings of an interview."""
    async with database.reading() as session:
        return await rescorings.of_interview(session, interview)


async def test_a_later_reading_stands_beside_the_result(database: Database) -> None:
    """Nothing that was there changes but the audit chain; what moved the number is told, and the view tells it again."""
    interview = await scored_interview(database, OLD, ANSWERED)
    before = await dump(database)
    service = rescoring(database)
    (one,) = await again(service, await service.of_program("support-pilot"))
    assert [movement.kind for movement in one.explanation.movements] == [PartKind.WEIGHTS]
    assert "Causes counts 6 instead of 2" in " ".join(one.explanation.sentences)
    after = await dump(database)
    assert {name for name in after if after[name] != before[name]} <= {
        "rescoring",
        "rubric_snapshot",
        "audit_event",
        "audit_head",
    }
    (row,) = await kept(database, interview)
    assert (row.rubric_hash, row.revision, row.actor) == (content_hash(NEW), 1, "cli")
    assert row.card == one.card
    view = await service.view(interview, viewer=VIEWER)
    assert [(reading.version, reading.explanation) for reading in view.readings] == [("1.1.0", one.explanation)]
    assert view.version == "1.0.0"


async def test_every_reading_is_kept_the_newest_first(database: Database) -> None:
    """Reading again twice overwrites nothing; without a rubric, the interview's own is taken and nothing moves."""
    interview = await scored_interview(database, OLD, ANSWERED)
    service = rescoring(database)
    await again(service, [interview])
    (same,) = await again(service, [interview], None)
    assert same.explanation.movements == ()
    view = await service.view(interview, viewer=VIEWER)
    assert [reading.version for reading in view.readings] == ["1.0.0", "1.1.0"]


async def test_a_dry_run_stores_nothing_but_who_read(database: Database) -> None:
    """Its quotes are the candidate's words, so the audit chain says who had them shown; nothing else changes."""
    interview = await scored_interview(database, OLD, ANSWERED)
    before = await dump(database)
    assert await again(rescoring(database), [interview], keep=False)
    after = await dump(database)
    assert {name for name in after if after[name] != before[name]} == {"audit_event", "audit_head"}
    async with database.reading() as session:
        last = (await session.scalars(sa.select(AuditRow).order_by(AuditRow.sequence.desc()))).first()
    assert last is not None
    assert (last.tag, last.actor, last.subject) == ("system:interview:reread", "cli", str(interview))


async def test_only_who_is_in_review_or_final_is_read_again(database: Database) -> None:
    """Whoever withdrew, asked for a person or was closed is left alone, also when asked for by name."""
    ids = {
        state: await scored_interview(database, OLD, ANSWERED, state=state, number=number)
        for number, state in enumerate(InterviewState)
    }
    other = await scored_interview(database, OLD, ANSWERED, program_key="another", number=99)
    service = rescoring(database)
    assert set(await service.of_program("support-pilot")) == {ids[InterviewState.IN_REVIEW], ids[InterviewState.FINAL]}
    assert await service.of_program("another") == [other]
    for state in set(InterviewState) - set(rescorings.READ_AGAIN):
        with pytest.raises(Missing, match="in review or final"):
            await again(service, [ids[state]])


async def test_names_are_blinded_again_and_quotes_are_verbatim(sqlite_database: Database) -> None:
    """The grader sees no name; evidence is what the candidate wrote."""
    interview = await scored_interview(sqlite_database, OLD, ANSWERED)
    grader = Failing()
    (one,) = await again(rescoring(sqlite_database, grader), [interview])
    assert not any("Wren" in text for text in grader.seen)
    quotes = [evidence.quote for score in one.card.scores for evidence in score.evidence]
    assert quotes
    assert all(any(quote in answer for answer in ANSWERED.values()) for quote in quotes)


async def test_what_was_read_is_kept_when_a_later_one_fails(sqlite_database: Database) -> None:
    """Each interview is stored by itself; the failure is told, and what it took stands in the audit chain."""
    first, second = [await scored_interview(sqlite_database, OLD, ANSWERED, number=number) for number in (1, 2)]
    with pytest.raises(GradingFailed):
        await again(rescoring(sqlite_database, Failing()), [first, second])
    assert len(await kept(sqlite_database, first)) == 1
    assert await kept(sqlite_database, second) == []
    async with sqlite_database.reading() as session:
        last = (await session.scalars(sa.select(AuditRow).order_by(AuditRow.sequence.desc()))).first()
    assert last is not None
    assert (last.tag, last.subject) == ("system:interview:rescoring-failed", str(second))
    assert last.event.details["usage"] == {"requests": 2, "input_tokens": 200, "output_tokens": 40, "cost": None}


async def test_words_that_were_removed_meanwhile_leave_no_trace(sqlite_database: Database) -> None:
    """Retention may come while a grader reads: then nothing is stored, and afterwards there is nothing to read."""
    interview = await scored_interview(sqlite_database, OLD, ANSWERED)
    with pytest.raises(Missing, match="changed while it was read"):
        await again(rescoring(sqlite_database, Meddling(sqlite_database)), [interview])
    assert await kept(sqlite_database, interview) == []
    service = rescoring(sqlite_database)
    assert await service.of_program("support-pilot") == []
    with pytest.raises(Missing, match="words were removed"):
        await again(service, [interview])


async def test_a_rubric_is_found_by_id_or_by_hash(sqlite_database: Database) -> None:
    """One that asks other questions is refused, for it would find nothing."""
    interview = await scored_interview(sqlite_database, OLD, ANSWERED)
    service = rescoring(sqlite_database)
    assert await service.rubric(NEW.id) == NEW
    assert await service.rubric(content_hash(OLD)) == OLD
    for unknown in ("no/such", "0" * 64):
        with pytest.raises(Missing, match="There is no rubric"):
            await service.rubric(unknown)
    strange = structs.replace(
        NEW, questions=tuple(structs.replace(question, id=f"other-{question.id}") for question in NEW.questions)
    )
    with pytest.raises(InputInvalid, match="asks none of the questions"):
        await again(service, [interview], strange)


async def test_what_was_never_scored_has_no_page(sqlite_database: Database) -> None:
    """Neither an interview that does not exist, nor one without a scorecard."""
    interview = await scored_interview(sqlite_database, OLD, ANSWERED)
    service = rescoring(sqlite_database)
    assert (await service.view(interview, viewer=VIEWER)).readings == ()
    async with sqlite_database.transaction() as tx:
        await tx.session.execute(sa.delete(ScorecardRow))
    for unknown in (interview, uuid.uuid4()):
        with pytest.raises(Missing):
            await service.view(unknown, viewer=VIEWER)


async def test_words_are_forgotten_and_levels_stay(database: Database) -> None:
    """What retention calls for every interview whose words it removes."""
    interview = await scored_interview(database, OLD, ANSWERED)
    (one,) = await again(rescoring(database), [interview])
    async with database.transaction() as tx:
        await rescorings.forget_words(tx.session, interview)
    (row,) = await kept(database, interview)
    assert [score.level for score in row.card.scores] == [score.level for score in one.card.scores]
    assert not any(score.evidence or score.rationale for score in row.card.scores)


async def test_what_cannot_be_used_says_why(sqlite_database: Database) -> None:
    """Of all readings: a newer interview, no words any more. Of one: other questions, answers that were given anew."""
    interview = await scored_interview(sqlite_database, OLD, ANSWERED, state=InterviewState.FINAL)
    service = rescoring(sqlite_database)
    await again(service, [interview])
    one, two = NEW.questions
    other = structs.replace(NEW, version="2.0.0", questions=(one, structs.replace(two, id="another")))
    await again(service, [interview], other)
    view = await service.view(interview, viewer=VIEWER)
    assert [reading.hindrance for reading in view.readings] == [OTHER_QUESTIONS, ""]

    async with sqlite_database.transaction() as tx:
        row = await tx.session.get_one(InterviewRow, interview)
        row.submitted_at = SystemClock().now()
    view = await service.view(interview, viewer=VIEWER)
    assert [reading.hindrance for reading in view.readings] == [EARLIER, EARLIER]

    async with sqlite_database.transaction() as tx:
        await tx.session.execute(sa.delete(TurnRow))
    assert (await service.view(interview, viewer=VIEWER)).hindrance == NO_WORDS

    later = await scored_interview(sqlite_database, OLD, ANSWERED, number=2)
    async with sqlite_database.transaction() as tx:
        first, second = [await tx.session.get_one(InterviewRow, one) for one in (interview, later)]
        second.application_id = first.application_id
    assert (await service.view(interview, viewer=VIEWER)).hindrance == NEWER


async def test_a_follow_up_that_was_asked_must_stand_in_the_rubric(sqlite_database: Database) -> None:
    """The rubric behind a result is the one that its questions are shown by: a probe that it does not know would vanish."""
    interview = await scored_interview(sqlite_database, OLD, ANSWERED)
    service = rescoring(sqlite_database)
    await again(service, [interview])
    assert (await service.view(interview, viewer=VIEWER)).readings[0].hindrance == ""
    async with sqlite_database.transaction() as tx:
        tx.session.add(
            FollowUpRow(
                interview_id=interview,
                question_id="one",
                place=1,
                probe_id="gone",
                reason=FollowUpReason.MISSING,
                missing=(),
                decided_at=SystemClock().now(),
            )
        )
    assert (await service.view(interview, viewer=VIEWER)).readings[0].hindrance == OTHER_QUESTIONS
