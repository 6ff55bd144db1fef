"""Which grader and which chooser of follow-ups the settings ask for. Without a model's endpoint both are embedded."""

from typing import TYPE_CHECKING

from orchestrator.grading.budget import Prices
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.grading.followup import Chooser, EmbeddedChooser
from orchestrator.later import later
from orchestrator.ports import Grader
from orchestrator.settings import Settings

if TYPE_CHECKING:
    from orchestrator.grading.followup_model import model_chooser
    from orchestrator.grading.model import model_grader
else:
    # A model's client takes half of the time to be ready, and most processes ask no model.
    model_chooser = later("orchestrator.grading.followup_model", "model_chooser")
    model_grader = later("orchestrator.grading.model", "model_grader")

OPENAI = "https://api.openai.com/v1"
EMBEDDED_SAMPLES = 1


def has_model(settings: Settings) -> bool:
    """Say whether the settings name a model's endpoint."""
    return bool(settings.openai_api_key or settings.openai_base_url)


def grader_of(settings: Settings) -> tuple[Grader, int]:
    """The grader, and how many samples it is asked for."""
    if not has_model(settings):
        return EmbeddedGrader(), EMBEDDED_SAMPLES
    grader = model_grader(
        base_url=settings.openai_base_url or OPENAI,
        api_key=settings.openai_api_key or "none",
        model=settings.openai_model,
        samples=settings.openai_samples,
        timeout=settings.openai_timeout,
        concurrency=settings.openai_concurrency,
        tokens=settings.openai_tokens,
        prices=_prices(settings),
    )
    return grader, settings.openai_samples


def chooser_of(settings: Settings) -> Chooser:
    """Who picks among the planned follow-ups."""
    if settings.follow_up_chooser != "model" or not has_model(settings):
        return EmbeddedChooser()
    return model_chooser(
        base_url=settings.openai_base_url or OPENAI,
        api_key=settings.openai_api_key or "none",
        model=settings.openai_model.partition(",")[0].strip(),
        concurrency=settings.openai_concurrency,
    )


def _prices(settings: Settings) -> Prices | None:
    if settings.openai_input_price is None or settings.openai_output_price is None:
        return None
    return Prices(input=settings.openai_input_price, output=settings.openai_output_price)
