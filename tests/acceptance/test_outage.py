"""An ATS that is away for hours: nobody else notices, and when it is back everything arrives, in order, at its pace.

That an outage costs no attempts, however long it lasts, is the work of the engine's circuit breaker
(``orchestrator.work.trouble``); without it the last assertions about attempts and dead letters do not hold.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from orchestrator.db.models.writeback import SyncRow
from orchestrator.work.admin import Selection, list_work
from orchestrator.work.limits import RateLimit
from orchestrator.work.table import WorkState
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import running_sandbox
from tests.fixtures.timers import advance
from tests.integration.services.ats_record import OURS, sync_of, written_values
from tests.integration.services.people import (
    ANSWERS,
    ROOMY,
    Candidate,
    Colleague,
    Newcomer,
    in_review,
    mails_to,
    newcomer,
    open_case,
)
from tests.integration.services.relay import Relay, behind_relay
from tests.integration.services.rows import count, settled

PACE = RateLimit(rate=15, burst=5)
RESERVED = 16
"""Requests whose turn was taken ahead: at most two for each of eight handlers."""

HOURS = 12
A_FEW = 8
"""Attempts that are made together before the outage is noticed."""

OTHER_CONNECTION = """
  - key: other
    adapter: sandbox
    base_url: {url}
    credentials:
      api_key: {{env: EVENHAND_SANDBOX_API_KEY}}
    webhook_secrets:
      - {{env: EVENHAND_SANDBOX_WEBHOOK_SECRET}}
    stages:
      - {{stage: First Interview, kind: first_interview}}
    fields:
      completion: interview_completion
      band: interview_band

role_families:"""

OTHER_PROGRAM = """programs:
  - key: other-pilot
    title: The same at another ATS
    version: 1
    connection: other
    when:
      stage: first_interview
    rubric: customer-support/first-interview
    share: 1.0
    re_entry: never
    on_leave: cancel
    invitation: {valid_days: 7, reminder_hours: [48, 120]}
    review: {mode: always, due_hours: 24, undo_seconds: 0}
"""


@asynccontextmanager
async def two_atss(database_url: str, folder: Path) -> AsyncIterator[tuple[House, House]]:
    """One Evenhand between two ATSs, seen from either; the first is served at a modest pace."""
    async with running_sandbox() as second:
        changes = (
            ROOMY,
            ("\nrole_families:", OTHER_CONNECTION.format(url=second.base_url)),
            ("programs:\n", OTHER_PROGRAM),
        )
        async with running_house(database_url, folder, changes=changes) as house:
            await second.subscribe(f"{house.url}/hooks/other")
            yield house, replace(house, sandbox=second)


@asynccontextmanager
async def outage(house: House, relay: Relay, kind: str) -> AsyncIterator[None]:
    """The ATS is away while the block lasts."""
    if kind == "refuses":
        await relay.shut()
    else:
        await house.sandbox.set_faults(error_500={"probability": 1.0})
    try:
        yield
    finally:
        await house.sandbox.set_faults()
        if kind == "refuses":
            await relay.open()


def paced(house: House) -> House:
    """The same house with the modest pace."""
    buckets = {**house.runtime.buckets, "sandbox": PACE}
    return replace(house, runtime=replace(house.runtime, buckets=buckets))


async def hand_in(house: House, link: str) -> None:
    """Somebody answers everything."""
    with Candidate(link) as candidate:
        await candidate.begin()
        for number, answer in enumerate(ANSWERS, start=1):
            await candidate.answer(number, answer)
        await candidate.submit()
    await house.work()


async def busy_while_away(house: House, begun: list[tuple[Newcomer, str]]) -> None:
    """Candidates answer, get mail and are scored, and a colleague decides, as if nothing were wrong."""
    with Colleague(house) as robin:
        await robin.sign_in()
        for person, link in begun:
            await hand_in(house, link)
            assert mails_to(house, person) == ["invitation", "completion"]
            case = await open_case(house, person)
            await robin.send(f"/review/{case}", "/decision")


async def tried(house: House) -> int:
    """How many requests to the ATS that is away were made in vain."""
    return await count(
        house.runtime.database,
        "SELECT count(*) FROM sync_entry WHERE connection = 'sandbox' AND outcome IN ('Unavailable', 'Timeout')",
    )


async def hours_pass(house: House) -> None:
    """Every quarter of an hour somebody tries, and nobody loses an attempt by that."""
    before = await tried(house)
    for _ in range(4 * HOURS):
        await advance(house.runtime.database, 900)
        await house.work()
    assert await tried(house) - before <= 4 * HOURS + A_FEW
    async with house.runtime.database.reading() as session:
        waiting = await list_work(
            session, Selection(states=(WorkState.QUEUED,), kinds=("ats.write", "delivery.process"))
        )
    assert waiting
    assert max(item.attempt for item in waiting) <= 2
    assert await house.runtime.services.operating.dead_letters() == ()


async def drained(house: House) -> None:
    """Work, in real time, until nothing waits for the ATS any more."""
    await advance(house.runtime.database, 900)

    async def look() -> bool | None:
        waiting = await count(
            house.runtime.database,
            "SELECT count(*) FROM work WHERE state IN ('queued', 'running') AND kind IN"
            " ('ats.write', 'delivery.process', 'application.read', 'mail.send') AND run_at < :soon",
            soon=(house.clock.now()).timestamp() + 30,
        )
        return None if waiting else True

    await house.until("everything in the ATS", look, seconds=60)


def assert_pace(calls: list[SyncRow]) -> None:
    """In no stretch of time were there more requests than the rate and the burst allow."""
    at: list[datetime] = sorted(row.at for row in calls)
    assert len(at) > PACE.burst + RESERVED
    for first, began in enumerate(at):
        for last in range(first, len(at)):
            seconds = (at[last] - began).total_seconds()
            assert last - first + 1 <= PACE.burst + RESERVED + PACE.rate * (seconds + 0.1)


async def assert_once_and_in_order(house: House, person: Newcomer) -> None:
    """The whole story of an application stands in the ATS, each step once."""
    profile = await house.sandbox.profile(person.id)
    assert set(profile["custom_fields"]) == OURS
    assert len(profile["notes"]) == 1
    assert await written_values(house, person, "Interview completion") == [
        "Invited",
        "In progress",
        "Completed",
        "In review",
        "Completed",
    ]
    assert len(await written_values(house, person, "Interview band")) == 1


CASES = [("sqlite_url", "answers 500"), ("postgres_url", "refuses")]


@pytest.mark.long
@pytest.mark.parametrize(("database_kind", "kind"), CASES, ids=["sqlite-errors", "postgresql-refused"])
async def test_an_outage_of_hours(
    database_kind: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Nothing is given up, doubled or out of order, and neither candidates nor another ATS wait for the one away."""
    url: str = request.getfixturevalue(database_kind)
    async with two_atss(url, tmp_path) as (plain, other), behind_relay(plain, tmp_path) as (relayed, relay):
        house = paced(relayed)
        begun = [(person, await house.invite(person.id)) for person in [await newcomer(house) for _ in range(3)]]
        late = [await newcomer(house) for _ in range(3)]
        elsewhere = replace(house, sandbox=other.sandbox)
        stranger = await newcomer(elsewhere)
        await settled(house)

        async with outage(house, relay, kind):
            await busy_while_away(house, begun)
            for person in late:
                await house.sandbox.move(person.id, "First Interview")
            await in_review(elsewhere, stranger)
            await hours_pass(house)
            assert [mails_to(house, person) for person in late] == [[], [], []]

        back = house.clock.now()
        await drained(house)
        calls = [row for person, _ in begun for row in await sync_of(house, person) if row.at >= back]
        calls += [row for person in late for row in await sync_of(house, person) if row.at >= back]
        assert_pace(calls)
        await settled(house)
        for person, _ in begun:
            await assert_once_and_in_order(house, person)
        for person in late:
            assert mails_to(house, person) == ["invitation"]
            assert await written_values(house, person, "Interview completion") == ["Invited"]
        assert await house.runtime.services.operating.dead_letters() == ()
