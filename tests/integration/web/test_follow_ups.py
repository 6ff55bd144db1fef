"""The page of a follow-up over plain HTTP: optional, counted truthfully, saved like the others, and on every later page."""

from collections.abc import Iterator

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from selectolax.lexbor import LexborHTMLParser

from orchestrator.domain.interview import InterviewState
from tests.fixtures.fake_services import ANSWERS, FOLLOW_UPS, FakeInterviewing, interviews, lent_candidate_app

ASKED = "/i/asked/questions/1/more/1"
KNEW, AFTER = FOLLOW_UPS["cause"]


@pytest.fixture
def fake() -> FakeInterviewing:
    return FakeInterviewing(interviews())


@pytest.fixture
def client(fake: FakeInterviewing) -> Iterator[TestClient[Litestar]]:
    with lent_candidate_app(fake) as app, TestClient(app) as one:
        one.headers.update({"accept": "text/html"})
        one.get("/healthz")
        yield one


def read(client: TestClient[Litestar], path: str) -> LexborHTMLParser:
    """A page."""
    return LexborHTMLParser(client.get(path).text)


def words(page: LexborHTMLParser, selector: str) -> str:
    """The text of the first match, with single spaces."""
    node = page.css_first(selector)
    return " ".join(node.text().split()) if node else ""


def attribute(page: LexborHTMLParser, selector: str, name: str) -> str:
    """An attribute of the first match."""
    node = page.css_first(selector)
    assert node is not None
    return node.attributes[name] or ""


def post(client: TestClient[Litestar], path: str, **fields: str) -> httpx.Response:
    """Send a form."""
    return client.post(path, data={**fields, "_csrf_token": client.cookies["evenhand_csrf"]}, follow_redirects=False)


def leads_to(answer: httpx.Response) -> str:
    """Where an answer leads."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_page_says_what_it_is(client: TestClient[Litestar]) -> None:
    """One more question about this, below what was said; that it may be skipped, how many there may be, and the place."""
    page = read(client, ASKED)
    assert words(page, "h1") == KNEW
    assert words(page, ".talk__more") == "One more question about this"
    assert words(page, ".talk__said").endswith(" ".join(ANSWERS[0].split()))
    assert "You can skip it. There is at most one more about this question." in words(page, "main")
    assert words(page, ".progress__text").startswith("Question 1 of 5 · one more about it · about 13 minutes left")
    assert words(page, "title").startswith("One more question about question 1 of 5")
    assert words(page, f"#{attribute(page, 'textarea', 'aria-labelledby')}") == KNEW
    assert [button.attributes["value"] for button in page.css("form button[name=go]")] == ["next", "skip", "back"]
    assert "It is the last one about this question." in words(read(client, "/i/asked-twice/questions/1/more/2"), "main")


def test_progress_never_goes_back(client: TestClient[Litestar]) -> None:
    """The bar of a follow-up stands between its question's and the next one's."""

    def done(path: str) -> float:
        return float(attribute(read(client, path), ".progress__done", "width"))

    pages = ("1", "1/more/1", "1/more/2", "2")
    widths = [done(f"/i/asked-twice/questions/{page}") for page in pages]
    assert widths == sorted(set(widths))


@pytest.mark.parametrize(
    ("go", "text", "expected"),
    [("next", "I tried it.", "/questions/1/more/2"), ("skip", "", "/questions/2"), ("back", "", "/questions/1")],
)
def test_every_button_leads_where_it_says(client: TestClient[Litestar], go: str, text: str, expected: str) -> None:
    """On to the next follow-up or question, past it, or back to the question."""
    assert leads_to(post(client, ASKED, answer=text, revision="0", go=go)) == f"/i/asked{expected}"


def test_nothing_is_asked_while_somebody_types_or_goes_back(
    client: TestClient[Litestar], fake: FakeInterviewing
) -> None:
    """Drafts and Back decide nothing; Next does, and so does the way to all answers."""
    path = "/i/probing/questions/1"
    assert post(client, f"{path}/draft", answer="So", revision="0").status_code == 200
    assert leads_to(post(client, path, answer="So far", revision="1", go="back")) == "/i/probing/practice"
    assert fake.interviews["probing"].asked == {}
    assert leads_to(post(client, path, answer="So far", revision="2", go="check")) == f"{path}/more/1"
    assert leads_to(client.get("/i/probing", follow_redirects=False)) == f"{path}/more/1"


def test_drafts_of_a_follow_up_are_kept(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """Saved while it is written, refused where another device was faster, and too long is said at the field."""
    saved = post(client, f"{ASKED}/draft", answer="So far", revision="0")
    assert saved.json()["revision"] == 1
    stale = post(client, f"{ASKED}/draft", answer="Other", revision="0")
    assert (stale.status_code, stale.json()["saved"]) == (409, {"answer": "So far", "revision": 1})
    both = post(client, ASKED, answer="Other <b>", revision="0", go="next")
    assert both.status_code == 409
    assert "So far" in both.text
    assert "Other &lt;b&gt;" in both.text
    assert KNEW in both.text
    assert f'action="{ASKED}"' in both.text
    long = post(client, ASKED, answer="x" * 8001, revision="1", go="next")
    assert long.status_code == 422
    assert "Please use at most 8,000 characters" in long.text
    assert fake.interviews["asked"].answers["cause/1"] == "So far"


def test_what_was_not_asked_has_no_page(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """Guessing an address leads to where the interview goes on, and saves nothing."""
    for path in ("/questions/1/more/2", "/questions/2/more/1", "/questions/1/more/99", "/questions/9/more/1"):
        assert leads_to(client.get(f"/i/asked{path}", follow_redirects=False)) == ASKED
        assert leads_to(post(client, f"/i/asked{path}", answer="x", revision="0")) == ASKED
        assert post(client, f"/i/asked{path}/draft", answer="x", revision="0").status_code == 409
    assert fake.writes == 0
    assert leads_to(client.get("/i/submitted/questions/1/more/1", follow_redirects=False)) == "/i/submitted/done"


def test_later_pages_show_them(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """All answers, one's own copy and the file; and each can still be changed before it is handed in."""
    page = read(client, "/i/asked-twice/check")
    assert [words(one, "h3") for one in map(LexborHTMLParser, [n.html or "" for n in page.css(".answers__more")])] == [
        KNEW,
        AFTER,
    ]
    assert "Not answered yet. You need not answer it." in words(page, "main")
    links = [node.attributes["href"] for node in page.css(".answers__more a")]
    assert links == [f"/i/asked-twice/questions/1/more/{place}" for place in (1, 2)]
    fake.interviews["asked-twice"].state = InterviewState.SUBMITTED
    assert AFTER in words(read(client, "/i/asked-twice/done"), "main")
    assert f"One more about this: {KNEW}" in client.get("/i/asked-twice/answers.txt").text


def test_the_welcome_page_says_that_there_may_be_more(client: TestClient[Litestar]) -> None:
    """Before anybody agrees; and says nothing of it where none are asked."""
    said = "there may be one or two short questions more about it, which you can skip"
    assert said in words(read(client, "/i/asked-and-invited"), ".promises")
    assert "which you can skip" not in words(read(client, "/i/invited"), ".promises")
