"""Merge in the list of vendors."""

from adapters.contract.adapter import Adapter
from adapters.kit.setup import Setup, Vendor
from adapters.merge.adapter import MergeAdapter
from adapters.merge.manifest import MANIFEST


def _make(setup: Setup) -> Adapter:
    return MergeAdapter(
        setup.base_url,
        setup.credentials["api_key"],
        setup.credentials["account_token"],
        act_as=setup.options["act_as"],
        transport=setup.transport,
    )


VENDOR = Vendor(manifest=MANIFEST, package="adapters.merge", make=_make)
