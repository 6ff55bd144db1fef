"""Every vendor's case, by key; a vendor that is not here fails the build."""

from collections.abc import Mapping

from tests.adapters.ashby.world import ASHBY_CASE
from tests.adapters.case import Case
from tests.adapters.generic.world import GENERIC_CASE
from tests.adapters.greenhouse.world import GREENHOUSE_CASE
from tests.adapters.kombo.world import KOMBO_CASE
from tests.adapters.lever.world import LEVER_CASE
from tests.adapters.merge.world import MERGE_CASE
from tests.adapters.odoo.world import ODOO_CASE
from tests.adapters.recruitee.world import RECRUITEE_CASE
from tests.adapters.sandbox.world import SANDBOX_CASE
from tests.adapters.smartrecruiters.world import SMARTRECRUITERS_CASE
from tests.adapters.teamtailor.world import TEAMTAILOR_CASE
from tests.adapters.workable.world import WORKABLE_CASE

CASES: Mapping[str, Case] = {
    case.key: case
    for case in (
        SANDBOX_CASE,
        RECRUITEE_CASE,
        GREENHOUSE_CASE,
        ASHBY_CASE,
        WORKABLE_CASE,
        SMARTRECRUITERS_CASE,
        ODOO_CASE,
        TEAMTAILOR_CASE,
        LEVER_CASE,
        GENERIC_CASE,
        MERGE_CASE,
        KOMBO_CASE,
    )
}
