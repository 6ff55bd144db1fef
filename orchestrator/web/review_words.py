"""The words of the review desk: how long people wait, what is held, and how reviewing goes. No shaming."""

from datetime import timedelta

from orchestrator.domain.review import ENOUGH, QUICK, TIMED, Ages, Habit
from orchestrator.web.phrases import Phrases

HABITS: dict[str, str] = {
    Habit.QUICK.value: f"Half of the cases took less than {QUICK:.0f} seconds from opening to deciding. Is there enough time to read?",
    Habit.NEVER_DIFFERS.value: "Hardly ever chose another band. Good software or a habit? Reading some cases blind first would tell.",
}
LIMITS = (
    f"Something is said about pace from {TIMED} decisions on, and about differing from {ENOUGH} on. "
    "A talk is worth more than a number: a clear case is decided quickly, and rightly so."
)


def waiting_line(ages: Ages | None, say: Phrases) -> str:
    """How long people wait, in one sentence; empty where nobody does."""
    if ages is None or ages.count == 1:
        return ""
    late = f" {ages.overdue} {'is' if ages.overdue == 1 else 'are'} overdue." if ages.overdue else ""
    return (
        f"The longest wait is {_span(ages.oldest, say)}; nine of ten wait no longer than {_span(ages.p90, say)}.{late}"
    )


def seconds(value: float | None) -> str:
    """A time of reading: "8 s", "4 min"."""
    if value is None:
        return "not known"
    return f"{value:.0f} s" if value < 90 else f"{value / 60:.0f} min"  # noqa: PLR2004 - from there on minutes read better


def _span(span: timedelta, say: Phrases) -> str:
    return say.waiting(say.now - span)
