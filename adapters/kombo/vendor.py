"""Kombo in the list of vendors."""

from adapters.contract.adapter import Adapter
from adapters.kit.setup import OptionMissing, OrderSide, Setup, Vendor
from adapters.kombo.adapter import KomboAdapter
from adapters.kombo.assessment import KomboAssessments, KomboReporter
from adapters.kombo.client import connect
from adapters.kombo.manifest import MANIFEST
from adapters.kombo.mapping import TOOL_USERS


def _make(setup: Setup) -> Adapter:
    tool, act_as = setup.options.get("tool"), setup.options.get("act_as")
    if act_as and tool not in TOOL_USERS:
        known = ", ".join(sorted(TOOL_USERS))
        raise OptionMissing(MANIFEST.key, "tool", f"with act_as needs one of {known} as")
    return KomboAdapter(
        setup.base_url,
        setup.credentials["api_key"],
        integration_id=setup.options["integration_id"],
        tool=tool,
        act_as=act_as,
        transport=setup.transport,
    )


def make_reporter(setup: Setup) -> KomboReporter:
    """The half that puts packages and results at Kombo."""
    return KomboReporter(
        connect(
            setup.base_url,
            setup.credentials["api_key"],
            integration_id=setup.options["integration_id"],
            transport=setup.transport,
        )
    )


VENDOR = Vendor(
    manifest=MANIFEST,
    package="adapters.kombo",
    make=_make,
    orders=OrderSide(server=KomboAssessments, reporter=make_reporter),
)
