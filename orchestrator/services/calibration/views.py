"""What the pages of calibration show: plain values. Before the reveal none of them holds what another rater gave."""

import uuid
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.calibration import Rating, SessionState


class ItemKind(StrEnum):
    """What an item is; raters learn it at the reveal, so that nobody rates gold with more care."""

    BLIND = "blind"
    INTERVIEW = "interview"
    GOLD = "gold"


class SessionLine(Struct, frozen=True, kw_only=True):
    """A session in the list. ``to_rate`` counts the viewer's items that are not rated in full, None for others."""

    id: uuid.UUID
    title: str
    rubric: str
    state: SessionState
    created_at: datetime
    items: int
    raters: int
    handed_in: int
    to_rate: int | None


class RubricChoice(Struct, frozen=True, kw_only=True):
    """A rubric version that a session can be about, by content hash."""

    hash: str
    title: str
    version: str
    interviews: int


class InterviewChoice(Struct, frozen=True, kw_only=True):
    """An interview that can be an item: no name, and nothing that a rater must not know."""

    id: uuid.UUID
    job_title: str
    program: str
    finished_at: datetime | None


class Choice(Struct, frozen=True):
    """A gold item or an account to choose."""

    key: str
    label: str


class NewSessionView(Struct, frozen=True, kw_only=True):
    """What a new session can be made of; ``chosen`` is the rubric whose items are listed. ``faults`` are in words."""

    rubrics: tuple[RubricChoice, ...]
    chosen: RubricChoice | None = None
    interviews: tuple[InterviewChoice, ...] = ()
    gold: tuple[Choice, ...] = ()
    accounts: tuple[Choice, ...] = ()
    faults: tuple[str, ...] = ()


class NewSession(Struct, frozen=True, kw_only=True):
    """What an admin chose: ids of interviews and accounts, keys of gold items."""

    title: str
    rubric: str
    interviews: tuple[uuid.UUID, ...] = ()
    gold: tuple[str, ...] = ()
    raters: tuple[uuid.UUID, ...] = ()


class RaterLine(Struct, frozen=True, kw_only=True):
    """A rater of a session."""

    name: str
    me: bool
    handed_in: bool


class ItemLine(Struct, frozen=True, kw_only=True):
    """An item of a session. ``rated`` counts the viewer's ratings, ``agreed`` what was agreed.

    ``readable`` is False where the interview's answers were removed.
    """

    position: int
    kind: ItemKind
    title: str
    rated: int
    agreed: int
    readable: bool


class Difference(Struct, frozen=True, kw_only=True):
    """A competency of an item that not everybody saw alike: levels from ``low`` to ``high``, None where nobody gave one."""

    position: int
    competency: str
    name: str
    low: int | None
    high: int | None
    split: bool
    agreed: Rating | None


class SessionView(Struct, frozen=True, kw_only=True):
    """A session as one account sees it. ``mine``: the viewer rates in it; ``open_items`` are still to be rated by them."""

    id: uuid.UUID
    title: str
    rubric: str
    rubric_version: str
    competencies: int
    state: SessionState
    created_at: datetime
    revealed_at: datetime | None
    closed_at: datetime | None
    raters: tuple[RaterLine, ...]
    items: tuple[ItemLine, ...]
    mine: bool
    handed_in: bool
    open_items: tuple[int, ...]
    differences: tuple[Difference, ...]


class Said(Struct, frozen=True):
    """One turn, blinded."""

    from_candidate: bool
    text: str


class GivenRating(Struct, frozen=True, kw_only=True):
    """A rating after the reveal: who gave it, a colleague, the software, or the known level."""

    who: str
    rating: Rating


class CompetencyToRate(Struct, frozen=True, kw_only=True):
    """A competency with its anchors, what the viewer gave, and after the reveal what everybody gave."""

    id: str
    name: str
    definition: str
    anchors: tuple[tuple[int, str], ...]
    mine: Rating | None
    given: tuple[GivenRating, ...] = ()
    spread: int = 0
    agreed: Rating | None = None


class ItemView(Struct, frozen=True, kw_only=True):
    """One item to rate or to talk about. ``count`` items in all; ``may_rate`` and ``may_agree`` say what is open now."""

    session_id: uuid.UUID
    session_title: str
    state: SessionState
    position: int
    count: int
    kind: ItemKind
    title: str
    readable: bool
    may_rate: bool
    may_agree: bool
    turns: tuple[Said, ...]
    competencies: tuple[CompetencyToRate, ...]
