"""Seeded walks through the engine: steps that the state makes interesting, drawn by chance that repeats itself."""

from collections import deque
from collections.abc import Callable
from random import Random

from msgspec import Struct

from tests.integration.work.engine_model import KEYS, NAP, NIGHT, Bench, Step

LANES = ("a", "a", "b", "c", None, None)
WEIGHTS = {
    "put": 9,
    "crowd": 0,
    "put_many": 2,
    "claim": 9,
    "settle_own": 18,
    "settle_zombie": 5,
    "settle_together": 3,
    "hold": 3,
    "nap": 4,
    "night": 2,
    "sweep": 1,
    "cancel": 2,
    "replay": 2,
    "by_hand": 2,
    "pause": 1,
    "resume": 3,
}


class Weather(Struct, frozen=True):
    """How outcomes and connections are spread, and which steps are taken more or less often."""

    outcomes: dict[str, int]
    keys: tuple[str | None, ...]
    steps: dict[str, int]


ORDINARY = Weather(
    {"done": 6, "dead": 2, "later": 1, "again": 1, "pause": 1, "down": 1}, (None, None, "one", "two"), {}
)
OUTAGE = Weather(
    {"done": 4, "dead": 1, "later": 1, "again": 0, "pause": 0, "down": 9},
    ("one", "one", "one", "two"),
    {"cancel": 0, "by_hand": 0, "resume": 1, "nap": 9, "crowd": 3, "settle_own": 40},
)
BAD_RELEASE = Weather({"done": 3, "dead": 5, "later": 2, "again": 1, "pause": 0, "down": 0}, (None,), {"replay": 6})
WEATHERS = (ORDINARY, OUTAGE, BAD_RELEASE)


class Walk:
    """Draws one step after the other. The same seed gives the same walk, as long as the engine is what it should be."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self._bench = bench
        self._chance = Random(seed)
        self._weather = WEATHERS[seed % len(WEATHERS)]
        self._next: deque[Step] = deque()

    def step(self) -> Step:
        """The next one."""
        draws: dict[str, Callable[[], Step | None]] = {
            "put": self._put,
            "crowd": self._crowd,
            "put_many": lambda: ("put_many", (self._some_lanes(),), self._killed()),
            "claim": self._claim,
            "settle_own": lambda: self._settle("own"),
            "settle_zombie": lambda: self._settle(self._chance.choice(("rival", "rival", "past"))),
            "settle_together": self._settle_together,
            "hold": self._hold,
            "nap": lambda: ("wait", (NAP,), {}),
            "night": self._night,
            "sweep": lambda: ("sweep", (), self._killed()),
            "cancel": self._cancel,
            "replay": lambda: ("replay", (self._chance.choice((None, "a")),), self._killed()),
            "by_hand": self._by_hand,
            "pause": lambda: ("pause", (self._chance.choice(KEYS),), {}),
            "resume": lambda: ("resume", (self._chance.choice(KEYS),), {}),
        }
        if self._next:
            return self._next.popleft()
        while True:
            weights = WEIGHTS | self._weather.steps
            (name,) = self._chance.choices(list(weights), list(weights.values()))
            found = draws[name]()
            if found is not None:
                return found

    def _killed(self) -> dict[str, bool]:
        return {"killed": self._chance.random() < 0.1}

    def _claim(self) -> Step | None:
        if not self._bench.model.claimable() and self._chance.random() < 0.9:
            return None
        return "claim", (self._chance.choice((100, 100, 1, 2)),), self._killed()

    def _crowd(self) -> Step:
        """Several at once are under way at one connection."""
        one: Step = "put", (None, "one", 3), {"later": False, "killed": False}
        self._next.extend((one, one, one, ("claim", (100,), {"killed": False})))
        return one

    def _some_lanes(self) -> tuple[str | None, ...]:
        return tuple(self._chance.choice(LANES) for _ in range(self._chance.randint(1, 3)))

    def _put(self) -> Step:
        what = (self._chance.choice(LANES), self._chance.choice(self._weather.keys), self._chance.randint(1, 3))
        return "put", what, {"later": self._chance.random() < 0.15} | self._killed()

    def _night(self) -> Step:
        """What was asleep is taken over in the morning."""
        self._next.extend((("sweep", (), self._killed()), ("claim", (100,), self._killed())))
        return "wait", (NIGHT,), {}

    def _settle(self, whose: str) -> Step | None:
        places = self._bench.places(whose)
        if not places:
            return None
        outcomes = self._weather.outcomes
        (outcome,) = self._chance.choices(list(outcomes), list(outcomes.values()))
        return "settle", (self._chance.choice(places), outcome), self._killed()

    def _settle_together(self) -> Step | None:
        own, rival = (self._bench.places(whose) for whose in ("own", "rival"))
        places = [self._chance.choice(places) for places in (own, own, rival, rival) if places]
        return ("settle_together", (sorted(set(places)),), self._killed()) if places else None

    def _hold(self) -> Step | None:
        places = self._bench.places(self._chance.choice(("own", "rival", "past")))
        return ("hold", (self._chance.choice(places),), {}) if places else None

    def _cancel(self) -> Step | None:
        """What a lane is at, and every other item of what waits behind it."""
        halves = [self._bench.model.things[head].half for head in self._bench.model.heads.values()]
        halves = [half for half in halves if half is not None]
        return ("cancel", (self._chance.choice(halves),), self._killed()) if halves else None

    def _by_hand(self) -> Step | None:
        model = self._bench.model
        waiting = [head for head in model.heads.values() if model.things[head].state == "queued"]
        things = self._chance.choice((waiting, list(model.things)))
        return ("by_hand", (self._chance.choice(things),), self._killed()) if things else None
