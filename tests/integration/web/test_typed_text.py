"""What people type or put into an address never breaks the database: control characters, lengths, numbers."""

import pytest

from tests.fixtures.fake_team_services import PASSWORD, RECRUITER, FakeAccounts, FakeTeamServices
from tests.fixtures.team_cases import ADJUSTMENT, NEAR_CUT
from tests.fixtures.team_operations import DEAD_LETTER
from tests.integration.web.team_browsing import browsing

REASON_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/review/{NEAR_CUT}/decision", {"band": "strong"}),
    (f"/review/{NEAR_CUT}/close", {}),
    (f"/review/{ADJUSTMENT}/answer", {"resume": "yes"}),
    (f"/operations/work/{DEAD_LETTER}/done", {}),
)
TYPED = "\x00 Both examples \x1bshow it,\r\nclearly. "
KEPT = "Both examples show it,\nclearly."


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "9" * 20, "9" * 5000])
@pytest.mark.parametrize("act", ["replay", "done"])
async def test_work_that_cannot_exist_is_not_there(number: str, act: str) -> None:
    """A number that no row can have is a 404 like one that no row has, and the database is not asked."""
    async with browsing() as browser:
        answer = await browser.post(f"/operations/work/{number}/{act}", reason="Written by hand in the ATS.")
        assert answer.status_code == 404
        assert browser.services.operating.acts == []


async def test_the_highest_number_is_asked_for() -> None:
    """The bound is the column's, not one less."""
    async with browsing() as browser:
        assert (await browser.post(f"/operations/work/{2**63 - 1}/replay")).status_code == 303


@pytest.mark.parametrize("path", ["/operations/connections/north%00light/resume", "/operations/connections/%1B/resume"])
async def test_an_address_with_control_characters_leads_nowhere(path: str) -> None:
    """No key has one, so there is nothing to look up."""
    async with browsing() as browser:
        assert (await browser.post(path)).status_code == 404
        assert browser.services.operating.acts == []


async def test_a_result_with_control_characters_in_its_name_is_not_looked_up() -> None:
    """A NUL in a reference is a 404, not a database error."""
    async with browsing() as browser:
        assert (await browser.get("/results/ev%00il")).status_code == 404
        assert browser.services.reviewing.views == []


@pytest.mark.parametrize(("path", "fields"), REASON_FORMS)
async def test_reasons_arrive_clean(path: str, fields: dict[str, str]) -> None:
    """Control characters are dropped, line ends are one kind, and nothing else is touched."""
    async with browsing() as browser:
        assert (await browser.post(path, **fields, reason=TYPED)).status_code == 303
        (act,) = [*browser.services.reviewing.decisions, *browser.services.operating.acts]
        assert KEPT in act


@pytest.mark.parametrize(("path", "fields"), REASON_FORMS)
async def test_reasons_have_a_limit_that_is_said(path: str, fields: dict[str, str]) -> None:
    """2,000 characters fit; one more is a 422 by its field with everything that was typed."""
    async with browsing() as browser:
        refused = await browser.post(path, **fields, reason="x" * 2001)
        assert refused.status_code == 422
        assert "under 2,000 characters" in refused.text
        assert "x" * 2001 in refused.text
        assert (await browser.post(path, **fields, reason="x" * 2000)).status_code == 303


class Remembering(FakeAccounts):
    """Keeps the addresses that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def sign_in(self, email: str, password: str) -> str:
        self.asked.append(email)
        return await super().sign_in(email, password)


async def test_an_address_of_any_length_and_kind_can_be_typed() -> None:
    """Control characters do not reach the accounts, an endless address does not either and looks like any wrong one."""
    accounts = Remembering()
    async with browsing(None, services=FakeTeamServices(accounts=accounts)) as browser:
        endless = await browser.post("/sign-in", email="x" * 243 + "@example.org", password=PASSWORD)
        wrong = await browser.post("/sign-in", email="nobody@example.org", password=PASSWORD)
        assert (endless.status_code, wrong.status_code) == (422, 422)
        assert "do not match an account" in endless.text
        await browser.post("/sign-in", email=f"\x00{RECRUITER.email}\x7f", password=PASSWORD)
    assert accounts.asked == ["nobody@example.org", RECRUITER.email]


async def test_endless_addresses_are_counted_as_tries() -> None:
    """They are no way around the limit on guessing."""
    async with browsing(None) as browser:
        answers = [await browser.post("/sign-in", email="x" * 300, password="wrong") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [422] * 5 + [429]
