"""The pages of calibration on fakes: who may open what, what a form sends on, and that a refusal keeps what was typed."""

import inspect
import re

import pytest

from orchestrator.domain.calibration import Rating
from orchestrator.errors import InputInvalid, Stale
from orchestrator.services.calibration.calibrating import Calibrating
from orchestrator.services.calibration.views import NewSession
from orchestrator.web.team_services import CalibratingDoor
from tests.fixtures.fake_team_services import RECRUITER
from tests.fixtures.team_calibration import (
    CLOSED,
    DIGEST,
    RATING,
    REVEALED,
    CalibrationTeam,
    FakeCalibrating,
)
from tests.integration.web.team_browsing import browsing

PAGES = (
    "/calibration",
    f"/calibration/{RATING}",
    f"/calibration/{RATING}/items/1",
    f"/calibration/{REVEALED}/items/3",
    f"/calibration/{CLOSED}/report",
)
ADMIN_PAGES = ("/calibration/new", f"/calibration/new?rubric={DIGEST}")
FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/calibration/{RATING}/items/1/ratings", {"level-ordering-work": "4"}),
    (f"/calibration/{RATING}/hand-in", {}),
    (f"/calibration/{REVEALED}/items/3/agreed", {"level-ordering-work": "none"}),
)
ADMIN_FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/calibration/new", {"title": "November", "rubric": DIGEST, "gold": "uneven", "raters": str(RECRUITER.id)}),
    (f"/calibration/{RATING}/reveal", {}),
    (f"/calibration/{REVEALED}/close", {}),
)


def team(refusal: InputInvalid | Stale | None = None) -> CalibrationTeam:
    """Fresh fakes; ``refusal`` is what every form gets."""
    return CalibrationTeam(calibrating=FakeCalibrating(refusal=refusal))


def test_the_fake_stands_for_the_real_service() -> None:
    """Every call of the pages has the same parameters and result in both."""
    calls = [name for name, member in vars(CalibratingDoor).items() if inspect.iscoroutinefunction(member)]
    assert len(calls) == 11
    for name in calls:
        wanted = inspect.signature(getattr(CalibratingDoor, name))
        assert inspect.signature(getattr(Calibrating, name)) == wanted, name
        assert inspect.signature(getattr(FakeCalibrating, name)) == wanted, name


@pytest.mark.parametrize("path", [*PAGES, *ADMIN_PAGES])
async def test_strangers_are_led_to_sign_in(path: str) -> None:
    """And see nothing of the answers."""
    async with browsing(None, services=team()) as browser:
        answer = await browser.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("session", ["recruiter", "admin"])
async def test_both_roles_rate_and_read(session: str) -> None:
    """Every page but the making of a session, and every form of a rater, once each."""
    services = team()
    async with browsing(session, services=services) as browser:
        for path in PAGES:
            assert (await browser.get(path)).status_code == 200, path
        for path, fields in FORMS:
            assert (await browser.post(path, **fields)).status_code == 303, path
    assert [act[0] for act in services.calibrating.acts] == ["rate", "hand_in", "agree"]


async def test_only_admins_make_reveal_and_close() -> None:
    """A recruiter gets 403 and is offered none of it; an admin does it."""
    services = team()
    async with browsing("recruiter", services=services) as browser:
        for path in ADMIN_PAGES:
            assert (await browser.get(path)).status_code == 403
        for path, fields in ADMIN_FORMS:
            assert (await browser.post(path, **fields)).status_code == 403
        assert "/calibration/new" not in (await browser.get("/calibration")).text
        for session in (RATING, REVEALED):
            page = (await browser.get(f"/calibration/{session}")).text
            assert "/reveal" not in page
            assert "/close" not in page
    assert services.calibrating.acts == []
    async with browsing("admin", services=services) as browser:
        for path, fields in ADMIN_FORMS:
            assert (await browser.post(path, **fields)).status_code == 303
    assert [act[0] for act in services.calibrating.acts] == ["make", "reveal", "close"]


@pytest.mark.parametrize(("path", "fields"), [*FORMS, *ADMIN_FORMS])
async def test_a_form_without_its_token_changes_nothing(path: str, fields: dict[str, str]) -> None:
    """What another site makes the browser send is refused."""
    services = team()
    async with browsing("admin", services=services) as browser:
        assert (await browser.forge(path, **fields)).status_code == 403
    assert services.calibrating.acts == []


async def test_what_a_rater_chose_is_sent_on() -> None:
    """Levels and notes by competency; what was left open is left out; where something is open, the item stays."""
    services = team()
    fields = {
        "level-ordering-work": "4",
        "note-ordering-work": " Sees one\r\nfault. ",
        "level-calming-conflict": "none",
        "note-clear-explanation": "",
    }
    async with browsing("recruiter", services=services) as browser:
        answer = await browser.post(f"/calibration/{RATING}/items/1/ratings", **fields)
        assert answer.headers["location"] == f"/calibration/{RATING}/items/3"
        answer = await browser.post(f"/calibration/{RATING}/items/3/ratings", **fields)
        assert answer.headers["location"] == f"/calibration/{RATING}/items/3?told=saved"
    sent = {"ordering-work": Rating(4, "Sees one\nfault."), "calming-conflict": Rating(None)}
    assert services.calibrating.acts[0] == ("rate", RATING, 1, sent, RECRUITER.id)


@pytest.mark.parametrize(
    "fields",
    [
        {"note-ordering-work": "A note alone."},
        {"level-ordering-work": "6"},
        {"level-ordering-work": "3", "note-ordering-work": "x" * 2001},
    ],
)
async def test_what_cannot_be_kept_is_said_by_its_field(fields: dict[str, str]) -> None:
    """422, an error that leads to the field, what was typed still there, and nothing sent on."""
    services = team()
    async with browsing("recruiter", services=services) as browser:
        answer = await browser.post(f"/calibration/{RATING}/items/3/ratings", **fields)
    assert answer.status_code == 422
    [field] = re.findall(r'<a href="#((?:level|note)-ordering-work)">', answer.text)
    assert f'id="{field}"' in answer.text
    assert fields.get("note-ordering-work", "") in answer.text
    assert services.calibrating.acts == []


async def test_a_refusal_of_the_service_is_said_where_it_belongs() -> None:
    """On the item, on the session and on the form, each with its status, and what was chosen stays chosen."""
    words = "This session was revealed meanwhile."
    async with browsing("admin", services=team(Stale(words))) as browser:
        for path, fields in (*FORMS, *ADMIN_FORMS[1:]):
            answer = await browser.post(path, **fields)
            assert (answer.status_code, words in answer.text) == (409, True), path
    refusal = InputInvalid(words, fields={"chosen": words})
    async with browsing("admin", services=team(refusal)) as browser:
        answer = await browser.post("/calibration/new", **ADMIN_FORMS[0][1])
        assert answer.status_code == 422
        assert answer.text.count(words) == 2
        assert re.search(r'value="uneven"[^>]* checked', answer.text)


async def test_before_the_reveal_no_page_shows_what_others_gave() -> None:
    """Neither levels of others nor which items are gold; afterwards both."""
    async with browsing("recruiter", services=team()) as browser:
        blind = [
            (await browser.get(path)).text for path in (f"/calibration/{RATING}", f"/calibration/{RATING}/items/3")
        ]
        seen = [
            (await browser.get(path)).text for path in (f"/calibration/{REVEALED}", f"/calibration/{REVEALED}/items/3")
        ]
    for page in blind:
        assert "Gold item" not in page
        assert "Known level" not in page
        assert "Differences" not in page
    assert "Differences, the largest first" in seen[0]
    assert "Known level" in seen[1]


async def test_what_is_not_there_is_missing() -> None:
    """An unknown session, an item that it does not have, a rubric that nobody knows, and a report too early."""
    async with browsing("admin", services=team()) as browser:
        for path in (
            "/calibration/00000000-0000-0000-0000-000000000000",
            f"/calibration/{RATING}/items/9",
            "/calibration/new?rubric=unknown",
            f"/calibration/{RATING}/report",
        ):
            assert (await browser.get(path)).status_code == 404, path
        odd = await browser.post("/calibration/new", title="x" * 121, rubric=DIGEST)
        assert (odd.status_code, "under 120 characters" in odd.text) == (422, True)
        odd = await browser.post("/calibration/new", title="Odd", rubric=DIGEST, raters="nobody")
        assert (odd.status_code, "choose from the list" in odd.text) == (422, True)


async def test_a_session_is_made_of_what_was_chosen() -> None:
    """Several boxes of a name all count; white space around and inside the title does not."""
    services = team()
    async with browsing("admin", services=services) as browser:
        await browser.get("/sign-in")
        fields = {
            "title": "  New   colleagues ",
            "rubric": DIGEST,
            "gold": ["uneven", "warm-but-thin"],
            "raters": [str(RECRUITER.id)],
            "_csrf_token": browser.client.cookies["evenhand_csrf"],
        }
        answer = await browser.client.post("/calibration/new", data=fields, follow_redirects=False)
        assert answer.headers["location"] == f"/calibration/{RATING}"
    [(_, made, _)] = services.calibrating.acts
    wanted = NewSession(title="New colleagues", rubric=DIGEST, gold=("uneven", "warm-but-thin"), raters=(RECRUITER.id,))
    assert made == wanted
