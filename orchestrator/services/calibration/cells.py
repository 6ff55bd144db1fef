"""Rows of a calibration session laid out as items by competencies, and what an item may be called by now."""

import uuid
from collections.abc import Mapping, Sequence

from orchestrator.db.models.calibration import CalibrationAgreedRow, CalibrationItemRow, CalibrationRatingRow
from orchestrator.domain.calibration import Cell, GoldItem, Rating, whole_level
from orchestrator.services.calibration.views import ItemKind
from rubrics.schema import Rubric


def kind_of(item: CalibrationItemRow, *, revealed: bool) -> ItemKind:
    """What an item is, as far as a rater may know."""
    if not revealed:
        return ItemKind.BLIND
    return ItemKind.INTERVIEW if item.gold is None else ItemKind.GOLD


def title_of(item: CalibrationItemRow, *, revealed: bool) -> str:
    """What an item is called: a number, and after the reveal the title of a gold item."""
    return f"Item {item.position}: {item.gold.title}" if item.gold and revealed else f"Item {item.position}"


def by_item(
    items: Sequence[CalibrationItemRow], ratings: Sequence[CalibrationRatingRow]
) -> dict[int, dict[str, Rating]]:
    """One rater's ratings by place and competency."""
    positions = {item.id: item.position for item in items}
    found: dict[int, dict[str, Rating]] = {}
    for row in ratings:
        if row.item_id in positions:
            found.setdefault(positions[row.item_id], {})[row.competency] = Rating(row.level, row.note)
    return found


def cells_of(
    items: Sequence[CalibrationItemRow],
    ratings: Sequence[CalibrationRatingRow],
    agreed: Sequence[CalibrationAgreedRow],
    rubric: Rubric,
) -> list[Cell]:
    """Lay the rows out as items by competencies."""
    given: dict[tuple[uuid.UUID, str], dict[str, Rating]] = {}
    for row in ratings:
        given.setdefault((row.item_id, row.competency), {})[str(row.account_id)] = Rating(row.level, row.note)
    settled = {(row.item_id, row.competency): Rating(row.level, row.note) for row in agreed}
    return [
        Cell(
            item=item.position,
            competency=competency.id,
            ratings=given.get((item.id, competency.id), {}),
            machine=_machine(item.machine, competency.id),
            gold=_known(item.gold, competency.id),
            agreed=settled.get((item.id, competency.id)),
        )
        for item in items
        for competency in rubric.competencies
    ]


def _machine(levels: Mapping[str, float | None] | None, competency: str) -> Rating | None:
    if levels is None or competency not in levels:
        return None
    return Rating(whole_level(levels[competency]))


def _known(gold: GoldItem | None, competency: str) -> Rating | None:
    if gold is None or competency not in gold.levels:
        return None
    known = gold.levels[competency]
    return Rating(known.level, known.why)
