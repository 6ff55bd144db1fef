"""The page of a connection, consent in the browser, and the kill switches over HTTP."""

from datetime import UTC, datetime

import pytest

from orchestrator.errors import InputInvalid, RequestRefused, Stale
from orchestrator.services.views import StopItem
from tests.fixtures.fake_team_services import ADMIN, FakeTeamServices
from tests.fixtures.team_cases import AUDIT_REF, NEAR_CUT
from tests.integration.web.team_browsing import browsing

PAGE = "/operations/connections/northlight"
REASON = "The wrong people were invited."


async def test_the_page_tells_where_each_credential_is_and_no_value() -> None:
    """Names, variables and ends; a recruiter may look and is offered nothing."""
    async with browsing("admin") as browser:
        page = (await browser.get(PAGE)).text
        for words in ("GREENHOUSE_CLIENT_ID", "stored encrypted", "client_secret ends on", "Connect again"):
            assert words in page
    async with browsing("recruiter") as browser:
        page = (await browser.get(PAGE)).text
        assert "An administrator can connect it." in page
        assert f"{PAGE}/consent" not in page.replace("https://interviews.northlight.example", "")
        assert (await browser.get("/operations/connections/nobody")).status_code == 404


PAGES = ("/review", f"/review/{NEAR_CUT}", f"/results/{AUDIT_REF}", "/operations", "/operations/doctor", PAGE)
SINCE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("session", ["admin", "recruiter"])
async def test_a_stop_is_in_sight_on_every_page(path: str, session: str) -> None:
    """Whoever works while everything is stopped knows it, since when and why; a page that may not be read says it too."""
    services = FakeTeamServices()
    everything = StopItem(scope="everything", name="", reason="The <b>wrong</b> people were invited.", since=SINCE)
    async with browsing(session, services=services) as browser:
        assert "team-stopped" not in (await browser.get(path)).text
        services.stopping.on = (everything,)
        page = (await browser.get(path)).text
        for words in ("Everything is stopped", "2 Mar 2026", "The &lt;b&gt;wrong&lt;/b&gt; people were invited."):
            assert words in page
        services.stopping.on = (StopItem(scope="program", name="support", reason="Why.", since=SINCE),)
        page = (await browser.get(path)).text
        assert "Everything is stopped" not in page
        assert "program support" in page


async def test_consent_begins_with_a_link_that_is_bound_to_the_session() -> None:
    """The form leads to a page with the vendor's address: no form leads to another site by itself."""
    async with browsing("admin") as browser:
        answer = await browser.post(f"{PAGE}/consent")
        assert answer.status_code == 200
        assert 'href="https://ats.example/authorize?client_id=us&amp;state=a-state"' in answer.text
        assert "harvest:notes:create" in answer.text
        assert browser.services.consenting.acts == [("begin", "northlight", ADMIN.id, "admin")]


async def test_the_answer_is_taken_with_the_session_that_asked() -> None:
    """State, code and session reach the service, and the address with the code is left at once."""
    async with browsing("admin") as browser:
        answer = await browser.get(f"{PAGE}/consent/answer?state=a-state&code=a-code")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{PAGE}?told=connected"
        [act] = browser.services.consenting.acts
        assert act == ("complete", "northlight", "a-state", "a-code", ADMIN.id, "admin")
        assert "goes on now" in (await browser.get(answer.headers["location"])).text


@pytest.mark.parametrize(
    ("refusal", "status"), [(Stale("Please begin again, it was long ago."), 409), (InputInvalid("Not given."), 422)]
)
async def test_an_answer_that_cannot_be_taken_is_said_on_the_page(refusal: RequestRefused, status: int) -> None:
    """With the way to begin again beside it."""
    async with browsing("admin") as browser:
        browser.services.consenting.refusal = refusal
        answer = await browser.get(f"{PAGE}/consent/answer?error=access_denied&state=x")
        assert answer.status_code == status
        assert str(refusal) in answer.text
        assert "Connect again" in answer.text


async def test_a_question_that_cannot_be_asked_is_said_on_the_page() -> None:
    """A connection that needs no consent, or a house without a key."""
    async with browsing("admin") as browser:
        browser.services.consenting.refusal = InputInvalid("Set EVENHAND_CREDENTIAL_KEYS first.")
        answer = await browser.post(f"{PAGE}/consent")
        assert answer.status_code == 422
        assert "Set EVENHAND_CREDENTIAL_KEYS first." in answer.text


@pytest.mark.parametrize("path", [f"{PAGE}/consent/answer?state=x&code=y"])
async def test_only_administrators_answer(path: str) -> None:
    """A recruiter who gets hold of an answer can do nothing with it."""
    async with browsing("recruiter") as browser:
        assert (await browser.get(path)).status_code == 403
        assert (await browser.post(f"{PAGE}/consent")).status_code == 403
        assert browser.services.consenting.acts == []


@pytest.mark.parametrize(
    ("path", "verb", "told"),
    [("/operations/stops", "stop", "Nothing is sent"), ("/operations/stops/resume", "resume", "sent in its order")],
)
async def test_stopping_and_going_on(path: str, verb: str, told: str) -> None:
    """What, why and who reach the service; the page confirms. A recruiter can do neither."""
    async with browsing("admin") as browser:
        answer = await browser.post(path, reach="program:support", reason=REASON)
        assert browser.services.stopping.acts == [(verb, "program support", REASON, f"account:{ADMIN.id}")]
        assert told in (await browser.get(answer.headers["location"])).text
    async with browsing("recruiter") as browser:
        assert (await browser.post(path, reach="everything", reason=REASON)).status_code == 403
        assert "/operations/stops" not in (await browser.get("/operations")).text
        assert browser.services.stopping.acts == []


@pytest.mark.parametrize(
    ("path", "fields", "where"),
    [
        ("/operations/stops", {"reach": "program:support", "reason": "no"}, "stop-reason-error"),
        ("/operations/stops", {"reach": "the moon", "reason": REASON}, "stop-reason-error"),
        ("/operations/stops", {"reach": "connection:", "reason": REASON}, "stop-reason-error"),
        ("/operations/stops/resume", {"reach": "program:support", "reason": ""}, "resume-1-error"),
    ],
)
async def test_a_stop_says_what_to_mend(path: str, fields: dict[str, str], where: str) -> None:
    """By the field, with what was typed; nothing happens."""
    async with browsing("admin") as browser:
        answer = await browser.post(path, **fields)
        assert answer.status_code == 422
        assert f'id="{where}"' in answer.text
        assert browser.services.stopping.acts == []


async def test_a_stop_stands_on_the_page_until_it_ends() -> None:
    """With its reason; everybody sees it, only administrators end it."""
    async with browsing("recruiter") as browser:
        page = (await browser.get("/operations")).text
        assert "Stopped by hand" in page
        assert "wrong shift" in page
        assert "An administrator can let it go on." in page
