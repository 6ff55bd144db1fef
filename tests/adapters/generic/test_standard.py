"""Standard Webhooks: the published vector, both directions, every byte."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.errors import SignatureInvalid
from adapters.generic.standard import key_of, sign, verify
from tests.adapters.generic.simulator import SIGNING, signature, signed
from tests.adapters.suite import NOW, SECRET

NEXT = f"whsec_{b64encode(b'another secret for the time of change').decode()}"

# Published in the tests of the standard's own libraries.
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
VECTOR_TIME = datetime.fromtimestamp(1614265330, tz=UTC)


@pytest.mark.parametrize("name", ["webhook", "svix"])
def test_the_published_vector(name: str) -> None:
    """The vector verifies under both names, among signatures of other kinds and keys, five minutes either way."""
    headers = {key.replace("webhook", name): value for key, value in VECTOR.items()}
    verify(headers, VECTOR_BODY, secrets=[VECTOR_SECRET], now=VECTOR_TIME)
    crowd = f"v1a,AAAA v1,AAAA nonsense {headers[f'{name}-signature']} v2,x"
    for away in (timedelta(minutes=5), timedelta(minutes=-5)):
        verify(
            headers | {f"{name}-signature": crowd},
            VECTOR_BODY,
            secrets=[SIGNING, VECTOR_SECRET],
            now=VECTOR_TIME + away,
        )
    for away in (timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)):
        with pytest.raises(SignatureInvalid):
            verify(headers, VECTOR_BODY, secrets=[VECTOR_SECRET], now=VECTOR_TIME + away)


def test_the_vector_is_what_we_sign() -> None:
    """Sending signs as the standard's libraries do, and with two secrets while one is changed."""
    told = sign(VECTOR["webhook-id"], VECTOR_BODY, secrets=[VECTOR_SECRET], now=VECTOR_TIME)
    assert told == VECTOR
    both = sign("m", b"x", secrets=[VECTOR_SECRET, NEXT], now=VECTOR_TIME)
    for secret in (VECTOR_SECRET, NEXT):
        verify(both, b"x", secrets=[secret], now=VECTOR_TIME)


def test_every_byte_of_the_vector_counts() -> None:
    """Any one byte changed in body, id, time, signature or secret, and the delivery is refused."""
    for at in range(len(VECTOR_BODY)):
        spoiled = VECTOR_BODY[:at] + bytes([VECTOR_BODY[at] ^ 1]) + VECTOR_BODY[at + 1 :]
        with pytest.raises(SignatureInvalid):
            verify(VECTOR, spoiled, secrets=[VECTOR_SECRET], now=VECTOR_TIME)
    for header, value in VECTOR.items():
        for at in range(len(value)):
            headers = VECTOR | {header: value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]}
            with pytest.raises(SignatureInvalid):
                verify(headers, VECTOR_BODY, secrets=[VECTOR_SECRET], now=VECTOR_TIME)
    for at in range(len("whsec_"), len(VECTOR_SECRET)):
        other = VECTOR_SECRET[:at] + chr(ord(VECTOR_SECRET[at]) ^ 1) + VECTOR_SECRET[at + 1 :]
        with pytest.raises(SignatureInvalid):
            verify(VECTOR, VECTOR_BODY, secrets=[other], now=VECTOR_TIME)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"webhook-id": "msg.1"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "٤"},
        {"webhook-timestamp": "9" * 16},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,!"},
        {"webhook-signature": "v1,\udc80"},
        {"webhook-signature": VECTOR["webhook-signature"].replace("v1,", "v1a,")},
    ],
)
def test_headers_that_say_nothing(spoiled: dict[str, str]) -> None:
    """What is malformed is refused, and never another error."""
    with pytest.raises(SignatureInvalid):
        verify(VECTOR | spoiled, VECTOR_BODY, secrets=[VECTOR_SECRET], now=VECTOR_TIME)


def test_a_dot_does_not_move_the_border() -> None:
    """Where the id ends cannot be told otherwise: with a dot in it, even a right signature is refused."""
    headers = signed(b"x", SECRET, NOW, message_id="msg_1.5")
    with pytest.raises(SignatureInvalid):
        verify(headers, b"x", secrets=[SECRET], now=NOW)


def test_names_are_not_mixed() -> None:
    """The parts of one signature stand under one name."""
    one, other = signed(b"x", SECRET, NOW), signed(b"x", SECRET, NOW, name="svix")
    mixed = {"svix-id": other["svix-id"], "svix-timestamp": other["svix-timestamp"]} | {
        "webhook-signature": one["webhook-signature"]
    }
    with pytest.raises(SignatureInvalid):
        verify(mixed, b"x", secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!!", "whsec_é", "whsec_QUJD\nRA==", ""])
def test_secrets_that_verify_nothing(secret: str) -> None:
    """A secret that cannot be read is no secret, also for whoever signs with nothing."""
    assert key_of(secret) == b""
    headers = signed(b"x", "", NOW)
    with pytest.raises(SignatureInvalid):
        verify(headers, b"x", secrets=[secret], now=NOW)


@given(
    body=st.binary(max_size=200),
    message_id=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    key=st.binary(min_size=24, max_size=64),
)
def test_what_is_signed_verifies(body: bytes, message_id: str, key: bytes) -> None:
    """Whatever the bytes are, our own signature is the simulator's, and our own check takes it."""
    secret = f"whsec_{b64encode(key).decode()}"
    headers = sign(message_id, body, secrets=[secret], now=NOW)
    assert headers["webhook-signature"] == signature(secret, message_id, headers["webhook-timestamp"], body)
    verify(headers, body, secrets=[SIGNING, secret], now=NOW)
