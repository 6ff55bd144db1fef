"""A stage that nobody explained: held and shown, never guessed; explained once, what waited goes on exactly once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orchestrator.db.models.account import Role
from orchestrator.demo.script import Reviewer
from orchestrator.services.views import QuarantineItem
from tests.fixtures.house import House, running_house
from tests.integration.services.people import (
    ROOMY,
    Colleague,
    Newcomer,
    fresh_sqlite,
    interviews_of,
    mails_to,
    move_to,
    new_job,
    newcomer,
    reasons_of,
)
from tests.integration.services.rows import settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
RECRUITER = Reviewer("kim@northwind-outdoor.example", "Kim Recruiter", "another-long-password")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share, each with a job of its own."""
    folder = tmp_path_factory.mktemp("quarantine")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY,)) as running:
        await running.runtime.services.accounts.create(
            email=RECRUITER.email, name=RECRUITER.name, role=Role.RECRUITER, password=RECRUITER.password
        )
        yield running


async def held(house: House, stage: str, people: int) -> tuple[list[Newcomer], QuarantineItem]:
    """People who stand in a stage that nobody explained, and how the quarantine shows it."""
    job = await new_job(house, f"Customer Support, {stage}", "Applied", stage, "Offer")
    found = [await newcomer(house, job_id=job) for _ in range(people)]
    await settled(house)
    for application in found:
        await move_to(house, application, stage)
    await settled(house)
    shown = [item for item in await house.runtime.services.operating.quarantine() if item.stage_name == stage]
    assert len(shown) == 1
    return found, shown[0]


async def test_mapping_on_the_page_lets_what_waited_go_on_once(house: House) -> None:
    """Held with the reason and shown; an admin says what it is; each is invited once, and later arrivals at once."""
    people, item = await held(house, "Coffee chat", 2)
    for application in people:
        assert (await reasons_of(house, application))[-1] == "stage_unmapped"
        assert mails_to(house, application) == []
    assert (item.waiting, item.times_seen) == (2, 2)
    action = f"/operations/quarantine/{item.id}/map"
    with Colleague(house) as admin, Colleague(house, RECRUITER) as recruiter:
        await admin.sign_in()
        await recruiter.sign_in()
        page = await admin.open("/operations")
        assert "“Coffee chat”" in page.text("main")
        assert "2 applications wait" in page.text("main")
        assert not (await recruiter.open("/operations")).has_form(action)
        assert (await recruiter.post_elsewhere(action, {"kind": "first_interview"})).status == 403
        unknown = await admin.send_from(page, action, {"kind": "coffee"})
        assert unknown.status == 422
        await settled(house)
        assert mails_to(house, people[0]) == []

        told = await admin.send_from(page, action, {"kind": "first_interview"})
        assert told.status == 200
        assert "“Coffee chat”" not in told.text("main")
        await settled(house)
        again = await admin.send_from(page, action, {"kind": "offer"})
        assert again.status == 404
    note = {"body": "A note", "visibility": "team"}
    for application in people:
        await house.sandbox.admin.post(f"/applications/{application.id}/notes", data=note)
    await settled(house)
    for application in people:
        assert (await reasons_of(house, application))[-2:] == ["stage_unmapped", "started"]
        assert mails_to(house, application) == ["invitation"]
        assert len(await interviews_of(house, application)) == 1

    late = await newcomer(house, job_id=(await house.sandbox.application(people[0].id))["job"]["id"])
    await move_to(house, late, "Coffee chat")
    await settled(house)
    assert (await reasons_of(house, late))[-1] == "started"
    assert mails_to(house, late) == ["invitation"]


async def test_mapping_from_the_command_line_does_the_same(house: House) -> None:
    """`evenhand quarantine map` sets free who still stands there, and not who has moved on meanwhile."""
    (stays, goes), item = await held(house, "Trial shift", 2)
    await move_to(house, goes, "Offer")
    await settled(house)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "orchestrator", "quarantine", "map", str(item.id), "first_interview", "--json"),
        env=dict(house.environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert '"applications": 1' in out.decode()
    await settled(house)
    assert mails_to(house, stays) == ["invitation"]
    assert mails_to(house, goes) == []
    assert (await reasons_of(house, stays))[-1] == "started"
    assert "started" not in await reasons_of(house, goes)
