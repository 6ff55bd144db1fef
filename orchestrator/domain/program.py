"""Programs: which stage of which jobs starts which interview, and what happens around it.

These structs are also the YAML schema of ``programs`` in evenhand.yaml; the config package reads them, this module
only says what they are.
"""

from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from adapters.contract.model import Job, StageKind

Slug = Annotated[
    str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, description="lower case words with hyphens")
]
Pattern = Annotated[str, Meta(min_length=1, max_length=120, description="exact text, or a pattern with * and ?")]
Share = Annotated[float, Meta(ge=0, le=1, description="part of the candidates, 0 to 1, chosen by stable hash")]


class Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every configuration struct: an unknown key is an error, never ignored."""


class ReEntry(StrEnum):
    """What a second entry into the trigger stage does."""

    NEVER = "never"
    AFTER_FINISHED = "after_finished"


class OnLeave(StrEnum):
    """What happens to an interview that nobody has begun when the application leaves the trigger stage."""

    CANCEL = "cancel"
    KEEP = "keep"


class ReviewMode(StrEnum):
    """When a person must decide. The embedded grader's results always go to a person, whatever is set here."""

    ALWAYS = "always"
    BORDERLINE_OR_FLAGGED = "borderline_or_flagged"


class FourEyes(StrEnum):
    """Which decisions about a result two people must agree on."""

    NONE = "none"
    OVERRIDES = "overrides"
    ALL = "all"


class When(Strict, frozen=True, kw_only=True):
    """Conditions, all of which must hold. An empty list sets no condition."""

    stage: StageKind
    role_families: tuple[Slug, ...] = ()
    jobs: tuple[Pattern, ...] = ()
    departments: tuple[Pattern, ...] = ()
    locations: tuple[Pattern, ...] = ()
    sources: tuple[Pattern, ...] = ()


class Cap(Strict, frozen=True, kw_only=True):
    """Most interviews a program starts, ever and per UTC day."""

    total: Annotated[int, Meta(ge=1)] | None = None
    per_day: Annotated[int, Meta(ge=1)] | None = None


class QuietHours(Strict, frozen=True, kw_only=True):
    """Not yet supported: refused when the file is read."""

    start: Annotated[str, Meta(pattern=r"^\d\d:\d\d$")]
    end: Annotated[str, Meta(pattern=r"^\d\d:\d\d$")]


class NoticePeriod(Strict, frozen=True, kw_only=True):
    """Not yet supported: refused when the file is read."""

    business_days: Annotated[int, Meta(ge=1)]


class Invitation(Strict, frozen=True, kw_only=True):
    """How long a link lives and when reminders go out (hours after the invitation)."""

    valid_days: Annotated[int, Meta(ge=1, le=60)] = 7
    reminder_hours: Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(max_length=2)] = (48, 120)
    extension_days: Annotated[int, Meta(ge=1, le=60)] = 7


UNDO_SECONDS = 60.0
"""For so long a decision can be taken back before it is final, where the policy says nothing."""


class ReviewPolicy(Strict, frozen=True, kw_only=True):
    """When a person decides, and by when. ``z`` standard errors around a cut count as borderline (1.645: 90 %).

    ``undo_seconds``: how long a decision waits before it is final. ``blind_share``: of the cases, by stable hash, in this
    part reviewers choose their own band before they see the software's. ``four_eyes``: what two people must agree on.
    """

    mode: ReviewMode = ReviewMode.ALWAYS
    z: Annotated[float, Meta(ge=0, le=4)] = 1.645
    due_hours: Annotated[int, Meta(ge=1)] = 24
    # Unset where nothing is said, for the same reason as Program.orderable.
    undo_seconds: Annotated[float, Meta(ge=0, le=600)] | UnsetType = UNSET
    blind_share: Share | UnsetType = UNSET
    four_eyes: FourEyes | UnsetType = UNSET

    @property
    def held_for(self) -> timedelta:
        """How long a decision can be taken back."""
        return timedelta(seconds=UNDO_SECONDS if isinstance(self.undo_seconds, UnsetType) else self.undo_seconds)

    @property
    def blind(self) -> float:
        """The part of the cases that are read blind first, 0 to 1."""
        return 0.0 if isinstance(self.blind_share, UnsetType) else self.blind_share

    @property
    def second_person(self) -> FourEyes:
        """What two people must agree on."""
        return FourEyes.NONE if isinstance(self.four_eyes, UnsetType) else self.four_eyes


class Program(Strict, frozen=True, kw_only=True):
    """One named, versioned set of trigger rules with its rubric, review policy and invitation."""

    key: Slug
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    version: Annotated[int, Meta(ge=1)]
    connection: Slug
    when: When
    rubric: str
    share: Share = 1.0
    cap: Cap = Cap()
    re_entry: ReEntry = ReEntry.NEVER
    on_leave: OnLeave = OnLeave.CANCEL
    invitation: Invitation = Invitation()
    review: ReviewPolicy = ReviewPolicy()
    paused: bool = False
    # Unset where nothing is said: a program is stored with its interviews, and the release before knows no such member.
    orderable: bool | UnsetType = UNSET
    # Unset is none: an interview that began without follow-ups goes on without them, whatever a newer release would ask.
    follow_ups: Annotated[int, Meta(ge=0, le=2, description="most for each question")] | UnsetType = UNSET
    delay: Annotated[int, Meta(ge=1, description="hours")] | None = None
    quiet_hours: QuietHours | None = None
    notice: NoticePeriod | None = None

    @property
    def most_follow_ups(self) -> int:
        """The most follow-ups that one question may have; 0: none are asked."""
        return 0 if isinstance(self.follow_ups, UnsetType) else self.follow_ups


NOT_YET_SUPPORTED = ("delay", "quiet_hours", "notice")


class RoleFamily(Strict, frozen=True, kw_only=True):
    """Job titles and departments that belong together."""

    key: Slug
    titles: tuple[Pattern, ...] = ()
    departments: tuple[Pattern, ...] = ()

    def holds(self, job: Job) -> bool:
        """Say whether the job belongs to this family."""
        return matches_any(self.titles, job.title) or matches_any(self.departments, job.department)


def matches_any(patterns: tuple[str, ...], value: str | None) -> bool:
    """Compare without regard to case; ``None`` matches nothing. A bracket stands for itself: "Support [EMEA]"."""
    return value is not None and any(
        fnmatchcase(value.casefold(), pattern.casefold().replace("[", "[[]")) for pattern in patterns
    )
