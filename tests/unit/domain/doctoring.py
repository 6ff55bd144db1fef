"""Facts of a house in which everything is well; tests change one thing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from adapters.contract.inspection import Inspection, WebhookRegistration
from adapters.contract.manifest import Auth, Capability, Manifest, RateLimit
from adapters.contract.model import FieldDefinition, FieldKind, Stage, StageKind, Visibility
from orchestrator.domain.doctor import examine
from orchestrator.domain.doctor_facts import (
    ConnectionFacts,
    DatabaseState,
    EngineFacts,
    Facts,
    HouseFacts,
    MailFacts,
    ModelFacts,
    OrderFacts,
    ServiceState,
    Traffic,
)
from orchestrator.domain.findings import Code, Finding
from orchestrator.domain.interview import Completion
from orchestrator.domain.program import Program, When
from orchestrator.domain.stage import StageMap, normal_name
from orchestrator.domain.writeback import FieldMap
from rubrics.loader import load_library

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOOK = "https://interviews.example.com/hooks/acme"
RUBRIC = load_library()["customer-support/first-interview"]
BANDS = tuple(band.label for band in RUBRIC.bands)
IN_FILE = (
    ("Applied", StageKind.APPLIED),
    ("First Interview", StageKind.FIRST_INTERVIEW),
    ("Hired", StageKind.HIRED),
)
STAGES = (
    Stage(id="s1", name="Applied"),
    Stage(id="s2", name="First Interview"),
    Stage(id="s3", name="Hired", kind=StageKind.HIRED),
)
FIELDS = (
    FieldDefinition(key="c", name="C", kind=FieldKind.SELECT, options=tuple(one.value for one in Completion)),
    FieldDefinition(key="b", name="B", kind=FieldKind.SELECT, options=BANDS),
    FieldDefinition(key="s", name="S", kind=FieldKind.LONG_TEXT, max_length=1000),
    FieldDefinition(key="n", name="N", kind=FieldKind.NUMBER),
    FieldDefinition(key="t", name="T", kind=FieldKind.LONG_TEXT),
    FieldDefinition(key="l", name="L", kind=FieldKind.URL),
    FieldDefinition(key="r", name="R", kind=FieldKind.TEXT, max_length=80),
)
MANIFEST = Manifest(
    key="acme",
    title="Acme ATS",
    auth=Auth.API_KEY,
    capabilities=frozenset(Capability),
    rate_limit=RateLimit(per_second=5.0, burst=10),
    scopes=("read", "write"),
    note_max_length=10_000,
)
INSPECTION = Inspection(
    scopes=frozenset({"read", "write"}), server_time=NOW, webhooks=(WebhookRegistration(url=HOOK, events=("moved",)),)
)


def house(**changes: Any) -> HouseFacts:
    """An installation in order."""
    sound = HouseFacts(
        base_url="https://interviews.example.com",
        secret_key_length=64,
        secret_key_variety=16,
        mail=MailFacts(host="mail.example.com", protected=True, sender_domain="example.com", state=ServiceState.FINE),
        model=ModelFacts(name="m-1", base_url="https://model.example.com/v1", state=ServiceState.FINE),
        database=DatabaseState.FINE,
        engine=EngineFacts(workers=1, overdue=0.0),
        free_bytes=None,
        retention_written=True,
        privacy_url="https://example.com/privacy",
    )
    return structs.replace(sound, **changes)


def traffic(**changes: Any) -> Traffic:
    """A connection that goes on."""
    going = Traffic(live_since=NOW - timedelta(days=9), polled_at=NOW - timedelta(minutes=4), last_webhook=NOW)
    return structs.replace(going, **changes)


def ordered(**changes: Any) -> OrderFacts:
    """A connection at which interviews are ordered, and every order has its answer."""
    going = OrderFacts(address="https://interviews.example.com/partner/acme/", last_order=NOW)
    return structs.replace(going, **changes)


def connection(**changes: Any) -> ConnectionFacts:
    """A connection in order."""
    in_file = changes.get("stages_in_file", IN_FILE)
    names = {normal_name(text): kind for text, kind in in_file} | dict(in_file)
    sound = ConnectionFacts(
        key="acme",
        manifest=MANIFEST,
        base_url="https://api.acme.example",
        hook_url=HOOK,
        webhook_secrets=1,
        poll_minutes=5,
        stages_in_file=in_file,
        stage_map=StageMap(names),
        field_map=FieldMap(
            completion="c",
            band="b",
            subscores="s",
            score="n",
            bullets="t",
            link="l",
            audit_ref="r",
            note=Visibility.PRIVATE,
        ),
        programs=(
            Program(
                key="p",
                title="P",
                version=1,
                connection="acme",
                when=When(stage=StageKind.FIRST_INTERVIEW),
                rubric=RUBRIC.id,
            ),
        ),
        rubrics=(RUBRIC,),
        link_length=70,
        inspection=INSPECTION,
        skew=0.5,
        stages=STAGES,
        fields=FIELDS,
        traffic=traffic(),
    )
    return structs.replace(sound, **changes)


def manifest(**changes: Any) -> Manifest:
    """The vendor, otherwise."""
    return structs.replace(MANIFEST, **changes)


def inspection(**changes: Any) -> Inspection:
    """What the ATS says of itself, otherwise."""
    return structs.replace(INSPECTION, **changes)


def field(key: str, **changes: Any) -> tuple[FieldDefinition, ...]:
    """The fields with one that is otherwise."""
    return tuple(structs.replace(one, **changes) if one.key == key else one for one in FIELDS)


def facts(one: ConnectionFacts | None = None, installation: HouseFacts | None = None, *, whole: bool = True) -> Facts:
    """Everything."""
    return Facts(at=NOW, house=installation or house(), connections=(one or connection(),), whole=whole)


def findings(one: ConnectionFacts | None = None, installation: HouseFacts | None = None) -> tuple[Finding, ...]:
    """What the doctor says."""
    return examine(facts(one, installation)).findings


def codes(one: ConnectionFacts | None = None, installation: HouseFacts | None = None) -> list[Code]:
    """Only the codes."""
    return [finding.code for finding in findings(one, installation)]
