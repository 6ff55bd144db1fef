"""What handlers can ask for."""

from dataclasses import dataclass

from orchestrator.services.accounts import Accounts
from orchestrator.services.intake import Intake
from orchestrator.services.interviewing import Interviewing
from orchestrator.services.operating import Operating
from orchestrator.services.reviewing import Reviewing


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases behind the pages."""

    intake: Intake
    interviewing: Interviewing
    reviewing: Reviewing
    accounts: Accounts
    operating: Operating
