"""The budget of one interview: set aside before a call, settled after it, never overspent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.scoring import Usage
from orchestrator.errors import GradingFailed
from orchestrator.grading.budget import ANSWER_TOKENS, CHARACTERS_PER_TOKEN, Budget, Prices, total

LETTERS = 3000
ESTIMATE = LETTERS // CHARACTERS_PER_TOKEN + ANSWER_TOKENS


def test_calls_at_once_cannot_overspend() -> None:
    """Two calls that fit alone do not fit together; the second is refused for good, with the limit and nothing else."""
    budget = Budget(2 * ESTIMATE - 1)
    assert budget.hold("x" * 1000, "y" * 2000) == ESTIMATE
    with pytest.raises(
        GradingFailed, match=f"^the interview would take more than its {2 * ESTIMATE - 1} tokens$"
    ) as no:
        budget.hold("x" * LETTERS)
    assert not no.value.retryable


def test_what_a_call_really_took_frees_the_rest() -> None:
    """After a cheap answer there is room again; an endpoint that does not count is taken at its estimate."""
    budget = Budget(2 * ESTIMATE - 1)
    budget.settle(budget.hold("x" * LETTERS), Usage(requests=1, input_tokens=100, output_tokens=10))
    budget.settle(budget.hold("x" * LETTERS), Usage(requests=1))
    with pytest.raises(GradingFailed):
        budget.hold("x" * LETTERS)


def test_what_was_spent_before_counts() -> None:
    """A second grading of the same interview goes on where the first one ended; without a limit nothing is refused."""
    Budget(ESTIMATE).hold("x" * LETTERS)
    with pytest.raises(GradingFailed):
        Budget(ESTIMATE, spent=1).hold("x" * LETTERS)
    assert Budget(None, spent=10**9).hold("x" * LETTERS) == ESTIMATE


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3000)), max_size=30), st.integers(0, 20_000))
def test_estimates_that_hold_keep_the_limit(calls: list[tuple[int, int]], limit: int) -> None:
    """Where no call takes more than its estimate, all calls together take no more than the limit."""
    budget, taken = Budget(limit), 0
    for letters, really in calls:
        try:
            estimate = budget.hold("x" * letters)
        except GradingFailed:
            continue
        taken += min(really, estimate)
        budget.settle(estimate, Usage(input_tokens=min(really, estimate)))
    assert taken <= limit


def test_cost_is_tokens_at_their_prices() -> None:
    """Prices are for a million tokens, apart for each direction; without prices there is no cost, not zero."""
    usages = [Usage(requests=1, input_tokens=1_000_000, output_tokens=0), Usage(requests=1, output_tokens=500_000)]
    whole = total(usages, Prices(input=0.4, output=1.6))
    assert whole == Usage(requests=2, input_tokens=1_000_000, output_tokens=500_000, cost=1.2)
    assert total(usages, None).cost is None
    assert total([], Prices(input=1, output=1)).cost == 0
