"""The doctor: gathers facts, lets the rules judge them. It changes nothing but the log of what it asked.

Every question to an ATS takes its turn at the connection's limit and stands in the sync log, as any other does. Nothing
is asked while a transaction is open, and what was found is not kept.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs

from orchestrator.config.schema import Configuration
from orchestrator.db.models.credential import TokenRow
from orchestrator.db.repositories import credentials, doctoring, stops
from orchestrator.db.repositories.intake import learnt_stages
from orchestrator.db.revisions import revisions
from orchestrator.db.session import DATABASE_TROUBLE, Database
from orchestrator.domain import doctor
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.doctor_facts import (
    ConnectionFacts,
    DatabaseState,
    EngineFacts,
    Facts,
    HouseFacts,
    MailFacts,
    ModelFacts,
    Pause,
    ServiceState,
    Stop,
    StopScope,
    Traffic,
)
from orchestrator.domain.doctor_fields import link_length
from orchestrator.domain.findings import Report
from orchestrator.ports import Clock, Questionable
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.credentials.sealing import key_of
from orchestrator.services.doctor.looking import Looking
from orchestrator.services.doctor.orders import order_facts
from orchestrator.services.endings import Ending
from orchestrator.services.engine import overdue
from orchestrator.services.stopping import stopped_keys
from orchestrator.work.limits import seconds_to_turn
from orchestrator.work.metrics import Metrics, measure
from rubrics.document import DocumentInvalid, parse
from rubrics.schema import Rubric


class Installation(Struct, frozen=True, kw_only=True):
    """What the environment says of this installation, without its secrets.

    ``model`` is the model's name and the address of its endpoint, None for the embedded grader; ``credential_keys`` are the
    ids of the keys that open what is stored.
    """

    config: Path
    base_url: str
    secret_key_length: int
    secret_key_variety: int
    smtp_host: str
    smtp_protected: bool
    sender_domain: str
    model: tuple[str, str] | None
    credential_keys: tuple[str, ...] = ()


class Running(Struct, frozen=True, kw_only=True):
    """How Evenhand runs just now: the engine, what people stopped, and when the credentials of connections end."""

    metrics: Metrics
    overdue: float
    stops: tuple[Stop, ...]
    ends: Sequence[Ending]


class Doctor:
    """Looks at everything that Evenhand needs, on demand."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        rubrics: Mapping[str, Rubric],
        connections: Connections,
        sync: SyncLog,
        installation: Installation,
        mail: Questionable,
        model: Questionable | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._rubrics = rubrics
        self._connections = connections
        self._looking = Looking(database=database, clock=clock, sync=sync)
        self._installation = installation
        self._mail = mail
        self._model = model
        self._one_at_a_time = asyncio.Lock()

    async def examine(self, *, actor: str, connection: str | None = None) -> Report:
        """Look at everything, or at one connection only. Whoever presses twice waits for the first look.

        Raises:
            Missing: there is no such connection.
        """
        chosen = self._connections.all() if connection is None else (self._connections.get(connection),)
        async with self._one_at_a_time:
            return await self._look(chosen, actor, connection)

    async def _look(self, chosen: Sequence[AtsConnection], actor: str, connection: str | None) -> Report:
        state = await self._database_state(actor, connection)
        run = await self._run() if state in {DatabaseState.FINE, DatabaseState.READ_ONLY} else None
        house, connections = await asyncio.gather(
            self._house(state, run, whole=connection is None),
            asyncio.gather(*(self._connection(one, run, ask=state is DatabaseState.FINE) for one in chosen)),
        )
        return doctor.examine(
            Facts(
                at=self._clock.now(),
                house=house,
                connections=tuple(connections),
                stops=run.stops if run else (),
                whole=connection is None,
            )
        )

    async def _database_state(self, actor: str, connection: str | None) -> DatabaseState:
        try:
            async with self._database.reading() as session:
                await doctoring.answers(session)
        except DATABASE_TROUBLE:
            return DatabaseState.UNREACHABLE
        try:
            async with self._database.reading() as session:
                applied = await doctoring.applied_revisions(session)
        except DATABASE_TROUBLE:
            return DatabaseState.BEHIND
        known, newest = revisions()
        # A revision that this release does not know is a newer one, on which it can run.
        if not applied or applied & (known - newest):
            return DatabaseState.BEHIND
        event = AuditEvent(
            at=self._clock.now(), actor=actor, tag="operations:doctor:asked", subject=connection or "everything"
        )
        try:
            async with self._database.transaction() as tx:
                tx.audit(event)
        except DATABASE_TROUBLE:
            return DatabaseState.READ_ONLY
        return DatabaseState.FINE

    async def _run(self) -> Running:
        async with self._database.reading() as session:
            metrics = await measure(session)
            stopped = await stops.listed(session)
            ends = await credentials.ends(session)
        return Running(
            metrics=metrics,
            overdue=overdue(metrics, stopped=stopped_keys(stopped)),
            stops=tuple(Stop(scope=StopScope(row.scope.value), name=row.name) for row in stopped),
            ends=ends,
        )

    async def _house(self, state: DatabaseState, run: Running | None, *, whole: bool) -> HouseFacts:
        said = self._installation
        mail = await self._mail.question() if whole else ServiceState.FINE
        return HouseFacts(
            base_url=said.base_url,
            secret_key_length=said.secret_key_length,
            secret_key_variety=said.secret_key_variety,
            mail=MailFacts(
                host=said.smtp_host, protected=said.smtp_protected, sender_domain=said.sender_domain, state=mail
            ),
            model=await self._model_facts(whole=whole),
            database=state,
            engine=None if run is None else _engine(run),
            free_bytes=await asyncio.to_thread(_room, self._database),
            retention_written=await asyncio.to_thread(_writes_retention, said.config),
            privacy_url=self._configuration.notice.privacy_url,
        )

    async def _model_facts(self, *, whole: bool) -> ModelFacts | None:
        if self._installation.model is None or self._model is None:
            return None
        name, base_url = self._installation.model
        state = await self._model.question() if whole else ServiceState.FINE
        return ModelFacts(name=name, base_url=base_url, state=state)

    async def _connection(self, connection: AtsConnection, run: Running | None, *, ask: bool) -> ConnectionFacts:
        facts = self._told(connection)
        if run is None:
            return facts
        async with self._database.reading() as session:
            learnt = await learnt_stages(session, connection.key)
            seen = await doctoring.comings(session, connection.key, now=self._clock.now())
            wait = await seconds_to_turn(session, connection.key)
            tokens = await credentials.token(session, connection.key)
            ordered = await order_facts(
                session, connection, self._configuration, base_url=self._installation.base_url, now=self._clock.now()
            )
        facts = structs.replace(
            facts,
            learnt=tuple(learnt),
            stage_map=connection.stage_map(learnt),
            traffic=_traffic(seen, run, connection, wait, lost_key=self._lost_key(connection, tokens)),
            orders=ordered,
        )
        return await self._looking.look(connection, facts) if ask else facts

    def _lost_key(self, connection: AtsConnection, tokens: TokenRow | None) -> str | None:
        if not connection.by_consent or tokens is None or tokens.sealed is None:
            return None
        key = key_of(tokens.sealed)
        return None if key in self._installation.credential_keys else key

    def _told(self, connection: AtsConnection) -> ConnectionFacts:
        """What the file and the vendor's manifest say."""
        settings = connection.settings
        programs = tuple(one for one in self._configuration.programs if one.connection == connection.key)
        rubrics = [self._rubrics[one.rubric] for one in programs]
        return ConnectionFacts(
            key=connection.key,
            manifest=connection.adapter.manifest,
            base_url=settings.base_url,
            hook_url=f"{self._installation.base_url}/hooks/{connection.key}",
            webhook_secrets=len(connection.webhook_secrets),
            poll_minutes=settings.poll_minutes,
            stages_in_file=tuple((mapping.stage, mapping.kind) for mapping in settings.stages),
            stage_map=connection.stage_map(()),
            field_map=settings.fields,
            programs=programs,
            rubrics=tuple({rubric.id: rubric for rubric in rubrics}.values()),
            link_length=link_length(self._installation.base_url),
            by_consent=connection.by_consent,
        )


def _traffic(
    seen: doctoring.Comings, run: Running, connection: AtsConnection, wait: float, *, lost_key: str | None
) -> Traffic:
    key, asked = connection.key, connection.settings.credentials
    # An end that was stored with a credential that evenhand.yaml takes from elsewhere by now concerns nobody.
    stored = [at for one, name, at in run.ends if one == key and name in asked and asked[name].stored]
    told = [at for one, name, at in run.ends if one == key and name is None]
    return Traffic(
        live_since=seen.live_since,
        polled_at=seen.polled_at,
        last_webhook=seen.last_webhook,
        last_missed=seen.last_missed,
        refused=seen.refused,
        pause=_pause(run.metrics, key),
        turn_wait=wait,
        quarantined=seen.quarantined,
        credentials_end=min(stored, default=None),
        credentials_end_told=min(told, default=None),
        lost_key=lost_key,
        drift=seen.drift,
        missed=seen.missed.count if seen.missed else 0,
        missed_since=seen.missed.since if seen.missed else None,
    )


def _pause(metrics: Metrics, key: str) -> Pause | None:
    return next(
        (Pause(reason=one.reason, failures=one.failures) for one in metrics.connections if one.rate_key == key), None
    )


def _engine(run: Running) -> EngineFacts:
    return EngineFacts(
        workers=sum(worker.alive for worker in run.metrics.workers),
        overdue=run.overdue,
        dead=tuple((one.kind, one.cause.value, one.count) for one in run.metrics.dead),
    )


def _room(database: Database) -> int | None:
    name = database.url.database
    if database.dialect != "sqlite" or not name:
        return None
    folder = Path(name).resolve().parent
    return shutil.disk_usage(folder).free if folder.is_dir() else None


def _writes_retention(config: Path) -> bool:
    """Whether the file names its own retention; it was read at the start, and may have been moved since."""
    try:
        document = parse(config.read_text("utf-8"), file=config.name).data
    except (OSError, UnicodeDecodeError, DocumentInvalid):
        return False
    return bool(document.get("retention"))
