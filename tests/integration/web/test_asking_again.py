"""Asking a candidate again over HTTP: offered where it can be done, with a reason, and taken back like a decision."""

from tests.fixtures.fake_team_services import FakeTeamServices
from tests.fixtures.team_cases import DECIDED, NEAR_CUT, OVERDUE
from tests.integration.web.team_browsing import browsing

REASON = "Only letters arrived; the keyboard may have been locked."


async def test_it_is_offered_only_on_a_case_that_allows_it() -> None:
    """A third way beside the band and another one; a case whose answers can be read has two."""
    async with browsing("recruiter") as browser:
        offered = (await browser.get(f"/review/{OVERDUE}")).text
        plain = (await browser.get(f"/review/{NEAR_CUT}")).text
    action = f'action="/review/{OVERDUE}/ask-again"'
    assert (action in offered, 'data-key="a"' in offered) == (True, True)
    assert ("ask-again" in plain, 'data-key="a"' in plain) == (False, False)


async def test_a_reason_is_needed_and_what_was_typed_stays() -> None:
    """Without one nothing happens; with one the page says who asked, and it can be taken back there and above the queue."""
    services = FakeTeamServices()
    async with browsing(services=services) as browser:
        refused = await browser.post(f"/review/{OVERDUE}/ask-again", reason="too short")
        assert refused.status_code == 422
        assert 'href="#ask-again-reason"' in refused.text
        assert "too short</textarea>" in refused.text
        assert services.reviewing.decisions == []
        done = await browser.post(f"/review/{OVERDUE}/ask-again", reason=REASON)
        assert (done.status_code, done.headers["location"]) == (303, f"/review/{OVERDUE}")
        case = (await browser.get(f"/review/{OVERDUE}")).text
        assert "Ada Okafor has the candidate asked again" in case
        assert REASON in case
        assert f'action="/review/{OVERDUE}/ask-again"' not in case
        queue = (await browser.get("/review")).text
        assert ": asked again." in queue
        late = await browser.post(f"/review/{OVERDUE}/ask-again", reason=REASON)
        assert late.status_code == 409
        assert "Nothing was changed" in late.text
        assert (await browser.post(f"/review/{OVERDUE}/undo")).status_code == 303
        assert f'action="/review/{OVERDUE}/ask-again"' in (await browser.get(f"/review/{OVERDUE}")).text


async def test_a_case_that_does_not_allow_it_stays_as_it_is() -> None:
    """Somebody who posts all the same is told so."""
    async with browsing() as browser:
        answer = await browser.post(f"/review/{NEAR_CUT}/ask-again", reason=REASON)
        assert answer.status_code == 409
        assert "could not be read" in answer.text


async def test_the_second_attempt_shows_the_first_one_beside_it() -> None:
    """With who asked and why; no mark and no score stands in it, and no place of the page has two ids."""
    async with browsing() as browser:
        page = (await browser.get(f"/review/{DECIDED}")).text
    assert "First attempt, before the candidate was asked again" in page
    assert "Kim Achebe had the candidate asked again" in page
    assert page.count('id="turn-0"') == 1
