"""The team's pages in a real browser: by keyboard, without scripts, accessible in every state."""

import re

import pytest
from litestar import Litestar
from playwright.async_api import Page, expect

from tests.browser.axe import violations
from tests.browser.chromium import DESK, PHONE
from tests.browser.conftest import OpenPage, Serve
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.fake_team_services import PASSWORD, RECRUITER, FakeTeamServices, team_app
from tests.fixtures.team_cases import ADJUSTMENT, AUDIT_REF, DECIDED, NEAR_CUT
from tests.fixtures.team_operations import DEAD_LETTER

pytestmark = pytest.mark.asyncio(loop_scope="session")

_COVERED = """() => {
  const bar = document.querySelector(".team-confirm").getBoundingClientRect();
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const inside = one.closest(".team-confirm, .team-case__talk") !== null;
  return !inside && box.top >= bar.top && box.bottom <= bar.bottom;
}"""


@pytest.fixture
def services() -> FakeTeamServices:
    return FakeTeamServices()


async def _team(
    app: Litestar,
    serve: Serve,
    open_page: OpenPage,
    *,
    width: int = DESK,
    scripts: bool = True,
    session: str | None = SESSION_COOKIE[1],
) -> Page:
    base_url = await serve(app)
    page = await open_page(base_url, width=width, scripts=scripts)
    if session:
        await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": session, "url": base_url}])
    return page


async def test_refused_forms_are_accessible_and_take_the_focus(serve: Serve, open_page: OpenPage) -> None:
    """An override without a band, an answer without a choice, work done without a reason, a wrong password."""
    page = await _team(team_app(), serve, open_page)
    for path, button in (
        (f"/review/{NEAR_CUT}", "Save this band"),
        (f"/review/{ADJUSTMENT}", "Save the answer"),
    ):
        await page.goto(path)
        await page.get_by_role("button", name=button).click()
        await expect(page.locator(".errors")).to_be_focused()
        await expect(page).to_have_title(re.compile("^Error: "))
        assert await violations(page) == []
    await page.goto("/operations")
    await page.get_by_text("Done by hand").click()
    await page.get_by_role("button", name=f"Mark as done no. {DEAD_LETTER}").click()
    await expect(page.get_by_label("What did you do?")).to_have_attribute("aria-invalid", "true")
    assert await violations(page) == []
    await page.context.clear_cookies()
    await page.goto("/sign-in")
    await page.get_by_label("E-mail address").fill("nobody@northlight.example")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("do not match an account")).to_be_visible()
    assert await violations(page) == []


async def test_two_keys_confirm_a_case_from_its_link(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """j and k walk the queue over both tables; from the link it is Enter, then c."""
    page = await _team(team_app(services), serve, open_page)
    await page.goto("/review")
    for key, name in (("j", "Sofia Marques"), ("j", "Idris Bello"), ("j", "Tomasz Wójcik"), ("j", "Mara Lindqvist")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("link", name=name)).to_be_focused()
    await page.keyboard.press("k")
    await expect(page.get_by_role("link", name="Tomasz Wójcik")).to_be_focused()
    await page.keyboard.press("j")

    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mara Lindqvist")
    await page.keyboard.press("c")
    await expect(page.get_by_role("heading", name="Decided by Ada Okafor")).to_be_visible()
    assert [(case, band) for case, _, band, _ in services.reviewing.decisions] == [(NEAR_CUT, "solid")]
    await page.keyboard.press("n")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.url.split("/")[-1] != str(NEAR_CUT)


async def test_another_band_is_one_key_away_and_typing_never_confirms(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """o leads to the bands; letters in the reason are letters."""
    page = await _team(team_app(services), serve, open_page)
    await page.goto(f"/review/{NEAR_CUT}")
    await page.keyboard.press("o")
    await expect(page.get_by_role("radio", name="Strong evidence")).to_be_focused()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.type("She checked once more, which counts.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Decided by Ada Okafor")).to_be_visible()
    assert [band for _, _, band, _ in services.reviewing.decisions] == ["strong"]


async def test_the_keys_can_be_switched_off_for_good(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """WCAG 2.1.4: off means off, on the next page too."""
    page = await _team(team_app(services), serve, open_page)
    await page.goto("/review")
    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await page.goto(f"/review/{NEAR_CUT}")
    await expect(page.get_by_role("button", name="Keyboard shortcuts")).to_have_attribute("aria-pressed", "false")
    await page.keyboard.press("c")
    await page.reload()
    await expect(page.get_by_role("button", name="Confirm “Solid evidence”")).to_be_visible()
    assert services.reviewing.decisions == []


async def test_an_error_page_keeps_the_way_back(serve: Serve, open_page: OpenPage) -> None:
    """Who is signed in finds the bar on an error page too; a stranger sees nothing of it."""
    page = await _team(team_app(), serve, open_page)
    await page.goto("/review/00000000-0000-0000-0000-000000000000")
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Operations").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Operations")
    await page.context.clear_cookies()
    await page.goto("/nowhere")
    await expect(page.get_by_role("heading", level=1)).to_have_text("This page is not here")
    await expect(page.get_by_role("navigation", name="Main")).to_have_count(0)


async def test_a_quote_opens_in_its_context_and_the_page_stays(serve: Serve, open_page: OpenPage) -> None:
    """The conversation scrolls to the words, which take the focus; the evidence stays where it was."""
    page = await _team(team_app(), serve, open_page)
    await page.goto(f"/review/{NEAR_CUT}")
    link = page.get_by_role("link", name="Read it in the conversation").nth(2)
    await link.scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    await link.click()
    mark = page.locator("mark", has_text="These two charges only check")
    await expect(mark).to_be_focused()
    await expect(mark).to_be_in_viewport()
    assert await page.evaluate("scrollY") == before


async def test_a_quote_unfolds_the_conversation_of_a_result(serve: Serve, open_page: OpenPage) -> None:
    """On the result page the conversation is folded until somebody asks for it."""
    page = await _team(team_app(), serve, open_page, width=PHONE)
    await page.goto(f"/results/{AUDIT_REF}")
    mark = page.locator("mark", has_text="The paper was fine")
    await expect(mark).to_be_hidden()
    await page.get_by_role("link", name="Read it in the conversation").first.click()
    await expect(mark).to_be_in_viewport()


async def test_the_bar_with_the_decision_never_hides_what_has_the_focus(serve: Serve, open_page: OpenPage) -> None:
    """WCAG 2.4.11: walking through the page by Tab, the focus is always to be seen."""
    page = await _team(team_app(), serve, open_page)
    await page.goto(f"/review/{NEAR_CUT}")
    for _ in range(30):
        await page.keyboard.press("Tab")
        assert not await page.evaluate(_COVERED)


async def test_everything_works_without_scripts(services: FakeTeamServices, serve: Serve, open_page: OpenPage) -> None:
    """Sign in, open a case, follow a quote, choose another band, see it beside the recommendation, sign out."""
    page = await _team(team_app(services), serve, open_page, scripts=False, session=None)
    await page.goto(f"/review/{NEAR_CUT}")
    await page.get_by_label("E-mail address").fill(RECRUITER.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Mara Lindqvist")
    await page.get_by_role("link", name="Read it in the conversation").first.click()
    await expect(page.locator("mark:target")).to_be_in_viewport()
    await page.get_by_text("Mixed evidence", exact=True).click()
    await page.get_by_label("Why?").first.fill("Two of the answers name no step of their own.")
    await page.get_by_role("button", name="Save this band").click()
    await expect(page.get_by_text("Decided by Rubén Sala")).to_be_visible()
    assert [band for _, _, band, _ in services.reviewing.decisions] == ["mixed"]
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(f"/review/{DECIDED}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
