"""From indicators to a level: a fixed rule over a checklist, outside of any model (D2).

The anchors of a competency describe five levels of one behaviour. Levels 3 to 5 build on each other: whoever does what
stands at 5 does more of the same than at 3. Levels 1 and 2 describe what people do instead. The rule reads the checklist so:

1. An indicator counts as shown when a rater said so and at least one quote for it was located. Each counts once.
2. A contradicted indicator of levels 3 to 5 (the candidate says the opposite, with a located quote) takes one shown
   indicator away, of its own level or the next one above that has any: it can undo a step, and it is no sign of weakness.
3. Nothing shown: no level. Silence is never a low level.
4. Only indicators of levels 1 and 2: it is 1 where more of level 1 is shown than of level 2, otherwise 2.
5. Otherwise start at 3, and climb while the next anchor is reached. An anchor is reached where what is shown at it or above
   it is at least half of its own checklist, and what is shown at 4 and 5 is at least half (rounded down) of all indicators
   from 4 up to it. So a 5 cannot rest on one line of a list, and an anchor that was skipped needs a fuller one above it.
6. Where at least as many indicators of levels 1 and 2 are shown as of levels 3 to 5, it is one level less.

One more shown indicator of level 4 or 5 never lowers the level, one more of level 1 never raises it, and the order in
which they are given does not matter.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from msgspec import Struct

from rubrics.schema import Competency

LOWEST, LOW, MIDDLE, HIGH, HIGHEST = 1, 2, 3, 4, 5


class NextStep(Struct, frozen=True):
    """What the next level would have needed: so many of its indicators, of which so many were shown.

    ``missing`` are the ids of the next anchor's indicators that were not shown, in the rubric's order.
    """

    level: int
    shown: int
    needed: int
    missing: tuple[str, ...]


def level_of(competency: Competency, shown: Collection[str], contradicted: Collection[str] = ()) -> int | None:
    """The level that a set of indicator ids stands for (see above); None where nothing is shown.

    Ids that the competency does not have are passed over.
    """
    counts = _counts(competency, shown)
    against = _counts(competency, contradicted)
    for level in (MIDDLE, HIGH, HIGHEST):
        _take_away(counts, level, against[level])
    weak = counts[LOWEST] + counts[LOW]
    strong = counts[MIDDLE] + counts[HIGH] + counts[HIGHEST]
    if not strong:
        return None if not weak else LOWEST if counts[LOWEST] > counts[LOW] else LOW
    sizes = {anchor.level: len(anchor.indicators) for anchor in competency.anchors}
    level = MIDDLE
    while level < HIGHEST and _reached(level + 1, counts, sizes):
        level += 1
    return level - 1 if weak >= strong else level


def next_step(competency: Competency, shown: Collection[str], level: float) -> NextStep | None:
    """Why this level and not the next: what the next anchor has, and what of it was shown. None at the top.

    A level between two is read as the lower one.
    """
    above = int(level) + 1
    anchor = next((anchor for anchor in competency.anchors if anchor.level == above), None)
    if anchor is None:
        return None
    missing = tuple(indicator.id for indicator in anchor.indicators if indicator.id not in shown)
    size = len(anchor.indicators)
    return NextStep(above, size - len(missing), -(-size // 2), missing)


def level_by_indicator(competency: Competency) -> Mapping[str, int]:
    """The level whose anchor each indicator belongs to."""
    return {indicator.id: anchor.level for anchor in competency.anchors for indicator in anchor.indicators}


def opposite(one: int, other: int) -> bool:
    """Say whether two levels lie at opposite ends, where one and the same quote cannot support both."""
    return min(one, other) <= LOW and max(one, other) >= HIGH


def _counts(competency: Competency, indicators: Collection[str]) -> Counter[int]:
    levels = level_by_indicator(competency)
    return Counter(levels[indicator] for indicator in set(indicators) if indicator in levels)


def _take_away(counts: Counter[int], level: int, times: int) -> None:
    for _ in range(times):
        for place in range(level, HIGHEST + 1):
            if counts[place]:
                counts[place] -= 1
                break


def _reached(level: int, counts: Counter[int], sizes: Mapping[int, int]) -> bool:
    here_or_above = sum(counts[place] for place in range(level, HIGHEST + 1))
    asked = sum(sizes[place] for place in range(HIGH, level + 1))
    return 2 * here_or_above >= sizes[level] and counts[HIGH] + counts[HIGHEST] >= asked // 2
