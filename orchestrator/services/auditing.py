"""The audit of what is in the ATS before a launch: read, counted, told; never changed and never kept."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.errors import NotFound
from adapters.contract.manifest import Capability
from adapters.contract.model import Application, FieldValue, Stage, StageKind
from orchestrator.config.schema import Configuration
from orchestrator.db.repositories import intake, tidiness, writebacks
from orchestrator.db.session import Database
from orchestrator.domain.stage import StageMap
from orchestrator.domain.tidiness import (
    Issue,
    Seen,
    Untidy,
    foreign_values,
    same_job_twice,
    shared_contacts,
    stale_jobs,
    titles_that_differ,
    unmapped_stages,
    untidy,
)
from orchestrator.domain.writeback import FieldVerdict, compare
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections
from orchestrator.services.surveying import UNREADABLE, Surveying


class Audited(Struct, frozen=True, kw_only=True):
    """What was found in one connection. Every issue is there, also with a count of 0."""

    connection: str
    applications: int
    issues: tuple[Untidy, ...]


class AtsAudit(Struct, frozen=True, kw_only=True):
    """The whole report."""

    at: datetime
    connections: tuple[Audited, ...]


class Auditing:
    """Reads everything that an ATS tells, slowly, and says what would spoil a launch."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        connections: Connections,
        surveying: Surveying,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._connections = connections
        self._surveying = surveying

    async def report(self, connection: str | None = None) -> AtsAudit:
        """Audit one connection, or all.

        Raises:
            Missing: there is no such connection.
            AdapterError: the ATS did not let us look.
        """
        meant = self._connections.all() if connection is None else (self._connections.get(connection),)
        found = [await self._audit(one) for one in meant]
        return AtsAudit(at=self._clock.now(), connections=tuple(found))

    async def _audit(self, connection: AtsConnection) -> Audited:
        async with self._database.reading() as session:
            stage_map = connection.stage_map(await intake.learnt_stages(session, connection.key))
            unconsented = await tidiness.without_consent(session, connection.key)
        stages = await self._stages(connection, stage_map)
        seen: list[Seen] = []
        unreadable: list[str] = []
        async for name, application in self._surveying.applications(connection):
            if application is None:
                unreadable.append(name)
            else:
                seen.append(await self._look(connection, application, stage_map.kind_of(application.stage)))
        found = {
            Issue.SHARED_CONTACT: shared_contacts(seen),
            Issue.SAME_JOB_TWICE: same_job_twice(seen),
            Issue.TITLES_DIFFER: titles_that_differ(seen, self._configuration.role_families),
            Issue.JOB_STALE: stale_jobs(seen, now=self._clock.now()),
            Issue.CONSENT_MISSING: list(unconsented),
            Issue.STAGE_UNMAPPED: unmapped_stages(stages, seen),
            Issue.FIELD_FOREIGN: foreign_values(seen),
            Issue.UNREADABLE: unreadable,
        }
        return Audited(
            connection=connection.key,
            applications=len(seen) + len(unreadable),
            issues=tuple(untidy(issue, examples) for issue, examples in found.items()),
        )

    async def _stages(self, connection: AtsConnection, stage_map: StageMap) -> Sequence[tuple[Stage, StageKind | None]]:
        if Capability.STAGES not in connection.adapter.manifest.capabilities:
            return ()
        stages = await self._surveying.ask(connection, "list_stages", connection.adapter.list_stages)
        return [(stage, stage_map.kind_of(stage)) for stage in stages]

    async def _look(self, connection: AtsConnection, application: Application, kind: StageKind | None) -> Seen:
        programs = [one for one in self._configuration.programs if one.connection == connection.key]
        triggers = any(program.when.stage is kind for program in programs)
        async with self._database.reading() as session:
            interviewing = await tidiness.interview_open(session, connection.key, application.id)
        return Seen(
            application=application,
            kind=kind,
            triggers=triggers,
            interview_open=interviewing,
            foreign=await self._foreign(connection, application) if triggers or interviewing else (),
        )

    async def _foreign(self, connection: AtsConnection, application: Application) -> tuple[str, ...]:
        """Mapped fields that hold what we did not write; read only where we are about to write."""
        keys = connection.settings.fields.field_keys()
        if not keys or Capability.CUSTOM_FIELDS not in connection.adapter.manifest.capabilities:
            return ()
        try:
            values = await self._surveying.ask(
                connection,
                "read_fields",
                lambda: connection.adapter.read_fields(application.id),
                external_id=application.id,
                fields=keys,
            )
        except (NotFound, *UNREADABLE):
            return ()
        async with self._database.reading() as session:
            ours = await _ours(session, connection.key, application.id)
        return tuple(
            key
            for key in keys
            if all(
                compare(
                    current=values.get(key), wanted=None, last_written=writebacks.recalled(own, current=values.get(key))
                )
                is FieldVerdict.CONFLICT
                for own in ours.get(key, [None])
            )
        )


async def _ours(session: AsyncSession, connection: str, external_id: str) -> dict[str, list[FieldValue]]:
    application_id = await tidiness.stored(session, connection, external_id)
    return {} if application_id is None else await writebacks.our_values(session, application_id)
