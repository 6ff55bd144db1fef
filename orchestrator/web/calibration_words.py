"""The words of calibration: states, what an alpha is good for, and numbers with their intervals."""

from msgspec import Struct

from orchestrator.domain.agreement import Estimate, Mean, Reading, Share
from orchestrator.domain.calibration import MACHINE, Rating, SessionState
from orchestrator.services.calibration.views import ItemKind

STATES: dict[SessionState, str] = {
    SessionState.RATING: "Raters rate",
    SessionState.REVEALED: "Revealed",
    SessionState.CLOSED: "Closed",
}
KINDS: dict[ItemKind, str] = {
    ItemKind.BLIND: "",
    ItemKind.INTERVIEW: "Interview",
    ItemKind.GOLD: "Gold item",
}
READINGS: dict[Reading, str] = {
    Reading.RELIABLE: "Good: the raters use the anchors alike",
    Reading.TENTATIVE: "Fair: enough for careful conclusions only",
    Reading.UNRELIABLE: "Low: talk about the anchors before you rely on these levels",
    Reading.UNKNOWN: "Cannot be said: too few ratings, or all of them alike",
}
NOTHING = "–"


class Words(Struct, frozen=True):
    """Codes and numbers in plain words. Templates receive it as ``words``."""

    def state(self, state: SessionState) -> str:
        """Where a session stands."""
        return STATES[state]

    def kind(self, kind: ItemKind) -> str:
        """What an item is."""
        return KINDS[kind]

    def reading(self, reading: Reading) -> str:
        """What an alpha is good for."""
        return READINGS[reading]

    def level(self, rating: Rating | None) -> str:
        """A level of 5, or that there was not enough evidence."""
        if rating is None:
            return "not rated"
        return "not enough evidence" if rating.level is None else f"{rating.level} of 5"

    def estimate(self, estimate: Estimate | None) -> str:
        """A coefficient with its interval: "0.71 (0.42 to 0.88)"."""
        if estimate is None:
            return NOTHING
        if estimate.low is None or estimate.high is None:
            return _signed(estimate.value)
        return f"{_signed(estimate.value)} ({_signed(estimate.low)} to {_signed(estimate.high)})"

    def share(self, share: Share | None) -> str:
        """A share with its interval: "8 of 10, 80 % (49 to 94 %)"."""
        if share is None:
            return NOTHING
        return f"{share.count} of {share.n}, {share.value:.0%} ({share.low:.0%} to {share.high:.0%})".replace("%", " %")

    def severity(self, mean: Mean | None) -> str:
        """A severity in words: "0.40 levels milder than the others (± 0.20)"."""
        if mean is None:
            return NOTHING
        size = f"{abs(mean.value):.2f}"
        error = "" if mean.standard_error is None else f" (± {mean.standard_error:.2f})"
        if size == "0.00":
            return f"as the others{error}"
        return f"{size} levels {'milder' if mean.value > 0 else 'stricter'} than the others{error}"

    def bias(self, mean: Mean | None) -> str:
        """How far a rater lies above or below the known levels: "0.25 levels above"."""
        if mean is None:
            return NOTHING
        size = f"{abs(mean.value):.2f}"
        if size == "0.00":
            return "none"
        return f"{size} levels {'above' if mean.value > 0 else 'below'}"

    def who(self, name: str) -> str:
        """A rater's name; the machine has none."""
        return "the software" if name == MACHINE else name


def _signed(value: float) -> str:
    text = f"{value:.2f}"
    # A true minus sign, and no minus before nothing.
    return "0.00" if text == "-0.00" else text.replace("-", "−")
