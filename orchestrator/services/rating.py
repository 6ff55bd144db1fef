"""From a transcript to a result, and everything that shows what such results are worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config.calibration import FOLDER, read_calibrations
from orchestrator.config.schema import Configuration
from orchestrator.db.session import Database
from orchestrator.ports import Clock, Grader
from orchestrator.services.calibration.calibrating import Calibrating
from orchestrator.services.kinds import ScoreInterview
from orchestrator.services.links import LinkMaker
from orchestrator.services.rehearsal.rehearsing import Rehearsing
from orchestrator.services.rescoring.adopting import Adopting
from orchestrator.services.rescoring.held import SettleAdoption
from orchestrator.services.rescoring.rescoring import Rescoring
from orchestrator.services.review.holds import SettleDecision
from orchestrator.services.review.reviewing import Reviewing
from orchestrator.services.review_kinds import SettleReopening
from orchestrator.services.scoring import Scoring
from orchestrator.services.steps import Steps
from orchestrator.work.job import Handler
from orchestrator.work.payload import Payload
from rubrics.schema import Rubric

GOLD = "gold"
"""Folder beside evenhand.yaml with the gold items of one's own rubrics."""


@dataclass(frozen=True, slots=True)
class Rating:
    """The services, and the handlers of their work."""

    reviewing: Reviewing
    calibrating: Calibrating
    rehearsing: Rehearsing
    rescoring: Rescoring
    handlers: Mapping[type[Payload], Handler]


def rating(
    database: Database,
    clock: Clock,
    configuration: Configuration,
    rubrics: Mapping[str, Rubric],
    grader: Grader,
    samples: int,
    steps: Steps,
    links: LinkMaker,
    *,
    folder: Path,
) -> Rating:
    """Put them together; ``folder`` is where evenhand.yaml lies, with calibration sets and gold items beside it.

    Raises:
        ConfigurationInvalid: a calibration set cannot be read.
    """
    calibrations = read_calibrations(folder / FOLDER)
    reviewing = Reviewing(database=database, clock=clock, steps=steps, links=links)
    scoring = Scoring(
        database=database,
        clock=clock,
        grader=grader,
        samples=samples,
        steps=steps,
        links=links,
        calibrations=calibrations,
    )
    adopting = Adopting(database=database, clock=clock, steps=steps, links=links)
    return Rating(
        reviewing=reviewing,
        calibrating=Calibrating(database, clock, rubrics, gold=folder / GOLD),
        rehearsing=Rehearsing(
            configuration=configuration, rubrics=rubrics, grader=grader, samples=samples, calibrations=calibrations
        ),
        rescoring=Rescoring(
            database=database,
            clock=clock,
            grader=grader,
            rubrics=rubrics,
            adopting=adopting,
            samples=samples,
            calibrations=calibrations,
        ),
        handlers={
            ScoreInterview: scoring.score,
            SettleDecision: reviewing.settle,
            SettleReopening: reviewing.settle_reopening,
            SettleAdoption: adopting.settle,
        },
    )
