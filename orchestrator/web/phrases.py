"""The words of the team pages: why a case waits, how long, and what the codes of the machine mean."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from orchestrator.db.models.scoring import CaseKind
from orchestrator.domain.uncertainty import ReviewReason

REASONS: dict[ReviewReason, str] = {
    ReviewReason.POLICY: "Your team asked to see every result before it is final.",
    ReviewReason.PROVISIONAL: "This is a first reading without a language model. A person reads it before it counts.",
    ReviewReason.BORDERLINE: "The score lies so close to the line between two bands that it could fall on either side.",
    ReviewReason.THIN_EVIDENCE: "For at least one competency, the answers give too little to go on.",
    ReviewReason.QUOTES_NOT_FOUND: "Some quotes could not be found in the answers and were left out.",
    ReviewReason.POSSIBLE_INJECTION: "An answer holds words that read like instructions to the software. They lower no level.",
    ReviewReason.SHORT_ANSWERS: "Some answers are very short. A person may see more in them.",
    ReviewReason.UNANSWERED: "At least one question has no answer.",
    ReviewReason.DISAGREEMENT: "Repeated readings of the same answers came to different levels.",
    ReviewReason.GRADING_FAILED: "The answers could not be scored by software. They are all here.",
    ReviewReason.ADJUSTMENT: "The candidate asked for an adjustment. All clocks stand still.",
    ReviewReason.PERSON: "The candidate asked to speak with a person. All clocks stand still.",
    ReviewReason.EMPTY: "There are no answers to read.",
    ReviewReason.WRONG_LANGUAGE: "An answer seems to be in another language than the interview.",
    ReviewReason.GIBBERISH: "An answer holds no words that could be read.",
    ReviewReason.COPIED: "An answer repeats the question, or reads like a template.",
}

SHORT_REASONS: dict[ReviewReason, str] = {
    ReviewReason.POLICY: "Your team sees every result",
    ReviewReason.PROVISIONAL: "First reading, without a model",
    ReviewReason.BORDERLINE: "Close to a line between bands",
    ReviewReason.THIN_EVIDENCE: "Little to go on",
    ReviewReason.QUOTES_NOT_FOUND: "Some quotes were not found",
    ReviewReason.POSSIBLE_INJECTION: "An answer speaks to the software",
    ReviewReason.SHORT_ANSWERS: "Very short answers",
    ReviewReason.UNANSWERED: "A question without an answer",
    ReviewReason.DISAGREEMENT: "Readings differ",
    ReviewReason.GRADING_FAILED: "Could not be scored",
    ReviewReason.ADJUSTMENT: "Asks for an adjustment",
    ReviewReason.PERSON: "Asks for a person",
    ReviewReason.EMPTY: "No answers",
    ReviewReason.WRONG_LANGUAGE: "Another language",
    ReviewReason.GIBBERISH: "Not readable",
    ReviewReason.COPIED: "Reads like a template",
}

REQUESTS: dict[CaseKind, str] = {
    CaseKind.RESULT: "A result",
    CaseKind.ADJUSTMENT: "An adjustment",
    CaseKind.PERSON: "A person instead",
}

# Codes of DecisionVerdict.
VERDICTS: dict[str, str] = {
    "confirm": "Confirmed",
    "override": "Another band was chosen",
    "close_unscored": "Closed without a band",
    "continue": "The interview goes on",
    "hand_over": "Handed over to a person",
}

# The labels that every rubric of the library uses.
BANDS: dict[str, str] = {
    "Strong evidence": "strong",
    "Solid evidence": "solid",
    "Mixed evidence": "mixed",
    "Limited evidence": "limited",
}

_DAY = 24 * 60


class Phrases(Struct, frozen=True):
    """Says times relative to ``now`` and codes in plain words. Templates receive it as ``say``."""

    now: datetime

    def reason(self, reason: ReviewReason) -> str:
        """One sentence: why a person is needed."""
        return REASONS[reason]

    def short_reasons(self, reasons: Sequence[ReviewReason]) -> str:
        """The same in a few words each, for a table: "Little to go on · very short answers"."""
        words = [SHORT_REASONS[reason] for reason in reasons]
        return " · ".join([*words[:1], *(word[:1].lower() + word[1:] for word in words[1:])])

    def verdict(self, code: str) -> str:
        """What a person decided."""
        return VERDICTS.get(code, self.code(code))

    def band_key(self, label: str) -> str:
        """The key of a band, for its picture; empty where only the words are known."""
        return BANDS.get(label, "")

    def request(self, kind: CaseKind) -> str:
        """What a candidate asks for."""
        return REQUESTS[kind]

    def due(self, at: datetime) -> str:
        """When something is due: "due in 3 h", "overdue by 20 min"."""
        late = at < self.now
        return f"{'overdue by' if late else 'due in'} {_span(abs(at - self.now))}"

    def late(self, at: datetime) -> bool:
        """Whether the time has passed."""
        return at < self.now

    def ago(self, at: datetime) -> str:
        """How long ago: "2 h ago"; a coming time is "in 2 h"."""
        span = _span(abs(self.now - at))
        if abs(self.now - at) < timedelta(minutes=1):
            return "just now"
        return f"in {span}" if at > self.now else f"{span} ago"

    def waiting(self, since: datetime) -> str:
        """How long something waits: "5 h"."""
        return _span(max(self.now - since, timedelta(0)))

    def exact(self, at: datetime) -> str:
        """The date and minute: "24 August 2026, 14:05 UTC"."""
        at = at.astimezone(UTC)
        return f"{at.day} {at:%B %Y, %H:%M} UTC"

    def day(self, at: datetime) -> str:
        """The date: "24 August 2026"."""
        at = at.astimezone(UTC)
        return f"{at.day} {at:%B %Y}"

    def clock(self, at: datetime) -> str:
        """The time of day with seconds: "14:05:09"."""
        return f"{at.astimezone(UTC):%H:%M:%S}"

    def took(self, milliseconds: float) -> str:
        """A duration: "84 ms", "2.1 s"."""
        return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"  # noqa: PLR2004 - a thousand ms are a second

    def code(self, code: str) -> str:
        """A stable code as words: ``first_interview`` becomes "First interview"."""
        words = code.replace("_", " ").replace("-", " ").strip()
        return words[:1].upper() + words[1:]


def _span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min"
    if minutes < 2 * _DAY:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if hours < 3 and rest else f"{hours} h"  # noqa: PLR2004 - later, the minutes say nothing
    return f"{minutes // _DAY} days"
