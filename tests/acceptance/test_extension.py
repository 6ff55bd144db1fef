"""A candidate who let the link run out gets a new one from the team, and goes on where they stopped."""

import asyncio
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from orchestrator.db.models.application import ApplicationRow
from orchestrator.demo.browser import ScriptedBrowser
from orchestrator.demo.script import take_interview
from orchestrator.demo.show import read_answers
from tests.fixtures.house import REVIEWER, House, running_house
from tests.fixtures.timers import advance

WEEK = timedelta(days=7, minutes=1)


def send_new_link(house: House, application_id: str) -> str:
    """The reviewer presses the button on the timeline; returns what the page then says."""
    with ScriptedBrowser(house.url) as browser:
        page = browser.open("/sign-in")
        page = browser.post(page, action="/sign-in", fields={"email": REVIEWER.email, "password": REVIEWER.password})
        page = browser.open(f"/operations/applications/{application_id}")
        return browser.post(page, action="/extend", fields={}).text("[role=status]")


async def test_an_expired_link_is_replaced_on_request(sqlite_url: str, tmp_path: Path) -> None:
    """Completion goes from Expired back to Invited, the old link is dead, and the earlier answer is still there."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = house.sandbox.pilot.application_ids[0]
        first = await house.invite(application)
        with ScriptedBrowser(house.url) as phone:
            page = await asyncio.to_thread(phone.open, first)
            page = await asyncio.to_thread(phone.post, page, action="/begin", fields={})
            page = await asyncio.to_thread(phone.open, f"{first}/questions/1")
            await asyncio.to_thread(phone.post, page, action="/questions/1", fields={"answer": "kept", "go": "next"})
        await house.work()
        house.clock.ahead = WEEK
        await advance(house.runtime.database, WEEK.total_seconds())
        await house.until_field(application, "interview_completion", "Expired")
        house.mails.clear()

        async with house.runtime.database.reading() as session:
            ours = await session.scalar(sa.select(ApplicationRow.id).where(ApplicationRow.external_id == application))
        said = await asyncio.to_thread(send_new_link, house, str(ours))
        await house.until_field(application, "interview_completion", "Invited")
        mail = await house.mail_to((await house.sandbox.profile(application))["candidate"]["emails"][0])
        second = next(word for word in mail.text.split() if word.startswith(f"{house.url}/i/"))

        assert "new link" in said
        assert second != first
        with ScriptedBrowser(house.url) as laptop:
            page = await asyncio.to_thread(laptop.open, second)
            await asyncio.to_thread(laptop.post, page, action="/begin", fields={})
            page = await asyncio.to_thread(laptop.open, f"{second}/questions/1")
            assert page.text("textarea") == "kept"
        await asyncio.to_thread(take_interview, house.ports, second, list(read_answers(None)))
        await house.until_field(application, "interview_completion", "In review")
