"""The sandbox in the list of vendors."""

from adapters.contract.adapter import Adapter
from adapters.kit.setup import Setup, Vendor
from adapters.sandbox.adapter import SandboxAdapter
from adapters.sandbox.manifest import MANIFEST


def _make(setup: Setup) -> Adapter:
    return SandboxAdapter(setup.base_url, setup.credentials["api_key"], transport=setup.transport)


VENDOR = Vendor(manifest=MANIFEST, package="adapters.sandbox", make=_make)
