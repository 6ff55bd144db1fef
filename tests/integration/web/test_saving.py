"""Answers are never lost to a form that is broken or old: over plain HTTP on a fake, and on the real house."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from selectolax.lexbor import LexborHTMLParser

from orchestrator.demo.browser import Page
from tests.fixtures.fake_services import ANSWERS, FakeInterviewing, interviews, lent_candidate_app
from tests.fixtures.house import running_house
from tests.integration.services.people import Candidate, newcomer

ELSEWHERE = "Written on the telephone."
HERE = "Written at the desk <b>."
QUESTION = "/i/answered/questions/1"


@pytest.fixture
def fake() -> FakeInterviewing:
    return FakeInterviewing(interviews())


@pytest.fixture
def client(fake: FakeInterviewing) -> Iterator[TestClient[Litestar]]:
    with lent_candidate_app(fake) as app, TestClient(app) as one:
        one.headers.update({"accept": "text/html"})
        one.get("/healthz")
        yield one


def post(client: TestClient[Litestar], path: str, **fields: str) -> httpx.Response:
    token = client.cookies["evenhand_csrf"]
    return client.post(path, data={**fields, "_csrf_token": token}, follow_redirects=False)


def seen_revision(page: str) -> str:
    node = LexborHTMLParser(page).css_first("input[name=revision]")
    assert node is not None
    return node.attributes["value"] or ""


@pytest.mark.parametrize("path", [QUESTION, f"{QUESTION}/draft"])
@pytest.mark.parametrize(
    "fields",
    [
        {"revision": "1"},
        {"answer": HERE},
        {"answer": HERE, "revision": ""},
        {"answer": HERE, "revision": "-1"},
        {"answer": HERE, "revision": "9" * 30},
    ],
    ids=["no answer", "no revision", "empty", "negative", "huge"],
)
def test_a_broken_form_overwrites_nothing(
    client: TestClient[Litestar], fake: FakeInterviewing, path: str, fields: dict[str, str]
) -> None:
    """A post that does not say what was answered, or on top of what, is a 400, and the answer stays."""
    assert post(client, path, **fields).status_code == 400
    assert fake.interviews["answered"].answers["cause"] == ANSWERS[0]
    assert fake.writes == 0


def test_an_old_form_shows_both_texts_and_the_candidate_chooses(
    client: TestClient[Litestar], fake: FakeInterviewing
) -> None:
    """Saved elsewhere meanwhile: 409 with both texts and without scripts; sending that page is a choice, and is kept."""
    old = seen_revision(client.get(QUESTION).text)
    post(client, QUESTION, answer=ELSEWHERE, revision=old, go="next")
    asked = post(client, QUESTION, answer=HERE, revision=old, go="next")
    assert asked.status_code == 409
    assert ELSEWHERE in asked.text
    assert "Written at the desk &lt;b&gt;.</textarea>" in asked.text
    assert "data-draft" not in asked.text, "a script must not choose for the candidate"
    assert fake.interviews["answered"].answers["cause"] == ELSEWHERE
    chosen = post(client, QUESTION, answer=HERE, revision=seen_revision(asked.text), go="next")
    assert chosen.headers["location"] == "/i/answered/questions/2"
    assert fake.interviews["answered"].answers["cause"] == HERE


def test_an_old_form_with_the_same_text_goes_on(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """Nobody is asked to choose between two equal texts."""
    old = seen_revision(client.get(QUESTION).text)
    post(client, QUESTION, answer=ELSEWHERE, revision=old, go="next")
    assert post(client, QUESTION, answer=ELSEWHERE, revision=old, go="next").status_code == 303
    assert post(client, f"{QUESTION}/draft", answer=ELSEWHERE, revision=old).status_code == 200
    assert fake.interviews["answered"].answers["cause"] == ELSEWHERE


def test_an_old_draft_is_told_what_is_saved(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """The script gets a 409 that holds the saved text, so that it can tell its own late answer from another device's."""
    old = seen_revision(client.get(QUESTION).text)
    first = post(client, f"{QUESTION}/draft", answer=ELSEWHERE, revision=old)
    late = post(client, f"{QUESTION}/draft", answer=HERE, revision=old)
    assert (late.status_code, late.headers["content-type"]) == (409, "application/problem+json")
    assert late.json()["saved"] == {"answer": ELSEWHERE, "revision": first.json()["revision"]}
    assert fake.interviews["answered"].answers["cause"] == ELSEWHERE


def test_control_characters_are_dropped(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """No database keeps a NUL; tabs and line ends stay."""
    fields = {"answer": "a\x00b\x1bc\x85\td\r\ne\rf", "revision": "0"}
    assert post(client, "/i/begun/questions/1", **fields).status_code == 303
    assert fake.interviews["begun"].answers["cause"] == "abc\td\ne\nf"
    post(client, "/i/begun/help", kind="person", message="Please\x00 call")
    assert [message for _, message in fake.interviews["begun"].requests] == ["Please call"]


async def test_two_devices_on_the_real_house(database_url: str, tmp_path: Path) -> None:
    """The database itself refuses what was written on top of an older answer; both texts are on the page."""
    async with running_house(database_url, tmp_path) as house:
        application = await newcomer(house)
        with Candidate(await house.invite(application.id)) as desk:
            await desk.begin()
            old = await desk.open("/questions/1")
            await desk.answer(1, ELSEWHERE)
            fields = {"answer": HERE, "go": "next"}
            asked = await desk.send_from(old, "/questions/1", fields)
            assert (asked.status, asked.text("[data-saved-elsewhere]")) == (409, ELSEWHERE)
            assert asked.text("textarea") == HERE
            same = await desk.send_from(old, "/questions/1", {"answer": ELSEWHERE, "go": "next"})
            assert same.url.endswith("/questions/2")
            assert await _kept(desk) == ELSEWHERE
            assert (await desk.send_from(asked, "/questions/1", fields)).url.endswith("/questions/2")
            assert await _kept(desk) == HERE


async def _kept(candidate: Candidate) -> str:
    page: Page = await candidate.open("/questions/1")
    return page.text("textarea")
