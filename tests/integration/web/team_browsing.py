"""A browser for HTTP tests of the team's pages: keeps cookies, sends the form's token, follows nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from litestar import Litestar
from litestar.testing import AsyncTestClient

from tests.fixtures.fake_team_services import FakeTeamServices, team_app
from tests.fixtures.lending import Shelf, lent_product

HTML = {"Accept": "text/html"}
_APPS: Shelf[str] = Shelf(lambda services, base_url: team_app(services, base_url=base_url))


class Browsing:
    """One browser, signed in as the holder of a session or as nobody."""

    def __init__(self, client: AsyncTestClient[Litestar], services: FakeTeamServices) -> None:
        self.client = client
        self.services = services

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, headers=HTML, follow_redirects=False)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of ours."""
        await self.get("/sign-in")
        return await self.forge(path, **fields, _csrf_token=self.client.cookies["evenhand_csrf"])

    async def forge(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as another site could make the browser do: with the cookies, without the token."""
        return await self.client.post(path, data=fields, headers=HTML, follow_redirects=False)


@asynccontextmanager
async def browsing(
    session: str | None = "admin", *, services: FakeTeamServices | None = None, base_url: str = "http://127.0.0.1"
) -> AsyncIterator[Browsing]:
    """A browser on fresh fakes. ``session`` is admin, recruiter or None."""
    services = services or FakeTeamServices()
    with lent_product(_APPS, services, base_url, key=base_url) as app:
        async with AsyncTestClient(app, base_url=base_url) as client:
            if session:
                client.cookies.set("evenhand_session", session)
            yield Browsing(client, services)
