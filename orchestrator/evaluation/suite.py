"""One run of the metamorphic suite, written down with the grader that it was run with."""

from pathlib import Path

import msgspec

from orchestrator.evaluation.metamorphic import run_metamorphic
from orchestrator.evaluation.outcome import SuiteOutcome
from orchestrator.evaluation.verdict import GraderFacts
from orchestrator.evaluation.wanted import EMBEDDED, OPENAI, Model
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.grading.model import model_grader
from orchestrator.grading.prompting import prompt_hash
from orchestrator.ports import Clock, Grader


async def run_suite(folder: Path, *, model: Model | None, json: Path | None, clock: Clock) -> SuiteOutcome:
    """Put the embedded grader, or a live model, to every trial on a copy of "beyond the resume".

    Raises:
        ConfigurationInvalid: a file of the data set is missing or not as described.
        OSError: the outcome cannot be written.
    """
    grader, facts = _grader(model)
    try:
        properties = await run_metamorphic(grader, folder)
    finally:
        await grader.aclose()
    outcome = SuiteOutcome(
        made_at=clock.now().isoformat(timespec="seconds"), grader=facts, set=folder.name, properties=properties
    )
    _write(outcome, json)
    return outcome


def _write(outcome: SuiteOutcome, path: Path | None) -> None:
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)) + b"\n")


def _grader(model: Model | None) -> tuple[Grader, GraderFacts]:
    if model is None:
        return EmbeddedGrader(), GraderFacts(kind=EMBEDDED)
    grader = model_grader(
        base_url=model.base_url,
        api_key=model.api_key,
        model=model.name,
        timeout=model.timeout,
        concurrency=model.concurrency,
        temperature=model.temperature,
    )
    return grader, GraderFacts(
        kind=OPENAI, model=model.name, prompt_hash=prompt_hash(), parameters={"temperature": model.temperature}
    )
