"""However a move is delivered, it starts one interview, sends one invitation and makes one write-back (N3, N4)."""

from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.writeback import WriteBackRow, WriteBackState
from orchestrator.domain.interview import InterviewState
from orchestrator.services.kinds import PollConnection
from orchestrator.work.queue import enqueue
from tests.fixtures.house import House, running_house
from tests.fixtures.receiver import Received, receiving
from tests.integration.services.rows import settled

EXAMPLES = {"sqlite": 15, "postgresql": 8}
"""The order of deliveries is the engine's business, not the database's: the second one need not repeat them all."""


@dataclass
class Captured:
    """One application that went to the trigger stage and on from there, and every delivery about it."""

    id: str
    email: str
    deliveries: list[Received]


async def new_application(house: House, number: int, *, job: int = 0) -> tuple[str, str]:
    """A fresh candidate and application in the ATS; application id and e-mail."""
    email = f"candidate-{number}@applicants.example"
    answer = await house.sandbox.admin.post(
        "/api/v1/candidates",
        json={"first_name": "Test", "last_name": f"Number {number}", "emails": [email], "phones": []},
    )
    assert answer.status_code == 201, answer.text
    answer = await house.sandbox.admin.post(
        "/api/v1/applications",
        json={"candidate_id": answer.json()["id"], "job_id": house.sandbox.pilot.job_ids[job], "source": "Test"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"]), email


async def deliver(ats: httpx.AsyncClient, delivery: Received) -> int:
    """Post a captured delivery to Evenhand, byte for byte."""
    headers = {name: value for name, value in delivery.headers.items() if name not in {"host", "content-length"}}
    return (await ats.post("/hooks/sandbox", content=delivery.body, headers=headers)).status_code


async def counts(house: House, captured: Captured) -> tuple[int, int, int]:
    """Interviews, invitations and write-backs of an application."""
    async with house.runtime.database.reading() as session:
        mine = sa.select(ApplicationRow.id).where(ApplicationRow.external_id == captured.id).scalar_subquery()
        interviews = await session.scalar(
            sa.select(sa.func.count()).select_from(InterviewRow).where(InterviewRow.application_id == mine)
        )
        writes = await session.scalar(
            sa.select(sa.func.count())
            .select_from(WriteBackRow)
            .where(WriteBackRow.application_id == mine, WriteBackRow.state == WriteBackState.WRITTEN)
        )
    mails = sum(mail.to == captured.email for mail in house.mails.deliveries)
    return interviews or 0, mails, writes or 0


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind."""
    found: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return found


async def test_any_order_and_any_number_of_deliveries_is_one_interview(url: str, tmp_path: Path) -> None:
    """Permutations, duplicates and delays of deliveries, mixed with polls, always end the same way."""
    async with (
        running_house(url, tmp_path, subscribe=False) as house,
        receiving() as receiver,
        httpx.AsyncClient(base_url=house.url) as ats,
    ):
        await house.sandbox.subscribe(receiver.url)
        number = 0

        async def capture() -> Captured:
            nonlocal number
            number += 1
            id_, email = await new_application(house, number)
            before = len(receiver.got)
            await house.sandbox.move(id_, "Application Review")
            await house.sandbox.move(id_, "First Interview")
            await house.sandbox.admin.post(f"/applications/{id_}/notes", data={"body": "A note", "visibility": "team"})
            got = await receiver.wait_for(lambda all_: len(all_) >= before + 3)
            return Captured(id_, email, list(got[before : before + 3]))

        async def example(order: list[int], pauses: list[bool], polls: list[bool]) -> None:
            captured = await capture()
            for index, pause, poll in zip(order, pauses, polls, strict=True):
                assert await deliver(ats, captured.deliveries[index % len(captured.deliveries)]) == 202
                if poll:
                    async with house.runtime.database.transaction() as tx:
                        await enqueue(tx, PollConnection(connection="sandbox"))
                if pause:
                    await house.work()

            async def written() -> bool | None:
                return True if (await counts(house, captured))[2] else None

            # The connection's rate limit may hold work back for a moment; doubles would still show after it.
            await house.until("the write-back", written)
            await settled(house)
            assert await counts(house, captured) == (1, 1, 1)

        for order, pauses, polls in drawn_examples(EXAMPLES[house.runtime.database.dialect]):
            await example(order, pauses, polls)


def drawn_examples(count: int) -> list[tuple[list[int], list[bool], list[bool]]]:
    """Sequences that hypothesis draws: every delivery at least once, in any order, any of them again."""
    drawn: list[tuple[list[int], list[bool], list[bool]]] = []

    @settings(max_examples=count, database=None)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        again = data.draw(st.lists(st.integers(0, 2), max_size=6))
        order = data.draw(st.permutations([0, 1, 2, *again]))
        size = len(order)
        pauses = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
        polls = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
        drawn.append((list(order), pauses, polls))

    draw()
    return drawn


async def test_two_moves_are_two_entries(sqlite_url: str, tmp_path: Path) -> None:
    """Left before anyone began, the first interview ends; moved back, the candidate is invited again, to a new one."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = house.sandbox.pilot.application_ids[0]
        first = await house.invite(application)
        await house.sandbox.move(application, "Application Review")
        await house.until_field(application, "interview_completion", "Expired")
        house.mails.clear()
        second = await house.invite(application)

        assert first != second
        async with house.runtime.database.reading() as session:
            states = list(await session.scalars(sa.select(InterviewRow.state).order_by(InterviewRow.created_at)))
        assert states == [InterviewState.CANCELLED, InterviewState.INVITED]


async def test_who_stood_there_before_launch_is_not_surprised(sqlite_url: str, tmp_path: Path) -> None:
    """A note about somebody who entered the stage before the connection went live starts nothing."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        id_, email = await new_application(house, 1)
        await house.sandbox.move(id_, "First Interview")
        async with house.runtime.database.transaction() as tx:
            await tx.session.execute(sa.text("UPDATE connection SET live_since = '2099-01-01 00:00:00.000000'"))
        await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
        await house.sandbox.admin.post(f"/applications/{id_}/notes", data={"body": "A note", "visibility": "team"})

        async def decided() -> str | None:
            async with house.runtime.database.reading() as session:
                reason: str | None = await session.scalar(sa.text("SELECT reason FROM trigger_decision"))
                return reason

        assert await house.until("a decision", decided) == "before_launch"
        assert not [mail for mail in house.mails.deliveries if mail.to == email]
