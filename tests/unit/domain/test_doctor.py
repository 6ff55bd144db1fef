"""The doctor's rules: one planted fault, one finding, with its severity, and nothing beside it."""

import re
from datetime import timedelta

import pytest
from msgspec import structs

from adapters.contract.inspection import WebhookRegistration
from adapters.contract.manifest import Capability
from adapters.contract.model import FieldKind, Stage, StageKind, Visibility
from orchestrator.domain.addresses import in_clear, is_local
from orchestrator.domain.doctor import examine
from orchestrator.domain.doctor_facts import (
    ConnectionFacts,
    DatabaseState,
    EngineFacts,
    Failure,
    HouseFacts,
    MailFacts,
    ModelFacts,
    Pause,
    ServiceState,
    Stop,
    StopScope,
    Trouble,
)
from orchestrator.domain.drift import Drift
from orchestrator.domain.findings import USUAL, Code, Severity
from orchestrator.domain.stage import StageMap
from orchestrator.domain.writeback import FieldMap
from tests.unit.domain import doctoring as given

HOST = "mail.example.com"
SECRET_END = "a-secret-end-of-the-address"
NO_POLLING = given.manifest(capabilities=frozenset(Capability) - {Capability.POLLING})


def mail(state: ServiceState = ServiceState.FINE, *, protected: bool = True, domain: str = "example.com") -> HouseFacts:
    return given.house(mail=MailFacts(host=HOST, protected=protected, sender_domain=domain, state=state))


def model(state: ServiceState = ServiceState.FINE, url: str = "https://model.example.com/v1") -> HouseFacts:
    return given.house(model=ModelFacts(name="m-1", base_url=url, state=state))


def broken(trouble: Trouble, **more: object) -> ConnectionFacts:
    failure = Failure(trouble=trouble, what="connection itself")
    return given.connection(inspection=failure, stages=None, fields=None, skew=None, **more)


def hooks(*registered: WebhookRegistration) -> ConnectionFacts:
    return given.connection(inspection=given.inspection(webhooks=registered))


def offering(**changes: object) -> ConnectionFacts:
    sound = given.connection()
    programs = tuple(structs.replace(one, orderable=True) for one in sound.programs)
    return structs.replace(sound, programs=programs, orders=given.ordered(**changes))


def stage(name: str) -> Stage:
    return Stage(id=f"id-{name}", name=name)


FAULTS: dict[Code, ConnectionFacts | HouseFacts] = {
    Code.ATS_UNREACHABLE: broken(Trouble.UNREACHABLE),
    Code.ATS_IN_CLEAR: given.connection(base_url="http://api.acme.example"),
    Code.ATS_RATE_LIMITED: broken(Trouble.RATE_LIMITED),
    Code.ATS_SPEAKS_OTHERWISE: given.connection(stages=Failure(trouble=Trouble.UNREADABLE, what="stages")),
    Code.ATS_REFUSED: given.connection(fields=Failure(trouble=Trouble.REFUSED, what="custom fields")),
    Code.CREDENTIALS_REJECTED: broken(Trouble.REJECTED),
    Code.CREDENTIALS_EXPIRE: given.connection(inspection=given.inspection(expires_at=given.NOW + timedelta(days=9))),
    Code.CREDENTIAL_KEY_MISSING: broken(Trouble.REJECTED, by_consent=True, traffic=given.traffic(lost_key="0a1b2c3d")),
    Code.SCOPE_MISSING: given.connection(inspection=given.inspection(scopes=frozenset({"read"}))),
    Code.SCOPE_UNNEEDED: given.connection(inspection=given.inspection(scopes=frozenset({"read", "write", "admin"}))),
    Code.SCOPES_UNTOLD: given.connection(inspection=given.inspection(scopes=None)),
    Code.PERMISSION_MISSING: given.connection(fields=Failure(trouble=Trouble.FORBIDDEN, what="custom fields")),
    Code.CLOCK_SKEWED: given.connection(skew=-90.0),
    Code.CONNECTION_PAUSED: given.connection(traffic=given.traffic(pause=Pause(reason="AuthRejected", failures=0))),
    Code.TURNS_EXHAUSTED: given.connection(traffic=given.traffic(turn_wait=9.0)),
    Code.POLL_STOPPED: given.connection(traffic=given.traffic(polled_at=given.NOW - timedelta(hours=1))),
    Code.WEBHOOK_SECRET_MISSING: given.connection(webhook_secrets=0),
    Code.WEBHOOK_MISSING: hooks(),
    Code.WEBHOOK_ELSEWHERE: hooks(WebhookRegistration(url="https://old.example.net/hooks/acme")),
    Code.WEBHOOK_DISABLED: hooks(WebhookRegistration(url=given.HOOK, enabled=False)),
    Code.WEBHOOK_SILENT: given.connection(
        traffic=given.traffic(last_webhook=given.NOW - timedelta(days=3), last_missed=given.NOW)
    ),
    Code.WEBHOOK_LOSSY: given.connection(
        traffic=given.traffic(drift=Drift(moves=2, dated=1, lag_total=300.0, lag_most=300.0, last_at=given.NOW))
    ),
    Code.APPLICATION_MISSED: given.connection(
        traffic=given.traffic(missed=2, missed_since=given.NOW - timedelta(hours=3))
    ),
    Code.DELIVERIES_REFUSED: given.connection(traffic=given.traffic(refused={"SignatureInvalid": 3})),
    Code.ORDERS_WITHOUT_PROGRAM: given.connection(orders=given.ordered()),
    Code.ORDERS_NEVER: offering(last_order=None),
    Code.ORDERS_REFUSED: structs.replace(offering(), traffic=given.traffic(refused={"OrderUnreadable": 2})),
    Code.ORDERS_MAY_DOUBLE: offering(names_applications=False),
    Code.ORDERS_STUCK: offering(stuck=1),
    Code.ORDERS_HELD: offering(held=2),
    Code.ORDER_REPORTS_LATE: offering(untold=1),
    Code.OFFERS_NOT_PUBLISHED: offering(published=False),
    Code.STAGE_UNMAPPED: given.connection(stages=(*given.STAGES, stage("Phone screen"))),
    Code.STAGE_GONE: given.connection(stages_in_file=(*given.IN_FILE, ("Offer", StageKind.OFFER))),
    Code.STAGE_MAPPED_TWICE: given.connection(stages_in_file=(*given.IN_FILE, ("s1", StageKind.APPLICATION_REVIEW))),
    Code.STAGE_CONTRADICTED: given.connection(
        stages_in_file=(*given.IN_FILE[:2], ("Hired", StageKind.OFFER)),
    ),
    Code.TRIGGER_STAGE_MISSING: given.connection(
        stages_in_file=(given.IN_FILE[0], ("First Interview", StageKind.INTERVIEW), given.IN_FILE[2])
    ),
    Code.FIELD_MISSING: given.connection(fields=given.FIELDS[1:]),
    Code.FIELD_TYPE_WRONG: given.connection(fields=given.field("n", kind=FieldKind.TEXT)),
    Code.FIELD_TOO_SHORT: given.connection(fields=given.field("t", max_length=255)),
    Code.FIELD_OPTION_MISSING: given.connection(fields=given.field("b", options=given.BANDS[1:])),
    Code.NOTE_NOT_PRIVATE: given.connection(
        manifest=given.manifest(capabilities=frozenset(Capability) - {Capability.PRIVATE_NOTES})
    ),
    Code.NOTE_FOR_TEAM: given.connection(
        field_map=FieldMap(completion="c", band="b", note=Visibility.TEAM),
    ),
    Code.NOTE_TOO_SHORT: given.connection(manifest=given.manifest(note_max_length=500)),
    Code.DATABASE_UNREACHABLE: given.house(database=DatabaseState.UNREACHABLE, engine=None),
    Code.DATABASE_NOT_MIGRATED: given.house(database=DatabaseState.BEHIND, engine=None),
    Code.DATABASE_NOT_WRITABLE: given.house(database=DatabaseState.READ_ONLY),
    Code.DISK_NEARLY_FULL: given.house(free_bytes=900_000_000),
    Code.WORKER_MISSING: given.house(engine=EngineFacts(workers=0, overdue=0.0)),
    Code.WORK_OVERDUE: given.house(engine=EngineFacts(workers=1, overdue=600.0)),
    Code.DEAD_LETTERS: given.house(engine=EngineFacts(workers=1, overdue=0.0, dead=(("ats.write", "permanent", 2),))),
    Code.MAIL_UNREACHABLE: mail(ServiceState.UNREACHABLE),
    Code.MAIL_NOT_PROTECTED: mail(ServiceState.NOT_PROTECTED),
    Code.MAIL_SIGN_IN_REFUSED: mail(ServiceState.KEY_REFUSED),
    Code.MAIL_SENDER_REFUSED: mail(ServiceState.SENDER_REFUSED),
    Code.MAIL_IN_CLEAR: mail(protected=False),
    Code.MAIL_SENDER_LOCAL: mail(domain="localhost"),
    Code.MODEL_UNREACHABLE: model(ServiceState.UNREACHABLE),
    Code.MODEL_KEY_REFUSED: model(ServiceState.KEY_REFUSED),
    Code.MODEL_UNKNOWN: model(ServiceState.UNKNOWN),
    Code.MODEL_IN_CLEAR: model(url="http://model.example.com/v1"),
    Code.GRADER_EMBEDDED: given.house(model=None),
    Code.BASE_URL_IN_CLEAR: given.house(base_url="http://interviews.example.com"),
    Code.BASE_URL_LOCAL: given.house(base_url="http://127.0.0.1:8400"),
    Code.SECRET_KEY_WEAK: given.house(secret_key_variety=1),
    Code.RETENTION_NOT_SET: given.house(retention_written=False),
    Code.NOTICE_WITHOUT_PRIVACY: given.house(privacy_url=None),
}


def test_a_sound_house_has_no_finding() -> None:
    """Where everything is well nothing is said."""
    assert given.codes() == []


def test_there_is_a_fault_for_every_code() -> None:
    """A code that is added needs its fault here."""
    assert set(FAULTS) | {Code.STOPPED_BY_HAND} == set(Code)


@pytest.mark.parametrize(("code", "fault"), FAULTS.items(), ids=[code.value for code in FAULTS])
def test_each_fault_is_named_and_nothing_else(code: Code, fault: ConnectionFacts | HouseFacts) -> None:
    """One planted fault: its code, its usual severity, what it concerns, and sentences that end."""
    [finding] = given.findings(fault) if isinstance(fault, ConnectionFacts) else given.findings(None, fault)
    assert (finding.code, finding.severity) == (code, USUAL[code])
    assert finding.connection == ("acme" if isinstance(fault, ConnectionFacts) else None)
    assert finding.subject
    for words in (finding.reason, finding.mend):
        assert re.fullmatch(r"\w.*[.?]", words), words
        assert "{" not in words
        assert "None" not in words


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (Code.CLOCK_SKEWED, given.connection(skew=400.0)),
        (Code.CREDENTIALS_EXPIRE, given.connection(inspection=given.inspection(expires_at=given.NOW))),
        (Code.DISK_NEARLY_FULL, given.house(free_bytes=1)),
        (Code.SECRET_KEY_WEAK, given.house(secret_key_length=8)),
        (Code.FIELD_TOO_SHORT, given.connection(fields=given.field("r", max_length=10))),
        (Code.WEBHOOK_SECRET_MISSING, given.connection(manifest=NO_POLLING, webhook_secrets=0)),
        (Code.WEBHOOK_MISSING, given.connection(manifest=NO_POLLING, inspection=given.inspection(webhooks=()))),
    ],
)
def test_what_nothing_else_helps_out_of_is_an_error(code: Code, fault: ConnectionFacts | HouseFacts) -> None:
    """Usually a warning, here it stops the main job."""
    [finding] = given.findings(fault) if isinstance(fault, ConnectionFacts) else given.findings(None, fault)
    assert (finding.code, finding.severity) == (code, Severity.ERROR)


def test_two_names_for_one_cause_are_one_finding() -> None:
    """A scope that is known to be missing explains what is forbidden; a dead ATS explains its pause and its polling."""
    lacking = given.connection(
        inspection=given.inspection(scopes=frozenset({"read"})),
        fields=Failure(trouble=Trouble.FORBIDDEN, what="custom fields", scope="write"),
    )
    assert given.codes(lacking) == [Code.SCOPE_MISSING]
    late = given.traffic(pause=Pause(reason="Unavailable", failures=4), polled_at=given.NOW - timedelta(days=1))
    assert given.codes(broken(Trouble.UNREACHABLE, traffic=late)) == [Code.ATS_UNREACHABLE]
    paused = given.traffic(pause=Pause(reason="AuthRejected", failures=0))
    assert given.codes(broken(Trouble.REJECTED, traffic=paused)) == [Code.CREDENTIALS_REJECTED, Code.CONNECTION_PAUSED]
    nobody = given.house(engine=EngineFacts(workers=0, overdue=900.0))
    assert given.codes(given.connection(traffic=late), nobody) == [Code.WORKER_MISSING, Code.CONNECTION_PAUSED]
    in_line = given.traffic(turn_wait=9.0, polled_at=given.NOW - timedelta(days=1))
    assert given.codes(broken(Trouble.NO_TURN, traffic=in_line)) == [Code.TURNS_EXHAUSTED]


def test_a_scope_that_the_list_does_not_explain_is_told() -> None:
    """Forbidden for another reason than a missing scope of the list: both are told."""
    other = given.connection(
        inspection=given.inspection(scopes=frozenset({"read"})),
        fields=Failure(trouble=Trouble.FORBIDDEN, what="custom fields", scope="fields"),
    )
    assert given.codes(other) == [Code.SCOPE_MISSING, Code.PERMISSION_MISSING]


def test_the_secret_end_of_an_address_is_not_shown() -> None:
    """A vendor that cannot sign has a secret in the address: ours fits with it, another's is told by its host alone."""
    fits = hooks(WebhookRegistration(url=f"{given.HOOK}/{SECRET_END}"))
    assert given.codes(fits) == []
    [finding] = given.findings(
        hooks(WebhookRegistration(url=f"https://user:pw@old.example.net/hooks/acme/{SECRET_END}"))
    )
    assert finding.code is Code.WEBHOOK_ELSEWHERE
    told = finding.reason + finding.mend
    assert "old.example.net" in told
    assert SECRET_END not in told
    assert "pw" not in told


@pytest.mark.parametrize(
    "url", ["https://interviews.example.com:443/hooks/acme/", "https://INTERVIEWS.example.com/hooks/acme"]
)
def test_one_address_in_two_spellings_is_one(url: str) -> None:
    """The usual port, a slash at the end and capitals in the host change nothing."""
    assert given.codes(hooks(WebhookRegistration(url=url))) == []


@pytest.mark.parametrize("url", ["https://[", "https://h:port/hooks/acme", "", "hooks"])
def test_an_address_that_is_none_points_nowhere(url: str) -> None:
    """What an ATS holds as an address may be anything."""
    assert set(given.codes(hooks(WebhookRegistration(url=url)))) <= {Code.WEBHOOK_MISSING, Code.WEBHOOK_ELSEWHERE}


def test_other_peoples_webhooks_are_none_of_our_business() -> None:
    """One of several is ours, and on: fine; another connection's door is not this one."""
    others = (WebhookRegistration(url="https://crm.example.com/in", enabled=False), WebhookRegistration(url=given.HOOK))
    assert given.codes(hooks(*others)) == []
    assert given.codes(hooks(WebhookRegistration(url=f"{given.HOOK}-two"))) == [Code.WEBHOOK_MISSING]


def test_a_vendor_that_tells_less_is_asked_less() -> None:
    """No inspection, no webhooks, no stages, no fields: nothing is guessed."""
    bare = given.manifest(capabilities=frozenset({Capability.NOTES, Capability.PRIVATE_NOTES}), scopes=())
    quiet = given.connection(manifest=bare, inspection=None, skew=None, stages=None, fields=None, traffic=None)
    assert given.codes(quiet) == []
    silent = given.connection(inspection=given.inspection(webhooks=None, scopes=frozenset({"read", "write"})))
    assert given.codes(silent) == []


def test_a_stage_of_many_jobs_is_told_once() -> None:
    """Each job has its own stage of that name, and the quarantine holds one of them; an unlisted one is told too."""
    many = (*given.STAGES, *(Stage(id=f"x{number}", name="Phone  Screen") for number in range(3)))
    held = given.connection(stages=many, traffic=given.traffic(quarantined=("Phone screen", "Night shift")))
    assert [(one.code, one.subject) for one in given.findings(held)] == [
        (Code.STAGE_UNMAPPED, "stage “Phone Screen”"),
        (Code.STAGE_UNMAPPED, "stage “Night shift”"),
    ]


def test_what_was_learnt_from_the_quarantine_counts() -> None:
    """A stage that was mapped by hand is mapped; one that the file calls otherwise is mapped twice."""
    extra = stage("Phone screen")
    learnt = ((extra, StageKind.RECRUITER_SCREEN),)
    known = StageMap({**given.connection().stage_map.kinds, extra.id: StageKind.RECRUITER_SCREEN})
    assert given.codes(given.connection(stages=(*given.STAGES, extra), learnt=learnt, stage_map=known)) == []
    clash = ((given.STAGES[0], StageKind.OFFER),)
    assert given.codes(given.connection(learnt=clash)) == [Code.STAGE_MAPPED_TWICE]


def test_text_fields_do_for_choices() -> None:
    """Completion and band may be free text that is long enough; subscores may not be a number."""
    text = given.field("b", kind=FieldKind.TEXT, options=(), max_length=80)
    assert given.codes(given.connection(fields=text)) == []
    short = given.field("b", kind=FieldKind.TEXT, options=(), max_length=5)
    assert given.codes(given.connection(fields=short)) == [Code.FIELD_TOO_SHORT]
    assert given.codes(given.connection(fields=given.field("s", kind=FieldKind.SELECT))) == [Code.FIELD_TYPE_WRONG]


def test_notes_alone_must_hold_everything() -> None:
    """Without fields the note carries the subscores too, and is longer."""
    fieldless = frozenset(Capability) - {Capability.CUSTOM_FIELDS}
    for limit, expected in ((1400, []), (1000, [Code.NOTE_TOO_SHORT])):
        one = given.connection(
            manifest=given.manifest(capabilities=fieldless, note_max_length=limit),
            field_map=FieldMap(note=Visibility.PRIVATE),
            fields=None,
        )
        assert given.codes(one) == expected
    assert given.codes(given.connection(manifest=given.manifest(note_max_length=1100))) == []


def test_a_trial_on_one_machine_is_no_fault() -> None:
    """Everything on loopback: plain http, a local sender and a local address are fine; for a real ATS they are not."""
    local = given.house(
        base_url="http://127.0.0.1:8400",
        mail=MailFacts(host="127.0.0.1", protected=False, sender_domain="localhost", state=ServiceState.FINE),
        model=ModelFacts(name="m-1", base_url="http://localhost:11434/v1", state=ServiceState.FINE),
    )
    at_home = given.connection(base_url="http://127.0.0.1:8401")
    assert given.codes(at_home, local) == []
    assert set(given.codes(None, local)) == {Code.BASE_URL_LOCAL, Code.MAIL_SENDER_LOCAL}


def test_one_connection_alone() -> None:
    """Asked about one connection, the doctor says nothing of the installation."""
    sick = given.house(privacy_url=None, model=None)
    report = examine(given.facts(given.connection(webhook_secrets=0), sick, whole=False))
    assert [finding.code for finding in report.findings] == [Code.WEBHOOK_SECRET_MISSING]
    assert report.connections == ("acme",)


def test_a_report_counts_and_fails_from_the_severity_that_is_asked_for() -> None:
    """The worst stands first; information never fails."""
    report = examine(given.facts(given.connection(webhook_secrets=0), given.house(model=None, privacy_url=None)))
    assert [finding.severity for finding in report.findings] == [Severity.WARNING, Severity.WARNING, Severity.INFO]
    assert [report.count(severity) for severity in Severity] == [0, 2, 1]
    assert (report.failed(Severity.WARNING), report.failed(Severity.ERROR)) == (True, False)
    worse = examine(given.facts(broken(Trouble.REJECTED), given.house(model=None)))
    assert (worse.findings[0].severity, worse.failed(Severity.ERROR)) == (Severity.ERROR, True)
    informed = examine(given.facts(None, given.house(model=None)))
    assert not informed.failed(Severity.WARNING)


def test_an_ats_that_never_delivered_is_silent() -> None:
    """No delivery ever, and polling found a move; a short while after the last one is no silence."""
    never = given.connection(traffic=given.traffic(last_webhook=None, last_missed=given.NOW))
    assert given.codes(never) == [Code.WEBHOOK_SILENT]
    lately = given.traffic(last_webhook=given.NOW - timedelta(hours=5), last_missed=given.NOW)
    assert given.codes(given.connection(traffic=lately)) == []


def test_a_webhook_without_our_secret_is_one_finding() -> None:
    """Where no secret is set, nobody is also told to add a webhook; one that points elsewhere is told."""
    bare = given.connection(webhook_secrets=0, inspection=given.inspection(webhooks=()))
    assert given.codes(bare) == [Code.WEBHOOK_SECRET_MISSING]
    unsigned = given.manifest(capabilities=frozenset(Capability) - {Capability.SIGNED_WEBHOOKS})
    [finding] = given.findings(given.connection(manifest=unsigned, inspection=given.inspection(webhooks=())))
    assert "secret end of the address" in finding.mend


@pytest.mark.parametrize(
    ("stop", "connection", "command"),
    [
        (Stop(scope=StopScope.EVERYTHING), None, "`evenhand resume --reason WHY`"),
        (Stop(scope=StopScope.CONNECTION, name="acme"), "acme", "`evenhand resume --connection acme --reason WHY`"),
    ],
)
def test_a_stop_by_hand_is_told_and_explains_silence(stop: Stop, connection: str | None, command: str) -> None:
    """Nobody forgets a stop; that nothing is polled meanwhile is no second fault."""
    late = given.connection(traffic=given.traffic(polled_at=given.NOW - timedelta(days=1)))
    for whole in (True, False):
        [finding] = examine(structs.replace(given.facts(late, whole=whole), stops=(stop,))).findings
        assert (finding.code, finding.severity) == (Code.STOPPED_BY_HAND, Severity.WARNING)
        assert finding.connection == connection
        assert command in finding.mend


def test_a_stop_elsewhere_is_told_where_it_belongs() -> None:
    """One of a program with the whole, one of a connection that is not in the file any more never."""
    program = Stop(scope=StopScope.PROGRAM, name="p")
    gone = Stop(scope=StopScope.CONNECTION, name="gone")
    for whole, expected in ((True, [Code.STOPPED_BY_HAND]), (False, [])):
        report = examine(structs.replace(given.facts(whole=whole), stops=(program, gone)))
        assert [finding.code for finding in report.findings] == expected


def test_the_first_end_counts() -> None:
    """A credential that was stored with an end, and what the ATS says: whichever is sooner, also where it is silent."""
    soon = given.traffic(credentials_end=given.NOW + timedelta(days=4))
    later = given.inspection(expires_at=given.NOW + timedelta(days=10))
    [finding] = given.findings(given.connection(inspection=later, traffic=soon))
    assert (finding.code, "2026-03-06" in finding.reason) == (Code.CREDENTIALS_EXPIRE, True)
    assert given.codes(broken(Trouble.RATE_LIMITED, traffic=soon)) == [Code.ATS_RATE_LIMITED, Code.CREDENTIALS_EXPIRE]


def test_what_the_ats_says_now_counts_and_not_what_it_said() -> None:
    """Credentials that were replaced are good, whatever the ATS said of those before; where it is silent, that is all."""
    told = given.traffic(credentials_end_told=given.NOW + timedelta(days=1))
    renewed = given.inspection(expires_at=given.NOW + timedelta(days=300))
    assert given.codes(given.connection(inspection=renewed, traffic=told)) == []
    assert given.codes(given.connection(traffic=told)) == []
    assert Code.CREDENTIALS_EXPIRE in given.codes(broken(Trouble.RATE_LIMITED, traffic=told))


def test_consent_is_mended_by_consent() -> None:
    """Nobody is sent to make a key where an administrator has to connect again."""
    [by_key] = given.findings(broken(Trouble.REJECTED))
    [by_consent] = given.findings(broken(Trouble.REJECTED, by_consent=True))
    assert "in evenhand.yaml says" in by_key.mend
    assert "/operations/connections/acme" in by_consent.mend
    assert "evenhand.yaml" not in by_consent.mend


def test_no_note_is_fine() -> None:
    """Fields alone carry the result."""
    fields = structs.replace(given.connection().field_map, note=None)
    assert given.codes(given.connection(field_map=fields)) == []


def test_addresses_that_are_none_are_nowhere() -> None:
    """Neither local nor in clear."""
    assert not is_local("https://[")
    assert not in_clear("https://[")
    assert is_local("localhost")
    assert is_local("http://app.localhost:8400")
    assert is_local("[::1]:25")


def test_names_from_outside_stay_on_one_short_line() -> None:
    """A stage may be called anything."""
    long = given.connection(stages=(*given.STAGES, stage("x\n" * 200)))
    [finding] = given.findings(long)
    assert "\n" not in finding.subject
    assert len(finding.subject) < 100
