"""When the model does not answer as it should, a person decides in good time; when it does, nobody has to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.db.models.scoring import CaseKind
from orchestrator.db.repositories import scoring
from orchestrator.domain.scoring import Usage
from orchestrator.services.scoring import MODEL_ATTEMPTS
from tests.fixtures.house import House, running_house
from tests.fixtures.model_stub import (
    Behaviour,
    Call,
    ModelStub,
    Reply,
    failing,
    graded,
    malformed,
    running_model_stub,
    sequence,
)
from tests.fixtures.timers import advance
from tests.integration.services.people import (
    ANSWERS,
    ROOMY,
    Candidate,
    Colleague,
    Newcomer,
    fresh_sqlite,
    interview_of,
    interviewed,
    newcomer,
    newest_link,
    open_case,
)
from tests.integration.services.rows import settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
POLICY = ("mode: always", "mode: borderline_or_flagged")
WHY = "The answers are clear enough without a machine."
PRIVATE = "I need large print because of my eyes."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub() -> AsyncIterator[ModelStub]:
    """A model endpoint whose behaviour each test sets."""
    async with running_model_stub() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    stub: ModelStub, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A house that asks the stub, with a policy that lets a clear result stand."""
    async with asking(stub, sqlite_template, tmp_path_factory.mktemp("grading")) as running:
        yield running


@asynccontextmanager
async def asking(stub: ModelStub, template: Path, folder: Path, **more: str) -> AsyncIterator[House]:
    """A house that asks the stub; ``more`` settings by name."""
    environment = {
        "EVENHAND_OPENAI_BASE_URL": stub.base_url,
        "EVENHAND_OPENAI_API_KEY": "stub-key",
        "EVENHAND_OPENAI_MODEL": "stub-model",
        "EVENHAND_OPENAI_SAMPLES": "1",
        **more,
    }
    url = fresh_sqlite(template, folder)
    async with running_house(url, folder, changes=(ROOMY, POLICY), environment=environment) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def colleague(house: House) -> AsyncIterator[Colleague]:
    """A colleague who is signed in."""
    with Colleague(house) as robin:
        await robin.sign_in()
        yield robin


async def attempts(house: House, application: Newcomer) -> int:
    """How often scoring was tried."""
    interview = await interview_of(house, application)
    statement = sa.text("SELECT attempt FROM work WHERE kind = 'interview.score' AND subject = :subject")
    async with house.runtime.database.reading() as session:
        return int(await session.scalar(statement, {"subject": f"interview:{interview.id}"}) or 0)


async def until_in_review(house: House, application: Newcomer) -> None:
    """Let the waits of retries pass until a person must decide."""

    async def look() -> bool | None:
        await advance(house.runtime.database, 60.0)
        return True if await house.field(application.id, "interview_completion") == "In review" else None

    await house.until("review", look)


FAILURES: dict[str, tuple[Behaviour, int]] = {
    "500": (failing(500), MODEL_ATTEMPTS),
    "429": (failing(429, {"Retry-After": "20"}), MODEL_ATTEMPTS),
    "no JSON": (malformed(), MODEL_ATTEMPTS),
    "401": (failing(401), 1),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_person_decides_where_grading_fails(
    failure: str, house: House, stub: ModelStub, colleague: Colleague
) -> None:
    """After as many tries as are sensible the case waits with the reason; a band that a person gives is final."""
    stub.behaviour, tries = FAILURES[failure]
    application = await newcomer(house)
    await interviewed(house, application)
    await until_in_review(house, application)
    case = await open_case(house, application)
    assert await attempts(house, application) == tries
    queue = {item.case_id: item for item in await house.runtime.services.reviewing.queue()}
    assert "grading_failed" in {reason.value for reason in queue[case].reasons}
    assert await house.field(application.id, "interview_band") is None

    page = await colleague.open(f"/review/{case}")
    assert page.status == 200
    assert ANSWERS[0][:60] in page.text("main")
    await colleague.send_from(page, "/decision", {"band": "solid", "reason": WHY})
    await house.until_field(application.id, "interview_completion", "Completed")
    await settled(house)
    profile = await house.sandbox.profile(application.id)
    assert profile["custom_fields"]["interview_band"] == "Solid evidence"
    assert "interview_summary" not in profile["custom_fields"]
    assert "interview_score" not in profile["custom_fields"]
    assert len(profile["notes"]) == 1
    assert (await colleague.open(profile["custom_fields"]["interview_link"])).status == 200


async def test_a_model_that_recovers_leaves_nobody_waiting(house: House, stub: ModelStub) -> None:
    """A 500 and then good answers: the result is final by policy, with one scorecard."""
    stub.behaviour = sequence(failing(500), graded(5))
    stub.calls.clear()
    application = await newcomer(house)
    await interviewed(house, application)

    async def final() -> bool | None:
        await advance(house.runtime.database, 60.0)
        return True if await house.field(application.id, "interview_band") == "Strong evidence" else None

    await house.until("the band", final)
    await settled(house)
    assert await attempts(house, application) >= 2
    assert await house.field(application.id, "interview_completion") == "Completed"


async def usage_of_card(house: House, application: Newcomer) -> Usage:
    """What the newest scorecard says that grading took."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        row = await scoring.latest_scorecard(session, interview.id)
    assert row is not None
    return row.card.rater.usage


@pytest.mark.parametrize(
    ("status", "field", "told", "requests"),
    [(500, "interview_band", "Strong evidence", 2 + 5), (401, "interview_completion", "In review", 2)],
)
async def test_what_a_failed_try_took_stands_on_the_card(
    status: int, field: str, told: str, requests: int, stub: ModelStub, sqlite_template: Path, tmp_path: Path
) -> None:
    """Two answers and then an error: what they took is counted with what came of the next try, or where none is made."""
    errors = 0

    async def twice(call: Call) -> Reply | None:
        nonlocal errors
        if len(stub.calls) <= 2 or (errors and status == 500):
            return await graded(5)(call)
        errors += 1
        return await failing(status)(call)

    stub.behaviour = twice
    stub.calls.clear()
    async with asking(stub, sqlite_template, tmp_path, EVENHAND_OPENAI_CONCURRENCY="1") as house:
        application = await newcomer(house)
        await interviewed(house, application)

        async def scored() -> bool | None:
            await advance(house.runtime.database, 60.0)
            return True if await house.field(application.id, field) == told else None

        await house.until("a scorecard", scored)
        assert errors
        assert await usage_of_card(house, application) == Usage(
            requests=requests, input_tokens=100 * requests, output_tokens=20 * requests
        )


async def test_what_was_agreed_in_private_never_stands_beside_a_result(
    house: House, stub: ModelStub, colleague: Colleague
) -> None:
    """An adjustment, then a result that is final by policy: its page shows the scores, and nothing of the request."""
    stub.behaviour = graded(5)
    application = await newcomer(house)
    with Candidate(await house.invite(application.id)) as candidate:
        await candidate.ask("adjustment", PRIVATE)
    await settled(house)
    case = await open_case(house, application, CaseKind.ADJUSTMENT)
    await colleague.answer(case, resume=True)
    await house.mail_to(application.email, subject="new link")
    with Candidate(newest_link(house, application)) as candidate:
        await candidate.begin()
        for number, answer in enumerate(ANSWERS, start=1):
            await candidate.answer(number, answer)
        await candidate.submit()
    await house.until_field(application.id, "interview_band", "Strong evidence")
    page = await colleague.open(str(await house.field(application.id, "interview_link")))
    assert page.status == 200
    assert "Final under your team’s review policy." in page.text("main")
    assert "Agreed with the candidate" not in page.text("body")
    assert PRIVATE not in page.text("body")
    assert "What the software recommends" in page.text("main")
    interview = await interview_of(house, application)
    timeline = await colleague.open(f"/operations/applications/{interview.application_id}")
    assert "Agreed with the candidate" not in timeline.text("body")
    assert PRIVATE not in timeline.text("body")
