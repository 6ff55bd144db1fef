"""Who gives which sample, and in which order the anchors are shown."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.grading.vote import ballots, model_names
from rubrics.schema import LEVELS


def test_names_stand_between_commas() -> None:
    """Blanks and repeats are left out."""
    assert model_names("one") == ("one",)
    assert model_names(" vendor/one:free ,two,, one,vendor/one:free") == ("vendor/one:free", "two", "one")


@given(st.integers(1, 4), st.integers(1, 9), st.none() | st.integers(0, 2**31))
def test_every_model_has_a_turn_and_every_sample_an_order_of_its_own(
    models: int, samples: int, seed: int | None
) -> None:
    """At least one sample from each model, shares that differ by one at most, orders all different, seeds in a row."""
    names = [f"m{number}" for number in range(models)]
    made = ballots(names, samples, seed=seed)
    shares = [sum(one.model == name for one in made) for name in names]
    assert len(made) == max(models, samples)
    assert max(shares) - min(shares) <= 1
    assert len({one.order for one in made}) == len(made)
    assert all(sorted(one.order) == list(LEVELS) for one in made)
    assert [one.seed for one in made] == [None if seed is None else seed + number for number in range(len(made))]
    assert made == ballots(names, samples, seed=seed)


def test_the_first_two_samples_look_from_both_ends() -> None:
    """Bottom up and top down, whatever the seed; what comes then depends on it."""
    one, other = (ballots(["m"], 5, seed=seed) for seed in (1, 2))
    assert [ballot.order for ballot in one[:2]] == [(1, 2, 3, 4, 5), (5, 4, 3, 2, 1)]
    assert [ballot.order for ballot in one] != [ballot.order for ballot in other]


def test_more_samples_than_orders_start_over() -> None:
    """All 120 orders are used before one comes twice."""
    made = ballots(["m"], 121, seed=None)
    assert len({ballot.order for ballot in made[:120]}) == 120
    assert made[120].order == made[0].order
