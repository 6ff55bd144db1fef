"""A planned question that nobody may ask: the linter names it, and whoever runs the rubric all the same asks it of nobody."""

import asyncio
from importlib.resources import files
from pathlib import Path

import pytest

from orchestrator.domain.scoring import Unscored
from orchestrator.main import lint_rubrics
from tests.fixtures.house import running_house
from tests.integration.services.people import ROOMY, Candidate, fresh_sqlite, interview_of, newcomer, open_case

PACKAGED = files("rubrics").joinpath("library", "customer-support", "first-interview.yaml")
CHANGES = (
    ("id: customer-support/first-interview", "id: bakery/first-interview"),
    ("Tell us about a time when you helped someone", "How old are you? Tell us about a time when you helped someone"),
    ("competencies: [finding-the-cause, keeping-promises]", "competencies: [finding-the-cause]"),
)
CONFIGURED = (
    ROOMY,
    ("rubric: customer-support/first-interview\n", "rubric: bakery/first-interview\n"),
    ("notice:\n", "rubric_folders: [own]\nnotice:\n  calibration: true\n"),
)
SAID = "I asked what they needed first, wrote it down, and called back on the day that I had promised, as I always do."


def own_rubric(folder: Path) -> None:
    """The packaged rubric with a first question that nobody may ask."""
    text = PACKAGED.read_text("utf-8")
    for old, new in CHANGES:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "own" / "bakery" / "first-interview.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")


@pytest.mark.asyncio
async def test_it_is_left_out_for_the_candidate_and_counted_against_nobody(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """The candidate meets the other questions, numbered without a gap; what only it asked for has no level."""
    own_rubric(tmp_path)
    _, findings = await asyncio.to_thread(lint_rubrics, [tmp_path / "own"])
    assert [finding.field for finding in findings if finding.code == "off-limits"] == ["questions[0].text"]
    async with running_house(fresh_sqlite(sqlite_template, tmp_path), tmp_path, changes=CONFIGURED) as house:
        application = await newcomer(house)
        link = await house.invite(application.id)
        planned = (await interview_of(house, application)).plan.questions
        assert "unclear-cause" not in {question.id for question in planned}
        with Candidate(link) as candidate:
            welcome = (await candidate.open("")).text("main")
            assert f"{len(planned)} questions" in welcome
            # The house says in its notice that it holds calibration sessions.
            assert "Several colleagues may also rate some answers" in welcome
            await candidate.begin()
            for number in range(1, len(planned) + 1):
                page = await candidate.open(f"/questions/{number}")
                assert "How old are you" not in page.text("body")
                await candidate.answer(number, f"Number {number}: {SAID}")
            assert "How old are you" not in (await candidate.open("/check")).text("body")
            await candidate.submit()
        await house.until_field(application.id, "interview_completion", "In review")
        case = await open_case(house, application)
        items = {item.case_id: item for item in await house.runtime.services.reviewing.queue()}
        assert "unanswered" not in {reason.value for reason in items[case].reasons}
        interview = await interview_of(house, application)
        (one,) = [
            one async for one in house.runtime.services.rescoring.rescore([interview.id], None, actor="cli", keep=False)
        ]
        score = next(score for score in one.card.scores if score.competency == "finding-the-cause")
        assert (score.level, score.unscored) == (None, Unscored.NO_ANSWER)
