"""What became of it all, judged from the final state of the ATS, the mail catcher and the database, and nothing else.

``check`` takes the three as plain records and the plan; nothing that happened on the way reaches it. Every expectation is
a function below that says what it wants and which invariant of docs/product it stands for (N2 to N5).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from tests.chaos.plan import Candidate, Decision, Person, Step

COMPLETION, BAND = "interview_completion", "interview_band"
INTEGRATION = "Interview integration"
HUMAN_VALUE = "Withdrawn"
OURS = frozenset(
    {
        COMPLETION,
        BAND,
        "interview_score",
        "interview_subscores",
        "interview_summary",
        "interview_link",
        "interview_audit_ref",
    }
)
WAYS = (
    ("Invited", "In progress", "Completed", "In review", "Completed"),
    ("Invited", "In progress", "Completed", "In review", "Not scored by AI"),
    ("Invited", "In progress", "Completed", "Completed"),
    ("Invited", "Expired"),
)
"""What one interview may write into the completion field, one value after the other; it may stop anywhere."""
MOST_EXAMPLES = 40

Value = str | int | float | None


class Change(Struct, frozen=True):
    """One line of the ATS's own log: who changed a field from what to what."""

    actor: str
    field: str
    old: Value
    new: Value


class AtsRecord(Struct, frozen=True, kw_only=True):
    """One application as the ATS has it at the end. ``entries`` counts how often it entered the trigger stage."""

    person: int
    application_id: str
    entries: int
    in_trigger_stage: bool
    fields: Mapping[str, Value]
    changes: Sequence[Change]
    notes: Sequence[str]


class Write(Struct, frozen=True, kw_only=True):
    """A write-back as Evenhand's database has it. ``settled``: written, or a conflict with a person."""

    sequence: int
    fields: Mapping[str, Value]
    marker: str | None = None
    settled: bool = True


class Result(Struct, frozen=True, kw_only=True):
    """A final result. ``by_person``: a decision row of a person stands for this band."""

    band: str
    by_person: bool
    policy_allows: bool
    reasons: Sequence[str] = ()


class Interview(Struct, frozen=True, kw_only=True):
    """An interview as Evenhand's database has it, with everything that hangs on it."""

    id: str
    state: str
    entered_at: datetime
    writes: Sequence[Write] = ()
    results: Sequence[Result] = ()


class House(Struct, frozen=True, kw_only=True):
    """Evenhand's database at the end. ``interviews`` by external application id, ordered by stage entry.

    ``stored_events`` are the ATS's event ids that it has; ``unprocessed``, ``open_work`` and ``dead_work`` are counts.
    """

    interviews: Mapping[str, Sequence[Interview]]
    stored_events: frozenset[str] = frozenset()
    unprocessed: int = 0
    open_work: int = 0
    dead_work: int = 0
    broken_audit_links: int = 0


class Findings(Struct, kw_only=True):
    """The figures of the last line, and ``final_band_violations`` of the line before it. ``offenders`` says who and why."""

    deliveries: int = 0
    moves: int = 0
    interviews: int = 0
    kills: int = 0
    faults: int = 0
    lost: int = 0
    doubled_invitations: int = 0
    doubled_writes: int = 0
    order_violations: int = 0
    overwritten_human_edits: int = 0
    final_band_violations: int = 0
    offenders: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, disordered or overwritten, and no band final that nobody allowed."""
        return not any(getattr(self, name) for name in BAD)

    def line(self) -> str:
        """The last line of a run."""
        return " ".join(f"{name}={getattr(self, name)}" for name in LAST_LINE)

    def add(self, figure: str, who: str, why: str, count: int = 1, *, first: bool = False) -> None:
        """Count a violation and remember the first ones; ``first`` puts it before those of single people."""
        setattr(self, figure, getattr(self, figure) + count)
        if first:
            self.offenders.insert(0, f"{figure}: {who}: {why}")
        elif len(self.offenders) < MOST_EXAMPLES:
            self.offenders.append(f"{figure}: {who}: {why}")


LAST_LINE = (
    "deliveries",
    "moves",
    "interviews",
    "kills",
    "faults",
    "lost",
    "doubled_invitations",
    "doubled_writes",
    "order_violations",
    "overwritten_human_edits",
)
BAD = (*LAST_LINE[5:], "final_band_violations")


def check(
    people: Sequence[Person],
    *,
    ats: Iterable[AtsRecord],
    acknowledged: Iterable[str],
    mails: Mapping[str, Sequence[str]],
    house: House,
) -> Findings:
    """Compare what was done with what is there.

    ``acknowledged`` are the ids of the events that Evenhand answered with 2xx, ``mails`` the Message-IDs of invitations by
    recipient. People and ATS records are in the order of their numbers.
    """
    found = Findings(moves=sum(len(person.path) for person in people))
    found.interviews = sum(len(interviews) for interviews in house.interviews.values())
    _nothing_waits(found, house)
    for event in acknowledged:
        if event not in house.stored_events:
            found.add("lost", event, "acknowledged to the ATS and not stored")
    seen = set()
    for record in ats:
        person = people[record.person]
        seen.add(record.person)
        interviews = house.interviews.get(record.application_id, ())
        _Case(found, person, record, interviews, mails.get(person.email, ())).check()
    for person in people:
        if person.number not in seen:
            found.add("lost", person.email, "the ATS does not know the application")
    return found


def _nothing_waits(found: Findings, house: House) -> None:
    """N2: what was stored was processed; nothing is open, nothing is dead and unseen to."""
    for name, why in (
        ("unprocessed", "deliveries were stored and never processed"),
        ("open_work", "items of work were never finished"),
        ("dead_work", "items of work are dead after their replay"),
        ("broken_audit_links", "audit events are missing or altered"),
    ):
        count = getattr(house, name)
        if count:
            found.add("lost", name, f"{count} {why}", count)


class _Case:
    """Everything that must hold of one application."""

    def __init__(
        self,
        found: Findings,
        person: Person,
        record: AtsRecord,
        interviews: Sequence[Interview],
        invitations: Sequence[str],
    ) -> None:
        self._found, self._person, self._record = found, person, record
        self._interviews, self._invitations = interviews, invitations
        self._edited = any(change.actor != INTEGRATION and change.field == COMPLETION for change in record.changes)

    def check(self) -> None:
        """Every expectation."""
        self._the_ats_did_its_part()
        self._interviews_started()
        self._invited_once()
        self._written_once_and_in_order()
        self._final_state()
        self._notes_once()
        self._people_keep_what_they_wrote()
        self._bands_are_allowed()

    def _bad(self, figure: str, why: str, count: int = 1) -> None:
        self._found.add(figure, self._record.application_id, why, count)

    def _the_ats_did_its_part(self) -> None:
        """The moves and edits of the plan are in the ATS: else this run would prove nothing."""
        wanted = sum(step is Step.ENTER for step in self._person.path)
        if self._record.entries != wanted:
            self._bad("lost", f"the ATS has {self._record.entries} entries into the stage and the plan {wanted}")
        if self._edited != (self._person.human is not None):
            self._bad("lost", "the recruiter's edit is not in the ATS, or one is that nobody made")

    def _interviews_started(self) -> None:
        """N2, N3: who is in the stage was invited; one entry started at most one interview."""
        count, entries = len(self._interviews), self._record.entries
        if count > entries:
            self._bad("doubled_invitations", f"{count} interviews for {entries} entries", count - entries)
        if count == 0 and self._record.in_trigger_stage:
            self._bad("lost", "no interview")
        if len({interview.entered_at for interview in self._interviews}) < count:
            self._bad("doubled_invitations", "two interviews for one entry")

    def _invited_once(self) -> None:
        """N3: one invitation for each interview, and each only once. Who left at once may have got none."""
        by_interview = Counter(message_id.partition(".")[0] for message_id in self._invitations)
        doubled = sum(count - 1 for count in by_interview.values())
        if doubled:
            self._bad("doubled_invitations", f"{doubled} invitations too many", doubled)
        known = {interview.id for interview in self._interviews}
        if foreign := by_interview.keys() - known:
            self._bad("doubled_invitations", "invited to an interview that is not stored", len(foreign))
        for interview in self._interviews:
            if interview.state != "cancelled" and interview.id not in by_interview:
                self._bad("lost", "not invited")

    def _written_once_and_in_order(self) -> None:
        """N4: the ATS's log shows exactly what was intended, in the order in which it was intended."""
        intended: list[Value] = []
        for interview in self._interviews:
            values = [write.fields[COMPLETION] for write in _by_sequence(interview) if COMPLETION in write.fields]
            if not any(values == list(way[: len(values)]) for way in WAYS):
                self._bad("order_violations", f"one interview means to write {values}")
            intended += values
        intended = _without_repeats(intended)
        written = [c.new for c in self._record.changes if c.actor == INTEGRATION and c.field == COMPLETION]
        extra = sum((Counter(written) - Counter(intended)).values())
        if extra:
            self._bad("doubled_writes", f"wrote {written} where {intended} was meant", extra)
        elif not _is_subsequence(written, intended):
            self._bad("order_violations", f"wrote {written} where {intended} was meant")
        elif written != intended and not self._edited:
            self._bad("lost", f"wrote only {written} where {intended} was meant")

    def _final_state(self) -> None:
        """N2: at the end the ATS shows how far the interview came; every write-back is settled."""
        if any(not write.settled for interview in self._interviews for write in interview.writes):
            self._bad("lost", "a write-back is not settled")
        if self._edited or not self._interviews:
            return
        shown, wanted = self._record.fields.get(COMPLETION), self._wanted()
        if shown not in wanted:
            self._bad("lost", f"the ATS shows {shown!r}, not {' or '.join(sorted(wanted))}")

    def _wanted(self) -> set[str]:
        if not self._record.in_trigger_stage:
            return {"Expired"}
        match self._person.candidate:
            case Candidate.NOTHING:
                return {"Invited"}
            case Candidate.BEGIN:
                return {"In progress"}
            case Candidate.HAND_IN:
                undecided = self._person.decision is not Decision.CLOSE
                policy = any(not result.by_person for i in self._interviews for result in i.results)
                return {"Completed"} if undecided or policy else {"Not scored by AI"}

    def _notes_once(self) -> None:
        """N4: a note cannot be written twice without being seen twice; each result has one."""
        markers = [write.marker for i in self._interviews for write in i.writes if write.marker is not None]
        counts = Counter({marker: sum(marker in note for note in self._record.notes) for marker in markers})
        for count in counts.values():
            if count > 1:
                self._bad("doubled_writes", f"a note stands there {count} times", count - 1)
            elif count == 0:
                self._bad("lost", "a note is not there")
        ours = sum(any(marker in note for marker in markers) for note in self._record.notes)
        if ours != len(self._record.notes):
            self._bad("doubled_writes", "a note of nobody's result", len(self._record.notes) - ours)

    def _people_keep_what_they_wrote(self) -> None:
        """N4: no write of ours replaced what a person had written, and none touched a field that is not ours."""
        by_person: dict[str, Value] = {}
        for change in self._record.changes:
            if change.actor != INTEGRATION:
                by_person[change.field] = change.new
            elif by_person.get(change.field) not in {None, ""}:
                self._bad("overwritten_human_edits", f"{change.field}: {change.old!r} became {change.new!r}")
                del by_person[change.field]
            if change.actor == INTEGRATION and change.field not in OURS:
                self._bad("overwritten_human_edits", f"{change.field} is not ours")
        for name, value in by_person.items():
            if self._record.fields.get(name) != value:
                self._bad("overwritten_human_edits", f"{name}: {value!r} is gone")

    def _bands_are_allowed(self) -> None:
        """N5: a band reaches the ATS only if a person decided it, or a policy that needs nobody had no reason to ask."""
        results = [result for interview in self._interviews for result in interview.results]
        for result in results:
            if not result.by_person and (not result.policy_allows or result.reasons):
                self._bad("final_band_violations", f"final without a person: {', '.join(result.reasons) or 'policy'}")
        allowed = {result.band for result in results}
        for change in self._record.changes:
            if change.actor == INTEGRATION and change.field == BAND and change.new not in {None, "", *allowed}:
                self._bad("final_band_violations", f"{change.new!r} was written and is nobody's result")
        handed_in = self._person.candidate is Candidate.HAND_IN and self._person.decision is not Decision.CLOSE
        if handed_in and not self._edited and self._record.fields.get(BAND) not in allowed:
            self._bad("lost", "no band")


def _by_sequence(interview: Interview) -> list[Write]:
    return sorted(interview.writes, key=lambda write: write.sequence)


def _without_repeats(values: Iterable[Value]) -> list[Value]:
    """What a log of changes shows of values that were written one after the other."""
    kept: list[Value] = []
    for value in values:
        if not kept or kept[-1] != value:
            kept.append(value)
    return kept


def _is_subsequence(part: Sequence[Value], whole: Iterable[Value]) -> bool:
    rest: Iterator[Value] = iter(whole)
    return all(any(value == other for other in rest) for value in part)
