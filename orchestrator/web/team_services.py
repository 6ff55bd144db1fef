"""What the team's pages need of the services, as handlers receive it."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from adapters.contract.model import StageKind
from orchestrator.domain.calibration import Rating
from orchestrator.domain.calibration_report import CalibrationReport
from orchestrator.domain.findings import Report
from orchestrator.services.calibration.views import (
    ItemView,
    NewSession,
    NewSessionView,
    SessionLine,
    SessionView,
)
from orchestrator.services.result_links import ResultLinkItem, SharedResult
from orchestrator.services.stopping import Reach
from orchestrator.services.views import (
    Account,
    ApplicationItem,
    CaseView,
    ConnectionView,
    OperationsView,
    QueueItem,
    StopItem,
    TimelineView,
)


class AccountsDoor(Protocol):
    """Who may sign in."""

    async def sign_in(self, email: str, password: str) -> str:
        """Open a session; gives its token."""
        ...

    async def account(self, session_token: str) -> Account | None:
        """Who holds a session."""
        ...

    async def sign_out(self, session_token: str) -> None:
        """End a session."""
        ...


class ReviewingDoor(Protocol):
    """Cases and results, and what people decide about them."""

    async def queue(self) -> tuple[QueueItem, ...]:
        """Every open case."""
        ...

    async def case(self, case_id: UUID, *, viewer: Account) -> CaseView:
        """One case; the view is logged."""
        ...

    async def result(self, audit_ref: str, *, viewer: Account) -> CaseView:
        """One final result; the view is logged."""
        ...

    async def decide_result(self, case_id: UUID, *, actor: Account, band: str | None, reason: str) -> None:
        """Confirm or override."""
        ...

    async def close_unscored(self, case_id: UUID, *, actor: Account, reason: str) -> None:
        """End without a band."""
        ...

    async def answer_request(self, case_id: UUID, *, actor: Account, resume: bool, reason: str) -> None:
        """Go on, or hand over to a person."""
        ...


class OperatingDoor(Protocol):
    """How Evenhand runs."""

    async def overview(self) -> OperationsView:
        """Health, and what needs a person."""
        ...

    async def applications(self, *, limit: int = 50) -> tuple[ApplicationItem, ...]:
        """The applications that were seen last."""
        ...

    async def timeline(self, application_id: UUID, *, viewer: Account) -> TimelineView:
        """Everything about one application; the view is logged."""
        ...

    async def map_stage(self, quarantine_id: UUID, *, kind: StageKind, actor: str) -> int:
        """Say what a stage is; gives how many applications go on."""
        ...

    async def extend(self, application_id: UUID, *, actor: str) -> None:
        """Send the candidate a new link with new time."""
        ...

    async def resume(self, connection: str, *, actor: str) -> None:
        """Let the work of a paused connection go on."""
        ...

    async def replay(self, work_id: int, *, actor: str) -> None:
        """Run a dead letter again."""
        ...

    async def done_by_hand(self, work_id: int, *, reason: str, actor: str) -> None:
        """Close a dead letter."""
        ...


class DoctorDoor(Protocol):
    """What is wrong, and what mends it."""

    async def examine(self, *, actor: str, connection: str | None = None) -> Report:
        """Look at everything, or at one connection."""
        ...


class ConsentingDoor(Protocol):
    """Connections, and consent in the browser."""

    async def page(self, connection: str) -> ConnectionView:
        """One connection."""
        ...

    async def begin(self, connection: str, *, actor: Account, session_token: str) -> str:
        """Ask for consent; gives the vendor's address."""
        ...

    async def complete(self, connection: str, *, state: str, code: str, actor: Account, session_token: str) -> None:
        """Keep what the consent gives."""
        ...


class StoppingDoor(Protocol):
    """Kill switches."""

    def reaches(self) -> tuple[Reach, ...]:
        """What can be stopped."""
        ...

    async def listed(self) -> tuple[StopItem, ...]:
        """What is stopped now."""
        ...

    async def stop(self, reach: Reach, *, reason: str, actor: str) -> None:
        """Send nothing of this scope."""
        ...

    async def resume(self, reach: Reach, *, reason: str, actor: str) -> None:
        """Let it go on."""
        ...


class ResultLinksDoor(Protocol):
    """Result links: the page behind one, and its end."""

    async def view(self, token: str) -> SharedResult:
        """What somebody without an account sees; the view is logged."""
        ...

    async def full_page(self, token: str) -> str | None:
        """Where somebody with an account reads all of it."""
        ...

    async def of_result(self, audit_ref: str) -> ResultLinkItem | None:
        """The link of a result."""
        ...

    async def of_application(self, application_id: UUID) -> ResultLinkItem | None:
        """The newest link of an application."""
        ...

    async def revoke(self, reference: str, *, reason: str, actor: str) -> None:
        """End a link for good."""
        ...


class CalibratingDoor(Protocol):
    """Calibration sessions."""

    async def sessions(self, *, viewer: Account | None) -> tuple[SessionLine, ...]:
        """The newest sessions."""
        ...

    async def choices(self, rubric: str) -> NewSessionView:
        """What a new session can be made of."""
        ...

    async def make(self, new: NewSession, *, actor: Account) -> UUID:
        """Make a session; gives its id."""
        ...

    async def session(self, session_id: UUID, *, viewer: Account) -> SessionView:
        """One session."""
        ...

    async def item(self, session_id: UUID, position: int, *, viewer: Account) -> ItemView:
        """One item; the view is logged."""
        ...

    async def rate(self, session_id: UUID, position: int, ratings: Mapping[str, Rating], *, actor: Account) -> None:
        """Keep somebody's ratings of one item."""
        ...

    async def hand_in(self, session_id: UUID, *, actor: Account) -> None:
        """Say that everything is rated."""
        ...

    async def reveal(self, session_id: UUID, *, actor: Account) -> None:
        """Show every rating."""
        ...

    async def agree(self, session_id: UUID, position: int, agreed: Mapping[str, Rating], *, actor: Account) -> None:
        """Note what was agreed about one item."""
        ...

    async def close(self, session_id: UUID, *, actor: Account) -> None:
        """End the discussion."""
        ...

    async def report(self, session_id: UUID) -> CalibrationReport:
        """How far the raters agree."""
        ...


class TeamServices(Protocol):
    """The part of the services that the team's pages use."""

    @property
    def accounts(self) -> AccountsDoor:
        """Accounts and sessions."""
        ...

    @property
    def reviewing(self) -> ReviewingDoor:
        """Cases and results."""
        ...

    @property
    def operating(self) -> OperatingDoor:
        """Operations."""
        ...

    @property
    def consenting(self) -> ConsentingDoor:
        """Connections."""
        ...

    @property
    def stopping(self) -> StoppingDoor:
        """Kill switches."""
        ...

    @property
    def result_links(self) -> ResultLinksDoor:
        """Result links."""
        ...

    @property
    def calibrating(self) -> CalibratingDoor:
        """Calibration."""
        ...

    @property
    def doctor(self) -> DoctorDoor:
        """What is wrong."""
        ...


Services = NamedDependency[SkipValidation[TeamServices]]
