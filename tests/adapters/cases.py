"""Every vendor's case, by key; a vendor that is not here fails the build."""

from collections.abc import Mapping

from tests.adapters.case import Case
from tests.adapters.sandbox.world import SANDBOX_CASE

CASES: Mapping[str, Case] = {case.key: case for case in (SANDBOX_CASE,)}
