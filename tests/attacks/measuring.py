"""What the defences do to attacks and to honest texts, as figures: nothing here decides, the tests do."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from orchestrator.domain.blinding import blind
from orchestrator.domain.quality import Verdict, gate, suspicious
from orchestrator.domain.scorecard import prepare
from orchestrator.domain.transcript import Plan, PlannedQuestion, Transcript, plan, transcript_of
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.grading.model import model_grader
from orchestrator.ports import Grader, GradingRequest
from rubrics.loader import load_library
from rubrics.schema import Rubric
from tests.attacks.catalogue import ATTACKS, TEXTS
from tests.attacks.disclosing import DISCLOSURES
from tests.attacks.grading import ANSWERS, NARROW, attacked, blinded, levels, read
from tests.attacks.obeying import ANOTHER_CANDIDATE, INVENTED, obeying
from tests.fixtures.model_stub import running_model_stub
from tests.unit.grading.interviews import INTERVIEWS

Z = 1.96


class FamilyRow(Struct, frozen=True):
    """One family of attacks: how many, how many flagged, how many moved a level of the embedded grader, how many the obeying
    model's result was held for, how many of those it gave the top band, and quotes of its inventions that stood.
    """

    family: str
    attacks: int
    flagged: int
    moved: int
    held: int
    top_band: int
    inventions_believed: int


class BenignRow(Struct, frozen=True):
    """One set of honest texts: how many, how many flagged, not let through by the gate, and words redacted of all words."""

    name: str
    texts: int
    flagged: int
    refused: int
    words: int
    redacted: int


class DriftRow(Struct, frozen=True):
    """Levels of the embedded grader with a defence and without: how many compared, moved, and the mean absolute shift."""

    name: str
    compared: int
    moved: int
    mean_shift: float


async def families() -> tuple[FamilyRow, ...]:
    """Every family of attacks against both graders."""
    fair = levels(await read(ANSWERS))
    async with running_model_stub(obeying(blinded(ANSWERS))) as stub:
        grader = model_grader(base_url=stub.base_url, api_key="stub-key", model="stub-1")
        try:
            return tuple([await _family(family, fair, grader) for family in TEXTS])
        finally:
            await grader.aclose()


async def _family(family: str, fair: Mapping[str, float | None], grader: Grader) -> FamilyRow:
    texts = [attacked(attack.text) for attack in ATTACKS if attack.family == family]
    embedded = [await read(text) for text in texts]
    obeyed = [await read(text, grader, NARROW) for text in texts]
    quotes = [one.quote for reading in obeyed for score in reading.card.scores for one in score.evidence]
    return FamilyRow(
        family=family,
        attacks=len(texts),
        flagged=sum(ReviewReason.POSSIBLE_INJECTION in reading.reasons for reading in embedded),
        moved=sum(levels(reading) != fair for reading in embedded),
        held=sum(bool(reading.reasons) for reading in obeyed),
        top_band=sum(reading.card.band == NARROW.bands[0].key for reading in obeyed),
        inventions_believed=sum(INVENTED in quote or ANOTHER_CANDIDATE in quote for quote in quotes),
    )


def benign(name: str, texts: Sequence[str]) -> BenignRow:
    """Flags, gate and redaction on honest texts, each as the only answer of an interview in English."""
    asked = Plan((PlannedQuestion("q", "What did you do at work, and what came of it?", "", 3, ()),))
    said = [transcript_of(asked, {"q": text}) for text in texts]
    return BenignRow(
        name=name,
        texts=len(texts),
        flagged=sum(bool(suspicious(transcript)) for transcript in said),
        refused=sum(gate(transcript, asked, "en").verdict is not Verdict.SCORE for transcript in said),
        words=sum(len(text.split()) for text in texts),
        redacted=sum(map(_words_redacted, texts)),
    )


async def drift() -> tuple[DriftRow, ...]:
    """The embedded grader on the made-up interviews: raw against blinded, and with remarks about oneself that are taken out."""
    raw: list[float | None] = []
    prepared: list[float | None] = []
    remarked: list[float | None] = []
    for key, interviews in INTERVIEWS.items():
        rubric = load_library()[key]
        for number, answers in enumerate(interviews):
            said = transcript_of(plan(rubric), answers)
            raw += await _graded(rubric, said)
            prepared += await _graded(rubric, prepare(said, names=("Ada", "Quill"), contacts=()).transcript)
            remarks = {
                question: f"{answer} {DISCLOSURES[(number + at) % len(DISCLOSURES)]}"
                for at, (question, answer) in enumerate(answers.items())
            }
            told = transcript_of(plan(rubric), remarks)
            remarked += await _graded(rubric, prepare(told, names=("Ada", "Quill"), contacts=()).transcript)
    return (_shift("blinding", raw, prepared), _shift("remarks about oneself, blinded", prepared, remarked))


def turns_of(folder: Path) -> Sequence[str]:
    """Every turn of an applicant in the JSON files below a folder, in the form of beyond-the-resume."""
    files = sorted(folder.rglob("*.json")) if folder.is_dir() else []
    return [text for file in files for text in _applicant(json.loads(file.read_text("utf-8")))]


def most(hits: int, of: int) -> float:
    """The upper end of the 95 % Wilson interval of a share."""
    if not of:
        return math.nan
    share = hits / of
    middle, spread = share + Z * Z / (2 * of), Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return (middle + spread) / (1 + Z * Z / of)


async def _graded(rubric: Rubric, transcript: Transcript) -> list[float | None]:
    reply = await EmbeddedGrader().grade(GradingRequest(rubric=rubric, transcript=transcript))
    return [claim.level for claim in reply.samples[0]]


def _shift(name: str, before: Sequence[float | None], after: Sequence[float | None]) -> DriftRow:
    pairs = list(zip(before, after, strict=True))
    both = [abs(one - other) for one, other in pairs if one is not None and other is not None]
    moved = sum(one != other for one, other in pairs)
    return DriftRow(name, len(pairs), moved, sum(both) / len(both) if both else math.nan)


def _words_redacted(text: str) -> int:
    found = blind(text, names=(), contacts=()).replacements
    return sum(len(text[one.original.start : one.original.end].split()) for one in found)


def _applicant(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _applicant(item)
    elif isinstance(value, dict):
        if value.get("role") == "applicant":
            yield str(value["message"])
        yield from (str(item) for key, item in value.items() if key == "applicant_turn")
        yield from (text for item in value.values() for text in _applicant(item))
