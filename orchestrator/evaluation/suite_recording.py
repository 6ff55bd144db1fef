"""Recordings of gradings: what a real model answered to each sitting of the metamorphic suite, kept to be judged again.

The first line says which model, with which weights, parameters and prompt, and when; each further line is one grading. A
hash over the prompts ties an answer to what was asked; the transcript itself is not repeated.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from orchestrator.errors import EvenhandError, GradingFailed
from orchestrator.evaluation.recording import Sha256, SourceFacts, read_lines, refusal
from orchestrator.grading.prompting import Layout, prompt_for
from orchestrator.ports import Grader, GradingReply, GradingRequest


class NotRecorded(EvenhandError):
    """The recording has no answer to this."""


class SuiteHeader(SourceFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model was recorded on which data set's folder."""

    kind: Literal["evenhand-suite-recording"] = "evenhand-suite-recording"
    set: Annotated[str, Meta(min_length=1)]


class Grading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One grading. ``asked`` is the hash of what was asked; ``failed`` says in words why there is no reply."""

    asked: Sha256
    reply: GradingReply | None
    failed: str = ""


class SuiteRecorder:
    """Asks a grader and writes each answer down at once, so that what took long is kept when a later one fails."""

    def __init__(self, grader: Grader, path: Path, header: SuiteHeader) -> None:
        self.provisional = grader.provisional
        self._grader = grader
        self._file = path.open("xb")
        self._write(header)

    async def grade(self, request: GradingRequest) -> GradingReply:
        """Grade, and keep what came of it.

        Raises:
            GradingFailed: as the grader says; that is kept too.
        """
        try:
            reply = await self._grader.grade(request)
        except GradingFailed as error:
            self._write(Grading(asked=asked_hash(request), reply=None, failed=str(error)))
            raise
        self._write(Grading(asked=asked_hash(request), reply=reply))
        return reply

    async def aclose(self) -> None:
        """Release connections and end the file."""
        await self._grader.aclose()
        self._file.close()

    def _write(self, line: Struct) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


class ReplayedGrader:
    """A recording in place of the model that it was made of."""

    provisional = False

    def __init__(self, header: SuiteHeader, gradings: Mapping[str, Sequence[Grading]]) -> None:
        self.header = header
        self._gradings = gradings
        self._times: Counter[str] = Counter()

    async def grade(self, request: GradingRequest) -> GradingReply:
        """Look the answer up. What was asked more than once is answered in the order in which it was.

        Raises:
            NotRecorded: this was not asked.
            GradingFailed: it was asked, and nothing usable came back.
        """
        asked = asked_hash(request)
        recorded = self._gradings.get(asked)
        if recorded is None:
            raise NotRecorded("the recording has no answer to this sitting")
        found = recorded[min(self._times[asked], len(recorded) - 1)]
        self._times[asked] += 1
        if found.reply is None:
            raise GradingFailed(found.failed, retryable=False)
        return found.reply

    async def aclose(self) -> None:
        """Nothing to release."""


def read_suite_recording(path: Path, *, prompt_hash: str) -> ReplayedGrader:
    """Read a recording that was made with this prompt.

    Raises:
        ConfigurationInvalid: it is none, a line is broken, or the prompt was another one.
        OSError: the file cannot be read.
    """
    header, lines = read_lines(path, header=SuiteHeader, line=Grading)
    if header.prompt_hash != prompt_hash:
        raise refusal(path, 1, "was recorded with another prompt")
    gradings: dict[str, list[Grading]] = {}
    for _, grading in lines:
        gradings.setdefault(grading.asked, []).append(grading)
    return ReplayedGrader(header, gradings)


def asked_hash(request: GradingRequest) -> str:
    """SHA-256 (hex) over all that a model is told: one prompt for each competency, and how often it is asked."""
    layout = Layout(boundary="boundary", canary="canary")
    told = [prompt_for(request.rubric, one, request.transcript, layout) for one in request.rubric.competencies]
    return hashlib.sha256(msgspec.json.encode((request.samples, told))).hexdigest()
