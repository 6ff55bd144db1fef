"""Connections of your own making in the list of vendors."""

import httpx

from adapters.contract.adapter import Adapter
from adapters.generic.adapter import GenericAdapter
from adapters.generic.egress import Reach
from adapters.generic.manifest import MANIFEST
from adapters.kit.setup import OptionMissing, Setup, Vendor


def _make(setup: Setup) -> Adapter:
    reach = setup.options.get("reach") or Reach.PUBLIC.value
    if reach not in set(Reach):
        raise OptionMissing(MANIFEST.key, "reach", "knows only public, loopback and private for")
    names = ("signing_secret", "next_signing_secret")
    try:
        return GenericAdapter(
            setup.base_url,
            setup.credentials["read_token"],
            read_url=setup.options["read_url"],
            signing_secrets=tuple(setup.credentials[name] for name in names if setup.credentials.get(name)),
            reach=Reach(reach),
            transport=setup.transport,
        )
    except (httpx.InvalidURL, ValueError):
        raise OptionMissing(MANIFEST.key, "read_url", "cannot use as an address what it was given as") from None


VENDOR = Vendor(manifest=MANIFEST, package="adapters.generic", make=_make)
