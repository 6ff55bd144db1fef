"""Recruitee in the list of vendors."""

from adapters.contract.adapter import Adapter
from adapters.kit.setup import Setup, Vendor
from adapters.recruitee.adapter import RecruiteeAdapter
from adapters.recruitee.manifest import MANIFEST


def _make(setup: Setup) -> Adapter:
    return RecruiteeAdapter(
        setup.base_url, setup.credentials["api_token"], company=setup.options["company"], transport=setup.transport
    )


VENDOR = Vendor(manifest=MANIFEST, package="adapters.recruitee", make=_make)
