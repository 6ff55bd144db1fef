"""Result links over HTTP: who sees what, who may end one, and how often somebody may try."""

import uuid

import pytest
from litestar.testing import AsyncTestClient

from orchestrator.services.result_links import LinkState
from orchestrator.web.app import create_app
from orchestrator.web.rate_limit import DOORS
from orchestrator.web.team import team_routes
from tests.fixtures.fake_team_services import FakeTeamServices
from tests.fixtures.team_cases import AUDIT_REF
from tests.fixtures.team_result_links import (
    APPLICATION,
    BULLETS,
    DEAD,
    FINAL,
    FULL,
    IN_REVIEW,
    OUTDATED,
    FakeResultLinks,
    link_item,
)
from tests.integration.web.team_browsing import HTML, browsing

REVOKE = f"{FULL}/link/revoke"
WHY = "It was passed on."


@pytest.mark.parametrize("session", [None, "a session that ended"])
async def test_a_stranger_sees_what_was_written_back(session: str | None) -> None:
    """The page of the link, and a way to sign in that leads on to the whole result."""
    async with browsing(session) as browser:
        answer = await browser.get(f"/r/{FINAL}")
        assert answer.status_code == 200
        for words in (BULLETS[1].replace("'", "&#39;"), "Solid evidence", AUDIT_REF, f'href="/sign-in?next={FULL}"'):
            assert words in answer.text
        assert browser.services.result_links.views == [FINAL]
        assert browser.services.reviewing.views == []
        for token, words in ((IN_REVIEW, "In review"), (OUTDATED, "A newer interview")):
            page = (await browser.get(f"/r/{token}")).text
            assert words in page
            assert "Audit reference" not in page


@pytest.mark.parametrize("session", ["recruiter", "admin"])
@pytest.mark.parametrize("token", [FINAL, OUTDATED, DEAD])
async def test_who_is_signed_in_goes_straight_on(session: str, token: str) -> None:
    """From a dead link too; that page logs its own views."""
    async with browsing(session) as browser:
        answer = await browser.get(f"/r/{token}")
        assert (answer.status_code, answer.headers["location"]) == (303, FULL)
        assert browser.services.result_links.views == []
        assert (await browser.get(f"/r/{'U' * 43}")).status_code == 404


@pytest.mark.parametrize("session", ["recruiter", "admin"])
async def test_both_roles_end_a_link(session: str) -> None:
    """Once, with a reason and the account's id; the page says that it is over and offers it no more."""
    async with browsing(session) as browser:
        answer = await browser.post(REVOKE, reason=WHY)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{FULL}?told=revoked")
        [(reference, reason, actor)] = browser.services.result_links.revoked
        assert (reference, reason, actor.partition(":")[0]) == (AUDIT_REF, WHY, "account")
        page = (await browser.get(answer.headers["location"])).text
        assert 'role="status">It was revoked' in page
        assert REVOKE not in page


async def test_nobody_else_ends_a_link() -> None:
    """Not without a reason, an account or the form's token, and not one that is not there."""
    async with browsing("recruiter") as browser:
        refused = await browser.post(REVOKE, reason=" ")
        assert refused.status_code == 422
        assert 'id="revoke-reason-error"' in refused.text
        assert (await browser.forge(REVOKE, reason=WHY)).status_code == 403
        assert (await browser.post(REVOKE.replace(AUDIT_REF, "EH-0"), reason=WHY)).status_code == 404
        assert browser.services.result_links.revoked == []
    async with browsing(None) as stranger:
        answer = await stranger.post(REVOKE, reason=WHY)
        assert answer.headers["location"].startswith("/sign-in")
        assert stranger.services.result_links.revoked == []


async def test_a_link_is_ended_before_there_is_a_result() -> None:
    """On the page of its application, by both roles; without a reason it is refused there, in words."""
    page = f"/operations/applications/{APPLICATION}"
    async with browsing("recruiter") as browser:
        assert f'action="{page}/link/revoke"' in (await browser.get(page)).text
        refused = await browser.post(f"{page}/link/revoke", reason=" ")
        assert refused.status_code == 422
        assert 'id="revoke-reason-error"' in refused.text
        answer = await browser.post(f"{page}/link/revoke", reason=WHY)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?told=revoked")
        [(reference, reason, actor)] = browser.services.result_links.revoked
        assert (reference, reason, actor.partition(":")[0]) == (str(link_item().id), WHY, "account")
        over = (await browser.get(answer.headers["location"])).text
        assert 'role="status">It was revoked' in over
        assert "/link/revoke" not in over
        elsewhere = f"/operations/applications/{uuid.UUID(int=0xA2)}"
        assert "The link in the applicant tracking system" not in (await browser.get(elsewhere)).text
        assert (await browser.post(f"{elsewhere}/link/revoke", reason=WHY)).status_code == 404
    async with browsing(None) as stranger:
        answer = await stranger.post(f"{page}/link/revoke", reason=WHY)
        assert answer.headers["location"].startswith("/sign-in")
        assert stranger.services.result_links.revoked == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LinkState.OPEN, "It also opens for people without an account"),
        (LinkState.EXPIRED, "It ended on"),
        (LinkState.CLOSED, "are switched off for this connection"),
        (LinkState.CANCELLED, "every order of this interview was taken back"),
    ],
)
async def test_the_result_says_where_its_link_stands(state: LinkState, words: str) -> None:
    """Only a link that opens can be ended."""
    services = FakeTeamServices(result_links=FakeResultLinks(link_item(state)))
    async with browsing("recruiter", services=services) as browser:
        page = (await browser.get(FULL)).text
        assert words in page
        assert (REVOKE in page) is (state is LinkState.OPEN)


async def test_a_result_without_a_link_says_nothing_of_it() -> None:
    """Most have none."""
    async with browsing("recruiter", services=FakeTeamServices(result_links=FakeResultLinks(None))) as browser:
        assert "The link in the applicant tracking system" not in (await browser.get(FULL)).text


async def test_trying_is_slowed_down() -> None:
    """Reading counts as well: each view is a line in the audit log."""
    [door] = [door for door in DOORS if door.prefix == "/r/"]
    app = create_app(
        handlers=team_routes(),
        services=FakeTeamServices(),
        secret_key="a secret for tests only, long enough",
        base_url="http://127.0.0.1",
    )
    async with AsyncTestClient(app, base_url="http://127.0.0.1") as client:
        answers = [await client.get(f"/r/{'U' * 43}", headers=HTML) for _ in range(door.burst + 2)]
    assert [answer.status_code for answer in answers[: door.burst]] == [404] * door.burst
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
