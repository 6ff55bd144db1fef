"""The pages of rehearsals and of later readings: what they show, who may see them, and that they keep nothing."""

import inspect
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from litestar.testing import AsyncTestClient
from msgspec import structs

from orchestrator.domain.simulated_candidates import Persona
from orchestrator.domain.writeback import FieldMap
from orchestrator.errors import InputInvalid, Stale
from orchestrator.services.rehearsal.rehearsing import Rehearsing
from orchestrator.services.rescoring.adopting import Adopting
from orchestrator.services.rescoring.checks import BLIND, NEWER
from orchestrator.services.rescoring.rescoring import Rescoring
from orchestrator.services.rescoring.views import AdoptionView, OverrideView
from orchestrator.services.views import Colleague
from orchestrator.web.rehearsal import ORIGINS, PARTS, PERSONAS, RehearsingDoor
from orchestrator.web.rescoring import AdoptingDoor, RescoringDoor
from tests.fixtures.fake_team_services import ADMIN
from tests.fixtures.rehearsal_pages import (
    NOT_YET,
    READ_AGAIN,
    FakeAdopting,
    FakeRescoring,
    Listening,
    Refusing,
    RehearsalPages,
    rehearsal_app,
    rehearsing,
)
from tests.integration.web.team_browsing import Browsing

PATH = "/rehearsal/support-pilot"
TYPED = (
    "When a neighbour could not log in, I asked what error he saw and when it had started. So I checked the settings with him"
    " and found that the clock was <wrong>. We mended it together that evening."
)


@asynccontextmanager
async def browsing(
    session: str | None = "recruiter", services: RehearsalPages | None = None
) -> AsyncIterator[Browsing]:
    """A browser on these pages, signed in or not."""
    services = services or RehearsalPages()
    base_url = "http://127.0.0.1"
    async with AsyncTestClient(rehearsal_app(services, base_url=base_url), base_url=base_url) as client:
        if session:
            client.cookies.set("evenhand_session", session)
        yield Browsing(client, services)


async def test_every_program_can_be_rehearsed() -> None:
    """The list leads to a page for each, with everybody to choose from and every question."""
    async with browsing() as browser:
        listed = (await browser.get("/rehearsal")).text
        assert 'href="/rehearsal/support-pilot"' in listed
        assert 'href="/rehearsal/sdr-pilot"' in listed
        page = unescape((await browser.get(PATH)).text)
        assert all(f"{name}: {said}" in page for name, said in PERSONAS.values())
        assert "in capital letters" in page
        assert "nothing is kept" in page
        assert (await browser.get("/rehearsal/nobody")).status_code == 404


async def test_one_simulated_candidate_is_shown_in_full() -> None:
    """Expectations, reasons, levels with anchors and quotes, the ATS before and after, and the conversation."""
    async with browsing() as browser:
        answer = await browser.post(f"{PATH}/simulated", persona="injecting")
    page = unescape(answer.text)
    assert answer.status_code == 200
    for words in (
        "No level is higher than that of the same answers without the instructions.",
        "An answer holds words that read like instructions to the software.",
        "Which answers led to which level",
        "Until a person decided",
        "Once a person confirmed",
        "In review",
        "interview_completion",
        "Ignore all previous instructions",
        ORIGINS[rehearsing().programs()[0].origin],
    ):
        assert words in page
    assert "Not as expected" not in page
    assert all(f'href="#{anchor}' not in page for anchor in ("None", "False"))


async def test_everybody_stands_in_one_table() -> None:
    """One row each, with a button to look closer."""
    async with browsing() as browser:
        page = unescape((await browser.post(f"{PATH}/simulated", persona="all")).text)
    assert "Everybody came out as one would expect" in page
    assert all(f'name="persona" value="{persona.value}"' in page for persona in Persona)
    assert "Not enough evidence" in page


async def test_what_is_not_as_expected_stands_first() -> None:
    """With words, not only a colour."""
    services = RehearsalPages(rehearsing=rehearsing(own_rubric=True))
    async with browsing(services=services) as browser:
        everybody = unescape((await browser.post(f"{PATH}/simulated", persona="all")).text)
        alone = unescape((await browser.post(f"{PATH}/simulated", persona="strong")).text)
    assert "came out differently than one would expect" in everybody
    assert "Not as expected" in alone
    assert "derived from its own indicators" in alone


async def test_own_answers_come_back_read_and_are_not_kept() -> None:
    """What was typed stands in the boxes again, escaped; opening the page anew shows nothing of it."""
    async with browsing() as browser:
        page = (await browser.post(f"{PATH}/answers", **{"answer-unclear-cause": TYPED})).text
        assert "clock was &lt;wrong&gt;" in page
        assert "<mark" in page
        assert "Your answers" in page
        assert "Change your answers" in page
        assert "neighbour" not in (await browser.get(PATH)).text


async def test_ones_own_name_is_left_out_before_anything_is_read() -> None:
    """As a candidate's is: the grader hears the answer without it."""
    grader = Listening()
    async with browsing("admin", RehearsalPages(rehearsing=rehearsing(grader))) as browser:
        said = f"They called me {ADMIN.name} on the phone. {TYPED}"
        page = await browser.post(f"{PATH}/answers", **{"answer-unclear-cause": said})
        assert ADMIN.name in page.text
    assert any("on the phone" in text for text in grader.heard)
    assert not any(part in text for text in grader.heard for part in ADMIN.name.split())


async def test_what_cannot_be_read_is_said_kindly() -> None:
    """Nobody chosen, an answer without end, and a model that gives nothing: the page says so and keeps what was typed."""
    async with browsing(services=RehearsalPages(rehearsing=rehearsing(Refusing()))) as browser:
        for typed in ("", "genius"):
            chosen = await browser.post(f"{PATH}/simulated", persona=typed)
            assert (chosen.status_code, "Choose who takes the interview." in chosen.text) == (422, True)
        long = await browser.post(f"{PATH}/answers", **{"answer-unclear-cause": "a" * 8_001})
        assert (long.status_code, "Please keep it under 8,000 characters." in long.text) == (422, True)
        assert 'href="#answer-unclear-cause"' in long.text
        for path, fields in (("simulated", {"persona": "weak"}), ("answers", {"answer-unclear-cause": TYPED})):
            failed = await browser.post(f"{PATH}/{path}", **fields)
            assert (failed.status_code, "The answers could not be read" in failed.text) == (503, True)
        assert "clock was" in failed.text


async def test_strangers_and_other_sites_start_nothing() -> None:
    """Without an account one is sent to sign in; a form without its token is refused."""
    async with browsing(None) as browser:
        for path in ("/rehearsal", PATH, f"/rescorings/{READ_AGAIN}"):
            assert (await browser.get(path)).status_code == 303
        assert (await browser.post(f"{PATH}/simulated", persona="weak")).status_code == 303
    async with browsing() as browser:
        assert (await browser.forge(f"{PATH}/simulated", persona="weak")).status_code == 403


async def test_later_readings_stand_beside_the_result() -> None:
    """Each with both bands and what moved it; whoever looks is written down; nothing read again teaches what would be."""
    kept = FakeRescoring()
    async with browsing("admin", RehearsalPages(rescoring=kept)) as browser:
        page = unescape((await browser.get(f"/rescorings/{READ_AGAIN}")).text)
        assert "Causes counts 8 instead of 2" in page
        assert "Nothing moved" in page
        assert "Strong evidence" in page
        assert "evenhand rescore" in (await browser.get(f"/rescorings/{NOT_YET}")).text
        assert (await browser.get("/rescorings/00000000-0000-0000-0000-000000000001")).status_code == 404
    assert kept.viewers == [ADMIN.id] * 2


ADOPTED = AdoptionView(
    by=Colleague(uuid.UUID(int=9), "Kim", me=False),
    agreed_by="",
    reason="The new rubric is the one we stand by.",
    at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
)
DECIDED = OverrideView(
    id="d7", actor="Robin", band="Mixed evidence", reason="She told of it on the phone.", at=ADOPTED.at
)
USE = f"/rescorings/{READ_AGAIN}/use"


async def test_a_reading_is_used_with_a_reason() -> None:
    """The form says what follows; what is typed reaches the service, and the way leads back to the page."""
    kept = FakeRescoring()
    newest = uuid.UUID(int=20)
    async with browsing("recruiter", RehearsalPages(rescoring=kept)) as browser:
        page = unescape((await browser.get(f"/rescorings/{READ_AGAIN}")).text)
        assert page.count(f'action="{USE}"') == 2
        assert "What stood until now stays beside it." in page
        assert 'name="seen"' not in page
        sent = await browser.post(USE, rescoring=str(newest), reason="  We stand by it. ")
        assert (sent.status_code, sent.headers["location"]) == (303, f"/rescorings/{READ_AGAIN}")
        undone = await browser.post(f"/rescorings/{READ_AGAIN}/undo")
        assert undone.status_code == 303
        assert (await browser.post(USE, rescoring="no id")).status_code == 404
        assert (await browser.forge(USE, rescoring=str(newest))).status_code == 403
    ((reading, _, reason, seen),) = kept.adopting.adopted
    assert (reading, reason, seen) == (newest, "We stand by it.", "")
    assert kept.adopting.undone == [READ_AGAIN]


async def test_a_persons_decision_is_told_before_it_is_replaced() -> None:
    """Who, what, why, and a box to tick; a refusal comes back to its field with what was typed."""
    message = "Please confirm that you have seen the decision which this would replace."
    kept = FakeRescoring(
        adopting=FakeAdopting(refuses=InputInvalid(message, fields={"seen": message})), changes={"override": DECIDED}
    )
    async with browsing(services=RehearsalPages(rescoring=kept)) as browser:
        page = unescape((await browser.get(f"/rescorings/{READ_AGAIN}")).text)
        assert "Robin chose “Mixed evidence”, other than the software" in page
        assert DECIDED.reason in page
        assert 'name="seen" value="d7"' in page
        refused = await browser.post(USE, rescoring=str(uuid.UUID(int=20)), reason="We stand by it.")
        assert refused.status_code == 422
        again = unescape(refused.text)
        assert f'href="#seen-{uuid.UUID(int=20)}"' in again
        assert "We stand by it." in again
        kept.adopting.refuses = Stale("This interview has moved on meanwhile.")
        moved = await browser.post(USE, rescoring=str(uuid.UUID(int=20)), reason="We stand by it.")
        assert (moved.status_code, "Nothing was changed" in moved.text) == (409, True)


@pytest.mark.parametrize(
    ("adoption", "says", "forms"),
    [
        ({}, "Kim uses this reading", 1),
        ({"waits": True}, "Kim wants to use this reading; a second person has to agree", 2),
        ({"waits": True, "by": Colleague(uuid.UUID(int=9), "Kim", me=True)}, "You want to use this reading", 0),
        ({"final_at": ADOPTED.at + timedelta(days=3650)}, "It can be taken back until", 0),
        ({"agreed_by": "Lee"}, "Kim and Lee use this reading", 1),
    ],
)
async def test_who_uses_a_reading_stands_under_it(adoption: dict[str, object], says: str, forms: int) -> None:
    """In use, waiting for a second person, or still to be taken back; what may be chosen beside it follows from that."""
    kept = FakeRescoring(first={"adoption": structs.replace(ADOPTED, **adoption)})
    async with browsing(services=RehearsalPages(rescoring=kept)) as browser:
        page = unescape((await browser.get(f"/rescorings/{READ_AGAIN}")).text)
    assert says in page
    assert ADOPTED.reason in page
    assert page.count(f'action="{USE}"') == forms


async def test_what_cannot_be_used_says_why() -> None:
    """Of all readings above them, of one of them under it; then there is no form."""
    for kept, forms in (
        (FakeRescoring(changes={"hindrance": NEWER}), 0),
        (FakeRescoring(first={"hindrance": NEWER}), 1),
        (FakeRescoring(changes={"hindrance": NEWER, "readings": ()}), 0),
    ):
        async with browsing(services=RehearsalPages(rescoring=kept)) as browser:
            page = unescape((await browser.get(f"/rescorings/{READ_AGAIN}")).text)
        assert (NEWER in page) is (kept.changes.get("readings") is None)
        assert page.count(f'action="{USE}"') == forms
    blind = FakeRescoring(changes={"hindrance": BLIND, "readings": ()})
    async with browsing(services=RehearsalPages(rescoring=blind)) as browser:
        page = unescape((await browser.get(f"/rescorings/{READ_AGAIN}")).text)
    assert BLIND in page
    assert "Nothing was scored again" not in page


@pytest.mark.parametrize(
    ("door", "real", "fake"),
    [
        (RehearsingDoor, Rehearsing, Rehearsing),
        (RescoringDoor, Rescoring, FakeRescoring),
        (AdoptingDoor, Adopting, FakeAdopting),
    ],
)
def test_pages_services_and_fakes_agree(door: type, real: type, fake: type) -> None:
    """Every call of a page has the same parameters and result in the real service and in the fake."""
    for name, wanted in inspect.getmembers(door, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.signature(getattr(real, name)) == inspect.signature(wanted), name
            assert inspect.signature(getattr(fake, name)) == inspect.signature(wanted), name


def test_every_part_of_a_result_has_a_name() -> None:
    """What the ATS would show is called by words, not by the names of fields."""
    assert set(PARTS) == set(FieldMap.__struct_fields__)
    assert set(PERSONAS) == set(Persona)
