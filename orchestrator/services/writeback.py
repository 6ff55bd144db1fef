"""Write-back: claim, read, compare, write, read back. A value that a person wrote is never touched (N4).

What the ATS would not take waits before anything is written; see ``field_check``.

No ATS lets us say "write only if it still is what I read", so a colleague who writes between our read and our write, a
few milliseconds later, is not seen. The turns for both are therefore taken together, and nothing but the transaction
that writes the push down lies between them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from msgspec import Struct, structs

from adapters.contract.adapter import Adapter
from adapters.contract.errors import Conflict, OutcomeUnknown, Refused, Unsupported
from adapters.contract.model import FieldValue, Visibility
from orchestrator.db.base import new_id
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.writeback import (
    OwnedFieldRow,
    WriteBackAttemptRow,
    WriteBackRow,
    WriteBackState,
)
from orchestrator.db.repositories import writebacks
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.writeback import FieldVerdict, compare
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.exchange import Conversation
from orchestrator.services.field_check import FieldCheck, as_mapped_now
from orchestrator.services.kinds import WriteBack
from orchestrator.services.steps import SYSTEM
from orchestrator.work.job import Job
from orchestrator.work.outcome import Dead, Done, Outcome, Retry
from orchestrator.work.stops import refuse_if_stopped

NOTE_PATIENCE = 60.0
"""Seconds before a note that was sent and not answered may be sent again: a list that lags must have time to show it."""

CUT_OFF_PATIENCE = 10.0
"""Seconds from the beginning of a note that was cut off by the death of its process, until it may be sent again."""

UNKNOWN = "unknown"
"""What comes of a try that nobody saw the end of."""

TRUST = timedelta(hours=24)
"""For so long what the ATS acknowledged is only looked for, never written again: longer than all attempts together."""


class Known(Struct, frozen=True):
    """What we know of a write-back before we look. ``ours`` are values that may stand there because we wrote them.

    ``fields`` is all that it carries under today's field map, ``wanted`` what no later one has settled; ``note_cut_off`` is
    when its note was begun where nobody saw the end of that.
    """

    at: datetime
    row: WriteBackRow
    external_id: str
    program: str
    fields: Mapping[str, FieldValue]
    wanted: Mapping[str, FieldValue]
    ours: Mapping[str, Sequence[FieldValue]]
    acknowledged: frozenset[str]
    note_due: bool
    note_cut_off: datetime | None


class Sorted(Struct, frozen=True):
    """What to do with the fields of one write-back, having read the ATS.

    ``awaited`` were acknowledged and are not to be seen yet.
    """

    to_write: Mapping[str, FieldValue]
    settled: Mapping[str, FieldValue]
    conflicts: tuple[str, ...]
    awaited: tuple[str, ...] = ()


class WritingBack:
    """Brings stored write-backs to the ATS, in order per application (the work table's lane)."""

    def __init__(
        self, *, database: Database, clock: Clock, connections: Connections, sync: SyncLog, fields: FieldCheck
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._sync = sync
        self._fields = fields

    async def write(self, payload: WriteBack, job: Job) -> Outcome | None:
        """Bring one write-back to the ATS. Every attempt begins by looking at what is there.

        Four transactions for fields, five with a note: turns; the push begins; what came of it and more turns; (the
        note begins;) the end. The definitions of the fields are asked for now and then, in a turn more.
        """
        known = await self._known(payload)
        if known.row.state is not WriteBackState.PENDING:
            return Done()
        connection = self._connections.get(known.row.connection)
        async with self._sync.conversation(connection, known.external_id, job, program=known.program) as ats:
            found = Sorted({}, {}, ())
            later: Retry | Dead | None = None
            if known.wanted:
                later = await self._fields.held(ats, connection, known.wanted, program=known.program, turns=3)
                if later is None:
                    found, later = await self._bring_fields(ats, connection, known)
            if later is None and known.note_due:
                later = await self._bring_note(ats, connection.adapter, known)
            async with ats.finish(later) as tx:
                if later is None:
                    await self._settle(tx, known, found)
                elif isinstance(later, Dead):
                    await self._ask(tx, known.row, found)
        return None

    async def _known(self, payload: WriteBack) -> Known:
        now = self._clock.now()
        async with self._database.reading() as session:
            row = await session.get_one(WriteBackRow, payload.write_back_id)
            application = await session.get_one(ApplicationRow, row.application_id)
            program = (
                await session.execute(sa.select(InterviewRow.program_key).where(InterviewRow.id == row.interview_id))
            ).scalar_one()
            if row.state is WriteBackState.PENDING:
                # Looked at again before each push; here, so that what is stopped does not ask the ATS for nothing.
                await refuse_if_stopped(session, connection=row.connection, program=program)
            field_map = self._connections.get(row.connection).settings.fields
            fields = await as_mapped_now(session, row, field_map) if row.state is WriteBackState.PENDING else row.fields
            overtaken = await writebacks.overtaken(session, row)
            sent = await writebacks.acknowledged(session, row.id, fields_since=now - TRUST)
            cut_off = await writebacks.note_cut_off(session, row, application.external_id)
            return Known(
                at=now,
                row=row,
                external_id=application.external_id,
                program=program,
                fields=fields,
                wanted={key: value for key, value in fields.items() if key not in overtaken},
                ours=await writebacks.our_values(session, row.application_id),
                # What was sent as another value, before its key was mended, says nothing of this one.
                acknowledged=frozenset(key for key in sent.fields if fields.get(key) == row.fields.get(key)),
                # What the ATS acknowledged is there, whether or not its list shows it already.
                note_due=row.note is not None and not sent.note,
                note_cut_off=cut_off,
            )

    async def _bring_fields(
        self, ats: Conversation, connection: AtsConnection, known: Known
    ) -> tuple[Sorted, Retry | None]:
        """Read, write what is to be written, read back; with a Retry where that is not to be seen."""
        adapter = connection.adapter
        current = await _read(ats, adapter, known, turns=2)
        before = sort_fields(known, current)
        if before.awaited:
            return before, Retry(reason="the ATS acknowledged the write, and does not show it yet")
        if not before.to_write:
            return before, None
        unknown = False
        try:
            async with ats.push("write_fields", fields=sorted(before.to_write)):
                expected = {key: current.get(key) for key in before.to_write}
                await adapter.write_fields(known.external_id, before.to_write, expected=expected)
        except Conflict:
            # Somebody wrote between our look and our write: looked at again, it is theirs.
            return before, Retry(
                reason="a field was changed in the moment of the write; nothing was written", after=0.0
            )
        except Refused:
            # Defined otherwise than a while ago? Then the rest need not be refused as well.
            held = await self._fields.held(ats, connection, known.wanted, program=known.program, since=known.at)
            if held is None:
                raise
            return before, held
        except OutcomeUnknown:
            unknown = True
        outcome = UNKNOWN if unknown else writebacks.SENT
        self._keep_attempt(ats, known.row, outcome=outcome, detail=writebacks.SEPARATOR.join(sorted(before.to_write)))
        return await self._read_back(ats, adapter, known, before, unknown=unknown)

    @staticmethod
    async def _read_back(
        ats: Conversation, adapter: Adapter, known: Known, before: Sorted, *, unknown: bool
    ) -> tuple[Sorted, Retry | None]:
        seen = await _read(ats, adapter, known, turns=3 if known.note_due else 1)
        after = sort_fields(structs.replace(known, acknowledged=known.acknowledged | before.to_write.keys()), seen)
        # What stood there already and was emptied meanwhile: that was a person.
        after = structs.replace(after, to_write={}, conflicts=(*after.conflicts, *after.to_write))
        if not after.awaited:
            return after, None
        if unknown:
            reason = "the ATS did not answer the write, and what it shows is not what was written"
            return after, Retry(reason=reason)
        return after, Retry(reason="the ATS acknowledged the write, and does not show it yet")

    async def _bring_note(self, ats: Conversation, adapter: Adapter, known: Known) -> Retry | Dead | None:
        """Make sure that our note is there exactly once. It is looked for where an earlier attempt may have sent it."""
        try:
            there = await _find_note(ats, adapter, known, turns=2)
        except Unsupported:
            return await self._bring_unseen_note(ats, adapter, known)
        if there:
            return None
        began = known.note_cut_off
        pause = CUT_OFF_PATIENCE - (known.at - began).total_seconds() if began else 0.0
        if pause > 0:
            # A list that lags must have time to catch up before the note could be sent again.
            reason = "the note may have been sent before its worker died, and is not to be seen"
            return Retry(reason=reason, after=pause, counted=False)
        if await self._send_note(ats, adapter, known) or await _find_note(ats, adapter, known, turns=1):
            return None
        return Retry(reason="the ATS did not answer the note, and it is not to be seen yet", after=NOTE_PATIENCE)

    async def _bring_unseen_note(self, ats: Conversation, adapter: Adapter, known: Known) -> Dead | None:
        """Where the ATS shows no notes: sent once; where nobody knows whether it is there, a person looks."""
        if not await self._in_doubt(known) and await self._send_note(ats, adapter, known):
            return None
        return Dead(
            "the note was sent and not answered, and this ATS shows Evenhand no notes. Look at the application in the ATS "
            f"for {known.row.note_marker}: if it is there, settle this as done by hand; if not, run it again, and the note is "
            "sent once more"
        )

    async def _in_doubt(self, known: Known) -> bool:
        """Whether the note may be there already, and nobody was asked about it since: who runs it again has looked."""
        rows = sa.select(WriteBackAttemptRow.outcome, sa.func.max(WriteBackAttemptRow.at)).where(
            WriteBackAttemptRow.write_back_id == known.row.id, WriteBackAttemptRow.detail == writebacks.NOTE
        )
        async with self._database.reading() as session:
            last = {row[0]: row[1] for row in await session.execute(rows.group_by(WriteBackAttemptRow.outcome))}
        doubts = [at for at in (last.get(UNKNOWN), known.note_cut_off) if at is not None]
        return bool(doubts) and (writebacks.ASKED not in last or max(doubts) > last[writebacks.ASKED])

    async def _send_note(self, ats: Conversation, adapter: Adapter, known: Known) -> bool:
        """Send the note; False where the ATS did not answer."""
        row = known.row
        visibility = Visibility(row.note_visibility or Visibility.PRIVATE)
        try:
            async with ats.push(writebacks.ADD_NOTE, fields=(writebacks.NOTE,)):
                note = await adapter.add_note(known.external_id, row.note or "", visibility=visibility)
        except OutcomeUnknown:
            self._keep_attempt(ats, row, outcome=UNKNOWN, detail=writebacks.NOTE)
            return False
        self._keep_attempt(ats, row, outcome=writebacks.SENT, detail=f"{writebacks.NOTE} {note.id}")
        return True

    def _keep_attempt(self, ats: Conversation, row: WriteBackRow, *, outcome: str, detail: str) -> None:
        attempt: dict[str, object] = {
            "id": new_id(),
            "write_back_id": row.id,
            "at": self._clock.now(),
            "outcome": outcome,
            "detail": detail,
        }
        ats.keep(partial(_store_attempt, attempt))

    async def _settle(self, tx: Transaction, known: Known, found: Sorted) -> None:
        row, now = known.row, self._clock.now()
        state = WriteBackState.CONFLICT if found.conflicts else WriteBackState.WRITTEN
        stored = await tx.session.get_one(WriteBackRow, row.id)
        stored.state, stored.conflicts, stored.settled_at = state, list(found.conflicts), now
        if known.fields != row.fields:
            stored.fields = dict(known.fields)
        await self._own(tx, row, found)
        tx.session.add(
            WriteBackAttemptRow(write_back_id=row.id, at=now, outcome=state.value, detail=", ".join(found.conflicts))
        )
        details: dict[str, object] = {
            "write_back": row.id.hex,
            "kind": row.kind.value,
            "fields": sorted(known.fields),
            "conflicts": list(found.conflicts),
        }
        tag = f"system:write-back:{state.value}"
        tx.audit(AuditEvent(at=now, actor=SYSTEM, tag=tag, subject=str(row.interview_id), details=details))

    async def _ask(self, tx: Transaction, row: WriteBackRow, found: Sorted) -> None:
        """A person is asked about the note: written down with the dead letter or not at all, or it would be sent again."""
        tx.session.add(
            WriteBackAttemptRow(
                write_back_id=row.id, at=self._clock.now(), outcome=writebacks.ASKED, detail=writebacks.NOTE
            )
        )
        await self._own(tx, row, found)

    async def _own(self, tx: Transaction, row: WriteBackRow, found: Sorted) -> None:
        """Remember the values of ours that stand in the ATS."""
        now = self._clock.now()
        for key, value in found.settled.items():
            await tx.session.merge(
                OwnedFieldRow(application_id=row.application_id, field=key, value=value, written_at=now)
            )


def sort_fields(known: Known, current: Mapping[str, FieldValue]) -> Sorted:
    """Compare what is wanted with what the ATS shows."""
    to_write: dict[str, FieldValue] = {}
    settled: dict[str, FieldValue] = {}
    conflicts: list[str] = []
    awaited: list[str] = []
    for key, value in known.wanted.items():
        match _verdict(known, key, value, current.get(key)):
            case FieldVerdict.SAME:
                settled[key] = value
            case FieldVerdict.WRITE if key in known.acknowledged:
                awaited.append(key)
            case FieldVerdict.WRITE:
                to_write[key] = value
            case FieldVerdict.CONFLICT if value is not None:
                conflicts.append(key)
    return Sorted(to_write, settled, tuple(conflicts), tuple(awaited))


def _verdict(known: Known, key: str, value: FieldValue, current: FieldValue) -> FieldVerdict:
    verdicts = {
        compare(current=current, wanted=value, last_written=writebacks.recalled(last, current=current))
        for last in (None, *known.ours.get(key, ()))
    }
    return next(
        (verdict for verdict in (FieldVerdict.SAME, FieldVerdict.WRITE) if verdict in verdicts), FieldVerdict.CONFLICT
    )


async def _read(ats: Conversation, adapter: Adapter, known: Known, *, turns: int) -> Mapping[str, FieldValue]:
    async with ats.pull("read_fields", fields=sorted(known.wanted), turns=turns):
        return await adapter.read_fields(known.external_id)


async def _find_note(ats: Conversation, adapter: Adapter, known: Known, *, turns: int) -> bool:
    async with ats.pull("list_notes", fields=(writebacks.NOTE,), turns=turns):
        notes = await adapter.list_notes(known.external_id)
    marker = known.row.note_marker
    return any(marker is not None and marker in note.body for note in notes)


async def _store_attempt(attempt: Mapping[str, object], tx: Transaction) -> None:
    await writebacks.keep_attempt(tx.session, attempt)
