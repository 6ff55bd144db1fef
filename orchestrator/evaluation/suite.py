"""One run of the metamorphic suite, written down with the grader that it was run with."""

from pathlib import Path

import msgspec

from orchestrator.evaluation.metamorphic import run_metamorphic
from orchestrator.evaluation.outcome import SuiteOutcome
from orchestrator.evaluation.recording import weights_hash
from orchestrator.evaluation.suite_recording import SuiteHeader, SuiteRecorder, read_suite_recording
from orchestrator.evaluation.verdict import GraderFacts
from orchestrator.evaluation.wanted import EMBEDDED, OPENAI, Model, SuiteWanted
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.grading.model import model_grader
from orchestrator.grading.prompting import prompt_hash
from orchestrator.ports import Clock, Grader


async def run_suite(wanted: SuiteWanted, clock: Clock) -> SuiteOutcome:
    """Put the embedded grader, a live model or a recording of one to the trials on a copy of "beyond the resume".

    Raises:
        ConfigurationInvalid: a file of the data set is missing or not as described, the recording cannot be used, or there
            is no such property.
        OSError: a file cannot be read or written.
    """
    grader, facts = _grader(wanted, clock)
    try:
        found = await run_metamorphic(grader, wanted.folder, only=wanted.only, sample=wanted.sample)
    finally:
        await grader.aclose()
    outcome = SuiteOutcome(
        made_at=clock.now().isoformat(timespec="seconds"),
        grader=facts,
        set=wanted.folder.name,
        properties=found.properties,
        sample=wanted.sample,
        not_recorded=found.not_recorded,
    )
    _write(outcome, wanted.json)
    return outcome


def _write(outcome: SuiteOutcome, path: Path | None) -> None:
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)) + b"\n")


def _grader(wanted: SuiteWanted, clock: Clock) -> tuple[Grader, GraderFacts]:
    if wanted.replay is not None:
        replayed = read_suite_recording(wanted.replay, prompt_hash=prompt_hash())
        return replayed, _facts_of(replayed.header)
    if wanted.model is None:
        return EmbeddedGrader(), GraderFacts(kind=EMBEDDED)
    live, facts = _model(wanted.model)
    if wanted.record is None:
        return live, facts
    header = SuiteHeader(
        model=wanted.model.name,
        weights=weights_hash(wanted.weights),
        parameters=facts.parameters,
        prompt_hash=prompt_hash(),
        recorded_on=clock.now().date().isoformat(),
        set=wanted.folder.name,
    )
    return SuiteRecorder(live, wanted.record, header), _facts_of(header)


def _model(model: Model) -> tuple[Grader, GraderFacts]:
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


def _facts_of(header: SuiteHeader) -> GraderFacts:
    return GraderFacts(
        kind=OPENAI,
        model=header.model,
        prompt_hash=header.prompt_hash,
        weights=header.weights,
        parameters=header.parameters,
        recorded_on=header.recorded_on,
    )
