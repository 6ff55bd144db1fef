"""Greenhouse's deliveries: the published signature, every change of one byte, every documented action, the sender."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.errors import SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.greenhouse.manifest import MANIFEST
from adapters.greenhouse.webhook import parse, verify
from tests.adapters.greenhouse.hooks import Sender, about, signature
from tests.adapters.greenhouse.records import AI_INTERVIEW, APPLICATION, Records
from tests.adapters.greenhouse.world import payload
from tests.fixtures.receiver import receiving

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
# Published in issue 276 of grnhse/greenhouse-api-docs.
VECTOR_SECRET = "1uSUju2H6AohOE7OQVaxeLT3O8Uxxuas"
VECTOR_SIGNATURE = "sha256 395b1309fd37f0732d1ed11c15e03edd61b818918df6bf93be7c71bafb09c877"
VECTOR_BODY = (
    b'{"action":"ping","payload":{"web_hook_id":4001693002,"endpoint_url":"https://67e09e60.ngrok.io/webhooks",'
    b'"created_at":"2018-12-20T15:43:12Z","updated_at":"2018-12-27T09:40:14Z","name":"Job Post Create",'
    b'"event":"Job Post Created","active":true,"content-type":"application/json"}}'
)


def changed(text: bytes) -> Iterator[bytes]:
    """The text with one byte changed, at every place; taken out, at every place; and one more at both ends."""
    for place in range(len(text)):
        yield text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        yield text[:place] + bytes([text[place] ^ 0x20]) + text[place + 1 :]
        yield text[:place] + text[place + 1 :]
    yield text + b" "
    yield b" " + text


def verified(header: str, body: bytes, secret: str) -> bool:
    try:
        verify({"signature": header}, body, secrets=[secret], now=NOW)
    except SignatureInvalid:
        return False
    return True


def test_the_published_vector_verifies() -> None:
    """The delivery that somebody published verifies, and is a ping."""
    assert verified(VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_SECRET)
    assert parse({}, VECTOR_BODY) == (Ping(),)


def test_every_changed_byte_is_refused() -> None:
    """One byte of body, header or secret changed, missing or added: refused, wherever it is."""
    assert not [body for body in changed(VECTOR_BODY) if verified(VECTOR_SIGNATURE, body, VECTOR_SECRET)]
    headers = [one.decode("latin-1") for one in changed(VECTOR_SIGNATURE.encode())]
    assert not [header for header in headers if verified(header, VECTOR_BODY, VECTOR_SECRET)]
    secrets = [one.decode("latin-1") for one in changed(VECTOR_SECRET.encode())]
    assert not [secret for secret in secrets if verified(VECTOR_SIGNATURE, VECTOR_BODY, secret)]


@pytest.mark.parametrize("away", [timedelta(0), timedelta(days=400), timedelta(days=-400)])
def test_no_time_is_signed(away: timedelta) -> None:
    """Greenhouse signs no time, so none is compared; the README says what that means."""
    verify({"signature": VECTOR_SIGNATURE}, VECTOR_BODY, secrets=[VECTOR_SECRET], now=NOW + away)


def test_the_bytes_are_signed_and_not_their_meaning() -> None:
    """The escaped body verifies as it came; written again by our JSON it does not."""
    body = payload("candidate_stage_change")
    assert b"\\u003cp\\u003e" in body
    header = signature(body, "secret")
    assert verified(header, body, "secret")
    again = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    assert json.loads(again) == json.loads(body)
    assert not verified(header, again, "secret")


@pytest.mark.parametrize("header", ["sha256=", "sha1 ", "SHA256 ", "sha256  ", ""])
def test_another_scheme_is_refused(header: str) -> None:
    """Only ``sha256``, one space and the digest count."""
    assert not verified(header + VECTOR_SIGNATURE.removeprefix("sha256 "), VECTOR_BODY, VECTOR_SECRET)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("candidate_stage_change", StageChanged(application_id="265277", delivery_id="e-1")),
        ("application_updated", ApplicationChanged(application_id="265277", delivery_id="e-1")),
        ("new_candidate_application", ApplicationChanged(application_id="265277", delivery_id="e-1")),
        ("hire_candidate", ApplicationChanged(application_id="265277", delivery_id="e-1")),
        ("reject_candidate", ApplicationChanged(application_id="265277", delivery_id="e-1")),
        ("delete_application", ApplicationChanged(application_id="265277", delivery_id="e-1")),
        ("merge_candidate", Unknown(kind="merge_candidate", delivery_id="e-1")),
        ("candidate_anonymized", Unknown(kind="candidate_anonymized", delivery_id="e-1")),
        ("job_created", Unknown(kind="job_created", delivery_id="e-1")),
        ("ping", Ping()),
    ],
)
def test_documented_actions(name: str, event: Event) -> None:
    """Each documented payload is the event that it says, with the id of the delivery."""
    assert parse({"greenhouse-event-id": "e-1"}, payload(name)) == (event,)


@pytest.mark.parametrize("header", ["", "a b", "é", "x" * 256, "line\nbreak"])
def test_a_delivery_id_that_is_no_word_is_none(header: str) -> None:
    """The unsigned header gives an id only where it is a plain word."""
    (event,) = parse({"greenhouse-event-id": header}, payload("candidate_stage_change"))
    assert event == StageChanged(application_id="265277")


async def test_deliveries_until_exactly_200() -> None:
    """202 is no success for Greenhouse, so the manifest says 200; lost, doubled and reordered ones still tell the move."""
    assert MANIFEST.answer_status == 200
    records = Records()
    async with receiving(202, 200, 200, 200, 200, 200) as receiver:
        sender = Sender(receiver.url, "secret", twice=True, backwards=True, lose=1)
        for _ in range(2):
            records.move(APPLICATION, AI_INTERVIEW)
            sender.post(about("candidate_stage_change", records, APPLICATION))
        assert sorted(await sender.flush()) == [0, 200, 200, 200, 200, 202]
        got = receiver.got
    assert len({one.headers["greenhouse-event-id"] for one in got}) == 2
    for one in got:
        verify(one.headers, one.body, secrets=["secret"], now=NOW)
        (event,) = parse(one.headers, one.body)
        assert isinstance(event, StageChanged)
        assert event.application_id == str(APPLICATION)
