"""Sign in, sign out, and where sign-in may lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.web.session import HOME, safe_next
from orchestrator.web.sign_in import TRIES_PER_ADDRESS, TRIES_PER_CLIENT
from tests.fixtures.fake_team_services import PASSWORD, RECRUITER
from tests.integration.web.team_browsing import Browsing, browsing


async def _try(browser: Browsing, email: str = RECRUITER.email, password: str = "wrong", **fields: str) -> int:
    return (await browser.post("/sign-in", email=email, password=password, **fields)).status_code


async def test_a_session_is_kept_in_a_cookie_that_scripts_and_other_sites_cannot_use() -> None:
    """HttpOnly, SameSite=Lax, whole site, and back to the page that was asked for."""
    async with browsing(None) as browser:
        answer = await browser.post("/sign-in", email=RECRUITER.email, password=PASSWORD, next="/operations?show=sync")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/operations?show=sync"
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("evenhand_session="))
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert (await browser.get("/review")).status_code == 200


async def test_over_https_the_cookie_belongs_to_this_host_alone() -> None:
    """The name begins with __Host-, and the browser sends it over https only."""
    async with browsing(None, base_url="https://evenhand.example") as browser:
        answer = await browser.post("/sign-in", email=RECRUITER.email, password=PASSWORD)
        cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-evenhand="))
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
        assert "domain" not in cookie.lower()
        assert (await browser.get("/review")).status_code == 200


async def test_an_unknown_address_and_a_wrong_password_look_the_same() -> None:
    """Nobody can find out who has an account."""
    async with browsing(None) as browser:
        known = await browser.post("/sign-in", email=RECRUITER.email, password="wrong")
        unknown = await browser.post("/sign-in", email="nobody@northlight.example", password="wrong")
        assert known.status_code == unknown.status_code == 422
        assert known.text.replace(RECRUITER.email, "") == unknown.text.replace("nobody@northlight.example", "")
        assert "wrong" not in known.text


async def test_empty_fields_are_named() -> None:
    """Each missing field says what to enter; the account service is not asked."""
    async with browsing(None) as browser:
        answer = await browser.post("/sign-in", email=" ", password="")
        assert answer.status_code == 422
        assert "Enter your e-mail address." in answer.text
        assert "Enter your password." in answer.text
        assert browser.services.accounts.tries == 0


async def test_failing_often_is_stopped_before_the_password_is_looked_at() -> None:
    """After five wrong passwords even the right one waits; another address of the same client still works."""
    async with browsing(None) as browser:
        assert [await _try(browser) for _ in range(TRIES_PER_ADDRESS)] == [422] * TRIES_PER_ADDRESS
        stopped = await browser.post("/sign-in", email=RECRUITER.email.upper(), password=PASSWORD)
        assert stopped.status_code == 429
        assert int(stopped.headers["retry-after"]) > 0
        assert browser.services.accounts.tries == TRIES_PER_ADDRESS
        assert await _try(browser, "ada@northlight.example", PASSWORD) == 303


async def test_one_client_cannot_try_many_addresses() -> None:
    """Guessing over a list of addresses stops too."""
    async with browsing(None) as browser:
        statuses = [await _try(browser, f"{n}@northlight.example") for n in range(TRIES_PER_CLIENT + 1)]
        assert statuses == [422] * TRIES_PER_CLIENT + [429]


async def test_a_good_sign_in_forgives_the_typing_errors_before_it() -> None:
    """Four wrong passwords, the right one, then four wrong ones again: never locked out."""
    async with browsing(None) as browser:
        for _ in range(2):
            for _ in range(TRIES_PER_ADDRESS - 1):
                assert await _try(browser) == 422
            assert await _try(browser, password=PASSWORD) == 303
            browser.client.cookies.delete("evenhand_session")


async def test_signing_out_ends_the_session_on_the_server() -> None:
    """The old cookie opens nothing afterwards."""
    async with browsing("recruiter") as browser:
        answer = await browser.post("/sign-out")
        assert answer.headers["location"] == "/sign-in"
        assert "recruiter" not in browser.services.accounts.sessions
        browser.client.cookies.set("evenhand_session", "recruiter")
        assert (await browser.get("/review")).status_code == 303


async def test_signing_out_needs_the_token() -> None:
    """Another site cannot sign anybody out."""
    async with browsing("recruiter") as browser:
        assert (await browser.forge("/sign-out")).status_code == 403
        assert "recruiter" in browser.services.accounts.sessions


async def test_somebody_who_is_signed_in_goes_straight_on() -> None:
    """The form is not shown again."""
    async with browsing("recruiter") as browser:
        answer = await browser.get("/sign-in?next=/operations")
        assert (answer.status_code, answer.headers["location"]) == (303, "/operations")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/review",
        "//evil.example/review",
        "/\\evil.example",
        "/review\\@evil.example",
        "///evil.example",
        "/review/../../evil",
        "javascript:alert(1)",
        "/i/some-candidate-token",
        "/reviewers",
        "/review\r\nSet-Cookie: a=b",
        "review",
        "",
        None,
    ],
)
def test_anything_but_a_team_page_leads_home(wanted: str | None) -> None:
    """An open redirect is impossible."""
    assert safe_next(wanted) == HOME


@given(st.one_of(st.text(), st.from_regex(r"[/\\]{1,3}(review|operations)?[/\\.:@a-z?#]{0,12}", fullmatch=True)))
def test_every_target_is_a_path_of_this_site(wanted: str) -> None:
    """Whatever is asked for, the target begins with one slash and a known page."""
    target = safe_next(wanted)
    assert target.startswith(("/review", "/results", "/operations", "/design"))
    assert not set(target) & set("\\\r\n\t @:")
