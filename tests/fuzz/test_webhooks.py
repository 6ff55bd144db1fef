"""Verify and parse of every vendor: SignatureInvalid, PayloadInvalid, or events as the contract has them."""

import random
from dataclasses import replace
from itertools import islice

import pytest
from typing_extensions import override

from adapters.contract.errors import PayloadInvalid
from adapters.contract.events import Event, Ping
from adapters.registry import VENDORS
from adapters.sandbox.adapter import SandboxAdapter
from tests.fuzz.vendors import Target, target_of
from tests.fuzz.webhooks import Tally, deliveries, fuzz, main, report

BODIES = 10_000


class Frail(SandboxAdapter):
    """An adapter that breaks on one byte: what the fuzzer is for."""

    @override
    def parse(self, headers: object, body: bytes) -> tuple[Event, ...]:
        if b"\x00" in body:
            raise KeyError("application")
        return (Ping(),)


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_no_delivery_breaks_a_vendor(vendor: str) -> None:
    """Ten thousand made-up deliveries: none crashes, some are taken, most are not."""
    tally = Tally()
    fuzz(target_of(vendor), bodies=BODIES, seed=7, tally=tally)
    assert [report(crash) for crash in tally.crashes] == []
    assert tally.bodies == BODIES == tally.accepted + tally.refused
    assert tally.accepted > BODIES // 50 < tally.refused


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_documented_payloads_are_taken(vendor: str) -> None:
    """What the vendor documents, signed as it signs, gives events: the fuzzer begins where parse begins."""
    target = target_of(vendor)
    assert len(target.payloads) >= 3
    for body in target.payloads:
        assert target.adapter.parse(target.signed(body), body)


def test_the_same_seed_gives_the_same_deliveries() -> None:
    """A run can be repeated."""
    target = target_of("sandbox")
    first, again, other = (list(islice(deliveries(target, random.Random(seed)), 200)) for seed in (1, 1, 2))
    assert first == again != other


def test_a_crash_is_found_and_made_small() -> None:
    """A planted defect is reported once, with the one byte that does it and no header."""
    sandbox = target_of("sandbox")
    target: Target = replace(sandbox, adapter=Frail("https://ats.example.com", "key"))
    tally = Tally()
    fuzz(target, bodies=3_000, seed=1, tally=tally)
    [crash] = tally.crashes
    assert crash.delivery.body == b"\x00"
    assert "KeyError" in crash.what
    assert tally.last_line().endswith("crashes=1")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"id":"evt_1","type":"ping","deep":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        b'{"id":"evt_1","type":"application.updated","application_id":"","occurred_at":"2026-01-01T00:00:00Z"}',
        b'{"id":"evt_1","type":"application.updated","application_id":"a\\u0000","occurred_at":"2026-01-01T00:00:00Z"}',
        b'{"id":"evt_1","type":"application.updated","application_id":"a\\n","occurred_at":"2026-01-01T00:00:00Z"}',
        b'{"id":"evt_1","type":"application.updated","application_id":"a","occurred_at":"2026-01-01T00:00:00"}',
        b'{"id":"' + b"e" * 256 + b'","type":"ping"}',
    ],
)
def test_what_the_fuzzer_found_stays_mended(body: bytes) -> None:
    """Too deep, no id, an id that no database takes, a moment without a zone: a refused payload, not a crash."""
    with pytest.raises(PayloadInvalid):
        target_of("sandbox").adapter.parse({}, body)


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The command's last line has the figures, and its exit code says whether there were crashes."""
    assert main(["--bodies", "500", "--seed", "3"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("bodies=500 accepted=")
    assert last.endswith(" crashes=0")
