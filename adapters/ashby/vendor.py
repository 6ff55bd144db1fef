"""Ashby in the list of vendors."""

from adapters.ashby.adapter import AshbyAdapter
from adapters.ashby.assessment import AshbyAssessments, AshbyReporter
from adapters.ashby.manifest import MANIFEST
from adapters.contract.adapter import Adapter
from adapters.kit.setup import OrderSide, Setup, Vendor


def _make(setup: Setup) -> Adapter:
    return AshbyAdapter(
        setup.base_url,
        setup.credentials["api_key"],
        webhook_id=setup.options.get("webhook_id"),
        transport=setup.transport,
    )


def _reporter(setup: Setup) -> AshbyReporter:
    return AshbyReporter(setup.base_url, setup.credentials["api_key"], transport=setup.transport)


VENDOR = Vendor(
    manifest=MANIFEST,
    package="adapters.ashby",
    make=_make,
    orders=OrderSide(server=AshbyAssessments, reporter=_reporter),
)
