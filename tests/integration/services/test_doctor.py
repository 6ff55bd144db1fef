"""How the doctor gathers its facts: what each failure of an ATS is called, and what the tables tell."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from adapters.contract.adapter import Adapter
from adapters.contract.errors import (
    AuthRejected,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    Timeout,
    Unavailable,
    Unsupported,
)
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, Candidate, Job, JobStatus, Stage, StageEntryRef
from orchestrator.config.schema import Connection
from orchestrator.db.models.credential import SecretRow
from orchestrator.db.models.intake import DeliveryRow, DeliverySource
from orchestrator.db.repositories import credentials, doctoring
from orchestrator.db.session import Database
from orchestrator.domain.doctor_facts import ConnectionFacts, Failure, Trouble
from orchestrator.domain.findings import Code
from orchestrator.main import Runtime, build, read_environment
from orchestrator.ports import SystemClock
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.credentials.sealing import KeyRing, new_key
from orchestrator.services.doctor.looking import Looking
from tests.fixtures.house import configuration_text, free_port
from tests.unit.domain import doctoring as given

DOWN = Unavailable("down")


class Telling:
    """An ATS that tells everything but what it was told to fail at; ``asked`` keeps the questions.

    Its clock is ``ahead`` by so many seconds.
    """

    manifest: Manifest = given.MANIFEST

    def __init__(self, *, ahead: float | None = None, **failures: Exception) -> None:
        self._ahead = ahead
        self._failures = failures
        self.asked: list[str] = []

    async def _tell(self, what: str, answer: Any) -> Any:
        self.asked.append(what)
        if what in self._failures:
            raise self._failures[what]
        return answer

    async def inspect(self) -> Inspection:
        clock = None if self._ahead is None else datetime.now(UTC) + timedelta(seconds=self._ahead)
        return cast("Inspection", await self._tell("inspect", Inspection(server_time=clock)))

    async def list_stages(self) -> Sequence[Stage]:
        return cast("Sequence[Stage]", await self._tell("stages", given.STAGES))

    async def list_fields(self) -> Any:
        return await self._tell("fields", given.FIELDS)


async def looked(database: Database, adapter: Telling) -> ConnectionFacts:
    settings = cast("Connection", given.connection())  # it has the key, which is all that is read of it
    looking = Looking(database=database, clock=SystemClock(), sync=SyncLog(database, SystemClock()))
    blank = given.connection(inspection=None, skew=None, stages=None, fields=None)
    return await looking.look(AtsConnection(settings, cast("Adapter", adapter), ("s",)), blank)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (DOWN, Trouble.UNREACHABLE),
        (Timeout("slow"), Trouble.UNREACHABLE),
        (OutcomeUnknown("lost"), Trouble.UNREACHABLE),
        (RateLimited("less", retry_after=3), Trouble.RATE_LIMITED),
        (AuthRejected("no"), Trouble.REJECTED),
        (PermissionMissing("no", scope="stages"), Trouble.FORBIDDEN),
        (PayloadInvalid("what"), Trouble.UNREADABLE),
        (Refused("no", code="x"), Trouble.REFUSED),
        (NotFound("gone"), Trouble.REFUSED),
        (Conflict("both"), Trouble.REFUSED),
        (Unsupported("stages"), Trouble.REFUSED),
    ],
)
async def test_every_error_has_its_name(error: Exception, trouble: Trouble, sqlite_database: Database) -> None:
    """Whatever an ATS answers becomes a fact; what nothing more can come of ends the looking."""
    adapter = Telling(stages=error)
    facts = await looked(sqlite_database, adapter)
    assert facts.stages == Failure(
        trouble=trouble, what="stages", scope="stages" if trouble is Trouble.FORBIDDEN else None
    )
    hopeless = trouble in {Trouble.UNREACHABLE, Trouble.REJECTED, Trouble.RATE_LIMITED}
    assert adapter.asked == ["inspect", "stages"] + ([] if hopeless else ["fields"])


async def test_a_silent_ats_is_asked_once(sqlite_database: Database) -> None:
    """After silence nobody waits for two more."""
    adapter = Telling(inspect=DOWN)
    facts = await looked(sqlite_database, adapter)
    assert adapter.asked == ["inspect"]
    assert (facts.stages, facts.fields) == (None, None)


@pytest.mark.parametrize("ahead", [-500.0, -90.0, 90.0, 500.0])
async def test_the_skew_is_in_favour_of_the_ats(ahead: float, sqlite_database: Database) -> None:
    """How long the question took never makes a clock look worse."""
    facts = await looked(sqlite_database, Telling(ahead=ahead))
    assert facts.skew == pytest.approx(ahead, abs=2)
    assert abs(facts.skew or 0) <= abs(ahead) + 0.001
    assert (await looked(sqlite_database, Telling())).skew is None


def runtime_on(url: str, folder: Path) -> Runtime:
    """The demo's configuration on a database, with an ATS that nobody serves."""
    path = folder / "evenhand.yaml"
    path.write_text(configuration_text(f"http://127.0.0.1:{free_port()}"), "utf-8")
    variables = {
        **os.environ,
        "EVENHAND_DATABASE_URL": url,
        "EVENHAND_CONFIG": str(path),
        "EVENHAND_BASE_URL": "http://127.0.0.1:8400",
        "EVENHAND_SECRET_KEY": "a-secret-key-for-tests-that-is-long-enough",
        "EVENHAND_SMTP_PORT": str(free_port()),
        "EVENHAND_SANDBOX_API_KEY": "an api key for the tests",
        "EVENHAND_SANDBOX_WEBHOOK_SECRET": "a webhook secret for the tests",
    }
    return build(read_environment(variables), variables)


async def test_what_the_tables_tell(database_url: str, tmp_path: Path) -> None:
    """Deliveries by webhook, moves that only polling found, refusals of two days, and the quarantine."""
    runtime = runtime_on(database_url, tmp_path)
    intake, now = runtime.services.intake, datetime.now(UTC)
    try:
        async with runtime.database.reading() as session:
            nothing = await doctoring.comings(session, "sandbox", now=now)
        assert (nothing.live_since, nothing.last_webhook, nothing.last_missed, nothing.refused) == (
            None,
            None,
            None,
            {},
        )
        await intake.go_live()
        for reason in ("SignatureInvalid", "SignatureInvalid", "TooLarge"):
            await intake.refuse("sandbox", reason)
        async with runtime.database.transaction() as tx:
            await intake.announce(tx, "sandbox", "app_000001", DeliverySource.POLL, mark="1")
            delivery = (await tx.session.scalars(sa.select(DeliveryRow.id))).one()
            connection = runtime.connections.get("sandbox")
            await intake._triggering.take_in(tx, connection, _held(), delivery)
        async with runtime.database.reading() as session:
            told = await doctoring.comings(session, "sandbox", now=now)
            old = await doctoring.comings(session, "sandbox", now=now + timedelta(days=2))
        assert told.refused == {"SignatureInvalid": 2, "TooLarge": 1}
        assert old.refused == {}
        assert told.quarantined == ("Coffee chat",)
        assert told.live_since is not None
        assert told.last_missed is not None
        assert told.last_webhook is None
        report = await runtime.services.doctor.examine(actor="cli", connection="sandbox")
        assert {one.code for one in report.findings} == {
            Code.ATS_UNREACHABLE,
            Code.DELIVERIES_REFUSED,
            Code.WEBHOOK_SILENT,
        }
    finally:
        await runtime.aclose()


async def test_tokens_without_their_key_and_an_end_that_concerns_nobody(sqlite_url: str, tmp_path: Path) -> None:
    """A key that was dropped too early is named; a credential that the file takes from elsewhere by now ends unnoticed."""
    runtime = runtime_on(sqlite_url, tmp_path)
    connection = runtime.connections.get("sandbox")
    consented = Connections([replace(connection, by_consent=True)])
    doctor, now = runtime.services.doctor, datetime.now(UTC)
    doctor._connections = consented
    dropped = KeyRing([new_key()])
    try:
        async with runtime.database.transaction() as tx:
            tokens = await credentials.locked_token(tx, "sandbox")
            tokens.sealed = dropped.seal("tokens", about="the tokens of sandbox")
            left_over = SecretRow(connection="sandbox", name="api_key", sealed="x.y", set_at=now, set_by="cli")
            left_over.ends_at = now + timedelta(days=1)
            await credentials.keep_secret(tx, left_over)
        report = await doctor.examine(actor="cli", connection="sandbox")
        [key] = [one for one in report.findings if one.code is Code.CREDENTIAL_KEY_MISSING]
        assert dropped.newest in key.reason
        assert Code.CREDENTIALS_EXPIRE not in {one.code for one in report.findings}
    finally:
        await runtime.aclose()


async def test_a_database_that_only_reads(postgres_url: str, tmp_path: Path) -> None:
    """A replica, or a server that was set to read only: told, and nothing is asked that could not be logged."""
    database = Database(postgres_url)
    async with database.transaction() as tx:
        name = (await tx.session.execute(sa.text("SELECT current_database()"))).scalar_one()
        await tx.session.execute(sa.text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    await database.aclose()
    runtime = runtime_on(postgres_url, tmp_path)
    try:
        report = await asyncio.wait_for(runtime.services.doctor.examine(actor="cli"), 20)
    finally:
        await runtime.aclose()
    assert [one.code for one in report.findings] == [
        Code.DATABASE_NOT_WRITABLE,
        Code.WORKER_MISSING,
        Code.MAIL_UNREACHABLE,
        Code.GRADER_EMBEDDED,
    ]


def _held() -> Application:
    return Application(
        id="app_000001",
        candidate=Candidate(id="cand_000001", first_name="Ada", last_name="Byron", emails=("ada@example.com",)),
        job=Job(id="job_000001", title="Customer Support Specialist", status=JobStatus.OPEN),
        stage=Stage(id="stg_000099", name="Coffee chat"),
        entry=StageEntryRef(history_id="7"),
    )
