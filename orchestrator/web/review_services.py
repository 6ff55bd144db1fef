"""What the review pages need of the service beyond what every team page may ask."""

from typing import Protocol, cast
from uuid import UUID

from orchestrator.services.views import Account, HeldItem, QualityView, QueueItem
from orchestrator.web.team_services import ReviewingDoor, TeamServices


class ReviewDesk(ReviewingDoor, Protocol):
    """The queue as somebody sees it, and what leads to a decision."""

    async def queue_for(self, viewer: Account) -> tuple[QueueItem, ...]:
        """Every open case, as the viewer may see it."""
        ...

    async def held(self, viewer: Account) -> tuple[HeldItem, ...]:
        """What the viewer can still take back."""
        ...

    async def case_of(self, application_id: UUID) -> UUID | None:
        """The open case of an application."""
        ...

    async def read_blind(self, case_id: UUID, *, actor: Account, band: str) -> None:
        """Keep a band that was chosen before the software's was shown."""
        ...

    async def ask_again(self, case_id: UUID, *, actor: Account, reason: str) -> None:
        """Have the candidate asked again."""
        ...

    async def undo(self, case_id: UUID, *, actor: Account) -> None:
        """Take one's own decision back."""
        ...

    async def assign(self, case_id: UUID, *, actor: Account, to: UUID | None) -> None:
        """Give a case to somebody, or to nobody."""
        ...

    async def quality(self) -> QualityView:
        """How reviewing goes."""
        ...


def desk(services: TeamServices) -> ReviewDesk:
    """The review desk of the services."""
    return cast("ReviewDesk", services.reviewing)
