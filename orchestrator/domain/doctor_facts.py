"""What the doctor looks at: plain facts about the installation and each connection, no secret among them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import FieldDefinition, Stage, StageKind
from orchestrator.domain.drift import Drift
from orchestrator.domain.program import Program
from orchestrator.domain.stage import StageMap
from orchestrator.domain.writeback import FieldMap
from rubrics.schema import Rubric


class Trouble(StrEnum):
    """What a request to an ATS met instead of an answer."""

    UNREACHABLE = "unreachable"
    REJECTED = "rejected"  # the credentials
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    NO_TURN = "no_turn"  # our own limit: too many requests stand in line
    UNREADABLE = "unreadable"
    REFUSED = "refused"


class Failure(Struct, frozen=True, kw_only=True):
    """A look that failed; ``scope`` is what the ATS says is missing, ``what`` what we wanted to see."""

    trouble: Trouble
    what: str
    scope: str | None = None


class Pause(Struct, frozen=True, kw_only=True):
    """Why the work of a connection waits. ``failures`` 0: until a person lets it go on."""

    reason: str
    failures: int


class Traffic(Struct, frozen=True, kw_only=True):
    """What came in and went out, from our own tables.

    ``last_webhook`` is the newest delivery that was pushed, ``last_missed`` when polling last found a new stage entry
    that no delivery had told; ``refused`` counts deliveries of today and yesterday by reason; ``turn_wait`` is in how
    many seconds the next request would have its turn; ``quarantined`` are names of stages that wait for a person;
    ``credentials_end`` is the first end that was stored with a credential that is in use, ``credentials_end_told`` what the
    ATS said when it was last asked; ``lost_key`` is the id of the key that the tokens are encrypted with and that is not
    among ours. ``drift`` are the moves of the last days that polling alone found; ``missed`` counts applications with an
    open interview that the ATS shows no more, the first of them ``missed_since``.
    """

    live_since: datetime | None = None
    polled_at: datetime | None = None
    last_webhook: datetime | None = None
    last_missed: datetime | None = None
    refused: Mapping[str, int] = {}
    pause: Pause | None = None
    turn_wait: float = 0.0
    quarantined: tuple[str, ...] = ()
    credentials_end: datetime | None = None
    credentials_end_told: datetime | None = None
    lost_key: str | None = None
    drift: Drift = Drift()
    missed: int = 0
    missed_since: datetime | None = None


class OrderFacts(Struct, frozen=True, kw_only=True):
    """How orders of a connection stand, from our own tables.

    ``address`` is what the ATS calls us at; ``names_applications``: its orders say for which application they are.
    ``published``: the list that lies there is ours of today, None where the ATS asks for it. ``stuck`` and ``held`` count
    orders that wait too long for us and for a stage to be mapped, ``untold`` what their ATS could not be told.
    """

    address: str
    names_applications: bool = True
    published: bool | None = None
    last_order: datetime | None = None
    stuck: int = 0
    held: int = 0
    untold: int = 0


class ConnectionFacts(Struct, frozen=True, kw_only=True):
    """One connection. A look that was not taken is None, one that failed a Failure.

    ``hook_url`` is our address for its deliveries without any secret part, ``skew`` how many seconds the clock of the ATS
    is ahead of ours; ``stages_in_file`` is the table of evenhand.yaml, ``learnt`` what people said in the quarantine.
    ``orders`` is None where nothing can be ordered. ``by_consent``: it signs in with what somebody consented to in the browser.
    ``programs`` and ``rubrics`` are those that start interviews here, ``link_length`` how long a link to a result is.
    """

    key: str
    manifest: Manifest
    base_url: str
    hook_url: str
    webhook_secrets: int
    poll_minutes: int
    stages_in_file: tuple[tuple[str, StageKind], ...]
    learnt: tuple[tuple[Stage, StageKind], ...] = ()
    stage_map: StageMap
    field_map: FieldMap
    programs: tuple[Program, ...]
    rubrics: tuple[Rubric, ...]
    link_length: int
    by_consent: bool = False
    inspection: Inspection | Failure | None = None
    skew: float | None = None
    stages: tuple[Stage, ...] | Failure | None = None
    fields: tuple[FieldDefinition, ...] | Failure | None = None
    traffic: Traffic | None = None
    orders: OrderFacts | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Every look that failed."""
        return tuple(look for look in (self.inspection, self.stages, self.fields) if isinstance(look, Failure))


class DatabaseState(StrEnum):
    """How far the database can be used."""

    FINE = "fine"
    UNREACHABLE = "unreachable"
    BEHIND = "behind"
    READ_ONLY = "read_only"


class ServiceState(StrEnum):
    """What a mail server or a model endpoint said to a question that sends nothing."""

    FINE = "fine"
    UNREACHABLE = "unreachable"
    NOT_PROTECTED = "not_protected"  # TLS was asked for and could not be had
    KEY_REFUSED = "key_refused"
    SENDER_REFUSED = "sender_refused"
    UNKNOWN = "unknown"  # it knows nothing of the model


class MailFacts(Struct, frozen=True, kw_only=True):
    """The mail server. ``protected``: TLS in some form; ``sender_domain`` is the part behind the @."""

    host: str
    protected: bool
    sender_domain: str
    state: ServiceState


class ModelFacts(Struct, frozen=True, kw_only=True):
    """The model that grades; ``base_url`` is the endpoint's address."""

    name: str
    base_url: str
    state: ServiceState


class EngineFacts(Struct, frozen=True, kw_only=True):
    """The durable engine. ``overdue`` is for how many seconds the oldest work that nothing holds back has been due."""

    workers: int
    overdue: float
    dead: tuple[tuple[str, str, int], ...] = ()


class HouseFacts(Struct, frozen=True, kw_only=True):
    """The installation. ``engine`` is None where the database could not be asked, ``model`` for the embedded grader.

    ``free_bytes`` is the room left where a SQLite file lies, None elsewhere; ``secret_key_variety`` counts the different
    characters of the secret key; ``retention_written`` whether evenhand.yaml has its own retention.
    """

    base_url: str
    secret_key_length: int
    secret_key_variety: int
    mail: MailFacts
    model: ModelFacts | None
    database: DatabaseState
    engine: EngineFacts | None
    free_bytes: int | None
    retention_written: bool
    privacy_url: str | None


class StopScope(StrEnum):
    """How far a stop by hand reaches."""

    EVERYTHING = "everything"
    CONNECTION = "connection"
    PROGRAM = "program"


class Stop(Struct, frozen=True, kw_only=True):
    """Something that a person stopped; ``name`` is the key of a connection or program."""

    scope: StopScope
    name: str = ""


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that one look saw. ``whole`` is False where only one connection was asked about."""

    at: datetime
    house: HouseFacts
    connections: tuple[ConnectionFacts, ...]
    stops: tuple[Stop, ...] = ()
    whole: bool = True

    def stopped(self, connection: str) -> bool:
        """Whether the work of a connection waits because a person said so."""
        reaching = (Stop(scope=StopScope.EVERYTHING), Stop(scope=StopScope.CONNECTION, name=connection))
        return any(stop in reaching for stop in self.stops)
