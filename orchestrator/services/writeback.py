"""Write-back: claim, read, compare, write, read back. A value that a person wrote is never touched (N4)."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from adapters.contract.errors import OutcomeUnknown
from adapters.contract.model import FieldValue, Visibility
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.writeback import (
    Direction,
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
from orchestrator.services.kinds import WriteBack
from orchestrator.services.steps import SYSTEM
from orchestrator.work.job import Job
from orchestrator.work.limits import take_token
from orchestrator.work.outcome import Done, Outcome, Retry

NOTE_PATIENCE = 60.0
"""Seconds."""


class Sorted(Struct, frozen=True):
    """What to do with the fields of one write-back, having read the ATS."""

    to_write: Mapping[str, FieldValue]
    settled: Mapping[str, FieldValue]
    conflicts: tuple[str, ...]


class WritingBack:
    """Brings stored write-backs to the ATS, in order per application (the work table's lane)."""

    def __init__(self, *, database: Database, clock: Clock, connections: Connections, sync: SyncLog) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._sync = sync

    async def write(self, payload: WriteBack, job: Job) -> Outcome | None:
        """Bring one write-back to the ATS. Every attempt begins by looking at what is there."""
        async with self._database.reading() as session:
            row = await session.get_one(WriteBackRow, payload.write_back_id)
            application = await session.get_one(ApplicationRow, row.application_id)
            ours = await writebacks.our_values(session, row.application_id)
            overtaken = await writebacks.overtaken(session, row)
        if row.state is not WriteBackState.PENDING:
            return Done()
        connection = self._connections.get(row.connection)
        external_id = application.external_id
        wanted = {key: value for key, value in row.fields.items() if key not in overtaken}
        current = await self._read(connection, external_id, wanted) if wanted else {}
        sorted_ = _sort(wanted, current, ours)
        if sorted_.to_write:
            after = await self._write_fields(connection, external_id, sorted_.to_write, row, job, wanted=wanted)
            if after is None:
                return Retry(reason="the ATS did not answer the write, and what it shows is not what was written")
            sorted_ = after
        if row.note is not None and not await self._note_there(connection, external_id, row, job):
            # A list that lags must have time to catch up before the note could be sent again.
            return Retry(reason="the ATS did not answer the note, and it is not to be seen yet", after=NOTE_PATIENCE)
        async with job.finish() as tx:
            await self._settle(tx, row, sorted_)
        return None

    async def _write_fields(
        self,
        connection: AtsConnection,
        external_id: str,
        values: Mapping[str, FieldValue],
        row: WriteBackRow,
        job: Job,
        *,
        wanted: Mapping[str, FieldValue],
    ) -> Sorted | None:
        """Write and read back; None where the values are not to be seen afterwards."""
        unknown = False
        await take_token(self._database, connection.key)
        await job.hold()
        try:
            async with self._sync.exchange(
                connection, Direction.PUSH, "write_fields", external_id=external_id, fields=sorted(values)
            ):
                await connection.adapter.write_fields(external_id, values)
        except OutcomeUnknown:
            unknown = True
        await self._note_attempt(row, "unknown" if unknown else "sent", ", ".join(sorted(values)))
        seen = await self._read(connection, external_id, wanted)
        if any(
            compare(current=seen.get(key), wanted=value, last_written=None) is not FieldVerdict.SAME
            for key, value in values.items()
        ):
            return None
        conflicts = tuple(
            key
            for key, value in wanted.items()
            if key not in values
            and compare(current=seen.get(key), wanted=value, last_written=value) is not FieldVerdict.SAME
        )
        settled = {key: value for key, value in wanted.items() if key not in conflicts}
        return Sorted({}, settled, conflicts)

    async def _note_there(self, connection: AtsConnection, external_id: str, row: WriteBackRow, job: Job) -> bool:
        """Make sure that our note is there exactly once.

        What the ATS acknowledged is there, whether or not its list shows it already; the marker is looked for where an
        earlier attempt may have been cut off.
        """
        async with self._database.reading() as session:
            if await writebacks.note_acknowledged(session, row.id):
                return True
        if await self._find_note(connection, external_id, row):
            return True
        await take_token(self._database, connection.key)
        await job.hold()
        try:
            async with self._sync.exchange(
                connection, Direction.PUSH, "add_note", external_id=external_id, fields=("note",)
            ):
                note = await connection.adapter.add_note(
                    external_id, row.note or "", visibility=Visibility(row.note_visibility or Visibility.PRIVATE)
                )
        except OutcomeUnknown:
            await self._note_attempt(row, "unknown", writebacks.NOTE)
            return await self._find_note(connection, external_id, row)
        await self._note_attempt(row, "sent", f"{writebacks.NOTE} {note.id}")
        return True

    async def _find_note(self, connection: AtsConnection, external_id: str, row: WriteBackRow) -> bool:
        await take_token(self._database, connection.key)
        async with self._sync.exchange(
            connection, Direction.PULL, "list_notes", external_id=external_id, fields=("note",)
        ):
            notes = await connection.adapter.list_notes(external_id)
        return any(row.note_marker is not None and row.note_marker in note.body for note in notes)

    async def _read(
        self, connection: AtsConnection, external_id: str, fields: Mapping[str, FieldValue]
    ) -> Mapping[str, FieldValue]:
        await take_token(self._database, connection.key)
        async with self._sync.exchange(
            connection, Direction.PULL, "read_fields", external_id=external_id, fields=sorted(fields)
        ):
            return await connection.adapter.read_fields(external_id)

    async def _note_attempt(self, row: WriteBackRow, outcome: str, detail: str) -> None:
        async with self._database.transaction() as tx:
            tx.session.add(
                WriteBackAttemptRow(write_back_id=row.id, at=self._clock.now(), outcome=outcome, detail=detail)
            )

    async def _settle(self, tx: Transaction, row: WriteBackRow, found: Sorted) -> None:
        now = self._clock.now()
        state = WriteBackState.CONFLICT if found.conflicts else WriteBackState.WRITTEN
        stored = await tx.session.get_one(WriteBackRow, row.id)
        stored.state, stored.conflicts, stored.settled_at = state, list(found.conflicts), now
        for key, value in found.settled.items():
            await tx.session.merge(
                OwnedFieldRow(application_id=row.application_id, field=key, value=value, written_at=now)
            )
        tx.session.add(
            WriteBackAttemptRow(write_back_id=row.id, at=now, outcome=state.value, detail=", ".join(found.conflicts))
        )
        details: dict[str, object] = {
            "write_back": row.id.hex,
            "kind": row.kind.value,
            "fields": sorted(row.fields),
            "conflicts": list(found.conflicts),
        }
        tag = f"system:write-back:{state.value}"
        tx.audit(AuditEvent(at=now, actor=SYSTEM, tag=tag, subject=str(row.interview_id), details=details))


def _sort(
    wanted: Mapping[str, FieldValue],
    current: Mapping[str, FieldValue],
    ours: Mapping[str, Sequence[FieldValue]],
) -> Sorted:
    to_write: dict[str, FieldValue] = {}
    settled: dict[str, FieldValue] = {}
    conflicts: list[str] = []
    for key, value in wanted.items():
        verdicts = [
            compare(
                current=current.get(key),
                wanted=value,
                last_written=writebacks.recalled(last, current=current.get(key)),
            )
            for last in (None, *ours.get(key, ()))
        ]
        if FieldVerdict.SAME in verdicts:
            settled[key] = value
        elif FieldVerdict.WRITE in verdicts:
            to_write[key] = value
        elif value is not None:
            conflicts.append(key)
    return Sorted(to_write, settled, tuple(conflicts))
