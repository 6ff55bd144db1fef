"""Odoo in the list of vendors."""

from adapters.contract.adapter import Adapter
from adapters.kit.setup import Setup, Vendor
from adapters.odoo.adapter import OdooAdapter
from adapters.odoo.manifest import MANIFEST


def _make(setup: Setup) -> Adapter:
    return OdooAdapter(
        setup.base_url,
        setup.credentials["api_key"],
        database=setup.options.get("database", ""),
        transport=setup.transport,
    )


VENDOR = Vendor(manifest=MANIFEST, package="adapters.odoo", make=_make)
