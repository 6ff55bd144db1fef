"""Result links in a whole house whose sandbox takes orders: making them, opening them, and reading what the log says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa
from msgspec import structs

from orchestrator.config.schema import ResultLinks as Settings
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.repositories import orders
from orchestrator.demo.browser import Page
from orchestrator.domain.audit import AuditEvent
from orchestrator.services.connections import Connections
from orchestrator.services.links import LinkMaker
from orchestrator.services.result_links import ResultLinks
from tests.fixtures.house import House, running_house
from tests.fixtures.ordering_sandbox import PRESENTED, SECRETS, ordered, ordering_sandbox
from tests.integration.services.people import ROOMY, Colleague, Newcomer, in_review, interview_of

DAYS = 30
CHANGES = (
    ROOMY,
    ("poll_minutes: 5", f"poll_minutes: 5\n    result_links: {{reachable: true, days: {DAYS}}}\n    {SECRETS}"),
    ("re_entry: never", "re_entry: after_finished"),
)


@asynccontextmanager
async def house_with_links(database_url: str, folder: Path) -> AsyncIterator[House]:
    """A house whose connection takes orders and asks for links."""
    with ordering_sandbox():
        async with running_house(database_url, folder, changes=CHANGES, environment=PRESENTED) as running:
            yield running


async def page(house: House, link: str, *, accept: str = "text/html") -> httpx.Response:
    """The page behind a link, for somebody who never signed in."""
    async with httpx.AsyncClient(trust_env=False, headers={"Accept": accept}) as stranger:
        return await stranger.get(link.replace("https://x", house.url))


def words_of(answer: httpx.Response) -> str:
    """What somebody reads on a page that is there."""
    assert answer.status_code == 200
    blocks = Page(answer).tree.css("main h1, main h2, main p, main li, main dl > div")
    return " ".join(" ".join(part.text() for part in block.iter(include_text=True)).strip() for block in blocks)


async def issued(house: House, application: Newcomer) -> str:
    """The link that an ATS would be told with an order."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        known = await orders.wanted(session, interview.id)
    if not known:
        await ordered(house.runtime.database, interview.id)
    link = await house.runtime.services.result_links.issue(interview.id, house.runtime.connections.get("sandbox"))
    assert link is not None
    return link


async def finished(house: House, robin: Colleague, application: Newcomer) -> str:
    """Take somebody through interview and review; the link."""
    case = await in_review(house, application)
    await robin.send(f"/review/{case}", "/decision")
    await house.until_field(application.id, "interview_completion", "Completed")
    return await issued(house, application)


async def events(house: House, application: Newcomer, verb: str) -> list[AuditEvent]:
    """What the audit log says of the link of an application's interview."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        rows = (await session.scalars(sa.select(AuditRow.event).order_by(AuditRow.sequence))).all()
    return [e for e in rows if e.subject == str(interview.id) and e.tag.endswith(f":result-link:{verb}")]


async def reference(house: House, application: Newcomer) -> str:
    """The audit reference of an application's result."""
    return str(await house.field(application.id, "interview_audit_ref"))


def with_settings(house: House, settings: Settings) -> Connections:
    """The connection where its file says something else."""
    connection = house.runtime.connections.get("sandbox")
    return Connections(
        [structs.replace(connection, settings=structs.replace(connection.settings, result_links=settings))]
    )


def other(house: House, *, connections: Connections | None = None, secret_key: str | None = None) -> ResultLinks:
    """The service of a process with another file or another key."""
    return ResultLinks(
        database=house.runtime.database,
        clock=house.clock,
        connections=connections or house.runtime.connections,
        links=LinkMaker(base_url=house.url, secret_key=secret_key or house.environment["EVENHAND_SECRET_KEY"]),
    )
