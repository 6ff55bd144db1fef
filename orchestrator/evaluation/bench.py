"""One run of the bench: read the set, have it graded, measure, compare, and write what was found."""

from collections.abc import Sequence
from time import monotonic
from typing import TypeVar

import msgspec
from msgspec import structs

from orchestrator.errors import ConfigurationInvalid
from orchestrator.evaluation.comparing import compare, missed, read_outcome
from orchestrator.evaluation.graders import EmbeddedSetGrader, ModelSetGrader, ReplayedSetGrader, parameters
from orchestrator.evaluation.items import Item, LabelledSet, read_set
from orchestrator.evaluation.measuring import Measured, measure
from orchestrator.evaluation.outcome import Outcome
from orchestrator.evaluation.page import page
from orchestrator.evaluation.prompting import prompt_hash
from orchestrator.evaluation.recording import Header, Recorder, Recording, read_recording, weights_hash
from orchestrator.evaluation.verdict import SetGrader, Verdict
from orchestrator.evaluation.wanted import EMBEDDED, Finished, Model, Wanted
from orchestrator.grading.chat import chat_endpoint
from orchestrator.grading.together import all_or_none
from orchestrator.ports import Clock

T = TypeVar("T")


async def run(wanted: Wanted, clock: Clock) -> Finished:
    """Run once and write the files that are asked for.

    Raises:
        ConfigurationInvalid: the set, the recording or the outcome to compare with cannot be used.
        GradingFailed: the model did not answer; what was recorded until then is kept.
        OSError: a file cannot be read or written.
    """
    before = None if wanted.compare is None else read_outcome(wanted.compare)
    whole = read_set(wanted.set)
    _check_cut(whole, wanted.cut)
    labelled = whole.spread(wanted.limit)
    recording = None if wanted.replay is None else read_recording(wanted.replay)
    kept = labelled if recording is None else _recorded(labelled, recording)
    grader = _grader(wanted, labelled, recording, clock)
    began = monotonic()
    try:
        samples = await _grade(grader, kept.items, wanted.samples)
    finally:
        await grader.aclose()
    what = Measured(
        labelled=kept,
        samples=samples,
        facts=grader.facts,
        seed=wanted.seed,
        file_items=len(whole.items),
        cut=wanted.cut,
        prices=wanted.prices,
        not_recorded=len(labelled.items) - len(kept.items),
    )
    outcome = measure(what, made_at=clock.now().isoformat(timespec="seconds"), seconds=monotonic() - began)
    if before is not None:
        outcome = structs.replace(outcome, compared=compare(before, outcome))
    _write(wanted, outcome)
    return Finished(outcome=outcome, missed=tuple(missed(wanted.gate, outcome)))


def _write(wanted: Wanted, outcome: Outcome) -> None:
    if wanted.json is not None:
        wanted.json.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)) + b"\n")
    if wanted.html is not None:
        wanted.html.write_text(page(outcome), "utf-8")


def _check_cut(labelled: LabelledSet, cut: float | None) -> None:
    highest = labelled.max_level
    if cut is not None and highest is None:
        raise ConfigurationInvalid(["a cut can be given only for a set in which all items share one max_level"])
    if cut is not None and highest is not None and not 0 < cut <= highest:
        raise ConfigurationInvalid([f"the cut must be above 0 and at most {highest}"])


def _recorded(labelled: LabelledSet, recording: Recording) -> LabelledSet:
    kept = tuple(item for item in labelled.items if item.id in recording.ids)
    if not kept:
        raise ConfigurationInvalid(["the recording has none of the items of this set"])
    return structs.replace(labelled, items=kept)


def _grader(wanted: Wanted, labelled: LabelledSet, recording: Recording | None, clock: Clock) -> SetGrader:
    if recording is not None:
        if wanted.samples > recording.samples:
            raise ConfigurationInvalid([f"the recording has {recording.samples} sample(s) of each item"])
        return ReplayedSetGrader(recording)
    if wanted.grader == EMBEDDED:
        return EmbeddedSetGrader()
    model = wanted.model
    if model is None:
        raise ConfigurationInvalid(["no model is named, and none was recorded"])
    endpoint = chat_endpoint(
        base_url=model.base_url, api_key=model.api_key, timeout=model.timeout, concurrency=model.concurrency
    )
    recorder = None
    if wanted.record is not None:
        recorder = Recorder(wanted.record, _header(wanted, model, labelled, clock))
    return ModelSetGrader(endpoint, model.name, temperature=model.temperature, seed=wanted.seed, recorder=recorder)


def _header(wanted: Wanted, model: Model, labelled: LabelledSet, clock: Clock) -> Header:
    return Header(
        model=model.name,
        weights=weights_hash(wanted.weights),
        parameters={**parameters(temperature=model.temperature, seed=wanted.seed), "samples": wanted.samples},
        prompt_hash=prompt_hash(),
        set_sha256=labelled.sha256,
        recorded_on=clock.now().date().isoformat(),
    )


async def _grade(grader: SetGrader, items: Sequence[Item], samples: int) -> Sequence[Sequence[Verdict]]:
    graded = await all_or_none([grader.grade(item, sample) for item in items for sample in range(samples)])
    return [graded[start : start + samples] for start in range(0, len(graded), samples)]
