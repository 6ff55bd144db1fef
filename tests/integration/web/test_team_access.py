"""Who may open what: every team route needs an account, some need a role, every form needs its token."""

import pytest
from litestar.routes import HTTPRoute

from tests.fixtures.fake_team_services import team_app
from tests.fixtures.team_cases import ADJUSTMENT, AUDIT_REF, BLIND, HELD, NEAR_CUT, OVERDUE
from tests.fixtures.team_operations import APPLICATIONS, DEAD_LETTER, QUARANTINE
from tests.fixtures.team_result_links import APPLICATION
from tests.integration.web.team_browsing import browsing

PAGES = (
    "/review",
    f"/review/{NEAR_CUT}",
    f"/results/{AUDIT_REF}",
    "/operations",
    "/operations?show=sync",
    f"/operations/applications/{APPLICATIONS[0].application_id}",
    "/operations/connections/northlight",
)
REVIEW_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/review/{NEAR_CUT}/decision", {"band": "solid"}),
    (f"/review/{NEAR_CUT}/close", {"reason": "They asked us to stop here."}),
    (f"/review/{BLIND}/reading", {"band": "mixed"}),
    (f"/review/{HELD}/undo", {}),
    (f"/review/{OVERDUE}/ask-again", {"reason": "Only letters arrived."}),
    (f"/review/{ADJUSTMENT}/answer", {"resume": "yes", "reason": "Ten more days by mail."}),
)
EXTEND_FORM: tuple[str, dict[str, str]] = (f"/operations/applications/{APPLICATIONS[0].application_id}/extend", {})
ADMIN_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/operations/quarantine/{QUARANTINE}/map", {"kind": "first_interview"}),
    (f"/operations/work/{DEAD_LETTER}/replay", {}),
    (f"/operations/work/{DEAD_LETTER}/done", {"reason": "Written by hand in the ATS."}),
    ("/operations/connections/northlight/resume", {}),
)
LINK_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/results/{AUDIT_REF}/link/revoke", {"reason": "It was passed on."}),
    (f"/operations/applications/{APPLICATION}/link/revoke", {"reason": "It was passed on."}),
)
FORMS = (*REVIEW_FORMS, EXTEND_FORM, *ADMIN_FORMS, *LINK_FORMS)


def test_the_lists_here_name_every_team_route() -> None:
    """A route that is added to the team's pages must be added to these tests too."""
    templates = {
        (method, route.path_format)
        for route in team_app().routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS", "HEAD"}
        if not route.path.startswith(("/static", "/healthz", "/readyz"))
    }
    assert templates == {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-out"),
        ("GET", "/review"),
        ("GET", "/review/{case_id}"),
        ("POST", "/review/{case_id}/decision"),
        ("GET", "/review/quality"),
        ("GET", "/review/applications/{application_id}"),
        ("POST", "/review/{case_id}/reading"),
        ("POST", "/review/{case_id}/undo"),
        ("POST", "/review/{case_id}/ask-again"),
        ("POST", "/review/{case_id}/assign"),
        ("POST", "/review/{case_id}/close"),
        ("GET", "/calibration"),
        ("GET", "/calibration/new"),
        ("POST", "/calibration/new"),
        ("GET", "/calibration/{session_id}"),
        ("GET", "/calibration/{session_id}/report"),
        ("GET", "/calibration/{session_id}/items/{position}"),
        ("POST", "/calibration/{session_id}/items/{position}/ratings"),
        ("POST", "/calibration/{session_id}/items/{position}/agreed"),
        ("POST", "/calibration/{session_id}/hand-in"),
        ("POST", "/calibration/{session_id}/reveal"),
        ("POST", "/calibration/{session_id}/close"),
        ("GET", "/rehearsal"),
        ("GET", "/rehearsal/{program}"),
        ("POST", "/rehearsal/{program}/simulated"),
        ("POST", "/rehearsal/{program}/answers"),
        ("GET", "/rescorings/{interview_id}"),
        ("POST", "/rescorings/{interview_id}/use"),
        ("POST", "/rescorings/{interview_id}/undo"),
        ("POST", "/review/{case_id}/answer"),
        ("GET", "/results/{audit_ref}"),
        ("POST", "/results/{audit_ref}/link/revoke"),
        ("GET", "/r/{token}"),
        ("GET", "/operations"),
        ("GET", "/operations/applications/{application_id}"),
        ("POST", "/operations/applications/{application_id}/link/revoke"),
        ("GET", "/operations/doctor"),
        ("POST", "/operations/doctor"),
        ("POST", "/operations/quarantine/{quarantine_id}/map"),
        ("POST", "/operations/work/{work_id}/replay"),
        ("POST", "/operations/work/{work_id}/done"),
        ("POST", "/operations/connections/{connection}/resume"),
        ("GET", "/operations/connections/{connection}"),
        ("POST", "/operations/connections/{connection}/consent"),
        ("GET", "/operations/connections/{connection}/consent/answer"),
        ("POST", "/operations/stops"),
        ("POST", "/operations/stops/resume"),
        ("POST", "/operations/applications/{application_id}/extend"),
    }


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("session", [None, "a session that ended"])
async def test_a_page_leads_strangers_to_sign_in_and_shows_nothing(path: str, session: str | None) -> None:
    """Without an account there is a redirect that remembers the page, and no name of a candidate."""
    async with browsing(session) as browser:
        answer = await browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=%2F")
        assert "Mara" not in answer.text
        assert browser.services.reviewing.views == []


@pytest.mark.parametrize(("path", "fields"), FORMS)
async def test_a_form_of_a_stranger_changes_nothing(path: str, fields: dict[str, str]) -> None:
    """Without an account no form does anything, even with a good token."""
    async with browsing(None) as browser:
        answer = await browser.post(path, **fields)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        assert browser.services.reviewing.decisions == []
        assert browser.services.operating.acts == []


@pytest.mark.parametrize(("path", "fields"), FORMS)
async def test_a_form_without_its_token_changes_nothing(path: str, fields: dict[str, str]) -> None:
    """A form that another site makes the browser send has no token and is refused."""
    async with browsing("admin") as browser:
        answer = await browser.forge(path, **fields)
        assert answer.status_code == 403
        assert browser.services.reviewing.decisions == []
        assert browser.services.operating.acts == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("session", ["recruiter", "admin"])
async def test_both_roles_see_every_page(path: str, session: str) -> None:
    """Recruiters review and may look at operations; admins may see all."""
    async with browsing(session) as browser:
        assert (await browser.get(path)).status_code == 200


@pytest.mark.parametrize("session", ["recruiter", "admin"])
@pytest.mark.parametrize(("path", "fields"), REVIEW_FORMS)
async def test_both_roles_decide_cases(path: str, fields: dict[str, str], session: str) -> None:
    """A decision is recorded once and leads back to the case."""
    async with browsing(session) as browser:
        answer = await browser.post(path, **fields)
        assert answer.status_code == 303
        assert answer.headers["location"] == path.rpartition("/")[0]
        assert len(browser.services.reviewing.decisions) == 1


@pytest.mark.parametrize("session", ["recruiter", "admin"])
async def test_both_roles_send_a_new_link(session: str) -> None:
    """It is sent once and leads back to the timeline, which says so."""
    path, fields = EXTEND_FORM
    async with browsing(session) as browser:
        answer = await browser.post(path, **fields)
        assert answer.headers["location"] == f"{path.rpartition('/')[0]}?told=extended"
        assert [act[0] for act in browser.services.operating.acts] == ["extend"]


@pytest.mark.parametrize(("path", "fields"), ADMIN_FORMS)
async def test_only_admins_change_operations(path: str, fields: dict[str, str]) -> None:
    """A recruiter gets 403 and nothing happens; an admin's act carries the account's id and no address."""
    async with browsing("recruiter") as browser:
        assert (await browser.post(path, **fields)).status_code == 403
        assert browser.services.operating.acts == []
    async with browsing("admin") as browser:
        answer = await browser.post(path, **fields)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/operations?told=")
        [act] = browser.services.operating.acts
        assert str(act[-1]).startswith("account:")
        assert "@" not in str(act)


async def test_a_recruiter_is_not_offered_what_only_admins_may_do() -> None:
    """The operations page shows troubles to recruiters without forms that would be refused."""
    async with browsing("recruiter") as browser:
        page = (await browser.get("/operations")).text
        assert "Chat with Sam" in page
        assert "/map" not in page
        assert "/replay" not in page
