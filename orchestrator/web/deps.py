"""What handlers can ask for."""

from dataclasses import dataclass

from orchestrator.services.accounts import Accounts
from orchestrator.services.calibration.calibrating import Calibrating
from orchestrator.services.credentials.consenting import Consenting
from orchestrator.services.doctor.examining import Doctor
from orchestrator.services.intake import Intake
from orchestrator.services.interviewing import Interviewing
from orchestrator.services.operating import Operating
from orchestrator.services.orders.ordering import Ordering
from orchestrator.services.rehearsal.rehearsing import Rehearsing
from orchestrator.services.rescoring.rescoring import Rescoring
from orchestrator.services.result_links import ResultLinks
from orchestrator.services.review.reviewing import Reviewing
from orchestrator.services.stopping import Stopping


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases behind the pages."""

    intake: Intake
    interviewing: Interviewing
    reviewing: Reviewing
    accounts: Accounts
    operating: Operating
    ordering: Ordering
    consenting: Consenting
    stopping: Stopping
    doctor: Doctor
    calibrating: Calibrating
    rehearsing: Rehearsing
    rescoring: Rescoring
    result_links: ResultLinks
