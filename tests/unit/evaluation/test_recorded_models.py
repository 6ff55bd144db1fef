"""What docs/scoring.md says of a model is what its recording gives, without a network."""

import re
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.evaluation.bench import run
from orchestrator.evaluation.document import filled
from orchestrator.evaluation.wanted import EMBEDDED, OPENAI, Wanted

ROOT = Path(__file__).parents[3]
RECORDINGS = ROOT / "tests" / "fixtures" / "recordings"
SAF = RECORDINGS / "saf-20.jsonl"
SAF_MODEL = RECORDINGS / "saf-20-qwen2.5-coder-1.5b.jsonl"


class OnThatDay:
    """A clock that stands on the day that the page says something was measured on."""

    def __init__(self, page: str, key: str) -> None:
        found = re.search(rf"<!-- figures:{key} -->.*?measured (\d{{4}}-\d\d-\d\d)\.", page, re.DOTALL)
        assert found is not None, key
        self.day = datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC)

    def now(self) -> datetime:
        return self.day


def page() -> str:
    return (ROOT / "docs" / "scoring.md").read_text("utf-8")


async def test_the_figures_of_the_labelled_set() -> None:
    """Every figure of the model, and of the embedded grader on the same answers; the recording names its weights."""
    text = page()
    wanted = Wanted(grader=OPENAI, set=SAF, replay=SAF_MODEL)
    model = (await run(wanted, OnThatDay(text, "saf-model"))).outcome
    embedded = (await run(Wanted(grader=EMBEDDED, set=SAF), OnThatDay(text, "saf-sample-embedded"))).outcome
    assert filled(text, {"saf-model": model, "saf-sample-embedded": embedded}) == text
    assert (model.n, model.not_recorded) == (20, 0)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", model.grader.weights or "")
    assert model.usage.output_tokens > 0
