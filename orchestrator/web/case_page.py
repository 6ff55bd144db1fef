"""How a case or a result is laid out: which quote stands behind which bullet, and which cuts a score may cross."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from orchestrator.services.views import BandChoice, CardView, CaseView, CompetencyView, CutView, QuoteView
from orchestrator.web.phrases import Phrases


class Point(Struct, frozen=True, kw_only=True):
    """One bullet with what stands behind it. ``competency`` and ``quote`` are None where nothing matches."""

    text: str
    competency: CompetencyView | None
    quote: QuoteView | None


def case_context(case: CaseView, *, now: datetime) -> dict[str, Any]:
    """Everything that the templates of a case and of a result need."""
    card = case.card
    points = tuple(_point(text, card) for text in card.bullets) if card else ()
    return {
        "case": case,
        "say": Phrases(now),
        "points": points,
        "anchored": frozenset(piece.anchor for turn in case.turns for piece in turn.pieces if piece.anchor),
        "crossed": crossed(card) if card else (),
        "offered": offered(case),
        "others": other_bands(case),
    }


def offered(case: CaseView) -> BandChoice | None:
    """What one key says yes to: a colleague's choice where it waits, else the recommendation. None: close without a band."""
    if case.proposal is not None:
        return case.proposal.band
    return next((band for band in case.bands if case.card is not None and band.key == case.card.band_key), None)


def other_bands(case: CaseView) -> tuple[BandChoice, ...]:
    """The bands that would be another decision than the one that is offered."""
    yes = offered(case)
    return tuple(band for band in case.bands if yes is None or band.key != yes.key)


def crossed(card: CardView) -> tuple[CutView, ...]:
    """The cuts that lie inside the score's interval: on one side of them it would be another band."""
    if card.low is None or card.high is None:
        return ()
    inside = (cut for cut in card.cuts if card.low < cut.at < card.high)
    return tuple(sorted(inside, key=lambda cut: cut.at))


def _point(text: str, card: CardView) -> Point:
    """Find the competency that the bullet names first, then the quote whose beginning the bullet holds."""
    named = [c for c in card.competencies if text.startswith((f"{c.name},", f"{c.name}:", f"{c.name} "))]
    competency = max(named, key=lambda c: len(c.name), default=None)
    if competency is None:
        return Point(text=text, competency=None, quote=None)
    said = text.partition("“")[2].removesuffix("”")
    quote = next((q for q in competency.quotes if said and q.text.strip().startswith(said)), None)
    return Point(text=text, competency=competency, quote=quote or next(iter(competency.quotes), None))
