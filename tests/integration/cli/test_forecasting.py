"""review forecast: what a rule decides, what the interviews so far say, what a calibration set says, and what is refused."""

import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from orchestrator.config.calibration import read_calibration, read_calibrations
from orchestrator.db.models.account import AccountRow, Role
from orchestrator.db.models.calibration import (
    CalibrationAgreedRow,
    CalibrationItemRow,
    CalibrationRatingRow,
    CalibrationSessionRow,
)
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import ScorecardRow
from orchestrator.db.repositories.forecast import graded_with
from orchestrator.domain.calibration import SessionState
from orchestrator.domain.conformal import CalibrationPair, CalibrationSet
from orchestrator.domain.forecast import Graded
from orchestrator.domain.scoring import Rater, RaterKind
from orchestrator.errors import ConfigurationInvalid
from orchestrator.main import Runtime
from rubrics.loader import find
from rubrics.schema import content_hash
from tests.fixtures.scored_interviews import TAKEN, scored_interview
from tests.integration.cli.terminal import Terminal

RUBRIC = find("customer-support/first-interview")
OTHER = uuid.uuid4()
MODEL = {"EVENHAND_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}


@pytest.fixture
def flagged_only(configuration: Path) -> None:
    """The program lets clear results stand."""
    text = configuration.read_text("utf-8")
    assert "mode: always" in text
    configuration.write_text(text.replace("mode: always", "mode: borderline_or_flagged"), "utf-8")


def calibration(path: Path, count: int = 20, rubric_hash: str = "") -> str:
    pairs = tuple(CalibrationPair(predicted=1.5 + n / 10, rated=1.5 + n / 10 + 0.05) for n in range(count))
    made = CalibrationSet(
        rubric_hash=rubric_hash or content_hash(RUBRIC), grader="m@abc", made_on=date(2026, 11, 1), pairs=pairs
    )
    path.write_bytes(msgspec.json.encode(made))
    return str(path)


async def store(runtime: Runtime) -> None:
    """Three interviews: one far from every cut, one at a cut, one graded by the embedded grader; two cards of the first."""
    for number in (1, 2, 3):
        await scored_interview(runtime.database, RUBRIC, {}, number=number)
    async with runtime.database.transaction() as tx:
        rows = list(await tx.session.scalars(sa.select(ScorecardRow).order_by(ScorecardRow.id)))
        for row in rows:
            row.card = msgspec.structs.replace(row.card, rater=Rater(kind=RaterKind.EMBEDDED, name="embedded"))
        clear = msgspec.structs.replace(
            rows[0].card, provisional=False, aggregate=1.0, standard_error=0.01, coverage=1.0, band="limited"
        )
        cut = sorted(band.cut for band in RUBRIC.bands if band.cut is not None)[1]
        # The newer card of the first interview counts, the older one does not.
        tx.session.add(
            ScorecardRow(
                interview_id=rows[0].interview_id,
                revision=2,
                created_at=rows[0].created_at,
                card=clear,
                reasons=["policy"],
            )
        )
        rows[1].card, rows[1].reasons = msgspec.structs.replace(clear, aggregate=cut), ["unanswered"]


async def rate(runtime: Runtime) -> None:
    """Two sessions over the three interviews: one revealed, in which two people rated, and one that still runs."""
    account, (revealed, running) = uuid.uuid4(), (uuid.uuid4(), uuid.uuid4())
    levels = {competency.id: 4.0 for competency in RUBRIC.competencies}
    async with runtime.database.transaction() as tx:
        for one in (account, OTHER):
            tx.session.add(
                AccountRow(
                    id=one,
                    email=f"{one.hex}@example.org",
                    name="Robin",
                    role=Role.RECRUITER,
                    password_hash="none",
                    created_at=TAKEN,
                )
            )
        await tx.session.flush()
        for id_, state in ((revealed, SessionState.REVEALED), (running, SessionState.RATING)):
            tx.session.add(
                CalibrationSessionRow(
                    id=id_,
                    title="Session",
                    rubric_hash=content_hash(RUBRIC),
                    state=state,
                    created_by=account,
                    created_at=TAKEN,
                )
            )
        await tx.session.flush()
        interviews = list(await tx.session.scalars(sa.select(InterviewRow.id).order_by(InterviewRow.created_at)))
        for session_id, machine in ((revealed, levels), (running, None)):
            for position, interview_id in enumerate(interviews):
                item = uuid.uuid4()
                tx.session.add(
                    CalibrationItemRow(
                        id=item, session_id=session_id, position=position, interview_id=interview_id, machine=machine
                    )
                )
                await tx.session.flush()
                for rater, level in ((account, 2), (OTHER, None if position == 1 else 3)):
                    tx.session.add_all(
                        CalibrationRatingRow(
                            item_id=item, account_id=rater, competency=key, level=level, note="", rated_at=TAKEN
                        )
                        for key in levels
                    )
                if position == 2:
                    tx.session.add_all(
                        CalibrationAgreedRow(
                            item_id=item, competency=key, level=4, note="", account_id=account, agreed_at=TAKEN
                        )
                        for key in levels
                    )


async def graded(runtime: Runtime) -> Sequence[Graded]:
    """What the forecast rests on."""
    async with runtime.database.reading() as session:
        assert await graded_with(session, "0" * 64) == []
        return await graded_with(session, content_hash(RUBRIC))


def test_a_rule_is_said_with_its_reason(terminal: Terminal) -> None:
    """The demo company's policy, and no model: everything goes to people, and hours follow from the volume."""
    printed = terminal.run("review", "forecast", "support-pilot", "--volume", "40", "--minutes", "3")
    assert (printed.status, printed.err) == (0, "")
    assert "all interviews will go to people." in printed.out
    assert "the embedded grader's results always go to a person" in printed.out
    assert "Of 40 interviews: 40 cases, 2.0 hours at 3 minutes each." in printed.out


@pytest.mark.usefixtures("flagged_only")
def test_the_interviews_so_far_are_counted(terminal: Terminal) -> None:
    """The newest card of each interview with this rubric; the embedded grader's cards say nothing about a model."""
    nothing = terminal.run("review", "forecast", "support-pilot", env=MODEL)
    assert (nothing.status, "is not known" in nothing.out) == (0, True)
    terminal.arrange(store)
    assert len(terminal.arrange(graded)) == 3
    said = terminal.run("review", "forecast", "support-pilot", "--json", env=MODEL).json
    assert (said["basis"], said["rule"]) == ("scorecards", [])
    assert (said["if_flagged_only"]["hits"], said["if_flagged_only"]["n"]) == (1, 2)
    assert said["reasons"] == {"borderline": 1, "unanswered": 1}
    words = terminal.run("review", "forecast", "support-pilot", env=MODEL).out
    assert "50% of the interviews will go to people (9% to 91%)." in words
    assert "Rests on: 1 of 2 interviews with this rubric" in words


@pytest.mark.usefixtures("flagged_only")
def test_a_calibration_set_stands_in_for_interviews(terminal: Terminal, tmp_path: Path) -> None:
    """It says at least how many; of another rubric version, or with too few pairs, it is refused."""
    said = terminal.run("review", "forecast", "support-pilot", "--set", calibration(tmp_path / "c.json"), env=MODEL)
    assert (said.status, "at least " in said.out, "20 pairs of the calibration set" in said.out) == (0, True, True)
    for bad, words in (
        (calibration(tmp_path / "d.json", rubric_hash="0" * 64), "belongs to another version of the rubric"),
        (calibration(tmp_path / "e.json", 8), "has 8 pairs; an interval needs 9"),
    ):
        refused = terminal.run("review", "forecast", "support-pilot", "--set", bad, env=MODEL)
        assert (refused.status, words in refused.err) == (2, True)


def test_a_set_is_made_of_calibration_sessions(terminal: Terminal, tmp_path: Path) -> None:
    """Revealed sessions only; people's medians, what they agreed on before that; the machine's levels at the reveal."""
    out = tmp_path / "made.json"
    nothing = terminal.run("review", "calibration", "support-pilot", "--out", str(out))
    assert (nothing.status, out.exists(), "no calibration session" in nothing.err) == (2, False, True)
    terminal.arrange(store)
    terminal.arrange(rate)
    printed = terminal.run("review", "calibration", "support-pilot", "--out", str(out))
    assert (printed.status, printed.err) == (0, "")
    assert "3 pairs of embedded" in printed.out
    assert "an interval needs 9" in printed.out
    made = read_calibration(out)
    assert made.rubric_hash == content_hash(RUBRIC)
    assert [(pair.predicted, pair.rated) for pair in made.pairs] == [(4.0, 2.5), (4.0, 2.0), (4.0, 4.0)]


def test_an_unknown_program_is_named_with_those_there_are(terminal: Terminal) -> None:
    """A misspelt key is an error in words."""
    printed = terminal.run("review", "forecast", "nobody")
    assert (printed.status, "there is no program 'nobody' (there are: support-pilot" in printed.err) == (2, True)


def test_a_folder_of_calibration_sets(tmp_path: Path) -> None:
    """By file name; every broken file is named at once; other files are none of its business."""
    calibration(tmp_path / "b.json")
    calibration(tmp_path / "a.json", 9)
    (tmp_path / "readme.md").write_text("words", "utf-8")
    assert [len(one.pairs) for one in read_calibrations(tmp_path)] == [9, 20]
    (tmp_path / "c.json").write_text("{}", "utf-8")
    (tmp_path / "d.json").write_text("no JSON", "utf-8")
    with pytest.raises(ConfigurationInvalid) as caught:
        read_calibrations(tmp_path)
    assert [str(problem).split(":")[0] for problem in caught.value.problems] == [
        str(tmp_path / "c.json"),
        str(tmp_path / "d.json"),
    ]
