"""The doctor in a whole house: names every planted fault and nothing else, and leaves a healthy house in peace."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import sqlalchemy as sa

from adapters.sandbox.server.keys import ensure_key
from adapters.sandbox.server.seed import KEY_NAME
from orchestrator.db.models.writeback import Direction, SyncRow
from orchestrator.domain.findings import Code, Report, Severity
from orchestrator.services.kinds import ApplyRetention
from orchestrator.work.limits import pause
from orchestrator.work.metrics import measure
from orchestrator.work.queue import enqueue
from tests.fixtures.house import House, free_port, running_house
from tests.fixtures.sandbox import API_KEY, KEY_SCOPES, WEBHOOK_SECRET
from tests.integration.cli.terminal import Terminal
from tests.integration.services.people import fresh_sqlite

SECOND_KEY = "second-key-for-tests-0002"
WRONG_KEY = "a-key-that-was-revoked-long-ago"
WEAK = "a" * 40
OTHER = """
  - key: {key}
    adapter: sandbox
    base_url: {base_url}
    credentials:
      api_key: {{env: {credential}}}
{secrets}    stages:
      - {{stage: Applied, kind: applied}}
      - {{stage: Application Review, kind: application_review}}
      - {{stage: First Interview, kind: first_interview}}
      - {{stage: Manager Review, kind: manager_review}}
      - {{stage: Offer, kind: offer}}
      - {{stage: Hired, kind: hired}}
      - {{stage: Rejected, kind: rejected}}
      - {{stage: Withdrawn, kind: withdrawn}}
      - {{stage: Phone screen, kind: recruiter_screen}}
    fields: {{completion: other_completion, band: other_band, note: {note}}}
"""
SECRETS = "    webhook_secrets: [{env: EVENHAND_SANDBOX_WEBHOOK_SECRET}]\n"
_STAGES = "      - {stage: Hired, kind: hired}\n"
_SDR = "    when:\n      stage: first_interview\n      role_families: [sdr]"


def other(key: str, base_url: str, *, credential: str = "EVENHAND_SECOND_API_KEY", note: str = "private") -> str:
    secrets = "" if key == "deaf" else SECRETS
    return OTHER.format(key=key, base_url=base_url, credential=credential, secrets=secrets, note=note)


_BAD_STAGES = (
    "      - {stage: Hired, kind: offer}\n"
    "      - {stage: Background check, kind: reference_check}\n"
    "      - {stage: stg_000001, kind: recruiter_screen}\n"
)


def faulty_file(away: str) -> Sequence[tuple[str, str]]:
    """Faults of evenhand.yaml, and further connections, one of them at an address where nobody is."""
    home = "http://127.0.0.1:8401"
    others = (
        other("deaf", home, note="team"),
        other("locked", home, credential="EVENHAND_WRONG_API_KEY"),
        other("away", away),
        other("crowded", home),
        other("astray", home),
        other("unknown", home),
    )
    return (
        (_STAGES, _BAD_STAGES),
        ("link: interview_link", "link: interview_address"),
        (_SDR, _SDR.replace("first_interview", "assessment")),
        ("\nrole_families:", "".join(others) + "\nrole_families:"),
    )


@asynccontextmanager
async def attended(house: House) -> AsyncIterator[None]:
    """A worker lives and is seen to live."""
    worker = house.runtime.worker(name="doctor-test")
    task = asyncio.create_task(worker.run())
    try:
        for _ in range(500):
            async with house.runtime.database.reading() as session:
                if any(one.alive for one in (await measure(session)).workers):
                    break
            await asyncio.sleep(0.01)
        yield
    finally:
        await worker.stop(drain=1)
        await task


def told(report: Report, *, at_least: Severity = Severity.WARNING) -> set[tuple[str | None, Code]]:
    """Connection and code of everything from a severity on."""
    order = list(Severity)
    bad = [one for one in report.findings if order.index(one.severity) <= order.index(at_least)]
    return {(one.connection, one.code) for one in bad}


async def plant_in_the_ats(house: House) -> None:
    """Faults that lie in the ATS: key, webhooks, stages, fields."""
    store, sandbox = house.sandbox.store, house.sandbox
    scopes = [scope for scope in (*KEY_SCOPES, "applications:move") if scope != "notes:write"]
    soon = datetime.now(UTC) + timedelta(days=5)
    ensure_key(store, name=KEY_NAME, value=API_KEY, scopes=scopes, expires_at=soon)
    ensure_key(store, name="Second", value=SECOND_KEY, scopes=KEY_SCOPES)
    for key in ("deaf", "locked", "away", "crowded"):
        await sandbox.subscribe(f"{house.url}/hooks/{key}")
    await sandbox.subscribe("http://127.0.0.1:9/hooks/astray")
    [ours] = [hook for hook in (await sandbox.get("/api/v1/webhooks"))["items"] if hook["url"].endswith("/sandbox")]
    await sandbox.admin.patch(f"/api/v1/webhooks/{ours['id']}", json={"active": False})
    for name in ("completion", "band"):
        options = [
            row["options"] for row in store.rows("SELECT options FROM fields WHERE key = ?", f"interview_{name}")
        ]
        made = {"key": f"other_{name}", "name": name, "kind": "select", "options": json.loads(options[0])}
        assert (await sandbox.admin.post("/api/v1/fields", json=made)).status_code == 201
    with store.transaction():
        job = store.row("SELECT id FROM jobs ORDER BY id DESC LIMIT 1")
        assert job is not None
        store.write("INSERT INTO stages (job_id, position, name) VALUES (?, 99, 'Phone screen')", job["id"])
        store.write("UPDATE fields SET kind = 'text' WHERE key = 'interview_score'")
        store.write("UPDATE fields SET max_length = 10 WHERE key = 'interview_audit_ref'")
        store.write("UPDATE fields SET options = '[\"Strong evidence\"]' WHERE key = 'interview_band'")


async def plant_on_our_side(house: House) -> None:
    """Faults that lie with us: clock, polling, pauses, turns, a stranger's deliveries."""
    database = house.runtime.database
    house.clock.ahead = timedelta(seconds=150)
    async with httpx.AsyncClient(verify=False) as stranger:
        assert (await stranger.post(f"{house.url}/hooks/sandbox", content=b"{}")).status_code == 401
    async with database.transaction() as tx:
        await pause(tx, "away", reason="paused by a person")
        await tx.session.execute(
            sa.text("UPDATE connection SET live_since = :then WHERE key = 'sandbox'"),
            {"then": (datetime.now(UTC) - timedelta(hours=2)).isoformat(sep=" ")},
        )
        await tx.session.execute(sa.text("UPDATE rate_bucket SET tokens = -1000000 WHERE key = 'crowded'"))


CONNECTION_FAULTS: set[tuple[str | None, Code]] = {
    ("sandbox", Code.SCOPE_MISSING),
    ("sandbox", Code.SCOPE_UNNEEDED),
    ("sandbox", Code.CREDENTIALS_EXPIRE),
    ("sandbox", Code.CLOCK_SKEWED),
    ("sandbox", Code.WEBHOOK_DISABLED),
    ("sandbox", Code.DELIVERIES_REFUSED),
    ("sandbox", Code.POLL_STOPPED),
    ("sandbox", Code.STAGE_UNMAPPED),
    ("sandbox", Code.STAGE_GONE),
    ("sandbox", Code.STAGE_MAPPED_TWICE),
    ("sandbox", Code.STAGE_CONTRADICTED),
    ("sandbox", Code.TRIGGER_STAGE_MISSING),
    ("sandbox", Code.FIELD_MISSING),
    ("sandbox", Code.FIELD_TYPE_WRONG),
    ("sandbox", Code.FIELD_TOO_SHORT),
    ("sandbox", Code.FIELD_OPTION_MISSING),
    ("deaf", Code.WEBHOOK_SECRET_MISSING),
    ("deaf", Code.NOTE_FOR_TEAM),
    ("locked", Code.CREDENTIALS_REJECTED),
    ("away", Code.ATS_UNREACHABLE),
    ("away", Code.CONNECTION_PAUSED),
    ("crowded", Code.TURNS_EXHAUSTED),
    ("astray", Code.WEBHOOK_ELSEWHERE),
    ("unknown", Code.WEBHOOK_MISSING),
}
# One clock for all of them, and each that can be asked says so.
SKEWED = {(key, Code.CLOCK_SKEWED) for key in ("deaf", "astray", "unknown")}


async def test_every_fault_of_the_connections_is_named_and_nothing_else(sqlite_template: Path, tmp_path: Path) -> None:
    """Seven connections with 24 planted faults of 24 kinds: each is named once, at its connection, without a secret."""
    secrets = {"EVENHAND_SECOND_API_KEY": SECOND_KEY, "EVENHAND_WRONG_API_KEY": WRONG_KEY}
    changes = faulty_file(f"http://127.0.0.1:{free_port()}")
    async with sandbox_house(sqlite_template, tmp_path, changes, secrets) as house, attended(house):
        await plant_in_the_ats(house)
        await plant_on_our_side(house)
        report = await house.runtime.services.doctor.examine(actor="cli")
        await assert_it_was_logged(house)
        alone = await house.runtime.services.doctor.examine(actor="cli", connection="unknown")
    grader = {(None, Code.GRADER_EMBEDDED)}
    assert told(report, at_least=Severity.INFO) == CONNECTION_FAULTS | SKEWED | grader
    assert len({code for _, code in CONNECTION_FAULTS}) == len(CONNECTION_FAULTS)
    assert len(report.findings) == len(CONNECTION_FAULTS | SKEWED | grader)
    assert told(alone) == {("unknown", Code.WEBHOOK_MISSING), ("unknown", Code.CLOCK_SKEWED)}
    assert_no_secret(report, house)


@asynccontextmanager
async def sandbox_house(
    template: Path, folder: Path, changes: Sequence[tuple[str, str]], environment: Mapping[str, str]
) -> AsyncIterator[House]:
    async with running_house(fresh_sqlite(template, folder), folder, changes=changes, environment=environment) as house:
        yield house


async def assert_it_was_logged(house: House) -> None:
    """Every question stands in the sync log as a pull of no application, and that somebody asked in the audit log."""
    async with house.runtime.database.reading() as session:
        rows = (await session.scalars(sa.select(SyncRow).where(SyncRow.connection == "sandbox"))).all()
        asked = await session.execute(sa.text("SELECT count(*) FROM audit_event WHERE tag = 'operations:doctor:asked'"))
        assert asked.scalar_one() == 1
    assert [row.operation for row in sorted(rows, key=lambda row: row.at)] == ["inspect", "list_stages", "list_fields"]
    assert {(row.direction, row.external_id, row.outcome) for row in rows} == {(Direction.PULL, None, "ok")}


def assert_no_secret(report: Report, house: House) -> None:
    text = msgspec.json.encode(report).decode()
    for secret in (API_KEY, SECOND_KEY, WRONG_KEY, WEBHOOK_SECRET, house.environment["EVENHAND_SECRET_KEY"]):
        assert secret not in text


async def test_a_healthy_house_has_nothing_to_mend(sqlite_template: Path, tmp_path: Path) -> None:
    """Nothing of severity warning or error; the command ends with 0 even where warnings count, and with 1 for one."""
    async with sandbox_house(sqlite_template, tmp_path, (), {}) as house, attended(house):
        report = await house.runtime.services.doctor.examine(actor="cli")
        assert told(report, at_least=Severity.INFO) == {(None, Code.GRADER_EMBEDDED)}
        terminal = Terminal(house.environment["EVENHAND_DATABASE_URL"], dict(house.environment))
        printed = await asyncio.to_thread(terminal.run, "doctor", "--json", "--fail-on", "warning")
        terminal.environment["EVENHAND_SECRET_KEY"] = WEAK
        warned = [await asyncio.to_thread(terminal.run, "doctor", "--fail-on", how) for how in ("error", "warning")]
    assert printed.status == 0, printed
    assert [one.status for one in warned] == [0, 1]
    assert msgspec.json.decode(printed.out, type=Report).findings == report.findings


HOUSE_FAULTS: set[tuple[str | None, Code]] = {
    (None, Code.WORKER_MISSING),
    (None, Code.DEAD_LETTERS),
    (None, Code.MAIL_NOT_PROTECTED),
    (None, Code.MODEL_UNREACHABLE),
    (None, Code.BASE_URL_IN_CLEAR),
    (None, Code.SECRET_KEY_WEAK),
    (None, Code.RETENTION_NOT_SET),
    (None, Code.NOTICE_WITHOUT_PRIVACY),
    # Found through the address that is wrong.
    ("sandbox", Code.WEBHOOK_ELSEWHERE),
}


async def test_every_fault_of_the_installation_is_named_and_nothing_else(sqlite_template: Path, tmp_path: Path) -> None:
    """Worker, mail, model, address, secret key, retention and notice; the command ends with 1 and tells them in words."""
    changes = (
        ("  privacy_url: https://northwind-outdoor.example/privacy\n", ""),
        ("retention: {deliveries: 30, finished_work: 30, transcripts: 365, waiting: 90}", ""),
    )
    environment = {
        "EVENHAND_SMTP_TLS": "starttls",
        "EVENHAND_OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
        "EVENHAND_BASE_URL": "http://interviews.northwind-outdoor.example",
        "EVENHAND_SECRET_KEY": WEAK,
    }
    async with sandbox_house(sqlite_template, tmp_path, changes, environment) as house:
        async with house.runtime.database.transaction() as tx:
            await enqueue(tx, ApplyRetention(), dedupe="planted")
            await tx.session.execute(
                sa.text("UPDATE work SET state = 'dead', cause = 'given_up', finished_at = run_at")
            )
        report = await house.runtime.services.doctor.examine(actor="cli")
        terminal = Terminal(house.environment["EVENHAND_DATABASE_URL"], dict(house.environment))
        printed = await asyncio.to_thread(terminal.run, "doctor")
    assert told(report) == HOUSE_FAULTS
    assert printed.status == 1
    assert all(code in printed.out for _, code in HOUSE_FAULTS)
    assert WEAK not in printed.out
    assert_no_secret(report, house)
