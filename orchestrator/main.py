"""The composition root: the only place that knows everything and the only one that reads the environment."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from litestar import Litestar
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from adapters import registry
from adapters.contract.errors import AdapterError, NotFound
from adapters.contract.inspection import Inspector
from adapters.contract.manifest import Capability
from adapters.kit.http import HttpClient
from orchestrator import logging
from orchestrator.config.load import load, rubric_folders
from orchestrator.config.schema import Configuration, Vocabulary
from orchestrator.db.inbox import Inbox
from orchestrator.db.session import Database
from orchestrator.errors import ConfigurationInvalid, MailFailed
from orchestrator.graders import OPENAI, chooser_of, grader_of, has_model
from orchestrator.grading.followup import Chooser
from orchestrator.later import later
from orchestrator.mail.smtp import Security, SmtpMailer
from orchestrator.ports import Clock, Grader, Questionable, SystemClock
from orchestrator.services.accounts import Accounts
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.credentials.connecting import Safe, connect_all, read_stored
from orchestrator.services.credentials.consenting import Consenting
from orchestrator.services.credentials.sealing import KeyRing
from orchestrator.services.credentials.vault import Vault
from orchestrator.services.doctor.examining import Doctor, Installation
from orchestrator.services.intake import Intake
from orchestrator.services.interviewing import Interviewing
from orchestrator.services.kinds import (
    ApplyRetention,
    ExpireInterview,
    InspectConnection,
    PollConnection,
    ProcessDelivery,
    ReadApplication,
    SendMail,
    WriteBack,
)
from orchestrator.services.links import LinkMaker
from orchestrator.services.looking import Looking, looking
from orchestrator.services.mailing import Mailing
from orchestrator.services.operating import Operating
from orchestrator.services.orders.taking import TakingOrders, taking_orders
from orchestrator.services.rating import rating
from orchestrator.services.retention import Retaining
from orchestrator.services.steps import Steps
from orchestrator.services.stopping import Stopping
from orchestrator.services.telling import telling
from orchestrator.services.triggering import Triggering
from orchestrator.services.writeback import WritingBack
from orchestrator.services.writing import writing_back
from orchestrator.settings import Settings, read_settings
from orchestrator.web.app import create_app as create_web_app
from orchestrator.web.candidate import CandidateController
from orchestrator.web.deps import Services
from orchestrator.web.metrics import metrics_handlers
from orchestrator.web.partner import partner
from orchestrator.web.team import team_routes
from orchestrator.web.webhooks import receive, receive_at_capability
from orchestrator.work.admin import pauses
from orchestrator.work.clock import Clockwork, Tick
from orchestrator.work.job import Handler
from orchestrator.work.limits import RateLimit
from orchestrator.work.payload import Payload
from orchestrator.work.worker import Worker
from rubrics.document import DocumentInvalid
from rubrics.lint import Finding, lint
from rubrics.loader import load_library, load_sources
from rubrics.schema import Rubric

if TYPE_CHECKING:
    from orchestrator.db.migrate import upgrade
else:
    # Most processes do not migrate.
    upgrade = later("orchestrator.db.migrate", "upgrade")

log = structlog.get_logger(__name__)

RETENTION_SECONDS = 3600
INSPECT_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that one process runs with."""

    settings: Settings
    configuration: Configuration
    database: Database
    inbox: Inbox
    connections: Connections
    grader: Grader
    chooser: Chooser
    services: Services
    handlers: Mapping[type[Payload], Handler]
    ticks: tuple[Tick, ...]
    buckets: Mapping[str, RateLimit]
    looking: Looking
    orders: TakingOrders

    def app(self) -> Litestar:
        """The web application."""
        return create_web_app(
            handlers=[
                CandidateController,
                *team_routes(),
                receive,
                receive_at_capability,
                partner,
                *metrics_handlers(self.settings.metrics_token, self.services.operating.metrics),
            ],
            services=self.services,
            secret_key=self.settings.secret_key,
            base_url=self.settings.base_url,
            show_design=self.settings.show_design,
            readiness=self.troubles,
            on_startup=[self.begin],
        )

    async def begin(self) -> None:
        """What every process notes first: since when each connection is live, and which lists are to be published."""
        await self.database.patiently(self.services.intake.go_live)
        await self.database.patiently(self.orders.begin)

    async def troubles(self) -> Sequence[str]:
        """What keeps this process from its work, in words without secrets; empty when it is ready."""
        try:
            # Any small query on our own schema will do: it fails where the server is away or no migration ran.
            async with self.database.reading() as session:
                await pauses(session)
        except (SQLAlchemyError, OSError) as error:
            return (f"the database cannot be used ({type(error).__name__})",)
        return ()

    def worker(self, *, name: str, concurrency: int | None = None, kinds: Sequence[str] | None = None) -> Worker:
        """A worker over every kind of work, or over some."""
        return Worker(
            self.database,
            self.handlers,
            name=name,
            concurrency=concurrency or self.settings.worker_concurrency,
            lease=self.settings.lease_seconds,
            buckets=self.buckets,
            kinds=kinds,
            feed=self.services.intake.feed,
        )

    def clockwork(self) -> Clockwork:
        """The clock: reconciliation polls and retention."""
        return Clockwork(self.database, self.ticks)

    async def aclose(self) -> None:
        """Release connections."""
        await self.connections.aclose()
        await self.grader.aclose()
        await self.chooser.aclose()
        await self.inbox.aclose()
        await self.database.aclose()


def read_environment(environ: Mapping[str, str]) -> Settings:
    """The settings of this process; raises SettingsInvalid."""
    return read_settings(environ)


def vocabulary(folders: Sequence[Path] = ()) -> tuple[Vocabulary, Mapping[str, Rubric]]:
    """What a configuration may refer to, and the rubrics themselves; raises ConfigurationInvalid."""
    try:
        rubrics = load_library(folders)
    except DocumentInvalid as error:
        raise ConfigurationInvalid(error.problems) from error
    manifests = registry.manifests()

    def without(capability: Capability) -> frozenset[str]:
        return frozenset(manifest.key for manifest in manifests if capability not in manifest.capabilities)

    known = Vocabulary(
        adapters=tuple(manifest.key for manifest in manifests),
        rubrics=tuple(rubrics),
        without_fields=without(Capability.CUSTOM_FIELDS),
        without_notes=without(Capability.NOTES),
        without_private_notes=without(Capability.PRIVATE_NOTES),
        with_orders=registry.orderable(),
    )
    return known, rubrics


def check_configuration(path: Path) -> tuple[Configuration, Mapping[str, Rubric]]:
    """Read evenhand.yaml and every rubric it needs; raises ConfigurationInvalid with every problem of either."""
    known, rubrics = vocabulary([path.parent / folder for folder in rubric_folders(path)])
    return load(path, known), rubrics


def build(settings: Settings, environ: Mapping[str, str], *, clock: Clock | None = None) -> Runtime:
    """Put a process together. Nothing is connected yet.

    Raises:
        ConfigurationInvalid: evenhand.yaml or a rubric cannot be used.
        SettingsInvalid: a secret that evenhand.yaml names is not in the environment.
    """
    configuration, rubrics = check_configuration(settings.config)
    clock = clock or SystemClock()
    database = Database(settings.database_url)
    connections, consenting = _connected(settings, configuration, environ, database, clock)
    grader, samples = grader_of(settings)
    chooser = chooser_of(settings)
    links = LinkMaker(base_url=settings.base_url, secret_key=settings.secret_key)
    sync = SyncLog(database, clock)
    steps = Steps(connections=connections, links=links)
    triggering = Triggering(configuration=configuration, rubrics=rubrics, clock=clock, steps=steps)
    inbox = Inbox(database, group=settings.ingest_group)
    intake = Intake(
        database=database, clock=clock, connections=connections, sync=sync, triggering=triggering, inbox=inbox
    )
    interviewing = Interviewing(
        database=database, clock=clock, configuration=configuration, steps=steps, links=links, chooser=chooser
    )
    mailer = _mailer(settings, configuration)
    domain = settings.mail_from.rpartition("@")[2]
    mailing = Mailing(
        database=database, clock=clock, mailer=mailer, configuration=configuration, links=links, mail_domain=domain
    )
    rated = rating(
        database, clock, configuration, rubrics, grader, samples, steps, links, folder=settings.config.parent
    )
    writing = writing_back(database, clock, configuration, rubrics, connections, sync, settings.base_url)
    retaining = Retaining(database=database, clock=clock, retention=configuration.retention, steps=steps)
    orders = taking_orders(database, clock, configuration, connections, sync, triggering, steps, links, intake.announce)
    doctor = _doctor(settings, configuration, rubrics, database, clock, connections, sync, mailer, grader)
    services = Services(
        intake=intake,
        interviewing=interviewing,
        reviewing=rated.reviewing,
        accounts=Accounts(database=database, clock=clock),
        operating=Operating(database=database, clock=clock, connections=connections, intake=intake, steps=steps),
        ordering=orders.ordering,
        result_links=orders.result_links,
        consenting=consenting,
        stopping=Stopping(database=database, clock=clock, configuration=configuration),
        calibrating=rated.calibrating,
        rehearsing=rated.rehearsing,
        rescoring=rated.rescoring,
        doctor=doctor,
    )
    surveys = looking(
        database=database,
        clock=clock,
        configuration=configuration,
        connections=connections,
        sync=sync,
        triggering=triggering,
    )
    watch = telling(
        database, clock, configuration, connections, sync, mailer, base_url=settings.base_url, mail_domain=domain
    )
    handlers: dict[type[Payload], Handler] = {
        **_main_path(intake, mailing, interviewing, writing, retaining),
        **rated.handlers,
        **watch.handlers,
        **surveys.handlers,
        **orders.handlers,
    }
    return Runtime(
        settings=settings,
        configuration=configuration,
        database=database,
        inbox=inbox,
        connections=connections,
        grader=grader,
        chooser=chooser,
        services=services,
        handlers=handlers,
        ticks=(*_ticks(configuration, connections), *orders.ticks, *watch.ticks),
        buckets=_buckets(connections),
        looking=surveys,
        orders=orders,
    )


@asynccontextmanager
async def open_vault(settings: Settings) -> AsyncIterator[Vault]:
    """Stored credentials without the connections that need them, which cannot be made before.

    Raises:
        ConfigurationInvalid: evenhand.yaml cannot be used.
    """
    configuration, _ = check_configuration(settings.config)
    asked = {manifest.key: [need.name for need in manifest.credentials] for manifest in registry.manifests()}
    database = Database(settings.database_url)
    try:
        yield Vault(
            database=database,
            clock=SystemClock(),
            ring=KeyRing.parse(settings.credential_keys),
            known={one.key: asked[one.adapter] for one in configuration.connections},
        )
    finally:
        await database.aclose()


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema. Not to be called from a running event loop."""
    upgrade(settings.database_url)


class AdapterFacts(Struct, frozen=True):
    """An adapter in one row."""

    key: str
    title: str
    auth: str
    capabilities: tuple[str, ...]


def adapter_facts() -> tuple[AdapterFacts, ...]:
    """Every adapter, by key."""
    return tuple(
        AdapterFacts(m.key, m.title, m.auth.value, tuple(sorted(c.value for c in m.capabilities)))
        for m in registry.manifests()
    )


def lint_rubrics(folders: Sequence[Path]) -> tuple[int, tuple[Finding, ...]]:
    """Lint the library and further folders: how many rubrics, and every finding; raises ConfigurationInvalid."""
    try:
        sources = load_sources(folders)
    except DocumentInvalid as error:
        raise ConfigurationInvalid(error.problems) from error
    return len(sources), tuple(finding for source in sources for finding in lint(source.rubric, source.document))


def configure_logging(settings: Settings) -> None:
    """Set logs up as the settings say."""
    logging.configure(json=settings.log_format == "json")


def _main_path(
    intake: Intake,
    mailing: Mailing,
    interviewing: Interviewing,
    writing: WritingBack,
    retaining: Retaining,
) -> Mapping[type[Payload], Handler]:
    return {
        ProcessDelivery: intake.process_delivery,
        ReadApplication: intake.read_application,
        PollConnection: intake.poll,
        SendMail: mailing.send,
        ExpireInterview: interviewing.expire,
        WriteBack: writing.write,
        ApplyRetention: retaining.apply,
    }


def _connected(
    settings: Settings, configuration: Configuration, environ: Mapping[str, str], database: Database, clock: Clock
) -> tuple[Connections, Consenting]:
    ring = KeyRing.parse(settings.credential_keys)
    stored = read_stored(configuration, settings.database_url, clock, ring)
    safe = Safe(database, clock, ring, base_url=settings.base_url, stored=stored)
    connections = connect_all(
        configuration, environ, safe, create=registry.create, flow=registry.consent_flow, orders=registry.create_orders
    )
    return connections, Consenting(database=database, clock=clock, connections=connections, ring=ring, ways=safe.ways)


def _doctor(
    settings: Settings,
    configuration: Configuration,
    rubrics: Mapping[str, Rubric],
    database: Database,
    clock: Clock,
    connections: Connections,
    sync: SyncLog,
    mailer: SmtpMailer,
    grader: Grader,
) -> Doctor:
    return Doctor(
        database=database,
        clock=clock,
        configuration=configuration,
        rubrics=rubrics,
        connections=connections,
        sync=sync,
        installation=_installation(settings),
        mail=mailer,
        model=grader if isinstance(grader, Questionable) else None,
    )


def _installation(settings: Settings) -> Installation:
    return Installation(
        config=settings.config,
        base_url=settings.base_url,
        secret_key_length=len(settings.secret_key),
        secret_key_variety=len(set(settings.secret_key)),
        smtp_host=settings.smtp_host,
        smtp_protected=settings.smtp_tls != Security.NONE,
        sender_domain=settings.mail_from.rpartition("@")[2],
        model=(settings.openai_model, settings.openai_base_url or OPENAI) if has_model(settings) else None,
        credential_keys=KeyRing.parse(settings.credential_keys).ids,
    )


def _mailer(settings: Settings, configuration: Configuration) -> SmtpMailer:
    return SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        sender_name=configuration.company.name,
        sender_address=settings.mail_from,
        username=settings.smtp_username,
        password=settings.smtp_password,
        security=Security(settings.smtp_tls),
        lookup=partial(_look_up_mail, settings.mail_lookup_url) if settings.mail_lookup_url else None,
    )


async def _look_up_mail(base_url: str, message_id: str) -> bool:
    client = HttpClient(base_url, headers={})
    try:
        await client.read(quote(message_id, safe=""))
    except NotFound:
        return False
    except AdapterError as error:
        raise MailFailed(f"the mail look-up did not answer: {type(error).__name__}", retryable=True) from error
    finally:
        await client.aclose()
    return True


def _ticks(configuration: Configuration, connections: Connections) -> tuple[Tick, ...]:
    def poll(key: str) -> Callable[[datetime], Payload]:
        return lambda _slot: PollConnection(connection=key)

    def look(key: str) -> Callable[[datetime], Payload]:
        return lambda _slot: InspectConnection(connection=key)

    polls = [
        Tick(name=f"poll:{c.key}", seconds=c.poll_minutes * 60, payload=poll(c.key), rate_key=c.key)
        for c in configuration.connections
    ]
    looks = [
        Tick(name=f"inspect:{c.key}", seconds=INSPECT_SECONDS, payload=look(c.key), rate_key=c.key)
        for c in connections.all()
        if isinstance(c.adapter, Inspector)
    ]
    return (*polls, *looks, Tick(name="retention", seconds=RETENTION_SECONDS, payload=lambda _slot: ApplyRetention()))


def _buckets(connections: Connections) -> Mapping[str, RateLimit]:
    limits = {connection.key: connection.adapter.manifest.rate_limit for connection in connections.all()}
    return {key: RateLimit(rate=limit.per_second, burst=limit.burst) for key, limit in limits.items()}
