"""Where requests of the generic adapter may go, and where never."""

from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address

import httpx
import pytest

from adapters.contract.errors import Refused, Unavailable
from adapters.contract.model import Visibility
from adapters.generic.adapter import GenericAdapter
from adapters.generic.egress import Address, Guarded, Reach, permitted, resolve
from adapters.registry import create
from tests.adapters.case import Canned, status
from tests.adapters.generic.simulator import SIGNING, TOKEN
from tests.adapters.generic.world import APPLICATION, CREDENTIALS, GenericWorld, running_world


@pytest.fixture
async def world() -> AsyncIterator[GenericWorld]:
    async with running_world() as running:
        yield running


PUBLIC, LOOPBACK, PRIVATE = Reach.PUBLIC, Reach.LOOPBACK, Reach.PRIVATE


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.216.34", {PUBLIC, LOOPBACK, PRIVATE}),
        ("2606:2800:220:1::1", {PUBLIC, LOOPBACK, PRIVATE}),
        ("127.0.0.1", {LOOPBACK, PRIVATE}),
        ("127.8.9.10", {LOOPBACK, PRIVATE}),
        ("::1", {LOOPBACK, PRIVATE}),
        ("::ffff:127.0.0.1", {LOOPBACK, PRIVATE}),
        ("10.1.2.3", {PRIVATE}),
        ("172.16.0.1", {PRIVATE}),
        ("192.168.1.1", {PRIVATE}),
        ("::ffff:192.168.1.1", {PRIVATE}),
        ("fd00::1", {PRIVATE}),
        ("169.254.169.254", set()),
        ("::ffff:169.254.169.254", set()),
        ("fe80::1", set()),
        ("0.0.0.0", set()),
        ("::", set()),
        ("100.64.0.1", set()),
        ("224.0.0.1", set()),
        ("255.255.255.255", set()),
        ("64:ff9b::7f00:1", set()),
        ("2002:7f00:1::", set()),
        ("ff02::1", set()),
    ],
)
def test_addresses(address: str, allowed: set[Reach]) -> None:
    """Each address is reached as far as was allowed and no further, however it is wrapped."""
    assert {reach for reach in Reach if permitted(ip_address(address), reach)} == allowed


def guarded(*addresses: str, reach: Reach = PUBLIC) -> tuple[Guarded, Canned]:
    inner = status(200)

    async def find(_: str, __: int) -> Sequence[Address]:
        return [ip_address(address) for address in addresses]

    return Guarded(reach, inner=inner, find=find), inner


async def test_the_address_that_was_checked_is_used() -> None:
    """The connection goes to the resolved address, under the name, so that a second look-up changes nothing."""
    guard, inner = guarded("93.184.216.34", "2606:2800:220:1::1")
    await guard.handle_async_request(httpx.Request("POST", "https://ats.example.com:8443/hook"))
    (request,) = inner.requests
    assert str(request.url) == "https://93.184.216.34:8443/hook"
    assert request.headers["host"] == "ats.example.com:8443"
    assert request.extensions["sni_hostname"] == "ats.example.com"


@pytest.mark.parametrize(
    ("addresses", "url", "code"),
    [
        (("10.0.0.1",), "https://ats.example.com/", "private_address"),
        (("93.184.216.34", "127.0.0.1"), "https://ats.example.com/", "private_address"),
        ((), "https://ats.example.com/", "private_address"),
        (("93.184.216.34",), "http://ats.example.com/", "not_https"),
    ],
)
async def test_addresses_that_are_refused(addresses: tuple[str, ...], url: str, code: str) -> None:
    """One bad address of a name is enough, and nothing in clear text leaves for the internet."""
    guard, inner = guarded(*addresses)
    with pytest.raises(Refused) as refused:
        await guard.handle_async_request(httpx.Request("GET", url))
    assert (refused.value.code, inner.requests) == (code, [])


async def test_loopback_is_refused_unless_it_was_allowed(world: GenericWorld) -> None:
    """With the default reach not one byte goes to this machine, though something listens there."""
    public = create("generic", base_url=world.base_url, credentials=CREDENTIALS, options={"read_url": "records"})
    with pytest.raises(Refused):
        await public.read_application(APPLICATION)
    with pytest.raises(Refused):
        await public.add_note(APPLICATION, "x", visibility=Visibility.TEAM)
    await public.aclose()
    assert world.receiver.asked == []


async def test_names() -> None:
    """A name has its addresses, IPv4 first; one without any is a receiver that is not there."""
    assert [str(each) for each in await resolve("127.0.0.1", 80)] == ["127.0.0.1"]
    assert ip_address("127.0.0.1") == (await resolve("localhost", 80))[0]
    with pytest.raises(httpx.ConnectError):
        await resolve("x" * 70 + ".invalid", 80)
    nobody = GenericAdapter("https://" + "x" * 70 + ".invalid/", TOKEN, read_url="r", signing_secrets=(SIGNING,))
    with pytest.raises(Unavailable):
        await nobody.list_stages()
    await nobody.aclose()
