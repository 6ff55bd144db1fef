"""Before a write: do the fields of the ATS, as they are defined now, take what is to be written?

What does not fit waits, with the reason and the exact mend, instead of being refused by the ATS one by one. It is looked
at again after a while and whenever somebody says "go on". An ATS that cannot tell its definitions holds nothing up, nor
does one that cannot tell them just now: the write itself will say how it stands.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.adapter import Adapter
from adapters.contract.errors import AuthRejected, PayloadInvalid, Permanent, Transient, Unsupported
from adapters.contract.manifest import Capability
from adapters.contract.model import FieldDefinition, FieldValue
from orchestrator.config.schema import Configuration
from orchestrator.db.models.writeback import WriteBackKind, WriteBackRow
from orchestrator.db.repositories import scoring
from orchestrator.db.repositories.audit import newest_event
from orchestrator.db.session import Database
from orchestrator.domain.doctor_fields import MappedFields, hindrances, link_length, needs
from orchestrator.domain.findings import Finding
from orchestrator.domain.interview import Completion
from orchestrator.domain.writeback import FieldMap, completion_fields, result_fields
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection
from orchestrator.services.exchange import Conversation
from orchestrator.work.outcome import REASON_LENGTH, Retry
from rubrics.schema import Rubric

TRUSTED = timedelta(minutes=15)
"""For so long definitions that fit are not asked for again; a refusal by the ATS, or "go on", ends it at once."""

DOUBTED = timedelta(seconds=5)
"""For so long definitions that do not fit are believed: much that waits asks once, and who mends does not wait."""

UNSURE = timedelta(minutes=1)
"""For so long an ATS that could not tell its definitions just now is not asked again."""

LOOKS = 300.0
"""Seconds between two looks of what waits. Somebody who says "go on" is faster."""

_COMPLETIONS = frozenset(completion.value for completion in Completion)

HELD = "fields do not fit: "
"""How the reason of work begins that waits for a field of the ATS or of evenhand.yaml to be mended."""

RESUMED = "operations:connection:resumed"
"""The event of somebody who says "go on"; its subject is the connection."""

_CANNOT_TELL = (Unsupported, Permanent, PayloadInvalid)

_NOT_NOW = (Transient, AuthRejected)
"""Says nothing of the write: if the ATS is away or the key is refused, the requests for the write itself will say so."""


class Look(Struct, frozen=True):
    """What an ATS said of its fields, and when it was asked; None where it cannot tell.

    ``resumed`` is when somebody last said "go on" before, as the number of that event in the audit chain. ``unsure``: it
    could not tell just now, and the fields are those of the look before, where that may still be believed.
    """

    at: datetime
    resumed: int
    fields: tuple[FieldDefinition, ...] | None
    unsure: bool = False


class FieldCheck:
    """Remembers the field definitions of each connection, one pull of them for many write-backs."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        rubrics: Mapping[str, Rubric],
        base_url: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._rubrics = rubrics
        self._link_length = link_length(base_url)
        self._maps: dict[tuple[str, str], MappedFields] = {}
        self._looks: dict[str, Look] = {}
        self._sure: dict[str, Look] = {}
        self._asking: dict[str, asyncio.Task[Look]] = {}

    async def held(
        self,
        ats: Conversation,
        connection: AtsConnection,
        values: Mapping[str, FieldValue],
        *,
        program: str,
        turns: int = 1,
        since: datetime | None = None,
    ) -> Retry | None:
        """A Retry that uses no attempt up, where these values do not fit; None where they do, or nobody can tell.

        ``turns`` are those of the requests that are likely to follow. What was told before ``since``, when the ATS refused
        them, is not believed; where it cannot tell just now either, the Retry is one that counts.

        Raises:
            TokenDenied: the turn for the question is too far away.
        """
        if Capability.CUSTOM_FIELDS not in connection.adapter.manifest.capabilities:
            return None
        mapped = self._mapped(connection, program)
        now = self._clock.now()
        look = await self._look(
            ats, connection, lambda look: look.at >= (since or now - (UNSURE if look.unsure else TRUSTED)), turns=turns
        )
        if since is not None and look.unsure:
            return Retry(reason="the ATS refused a field, and does not show how its fields are defined now")
        found = _found(mapped, look, values)
        if found:
            # Mended meanwhile, perhaps, and somebody said so.
            resumed = await self._resumed(connection.key)
            doubted = self._clock.now() - DOUBTED
            look = await self._look(
                ats, connection, lambda look: look.at >= doubted and look.resumed >= resumed, turns=turns
            )
            found = _found(mapped, look, values)
        return Retry(reason=reason_of(found), after=LOOKS, counted=False) if found else None

    async def _look(
        self, ats: Conversation, connection: AtsConnection, good: Callable[[Look], bool], *, turns: int
    ) -> Look:
        """A look that is good enough. Who needs one while somebody asks waits for that answer, or for that error."""
        key = connection.key
        while True:
            look = self._looks.get(key)
            if look is not None and good(look):
                return look
            asking = self._asking.get(key)
            if asking is None:
                break
            await asyncio.wait([asking])
            if not asking.cancelled():
                # Raises what became of it. What was asked too early for us is asked again.
                asking.result()
        self._looks.pop(key, None)
        # Named as the work that it is done for: so are its transactions.
        own = asyncio.current_task()
        task = asyncio.create_task(self._ask(ats, connection, turns=turns), name=own.get_name() if own else None)
        self._asking[key] = task
        task.add_done_callback(lambda _: self._asking.pop(key))
        return await task

    async def _ask(self, ats: Conversation, connection: AtsConnection, *, turns: int) -> Look:
        resumed, at = await self._resumed(connection.key), self._clock.now()
        try:
            look = Look(at, resumed, await _definitions(ats, connection.adapter, turns=turns))
        except _NOT_NOW:
            look = Look(at, resumed, self._believed(connection.key, at, resumed), unsure=True)
        else:
            self._sure[connection.key] = look
        self._looks[connection.key] = look
        return look

    def _believed(self, connection: str, at: datetime, resumed: int) -> tuple[FieldDefinition, ...] | None:
        """What was seen last. Too old, or before somebody said "go on", it would hold for ever what was mended."""
        last = self._sure.get(connection)
        return last.fields if last and last.resumed >= resumed and at - last.at <= TRUSTED else None

    async def _resumed(self, connection: str) -> int:
        async with self._database.reading() as session:
            return await newest_event(session, subject=connection, tag=RESUMED)

    def _mapped(self, connection: AtsConnection, program: str) -> MappedFields:
        place = (connection.key, program)
        if place not in self._maps:
            self._maps[place] = self._map(connection, program)
        return self._maps[place]

    def _map(self, connection: AtsConnection, program: str) -> MappedFields:
        programs = (one for one in self._configuration.programs if one.connection == connection.key)
        rubrics = {one.rubric: self._rubrics[one.rubric] for one in programs if one.key == program}
        return MappedFields(
            connection=connection.key,
            title=connection.adapter.manifest.title,
            field_map=connection.settings.fields,
            needs=needs(tuple(rubrics.values()), link_length=self._link_length),
        )


def _found(mapped: MappedFields, look: Look, values: Mapping[str, FieldValue]) -> tuple[Finding, ...]:
    return () if look.fields is None else hindrances(mapped, look.fields, values)


async def _definitions(ats: Conversation, adapter: Adapter, *, turns: int) -> tuple[FieldDefinition, ...] | None:
    try:
        async with ats.pull("list_fields", turns=turns, about_all=True):
            return await adapter.list_fields()
    except _NOT_NOW:
        raise
    except _CANNOT_TELL:
        # The write itself will say what it thinks; the doctor says that fields cannot be looked at.
        return None


def reason_of(found: Sequence[Finding]) -> str:
    """The first thing that does not fit and what mends it, whole, in as many characters as a reason may have."""
    first, more = found[0], len(found) - 1
    after = f" {first.mend}" + (f" ({more} more: evenhand doctor)" if more else "")
    told = f"{HELD}{first.subject}: {first.reason}"
    room = max(REASON_LENGTH - len(after), len(HELD) + 40)
    told = told if len(told) <= room else f"{told[: room - 1]}…"
    return f"{told}{after}"[:REASON_LENGTH]


async def as_mapped_now(session: AsyncSession, row: WriteBackRow, field_map: FieldMap) -> dict[str, FieldValue]:
    """The fields of a write-back under today's map: keys may have been mended, or changed places, while it waited.

    A field that the map does not name is not ours (N4), so only what empties it stays of the old ones.
    """
    emptied: dict[str, FieldValue] = {key: None for key, value in row.fields.items() if value is None}
    told = [value for value in row.fields.values() if value is not None]
    if not told:
        return row.fields
    if row.kind is WriteBackKind.COMPLETION:
        # Whatever its fields are called: one of these words, and beside it at most the way to the case.
        words = [str(value) for value in told if value in _COMPLETIONS]
        links = [str(value) for value in told if value not in _COMPLETIONS]
        return emptied | completion_fields("".join(words[:1]), field_map, link="".join(links[:1]))
    result = await scoring.result_at(session, row.interview_id, at=row.created_at)
    if result is None:
        ours = field_map.field_keys()
        return {key: value for key, value in row.fields.items() if value is None or key in ours}
    return emptied | result_fields(result, field_map)
