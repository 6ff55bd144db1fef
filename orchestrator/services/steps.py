"""Taking a step: the new state, its audit event and the work that comes of it, in the caller's transaction."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from adapters.contract.model import FieldValue
from orchestrator.db.base import new_id
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow, LinkRow, TransitionRow
from orchestrator.db.models.scoring import CaseKind, CaseRow
from orchestrator.db.models.writeback import WriteBackKind, WriteBackRow
from orchestrator.db.repositories import interviews, orders, scoring, writebacks
from orchestrator.db.session import Transaction
from orchestrator.domain import interview as machine
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import AskForAlternative, Command, Completion, Effect, InterviewState
from orchestrator.domain.ordering import OF_ORDER
from orchestrator.domain.writeback import (
    FieldMap,
    completion_fields,
    completion_note,
    note_body,
    note_marker,
    result_fields,
)
from orchestrator.errors import Stale
from orchestrator.services.connections import Connections
from orchestrator.services.kinds import ExpireInterview, ScoreInterview, SendMail, WriteBack
from orchestrator.services.links import LinkMaker
from orchestrator.services.order_progress import note_progress, writing_lane
from orchestrator.services.review_kinds import CaseOverdue
from orchestrator.services.review_log import log_choice
from orchestrator.work.lanes import lock_lanes
from orchestrator.work.queue import enqueue

SYSTEM = "system"


class Steps:
    """Moves interviews through the state machine; the only writer of their state."""

    def __init__(self, *, connections: Connections, links: LinkMaker) -> None:
        self._connections = connections
        self._links = links

    async def begin(self, tx: Transaction, interview: InterviewRow, *, now: datetime) -> None:
        """Store a new interview and what its start leads to. ``interview.state`` and ``expires_at`` are set here."""
        step = machine.start(interview.program.invitation, now=now)
        assert step.expires_at is not None  # noqa: S101 - start() always gives the link an end
        interview.state, interview.expires_at = step.state, step.expires_at
        tx.session.add(interview)
        await tx.session.flush()
        self._record(tx, interview, actor=SYSTEM, command="Start", before=None, at=now)
        await self._apply(tx, interview, step.effects, now=now, message=None)

    async def take(
        self, tx: Transaction, interview: InterviewRow, command: Command, *, actor: str, now: datetime
    ) -> InterviewState:
        """Take one step.

        Raises:
            TransitionRefused: the table has no such step.
            Stale: someone else moved the interview since the caller read it.
        """
        before = interview.state
        step = machine.decide(before, command, invitation=interview.program.invitation, now=now)
        values: dict[str, object] = {"state": step.state}
        if step.expires_at is not None:
            values |= {"expires_at": step.expires_at, "round": interview.round + 1, "submitted_at": None}
        if isinstance(command, machine.Consent):
            values["consented_at"] = now
        if isinstance(command, machine.Submit):
            values["submitted_at"] = now
        if step.state in machine.TERMINAL:
            values["finished_at"] = now
        if not await interviews.step(tx.session, interview, values):
            raise Stale("This interview changed in the meantime. Please look again.")
        await tx.session.refresh(interview)
        self._record(tx, interview, actor=actor, command=type(command).__name__, before=before, at=now)
        message = command.message if isinstance(command, AskForAlternative) else None
        mail = _invitation(before, command)
        await self._apply(tx, interview, step.effects, now=now, message=message, invitation=mail)
        application = await self._application(tx, interview)
        if self._connections.get(application.connection).desk is not None:
            await note_progress(tx, interview, now=now)
        return step.state

    async def _apply(
        self,
        tx: Transaction,
        interview: InterviewRow,
        effects: tuple[Effect, ...],
        *,
        now: datetime,
        message: str | None,
        invitation: str = "invitation",
    ) -> None:
        for effect in effects:
            match effect:
                case machine.OpenCase(kind=kind, reasons=reasons):
                    await self._open_case(tx, interview, CaseKind(kind), reasons, now=now, message=message)
                    if message is not None or kind != CaseKind.RESULT:
                        await self._mail(tx, interview, "alternative-received", now=now)
                case machine.CloseCases():
                    for row in await scoring.drop_open_cases(tx.session, interview.id, at=now):
                        log_choice(tx, SYSTEM, "dropped", row, now)
                case machine.RevokeLinks():
                    await interviews.revoke_links(tx.session, interview.id, at=now)
                case machine.WriteCompletion(value=value):
                    await self._write_completion(tx, interview, value, now=now)
                case machine.WriteResult():
                    await self.write_result(tx, interview, now=now)
                case _:
                    await self._schedule(tx, interview, effect, now=now, invitation=invitation)

    async def _schedule(
        self, tx: Transaction, interview: InterviewRow, effect: Effect, *, now: datetime, invitation: str
    ) -> None:
        id_, round_, subject = interview.id, interview.round, f"interview:{interview.id}"
        match effect:
            case machine.SendInvitation():
                token = self._links.token(id_, round_)
                tx.session.add(
                    LinkRow(interview_id=id_, token_hash=self._links.fingerprint(token), round=round_, created_at=now)
                )
                await self._mail(tx, interview, invitation, now=now)
            case machine.SendReminderAt(at=at, number=number):
                await self._mail(tx, interview, "reminder", now=now, at=at, number=number)
            case machine.SendThanks():
                await self._mail(tx, interview, "completion", now=now)
            case machine.ExpireAt(at=at):
                await enqueue(
                    tx,
                    ExpireInterview(interview_id=id_, round=round_),
                    dedupe=f"expire:{id_}:{round_}",
                    subject=subject,
                    run_at=at,
                )
            case machine.ScoreTranscript():
                await enqueue(
                    tx, ScoreInterview(interview_id=id_, round=round_), dedupe=f"score:{id_}:{round_}", subject=subject
                )
            case _:
                raise AssertionError(effect)

    async def _mail(
        self,
        tx: Transaction,
        interview: InterviewRow,
        template: str,
        *,
        now: datetime,
        at: datetime | None = None,
        number: int = 0,
    ) -> None:
        mail = SendMail(interview_id=interview.id, template=template, round=interview.round, number=number)
        # A second request in one round deserves its own answer; everything else is sent once per round.
        again = f":{now.timestamp():.0f}" if template == "alternative-received" else ""
        dedupe = f"mail:{interview.id}:{template}:{interview.round}:{number}{again}"
        await enqueue(tx, mail, dedupe=dedupe, subject=f"interview:{interview.id}", run_at=at)

    async def _open_case(
        self,
        tx: Transaction,
        interview: InterviewRow,
        kind: CaseKind,
        reasons: tuple[str, ...],
        *,
        now: datetime,
        message: str | None,
    ) -> None:
        case_id, due_at = new_id(), now + timedelta(hours=interview.program.review.due_hours)
        tx.session.add(
            CaseRow(
                id=case_id,
                interview_id=interview.id,
                kind=kind,
                reasons=list(reasons),
                message=message,
                opened_at=now,
                due_at=due_at,
            )
        )
        await enqueue(
            tx,
            CaseOverdue(case_id=case_id),
            dedupe=f"overdue:{case_id}",
            subject=f"interview:{interview.id}",
            run_at=due_at,
        )
        tx.audit(
            _event(now, SYSTEM, "system:case:opened", case_id, {"kind": kind.value, "interview": interview.id.hex})
        )

    async def _write_completion(
        self, tx: Transaction, interview: InterviewRow, value: Completion, *, now: datetime
    ) -> None:
        application = await self._application(tx, interview)
        if await self._only_reported(tx, application):
            return
        mapping = self._connections.get(application.connection).settings.fields
        # While a person is waited for, the way to the case; the result's link takes its place.
        case_link = self._links.application(application.id) if value is Completion.IN_REVIEW else ""
        fields = completion_fields(value.value, mapping, link=case_link)
        if value is Completion.INVITED:
            # A new interview begins: the band of an earlier one must not stand beside it.
            fields |= await self._emptied(tx, application, mapping, but=fields)
        row = WriteBackRow(kind=WriteBackKind.COMPLETION, fields=fields)
        if mapping.notes_only and value is Completion.IN_PROGRESS:
            # Worth a field that changes, not a line that stays.
            return
        if mapping.note is not None and (mapping.notes_only or (case_link and mapping.link is None)):
            row.note_marker = note_marker(new_id().hex)
            row.note = completion_note(value.value, marker=row.note_marker, link=case_link)
            row.note_visibility = mapping.note.value
        await self._enqueue_write(tx, interview, application, row, now=now)

    async def write_result(self, tx: Transaction, interview: InterviewRow, *, now: datetime) -> None:
        """Have the newest result written to the ATS, where it shows an application to write to.

        A step to *final* does so by itself; this is for a result that takes the place of another one afterwards.
        """
        application = await self._application(tx, interview)
        if await self._only_reported(tx, application):
            return
        mapping = self._connections.get(application.connection).settings.fields
        result = await scoring.latest_result(tx.session, interview.id)
        fields = result_fields(result, mapping)
        fields |= await self._emptied(tx, application, mapping, but=fields)
        row = WriteBackRow(kind=WriteBackKind.RESULT, fields=fields)
        if mapping.note is not None:
            row.note = note_body(result, whole=mapping.notes_only)
            row.note_visibility = mapping.note.value
            row.note_marker = note_marker(result.audit_ref)
        await self._enqueue_write(tx, interview, application, row, now=now)

    @staticmethod
    async def _only_reported(tx: Transaction, application: ApplicationRow) -> bool:
        """True where the ATS shows no application to write to, but an order that is told how it stands."""
        return application.external_id.startswith(OF_ORDER) and await orders.is_ours(tx.session, application.id)

    @staticmethod
    async def _emptied(
        tx: Transaction, application: ApplicationRow, mapping: FieldMap, *, but: Collection[str]
    ) -> dict[str, FieldValue]:
        """Fields that still hold a value of ours and have none now: they are emptied."""
        ours = await writebacks.owned_fields(tx.session, application.id)
        return {key: None for key in mapping.field_keys() if key in ours and key not in but}

    async def _enqueue_write(
        self, tx: Transaction, interview: InterviewRow, application: ApplicationRow, row: WriteBackRow, *, now: datetime
    ) -> None:
        lane = writing_lane(application)
        # Held from here on: two interviews of one application may have something to say at the same moment.
        await lock_lanes(tx, [lane])
        row.id = new_id()
        row.interview_id, row.application_id, row.connection = interview.id, application.id, application.connection
        row.sequence = await interviews.next_write_back(tx.session, application.id)
        row.created_at = now
        tx.session.add(row)
        await tx.session.flush()
        await enqueue(
            tx,
            WriteBack(write_back_id=row.id),
            lane=lane,
            rate_key=application.connection,
            dedupe=f"write:{row.id}",
            subject=f"interview:{interview.id}",
        )

    @staticmethod
    async def _application(tx: Transaction, interview: InterviewRow) -> ApplicationRow:
        return await tx.session.get_one(ApplicationRow, interview.application_id)

    @staticmethod
    def _record(
        tx: Transaction,
        interview: InterviewRow,
        *,
        actor: str,
        command: str,
        before: InterviewState | None,
        at: datetime,
    ) -> None:
        tx.session.add(
            TransitionRow(
                interview_id=interview.id,
                at=at,
                actor=actor,
                command=command,
                before=before,
                after=interview.state,
                rubric_hash=interview.rubric_hash,
            )
        )
        details = {"before": before.value if before else None, "after": interview.state.value, "round": interview.round}
        source = "system" if actor == SYSTEM else actor.partition(":")[0]
        tx.audit(_event(at, actor, f"{source}:interview:{command.lower()}", interview.id, details))


def _invitation(before: InterviewState, command: Command) -> str:
    """The mail with the link: one that follows an agreement says so; one that was simply sent again is an invitation."""
    if isinstance(command, machine.AskAgain):
        return "asked-again"
    return "continued" if before is InterviewState.PAUSED else "invitation"


def _event(at: datetime, actor: str, tag: str, subject: uuid.UUID, details: Mapping[str, object]) -> AuditEvent:
    return AuditEvent(at=at, actor=actor, tag=tag, subject=str(subject), details=details)
