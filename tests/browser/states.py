"""What the team's pages become when somebody does something on them, and with few, many and long cases."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from litestar import Litestar
from msgspec import structs
from playwright.async_api import Page, expect
from typing_extensions import override

from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import InputInvalid
from orchestrator.services.calibration.views import SessionView
from orchestrator.services.views import Account, CaseView, DecisionView
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.fake_team_services import FakeTeamServices, team_app
from tests.fixtures.rehearsal_pages import READ_AGAIN, FakeAdopting, FakeRescoring, RehearsalPages, rehearsal_app
from tests.fixtures.team_calibration import RATING, FakeCalibrating, calibration_app
from tests.fixtures.team_cases import BLIND, NEAR_CUT, OVERDUE, case, case_id

Act = Callable[[Page], Awaitable[None]]
COOKIES = (SESSION_COOKIE,)
MANY = 60
_LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley Adolph Blaine Charles"


@dataclass(frozen=True)
class State:
    """A page by the name of its picture: an application, a path, and what is done there before looking."""

    name: str
    make_app: Callable[[], Litestar]
    path: str
    act: Act | None = None


def _reviewing(change: Callable[[dict[UUID, CaseView]], None]) -> Callable[[], Litestar]:
    def make() -> Litestar:
        services = FakeTeamServices()
        change(services.reviewing.cases)
        return team_app(services)

    return make


def _only_one(cases: dict[UUID, CaseView]) -> None:
    one = cases[NEAR_CUT]
    cases.clear()
    cases[NEAR_CUT] = one


def _many(cases: dict[UUID, CaseView]) -> None:
    """Sixty more, some with a name that no line holds."""
    now, like = datetime.now(UTC), cases[NEAR_CUT]
    for number in range(100, 100 + MANY):
        name = _LONG if number % 7 == 0 else f"Person {number}"
        made = case(case_id(number), name, now, waited=number / 10, due=30 - number / 5, reasons=like.reasons)
        cases[made.case_id or NEAR_CUT] = structs.replace(made, card=like.card)


def _every_reason(cases: dict[UUID, CaseView]) -> None:
    """Held by everything that can hold a case, with a name that no line holds."""
    reasons = tuple(ReviewReason)
    cases[OVERDUE] = structs.replace(cases[OVERDUE], reasons=reasons, candidate=_LONG)


class _SomebodyFaster(FakeTeamServices):
    """Kim decides between the page that was read and the form that is sent."""

    async def decide(self) -> None:
        decided = DecisionView(
            actor="Kim Achebe",
            verdict="confirm",
            band_label="Solid evidence",
            reason="",
            decided_at=datetime.now(UTC) - timedelta(minutes=2),
        )
        cases = self.reviewing.cases
        cases[NEAR_CUT] = structs.replace(cases[NEAR_CUT], open=False, decision=decided)


def _faster() -> State:
    services = _SomebodyFaster()

    async def act(page: Page) -> None:
        await services.decide()
        await page.keyboard.press("o")
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.type("She checked once more after the fix, which counts.")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("heading", name="Someone was faster")).to_be_visible()

    return State("state-case-faster", lambda: team_app(services), f"/review/{NEAR_CUT}", act)


class _Calibrating(FakeCalibrating):
    """All rated; ``handed_in`` says whether they were handed in as well."""

    def __init__(self, *, handed_in: bool) -> None:
        super().__init__()
        self._handed_in = handed_in

    @override
    async def session(self, session_id: UUID, *, viewer: Account) -> SessionView:
        seen = await super().session(session_id, viewer=viewer)
        items = tuple(structs.replace(item, rated=5) for item in seen.items)
        return structs.replace(seen, handed_in=self._handed_in, open_items=(), items=items)


def _refusing() -> Litestar:
    """A choice among later readings that lacks its reason."""
    refused = InputInvalid("Say why.", fields={"reason": "Please say why in at least 10 characters."})
    return rehearsal_app(RehearsalPages(rescoring=FakeRescoring(adopting=FakeAdopting(refuses=refused))))


async def _no_reason(page: Page) -> None:
    await page.keyboard.press("o")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".errors")).to_be_focused()


async def _asked_again(page: Page) -> None:
    await page.keyboard.press("a")
    await page.keyboard.type("Only letters arrived; the keyboard may have been locked.")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()


async def _compared(page: Page) -> None:
    await page.keyboard.press("o")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("before you saw what the software recommends")).to_be_visible()


async def _everybody(page: Page) -> None:
    await page.get_by_role("button", name="Rehearse").click()
    await expect(page.get_by_role("status")).to_be_visible()


async def _one_of_them(page: Page) -> None:
    await _everybody(page)
    await page.get_by_role("button", name="Look at Strong").click()
    await expect(page.get_by_role("heading", name="Conversation")).to_be_visible()


async def _own_answers(page: Page) -> None:
    await page.get_by_text("The questions").press("Enter")
    words = "I asked what error she saw and when it had started, and found that the cable was loose."
    await page.get_by_label("Tell us about a time when you helped someone").fill(words)
    await page.get_by_role("button", name="Read my answers").press("Enter")
    await expect(page.get_by_role("heading", name="Your answers", exact=True)).to_be_visible()


async def _use_without_a_reason(page: Page) -> None:
    await page.locator("details.ask > summary").first.press("Enter")
    await page.locator("details[open] button[type=submit]").press("Enter")
    await expect(page.locator(".errors")).to_be_focused()


async def _no_level(page: Page) -> None:
    await page.locator("#note-ordering-work").fill("Sees one fault.")
    await page.get_by_role("button", name="Save and go on").press("Enter")
    await expect(page.locator(".errors")).to_be_focused()


def states() -> tuple[State, ...]:
    """Every state, fresh: what one act changes, the next does not see."""
    session, rehearsal = f"/calibration/{RATING}", "/rehearsal/support-pilot"
    return (
        State("state-queue-one", _reviewing(_only_one), "/review"),
        State("state-queue-many", _reviewing(_many), "/review"),
        State("state-case-every-reason", _reviewing(_every_reason), f"/review/{OVERDUE}"),
        State("state-case-no-reason", team_app, f"/review/{NEAR_CUT}", _no_reason),
        State("state-case-asked-again", team_app, f"/review/{OVERDUE}", _asked_again),
        State("state-case-compared", team_app, f"/review/{BLIND}", _compared),
        _faster(),
        State("state-rehearsal-everybody", rehearsal_app, rehearsal, _everybody),
        State("state-rehearsal-one", rehearsal_app, rehearsal, _one_of_them),
        State("state-rehearsal-own", rehearsal_app, rehearsal, _own_answers),
        State("state-rescoring-no-reason", _refusing, f"/rescorings/{READ_AGAIN}", _use_without_a_reason),
        State("state-calibration-all-rated", lambda: calibration_app(_Calibrating(handed_in=False)), session),
        State("state-calibration-waiting", lambda: calibration_app(_Calibrating(handed_in=True)), session),
        State("state-calibration-no-level", calibration_app, f"{session}/items/3", _no_level),
    )
