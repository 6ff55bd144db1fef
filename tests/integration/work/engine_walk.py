"""Seeded walks through the engine: steps that the state makes interesting, drawn by chance that repeats itself."""

from collections.abc import Callable
from random import Random

from tests.integration.work.engine_model import KEYS, NAP, NIGHT, Bench, Step

LANES = ("a", "a", "b", None)
WEIGHTS = {
    "put": 6,
    "put_many": 2,
    "claim": 6,
    "settle_own": 7,
    "settle_zombie": 3,
    "settle_together": 2,
    "hold": 2,
    "nap": 2,
    "night": 2,
    "sweep": 3,
    "cancel": 1,
    "replay": 2,
    "by_hand": 2,
    "pause": 1,
    "resume": 2,
}
WEATHERS: tuple[dict[str, int], ...] = (
    {"done": 6, "dead": 2, "later": 1, "again": 1, "pause": 1, "down": 1},
    {"done": 3, "dead": 1, "later": 2, "again": 0, "pause": 0, "down": 9},
    {"done": 2, "dead": 5, "later": 2, "again": 1, "pause": 1, "down": 0},
)
"""How outcomes are spread: an ordinary day, an outage, a bad release."""


class Walk:
    """Draws one step after the other. The same seed gives the same walk, as long as the engine is what it should be."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self._bench = bench
        self._chance = Random(seed)
        self._weather = WEATHERS[seed % len(WEATHERS)]

    def step(self) -> Step:
        """The next one."""
        draws: dict[str, Callable[[], Step | None]] = {
            "put": self._put,
            "put_many": lambda: ("put_many", (self._some_lanes(),), self._killed()),
            "claim": lambda: ("claim", (self._chance.choice((100, 100, 1, 2)),), self._killed()),
            "settle_own": lambda: self._settle("own"),
            "settle_zombie": lambda: self._settle(self._chance.choice(("rival", "rival", "past"))),
            "settle_together": self._settle_together,
            "hold": self._hold,
            "nap": lambda: ("wait", (NAP,), {}),
            "night": lambda: ("wait", (NIGHT,), {}),
            "sweep": lambda: ("sweep", (), self._killed()),
            "cancel": lambda: ("cancel", (self._chance.randrange(2),), self._killed()),
            "replay": lambda: ("replay", (self._chance.choice((None, "a")),), self._killed()),
            "by_hand": self._by_hand,
            "pause": lambda: ("pause", (self._chance.choice(KEYS),), {}),
            "resume": lambda: ("resume", (self._chance.choice(KEYS),), {}),
        }
        while True:
            (name,) = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
            found = draws[name]()
            if found is not None:
                return found

    def _killed(self) -> dict[str, bool]:
        return {"killed": self._chance.random() < 0.1}

    def _some_lanes(self) -> tuple[str | None, ...]:
        return tuple(self._chance.choice(LANES) for _ in range(self._chance.randint(1, 3)))

    def _put(self) -> Step:
        key = self._chance.choice((None, None, "one", "one", "two"))
        what = (self._chance.choice(LANES), key, self._chance.randint(1, 3))
        return "put", what, {"later": self._chance.random() < 0.15} | self._killed()

    def _settle(self, whose: str) -> Step | None:
        places = self._bench.places(whose)
        if not places:
            return None
        (outcome,) = self._chance.choices(list(self._weather), list(self._weather.values()))
        return "settle", (self._chance.choice(places), outcome), self._killed()

    def _settle_together(self) -> Step | None:
        places = [place for whose in ("own", "rival") for place in self._bench.places(whose)]
        if not places:
            return None
        return "settle_together", (self._chance.sample(places, min(len(places), 4)),), self._killed()

    def _hold(self) -> Step | None:
        places = self._bench.places(self._chance.choice(("own", "rival", "past")))
        return ("hold", (self._chance.choice(places),), {}) if places else None

    def _by_hand(self) -> Step | None:
        things = list(self._bench.model.things)
        return ("by_hand", (self._chance.choice(things),), self._killed()) if things else None
