"""What the team is told by mail without having asked, put together: credentials that end, cases that wait too long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.config.schema import Configuration
from orchestrator.db.session import Database
from orchestrator.ports import Clock, Mailer
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.credentials.notices import WATCH_SECONDS, CredentialWarnings
from orchestrator.services.endings import Endings
from orchestrator.services.kinds import InspectConnection, TellOfCredential, WatchCredentials
from orchestrator.services.review.overdue import Overdue
from orchestrator.services.team_post import TeamPost
from orchestrator.work.clock import Tick
from orchestrator.work.job import Handler
from orchestrator.work.payload import Payload


@dataclass(frozen=True, slots=True)
class Telling:
    """The handlers of its work, and what the clock asks for."""

    handlers: Mapping[type[Payload], Handler]
    ticks: Sequence[Tick]


def telling(
    database: Database,
    clock: Clock,
    configuration: Configuration,
    connections: Connections,
    sync: SyncLog,
    mailer: Mailer,
    *,
    base_url: str,
    mail_domain: str,
) -> Telling:
    """Put together what asks when credentials end, what tells of it, and what tells of cases that wait too long."""
    post = TeamPost(
        database=database, configuration=configuration, mailer=mailer, base_url=base_url, mail_domain=mail_domain
    )
    warnings = CredentialWarnings(database=database, clock=clock, connections=connections, post=post)
    endings = Endings(clock=clock, connections=connections, sync=sync)
    overdue = Overdue(database=database, clock=clock, post=post)

    def watch(_slot: datetime) -> Payload:
        return WatchCredentials()

    return Telling(
        handlers={
            InspectConnection: endings.look,
            WatchCredentials: warnings.watch,
            TellOfCredential: warnings.tell,
            **overdue.handlers(),
        },
        ticks=(Tick(name="credentials", seconds=WATCH_SECONDS, payload=watch),),
    )
