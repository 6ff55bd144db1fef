"""Budget: what one interview may cost, counted in tokens, before it is spent and after."""

from collections.abc import Sequence

from msgspec import Struct, structs

from orchestrator.domain.scoring import Usage
from orchestrator.errors import GradingFailed

# English is near four characters to a token and other scripts below; an answer with all its quotes stays below a thousand.
CHARACTERS_PER_TOKEN = 3
ANSWER_TOKENS = 1000
_MILLION = 1_000_000


class Prices(Struct, frozen=True, kw_only=True):
    """Prices of a million tokens, in whatever currency they are given."""

    input: float
    output: float

    def cost(self, usage: Usage) -> float:
        """What a usage costs."""
        return (usage.input_tokens * self.input + usage.output_tokens * self.output) / _MILLION


class FailedAfterCalls(GradingFailed):
    """A grading that failed after some of its calls were answered: ``usage`` is what these took."""

    def __init__(self, error: GradingFailed, usage: Usage) -> None:
        super().__init__(str(error), retryable=error.retryable, retry_after=error.retry_after)
        self.usage = usage


def usage_of(error: GradingFailed) -> Usage:
    """What the calls of a failed grading took; nothing where none was answered."""
    return error.usage if isinstance(error, FailedAfterCalls) else Usage()


def added(first: Usage, second: Usage) -> Usage:
    """Both together. Where one of them asked nobody, the other one's cost stays known."""
    if not first.requests or not second.requests:
        return first if first.requests else second
    return first.plus(second)


class Budget:
    """Tokens for one interview. A call sets its estimate aside before it is made, so that calls at once cannot overspend.

    ``limit`` None means no limit; ``spent`` are tokens that the same interview has used before.
    """

    def __init__(self, limit: int | None, *, spent: int = 0) -> None:
        self._limit = limit
        self._held = spent

    def hold(self, *texts: str) -> int:
        """Set aside what a call with these texts may take; gives the estimate back for `settle`.

        Raises:
            GradingFailed: it would go beyond the limit; asking again would not help.
        """
        estimate = sum(len(text) for text in texts) // CHARACTERS_PER_TOKEN + ANSWER_TOKENS
        if self._limit is not None and self._held + estimate > self._limit:
            raise GradingFailed(f"the interview would take more than its {self._limit} tokens", retryable=False)
        self._held += estimate
        return estimate

    def settle(self, estimate: int, usage: Usage) -> None:
        """Put what a call really took in the place of its estimate; an endpoint that does not count keeps the estimate."""
        if usage.tokens:
            self._held += usage.tokens - estimate


def total(usages: Sequence[Usage], prices: Prices | None) -> Usage:
    """All usages together, with their cost where prices are known."""
    whole = Usage(
        requests=sum(usage.requests for usage in usages),
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
    )
    return whole if prices is None else structs.replace(whole, cost=prices.cost(whole))
