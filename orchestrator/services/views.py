"""What the pages show: plain values, ready to be read, with nothing left to look up."""

import uuid
from datetime import datetime

from msgspec import Struct

from orchestrator.db.models.account import Role
from orchestrator.db.models.scoring import CaseKind
from orchestrator.domain.review import Agreement
from orchestrator.domain.uncertainty import ReviewReason


class Account(Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    id: uuid.UUID
    email: str
    name: str
    role: Role


class NoticeSection(Struct, frozen=True):
    """One part of the notice: a heading and plain paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


class NoticeView(Struct, frozen=True, kw_only=True):
    """The notice as shown. ``hash`` is what the candidate agrees to; a changed notice has another one."""

    version: str
    hash: str
    summary: str
    sections: tuple[NoticeSection, ...]


class Colleague(Struct, frozen=True):
    """A member of the team. ``me``: who looks at the page."""

    id: uuid.UUID
    name: str
    me: bool


class QueueItem(Struct, frozen=True, kw_only=True):
    """One row of the review queue, oldest due first.

    ``blind``: who looks has to choose a band of their own first, so nothing of the software's view is here.
    ``proposed_by``: a second person is waited for.
    """

    case_id: uuid.UUID
    kind: CaseKind
    candidate: str
    job_title: str
    program: str
    reasons: tuple[ReviewReason, ...]
    band_label: str | None
    opened_at: datetime
    due_at: datetime
    overdue: bool
    assignee: Colleague | None = None
    blind: bool = False
    proposed_by: Colleague | None = None


class HeldItem(Struct, frozen=True):
    """A decision of one's own that can still be taken back. ``band_label`` None: closed without a band.

    ``asks_again``: no decision, the candidate is to be asked again.
    """

    case_id: uuid.UUID
    candidate: str
    band_label: str | None
    final_at: datetime
    asks_again: bool = False


class Highlight(Struct, frozen=True):
    """A piece of a turn's text; ``evidence`` names the competency that it supports, None for plain text."""

    text: str
    evidence: str | None
    anchor: str | None = None


class TurnView(Struct, frozen=True, kw_only=True):
    """One turn, cut into plain and highlighted pieces that together are the turn's text."""

    index: int
    from_candidate: bool
    pieces: tuple[Highlight, ...]


class QuoteView(Struct, frozen=True, kw_only=True):
    """A verified quote; ``anchor`` is the id of its highlight in the transcript.

    ``before`` and ``after`` are the words around it in the same answer, empty where it begins or ends there.
    """

    text: str
    turn: int
    anchor: str
    before: str = ""
    after: str = ""


class CompetencyView(Struct, frozen=True, kw_only=True):
    """One competency: the level with the anchor it met and the next one it did not.

    ``shown`` are the indicators of the met anchor that were found, ``missing`` those of the next one that were not.
    """

    id: str
    name: str
    level: float | None
    unscored: str | None
    rationale: str
    anchor: str | None
    next_level: int | None
    next_anchor: str | None
    quotes: tuple[QuoteView, ...]
    shown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class CutView(Struct, frozen=True):
    """A cut on the level scale with the label of the band that begins there."""

    at: float
    label: str


class BandChoice(Struct, frozen=True):
    """A band that a person can choose."""

    key: str
    label: str


class CardView(Struct, frozen=True, kw_only=True):
    """A scorecard as a person reads it: the recommendation, its uncertainty (levels 1 to 5), and where it comes from."""

    band_key: str
    band_label: str
    sentence: str
    aggregate: float | None
    low: float | None
    high: float | None
    cuts: tuple[CutView, ...]
    competencies: tuple[CompetencyView, ...]
    bullets: tuple[str, ...]
    provisional: bool
    provenance: tuple[tuple[str, str], ...]
    stability: str = ""


class DecisionView(Struct, frozen=True, kw_only=True):
    """What a person decided, beside what the machine recommended. ``agreed_by``: the second person, where two were needed.

    ``final_at``: it can be taken back until about then, by who decided; None once it is final.
    """

    actor: str
    verdict: str
    band_label: str | None
    reason: str
    decided_at: datetime
    agreed_by: str = ""
    final_at: datetime | None = None
    mine: bool = False


class ProposalView(Struct, frozen=True, kw_only=True):
    """What one person chose where two must agree. ``band`` None: to close the case without a band.

    ``verdict`` "later_reading": to use a later reading, held or waiting.
    """

    by: Colleague
    verdict: str
    band: BandChoice | None
    reason: str
    at: datetime


class AskedAgainView(Struct, frozen=True, kw_only=True):
    """That somebody had the candidate asked again. ``final_at``: it can be taken back until about then, by who did it.

    ``turns`` are what had been handed in, where they are not those of the case itself.
    """

    actor: str
    reason: str
    at: datetime
    final_at: datetime | None = None
    mine: bool = False
    turns: tuple[TurnView, ...] = ()


class CaseView(Struct, frozen=True, kw_only=True):
    """One review case, or one result, with everything a person needs to decide or to understand.

    ``blind``: who looks must choose a band first, by the ``criteria`` (competency, definition), and ``card`` is None until
    then; ``own_band`` is what they chose. ``can_ask_again``: the candidate can be asked again. ``asked_again``: that was how
    this case ended; ``first_attempt``: an earlier case ended so, and this one is about what came of it.
    """

    case_id: uuid.UUID | None
    kind: CaseKind
    open: bool
    interview_id: uuid.UUID
    application_id: uuid.UUID
    candidate: str
    job_title: str
    program: str
    reasons: tuple[ReviewReason, ...]
    message: str | None
    opened_at: datetime | None
    due_at: datetime | None
    card: CardView | None
    turns: tuple[TurnView, ...]
    bands: tuple[BandChoice, ...]
    decision: DecisionView | None
    final_band_label: str | None
    audit_ref: str | None
    blind: bool = False
    criteria: tuple[tuple[str, str], ...] = ()
    own_band: BandChoice | None = None
    proposal: ProposalView | None = None
    assignee: Colleague | None = None
    colleagues: tuple[Colleague, ...] = ()
    can_ask_again: bool = False
    asked_again: AskedAgainView | None = None
    first_attempt: AskedAgainView | None = None


class ReviewerView(Struct, frozen=True, kw_only=True):
    """How one person reviews. ``habits``: codes of what is worth a talk."""

    name: str
    decisions: int
    differing: int
    timed: int
    median_seconds: float | None
    habits: tuple[str, ...]


class QualityView(Struct, frozen=True, kw_only=True):
    """How reviewing goes since ``since``: by reviewer, and how blind readings compare with the software's."""

    since: datetime
    reviewers: tuple[ReviewerView, ...]
    agreement: Agreement | None


class QuarantineItem(Struct, frozen=True, kw_only=True):
    """A stage that waits for someone to say what it is."""

    id: uuid.UUID
    connection: str
    stage_id: str
    stage_name: str
    times_seen: int
    waiting: int
    first_seen: datetime
    last_seen: datetime


class WorkItem(Struct, frozen=True, kw_only=True):
    """A row of the work table as operations sees it; ``subject`` says in words whom it concerns."""

    id: int
    kind: str
    state: str
    subject: str
    attempt: int
    max_attempts: int
    run_at: datetime
    cause: str | None


class SyncItem(Struct, frozen=True, kw_only=True):
    """One push or pull."""

    id: uuid.UUID
    at: datetime
    connection: str
    external_id: str | None
    application_id: uuid.UUID | None
    direction: str
    operation: str
    fields: tuple[str, ...]
    outcome: str
    detail: str
    duration_ms: float


class ConflictItem(Struct, frozen=True, kw_only=True):
    """A write-back that stopped because a person had written into a field of ours."""

    write_back_id: uuid.UUID
    application_id: uuid.UUID
    candidate: str
    job_title: str
    fields: tuple[str, ...]
    at: datetime


class PausedConnection(Struct, frozen=True, kw_only=True):
    """A connection whose work waits.

    ``failures`` 0: until somebody mends the cause and lets it go on. More: it did not answer so many times in a row,
    and at ``next_try`` (None: as soon as a worker is free) it is asked again.
    """

    connection: str
    reason: str
    since: datetime
    failures: int = 0
    next_try: datetime | None = None


class StopItem(Struct, frozen=True, kw_only=True):
    """Something that people stopped. ``scope``: everything, connection or program; ``name`` is its key, or empty."""

    scope: str
    name: str
    reason: str
    since: datetime


class CredentialItem(Struct, frozen=True, kw_only=True):
    """A credential of a connection, never its value: from the ``variable``, or stored since ``set_at``."""

    name: str
    variable: str | None
    set_at: datetime | None


class ConsentView(Struct, frozen=True, kw_only=True):
    """Consent in the browser. ``possible``: there is a key to keep tokens with; ``return_address`` is known to the ATS."""

    possible: bool
    scopes: tuple[str, ...]
    return_address: str
    consented_at: datetime | None
    access_ends_at: datetime | None


class ConnectionView(Struct, frozen=True, kw_only=True):
    """One connection. ``ends``: which credential (empty: all of them) ends when; ``waits``: why its work waits."""

    connection: str
    vendor: str
    address: str
    credentials: tuple[CredentialItem, ...]
    ends: tuple[tuple[str, datetime], ...]
    waits: str | None
    consent: ConsentView | None


class WorkerItem(Struct, frozen=True, kw_only=True):
    """A worker. ``at_once``: how much it does beside each other; ``kinds`` empty: it takes every kind."""

    name: str
    alive: bool
    since: datetime
    seen: datetime
    at_once: int
    kinds: tuple[str, ...]
    finished: int
    failed: int


class EngineView(Struct, frozen=True, kw_only=True):
    """Who works and what waits. ``due`` may run now and has since ``oldest_due``; ``planned`` has its time later."""

    workers: tuple[WorkerItem, ...]
    due: int
    oldest_due: datetime | None
    planned: int
    running: int
    unread: int
    oldest_unread: datetime | None

    @property
    def alive(self) -> tuple[WorkerItem, ...]:
        """Workers that live, the one that has worked longest first."""
        return tuple(worker for worker in self.workers if worker.alive)


class OperationsView(Struct, frozen=True, kw_only=True):
    """The operations page: ``troubles`` empty means that all is quiet; ``stops`` are on now."""

    troubles: tuple[str, ...]
    quarantine: tuple[QuarantineItem, ...]
    dead_letters: tuple[WorkItem, ...]
    conflicts: tuple[ConflictItem, ...]
    sync: tuple[SyncItem, ...]
    counts: tuple[tuple[str, int], ...]
    stage_kinds: tuple[str, ...]
    pauses: tuple[PausedConnection, ...] = ()
    engine: EngineView | None = None
    stops: tuple[StopItem, ...] = ()


class TimelineItem(Struct, frozen=True, kw_only=True):
    """One thing that happened to an application. ``kind``: event, decision, interview, score, review, write-back, sync, mail."""

    at: datetime
    kind: str
    title: str
    detail: str
    facts: tuple[tuple[str, str], ...] = ()


class TimelineView(Struct, frozen=True, kw_only=True):
    """Everything about one application in the order of time. ``extendable``: a new link can be sent."""

    application_id: uuid.UUID
    external_id: str
    connection: str
    candidate: str
    job_title: str
    stage_name: str
    items: tuple[TimelineItem, ...]
    extendable: bool = False


class ApplicationItem(Struct, frozen=True, kw_only=True):
    """A row of the list of applications on the operations page."""

    application_id: uuid.UUID
    candidate: str
    job_title: str
    stage_name: str
    completion: str | None
    last_seen: datetime
