"""The queue, the case and the result over HTTP."""

import re
from html import unescape

import pytest

from orchestrator.db.models.scoring import CaseKind
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.web.phrases import REASONS, REQUESTS, SHORT_REASONS
from tests.fixtures.fake_team_services import quiet_services
from tests.fixtures.team_cases import (
    ADJUSTMENT,
    AUDIT_REF,
    BLIND,
    CLEAR,
    DECIDED,
    NEAR_CUT,
    OVERDUE,
    OWN_PROPOSAL,
    PERSON,
    PROPOSED,
    PROVISIONAL,
    UNSCORABLE,
)
from tests.integration.web.team_browsing import browsing

REASON = "The second answer names the next step and the time."


def _links(page: str) -> list[str]:
    return re.findall(r'class="team-row" href="/review/([^"]+)"', page)


def test_every_reason_has_its_words() -> None:
    """No code of the machine reaches a page."""
    assert set(REASONS) == set(SHORT_REASONS) == set(ReviewReason)
    assert set(REQUESTS) == set(CaseKind)


async def test_the_queue_shows_requests_apart_and_who_waits_longest_first() -> None:
    """Requests stand in a table of their own without any band; results follow by waiting time."""
    async with browsing("recruiter") as browser:
        page = (await browser.get("/review")).text
    requests, _, results = page.partition("Results to decide")
    assert _links(requests) == [str(ADJUSTMENT), str(PERSON)]
    order = (OVERDUE, NEAR_CUT, PROVISIONAL, UNSCORABLE, CLEAR, BLIND, PROPOSED, OWN_PROPOSAL)
    assert _links(results) == [str(c) for c in order]
    assert "chip--band" not in requests
    assert "dyslexia" not in page
    assert "overdue by 20 min" in results
    assert "due in 18 h" in results


async def test_an_empty_queue_teaches() -> None:
    """It says what will come here."""
    async with browsing("recruiter", services=quiet_services()) as browser:
        page = (await browser.get("/review")).text
        assert "Nobody waits" in page
        assert "You read the evidence and decide" in page


async def test_every_bullet_leads_to_its_quote_in_the_conversation() -> None:
    """Each link has its target on the page, and the target's text is the quote."""
    async with browsing("recruiter") as browser:
        page = (await browser.get(f"/review/{NEAR_CUT}")).text
    targets = dict(re.findall(r'<mark id="([^"]+)"[^>]*>([^<]+)</mark>', page))
    quotes = re.findall(r'<blockquote>([^<]+)</blockquote>(?:<p[^>]*>[^<]*</p>)?<figcaption><a href="#([^"]+)"', page)
    assert len(quotes) == 3
    for quote, anchor in quotes:
        assert unescape(targets[anchor]) == unescape(quote)
    assert page.count("Not shown, level") >= 3
    assert "The range reaches across 3.4" in page
    assert "A band is a summary of evidence, not a verdict." in page


async def test_confirming_leaves_the_recommendation_beside_the_decision() -> None:
    """One post with the machine's band and no reason; the page then shows both and the next case."""
    async with browsing("recruiter") as browser:
        await browser.post(f"/review/{NEAR_CUT}/decision", band="solid", reason="")
        page = (await browser.get(f"/review/{NEAR_CUT}")).text
        assert "Decided by Rubén Sala" in page
        assert "The software recommended" in page
        assert "Open the next case" in page
        assert "/decision" not in page


async def test_an_override_without_a_reason_says_so_by_the_field() -> None:
    """422, the summary leads to the field, and the chosen band and the words are still there."""
    async with browsing("recruiter") as browser:
        answer = await browser.post(f"/review/{NEAR_CUT}/decision", band="strong", reason="too short"[:8])
        assert answer.status_code == 422
        assert 'href="#decision-reason"' in answer.text
        assert 'id="decision-reason-error"' in answer.text
        assert re.search(r'value="strong"[^>]*checked', answer.text)
        assert "too shor</textarea>" in answer.text
        assert browser.services.reviewing.decisions == []


async def test_an_override_without_a_band_says_so_by_the_choice() -> None:
    """The reason alone is not a decision."""
    async with browsing("recruiter") as browser:
        answer = await browser.post(f"/review/{NEAR_CUT}/decision", reason=REASON)
        assert answer.status_code == 422
        assert 'id="decision-band-error"' in answer.text
        assert REASON in answer.text


async def test_an_override_is_passed_on_as_it_was_typed() -> None:
    """The service gets the band and the reason, trimmed."""
    async with browsing("recruiter") as browser:
        answer = await browser.post(f"/review/{NEAR_CUT}/decision", band="strong", reason=f"  {REASON}\n")
        assert answer.status_code == 303
        [(case_id, _, band, reason)] = browser.services.reviewing.decisions
        assert (case_id, band, reason) == (NEAR_CUT, "strong", REASON)


@pytest.mark.parametrize("form", ["decision", "close"])
async def test_a_decision_that_came_too_late_shows_what_stands(form: str) -> None:
    """409, who decided, what was typed, and no form any more."""
    async with browsing("recruiter") as browser:
        answer = await browser.post(f"/review/{DECIDED}/{form}", band="mixed", reason=REASON)
        assert answer.status_code == 409
        assert "Someone was faster" in answer.text
        assert "Decided by Ada Okafor" in answer.text
        assert REASON in answer.text
        assert f"/review/{DECIDED}/" not in answer.text


async def test_closing_without_a_band_needs_a_reason() -> None:
    """422 by the field of that form, which stays open."""
    async with browsing("recruiter") as browser:
        answer = await browser.post(f"/review/{UNSCORABLE}/close", reason="")
        assert answer.status_code == 422
        assert 'id="close-reason-error"' in answer.text
        assert (await browser.post(f"/review/{UNSCORABLE}/close", reason=REASON)).status_code == 303


async def test_a_case_without_a_score_offers_no_band() -> None:
    """Nothing to confirm; the answers are there to read."""
    async with browsing("recruiter") as browser:
        page = (await browser.get(f"/review/{UNSCORABLE}")).text
        assert "/decision" not in page
        assert "At the library desk" in page


@pytest.mark.parametrize("case_id", [ADJUSTMENT, PERSON])
async def test_a_request_is_shown_without_any_score(case_id: object) -> None:
    """Private: no band, no competency, no conversation beside it."""
    async with browsing("recruiter") as browser:
        page = (await browser.get(f"/review/{case_id}")).text
        assert "chip--band" not in page
        assert "Finding the cause" not in page
        assert f"/review/{case_id}/answer" in page


@pytest.mark.parametrize(("choice", "resume"), [("yes", True), ("no", False)])
async def test_a_request_is_answered_either_way(choice: str, *, resume: bool) -> None:
    """Go on, or hand over."""
    async with browsing("recruiter") as browser:
        answer = await browser.post(f"/review/{ADJUSTMENT}/answer", resume=choice, reason=REASON)
        assert answer.status_code == 303
        assert browser.services.reviewing.decisions[0][2] is resume


async def test_a_request_needs_a_choice_and_a_reason() -> None:
    """Each error stands by its field, and what was chosen is kept."""
    async with browsing("recruiter") as browser:
        without_choice = await browser.post(f"/review/{ADJUSTMENT}/answer", resume="perhaps", reason=REASON)
        without_reason = await browser.post(f"/review/{ADJUSTMENT}/answer", resume="no", reason="")
        assert (without_choice.status_code, without_reason.status_code) == (422, 422)
        assert 'id="answer-resume-error"' in without_choice.text
        assert 'id="answer-reason-error"' in without_reason.text
        assert re.search(r'value="no"[^>]*checked', without_reason.text)


async def test_a_result_shows_evidence_first_and_only_its_link_can_be_changed() -> None:
    """Read only: evidence, the folded conversation, the decision, where it comes from."""
    async with browsing("recruiter") as browser:
        page = (await browser.get(f"/results/{AUDIT_REF}")).text
        order = [page.index(words) for words in ("Evidence</h2>", "The whole conversation", "Decided by Ada Okafor")]
        assert order == sorted(order)
        assert AUDIT_REF in page
        assert re.findall(r'<form[^>]*action="([^"]*)"', page) == ["/sign-out", f"/results/{AUDIT_REF}/link/revoke"]
        assert browser.services.reviewing.views == [AUDIT_REF]


@pytest.mark.parametrize("path", ["/results/unknown", "/review/00000000-0000-0000-0000-000000000000", "/review/x"])
async def test_what_is_not_there_is_not_found(path: str) -> None:
    """404 for unknown references and ids."""
    async with browsing("recruiter") as browser:
        assert (await browser.get(path)).status_code == 404


async def test_words_of_people_are_never_markup() -> None:
    """What somebody types comes back as text."""
    async with browsing("recruiter") as browser:
        answer = await browser.post(f"/review/{NEAR_CUT}/decision", reason="<script>alert(1)</script>")
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert" in answer.text
