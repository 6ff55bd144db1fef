"""The candidate's pages over plain HTTP, on a fake service that steps along the real state table."""

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from orchestrator.domain.interview import Alternative, InterviewState
from orchestrator.services.interviewing import Saved
from tests.fixtures.fake_services import (
    ANSWERS,
    NOTICE,
    QUESTIONS,
    FakeInterviewing,
    candidate_app,
    interviews,
    lent_candidate_app,
)

BROWSER = {"accept": "text/html"}
EVERY_PATH = ("", "/practice", "/questions/1", "/questions/9", "/check", "/done", "/help", "/answers.txt")


@pytest.fixture
def fake() -> FakeInterviewing:
    return FakeInterviewing(interviews())


@pytest.fixture
def client(fake: FakeInterviewing) -> Iterator[TestClient[Litestar]]:
    with lent_candidate_app(fake) as app, TestClient(app) as one:
        one.headers.update(BROWSER)
        one.get("/healthz")
        yield one


def post(client: TestClient[Litestar], path: str, **fields: str) -> httpx.Response:
    token = client.cookies["evenhand_csrf"]
    return client.post(path, data={**fields, "_csrf_token": token}, follow_redirects=False)


def place(response: httpx.Response) -> str:
    assert response.status_code == 303
    return response.headers["location"]


def test_reading_changes_nothing(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """A mail scanner that opens every link leaves every interview as it was."""
    before = {token: kept.state for token, kept in fake.interviews.items()}
    for token in before:
        for path in EVERY_PATH:
            client.get(f"/i/{token}{path}")
            client.head(f"/i/{token}{path}")
    assert fake.writes == 0
    assert {token: kept.state for token, kept in fake.interviews.items()} == before


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("begun", "/i/begun/questions/1"),
        ("halfway", "/i/halfway/questions/3"),
        ("answered", "/i/answered/check"),
        ("submitted", "/i/submitted/done"),
        ("final", "/i/final/done"),
    ],
)
def test_the_link_leads_to_where_the_candidate_is(client: TestClient[Litestar], token: str, expected: str) -> None:
    """Opened on another device, the link goes on where it stopped."""
    assert place(client.get(f"/i/{token}", follow_redirects=False)) == expected


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("invited", "Agree and begin"),
        ("invited-again", "Your 2 earlier answers are still here"),
        ("paused", "The clocks are stopped"),
        ("handed-over", "A person takes over"),
        ("expired", "Ask for more time"),
        ("cancelled", "not needed any more"),
        ("withdrawn", "You have withdrawn"),
    ],
)
def test_every_standing_has_its_page(client: TestClient[Litestar], token: str, words: str) -> None:
    """No state leaves a candidate before an empty or wrong page; pages of other states lead back here."""
    assert words in client.get(f"/i/{token}").text
    for path in ("/practice", "/questions/1", "/check", "/done"):
        assert words in client.get(f"/i/{token}{path}").text


def test_an_unknown_link_says_so_kindly(client: TestClient[Litestar]) -> None:
    """404, with what to do now."""
    answer = client.get("/i/unknown")
    assert answer.status_code == 404
    assert "This link does not open an interview" in answer.text


def test_consent_is_for_the_notice_that_was_shown(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """A notice that changed meanwhile is shown again; only the new one can be agreed to."""
    changed = msgspec.structs.replace(NOTICE, hash="other", summary="A new summary.")
    fake.interviews["invited"] = replace(fake.interviews["invited"], notice=changed)
    answer = post(client, "/i/invited/begin", notice_hash=NOTICE.hash)
    assert answer.status_code == 409
    assert "has changed since you opened it" in answer.text
    assert "A new summary." in answer.text
    assert fake.writes == 0
    assert place(post(client, "/i/invited/begin", notice_hash="other")) == "/i/invited/practice"
    assert fake.interviews["invited"].state is InterviewState.IN_PROGRESS


def test_beginning_twice_leads_on(client: TestClient[Litestar]) -> None:
    """A second press, or the back button, is no error."""
    post(client, "/i/invited/begin", notice_hash=NOTICE.hash)
    post(client, "/i/invited/begin", notice_hash=NOTICE.hash)
    assert place(post(client, "/i/submitted/begin", notice_hash=NOTICE.hash)) == "/i/submitted/done"


def test_practice_is_never_sent(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """The practice box has no name, and what is posted all the same is dropped."""
    box = re.search(r"<textarea[^>]*>", client.get("/i/begun/practice").text)
    assert box is not None
    assert "name=" not in box.group()
    assert place(post(client, "/i/begun/practice", answer="secret")) == "/i/begun/questions/1"
    assert fake.writes == 0


@pytest.mark.parametrize(
    ("number", "go", "expected"),
    [
        (1, "next", "/questions/2"),
        (2, "back", "/questions/1"),
        (1, "back", "/practice"),
        (2, "check", "/check"),
        (5, "next", "/check"),
        (3, "", "/questions/4"),
    ],
)
def test_buttons_lead_where_they_say_and_keep_the_answer(
    client: TestClient[Litestar], fake: FakeInterviewing, number: int, go: str, expected: str
) -> None:
    """Next, back and check all save first; line ends are kept as the candidate typed them."""
    text = '{"a": 1}\r\ntrue & 100% <b>'
    assert (
        place(post(client, f"/i/begun/questions/{number}", answer=text, revision="0", go=go)) == f"/i/begun{expected}"
    )
    assert fake.interviews["begun"].answers == {QUESTIONS[number - 1][0]: '{"a": 1}\ntrue & 100% <b>'}


def test_an_answer_comes_back_as_text(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """Markup in an answer is text on every page, and a first empty line survives the round trip."""
    fake.interviews["answered"].answers["cause"] = "\n<script>alert(1)</script>"
    for path in ("/questions/1", "/check"):
        assert "<script>alert" not in client.get(f"/i/answered{path}").text
    assert "\n\n&lt;script&gt;" in client.get("/i/answered/questions/1").text


def test_an_answer_that_did_not_change_is_not_saved_again(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """Leafing through leaves no new revisions."""
    post(client, "/i/answered/questions/1", answer=ANSWERS[0].replace("\n", "\r\n"), go="next")
    assert fake.writes == 0


def test_a_too_long_answer_stays_in_the_box(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """422 with the error by the field and in the summary; not a letter is lost."""
    text = "x" * 8001
    answer = post(client, "/i/begun/questions/1", answer=text, revision="0", go="next")
    assert answer.status_code == 422
    assert answer.text.count("Please use at most 8,000 characters. You have 8,001.") == 2
    assert text in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert fake.interviews["begun"].answers == {}


def test_drafts_are_kept_and_answered_with_the_time(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """The script learns when the draft was saved."""
    answer = post(client, "/i/begun/questions/2/draft", answer="So far", revision="0")
    assert answer.status_code == 200
    assert set(answer.json()) == {"saved_at", "revision"}
    assert answer.json()["revision"] == 1
    assert fake.interviews["begun"].answers == {"order": "So far"}


def test_a_draft_that_cannot_be_kept_says_why(client: TestClient[Litestar]) -> None:
    """The script gets a problem document: 409 when no answers are taken, 422 when too long, 404 for no interview."""
    client.headers["accept"] = "application/json"
    late = post(client, "/i/submitted/questions/1/draft", answer="x", revision="0")
    assert (late.status_code, late.headers["content-type"]) == (409, "application/problem+json")
    assert post(client, "/i/begun/questions/1/draft", answer="x" * 8001, revision="0").status_code == 422
    assert post(client, "/i/unknown/questions/1/draft", answer="x", revision="0").status_code == 404


def test_unanswered_questions_are_marked_kindly(client: TestClient[Litestar]) -> None:
    """Leaving questions out is allowed and said so."""
    text = client.get("/i/halfway/check").text
    assert "3 questions have no answer yet" in text
    assert text.count("Not answered yet") == 3
    assert "no answer yet" not in client.get("/i/answered/check").text


def test_handing_in_nothing_is_refused_by_the_form(client: TestClient[Litestar]) -> None:
    """The page says what to mend and links to it."""
    answer = post(client, "/i/begun/submit")
    assert answer.status_code == 422
    assert 'href="#question-1"' in answer.text


def test_handing_in_twice_is_harmless(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """Both presses end on the thank-you page; the interview was handed in once."""
    assert place(post(client, "/i/answered/submit")) == "/i/answered/done"
    assert place(post(client, "/i/answered/submit")) == "/i/answered/done"
    assert len(fake.interviews["answered"].commands) == 1
    assert "Thank you, Mara" in client.get("/i/answered/done").text


def test_own_answers_can_be_downloaded(client: TestClient[Litestar]) -> None:
    """The file holds each question and each answer word for word."""
    answer = client.get("/i/submitted/answers.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert all(text in answer.text for text in ANSWERS)
    assert client.get("/i/halfway/answers.txt").text.count("(no answer)") == 3


@pytest.mark.parametrize("token", ["invited", "begun", "submitted", "expired"])
@pytest.mark.parametrize("kind", list(Alternative))
def test_help_can_be_asked_for_everywhere(
    client: TestClient[Litestar], fake: FakeInterviewing, token: str, kind: Alternative
) -> None:
    """The request reaches people with its words, and the page says that the clocks are stopped."""
    assert place(post(client, f"/i/{token}/help", kind=kind.value, message="Larger print, please")) == f"/i/{token}"
    assert fake.interviews[token].requests == [(kind, "Larger print, please")]
    assert "The clocks are stopped" in client.get(f"/i/{token}").text


def test_help_without_a_choice_asks_for_one(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """422, the message is still there, and nothing was asked for."""
    answer = post(client, "/i/begun/help", message="Please call me")
    assert answer.status_code == 422
    assert answer.text.count("Choose what would help you.") == 2
    assert "Please call me" in answer.text
    too_long = post(client, "/i/begun/help", kind="person", message="x" * 2001)
    assert too_long.status_code == 422
    assert "under 2,000 characters" in too_long.text
    assert fake.writes == 0


@pytest.mark.parametrize("token", ["final", "cancelled", "withdrawn", "handed-over"])
def test_where_nothing_can_be_asked_an_address_is_given(client: TestClient[Litestar], token: str) -> None:
    """No dead end: the contact person's address stands where the form would be."""
    text = client.get(f"/i/{token}/help").text
    assert "mailto:hiring@northlight.example" in text
    assert "Send my request" not in text
    assert place(post(client, f"/i/{token}/help", kind="person")) == f"/i/{token}/help"


def test_withdrawing_ends_it(client: TestClient[Litestar], fake: FakeInterviewing) -> None:
    """The answer itself is the farewell, because the link is dead afterwards."""
    answer = post(client, "/i/halfway/withdraw")
    assert answer.status_code == 200
    assert "You have withdrawn" in answer.text
    assert client.get("/i/halfway").status_code == 404
    assert place(post(client, "/i/final/withdraw")) == "/i/final/help"


def test_no_page_uses_words_that_we_never_use(client: TestClient[Litestar]) -> None:
    """Plain and kind words only; nothing inline for the content policy to stumble over."""
    never = re.compile(
        r"AI selected|reject|failed|objective|bias-free|disqualif|style=|<style|<script(?![^>]* src=)", re.IGNORECASE
    )
    for token in interviews():
        for path in EVERY_PATH:
            text = client.get(f"/i/{token}{path}").text
            assert never.search(text) is None, (token, path)


class HandedInMeanwhile(FakeInterviewing):
    """Another device hands in, or closes the interview, between looking and saving."""

    async def save(self, token: str, question_id: str, text: str, *, revision: int | None) -> Saved:
        self.interviews[token].state = InterviewState.SUBMITTED
        return await super().save(token, question_id, text, revision=revision)

    async def submit(self, token: str) -> None:
        self.interviews[token].state = InterviewState.CLOSED
        await super().submit(token)


def test_who_comes_too_late_sees_where_it_stands() -> None:
    """No error page: the candidate is led to the page for the state that the interview has now."""
    with TestClient(candidate_app(HandedInMeanwhile(interviews()))) as client:
        client.get("/healthz")
        assert place(post(client, "/i/begun/questions/1", answer="late", revision="0", go="next")) == "/i/begun/done"
        assert place(post(client, "/i/answered/submit")) == "/i/answered/done"
        assert place(post(client, "/i/submitted/questions/1", answer="late")) == "/i/submitted/done"
