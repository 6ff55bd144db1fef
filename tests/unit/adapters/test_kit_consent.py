"""Asking for consent: the address is the vendor's, the proof stays with us, a refusal tells no secret."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs

import httpx
import pytest

from adapters.contract.errors import AuthRejected, PayloadInvalid, Unavailable
from adapters.kit.oauth import Consent, ConsentFlow

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BACK = "https://evenhand.example/operations/connections/north/consent/answer"
VERIFIER = "v" * 43
PLAIN = Consent(authorize_url="https://login.example/authorize?tenant=7", token_url="https://login.example/oauth/token")


def flow(
    consent: Consent, answer: httpx.Response | None = None, asked: list[httpx.Request] | None = None
) -> ConsentFlow:
    """A flow whose vendor gives one answer."""

    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        assert answer is not None
        return answer

    return ConsentFlow(
        consent,
        client_id="us & them",
        client_secret="s3cret",
        redirect_uri=BACK,
        transport=httpx.MockTransport(handle),
        clock=lambda: NOW,
    )


def test_the_address_has_what_the_standard_and_the_vendor_want() -> None:
    """What stood in it stays; the proof is there as a hash only."""
    consent = Consent(
        authorize_url=PLAIN.authorize_url,
        token_url=PLAIN.token_url,
        scopes=("read", "write"),
        audience="https://api.example/",
        more={"prompt": "consent"},
    )
    address = httpx.URL(flow(consent).address(state="a-state", verifier=VERIFIER))
    assert dict(address.params) == {
        "tenant": "7",
        "response_type": "code",
        "client_id": "us & them",
        "redirect_uri": BACK,
        "state": "a-state",
        "scope": "read write",
        "audience": "https://api.example/",
        "prompt": "consent",
        "code_challenge": urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert VERIFIER not in str(address)


def test_a_vendor_that_wants_less() -> None:
    """No scope, no audience and no proof where the description says so."""
    consent = Consent(authorize_url=PLAIN.authorize_url, token_url=PLAIN.token_url, pkce=False)
    params = httpx.URL(flow(consent).address(state="a-state", verifier=VERIFIER)).params
    assert {"scope", "audience", "code_challenge", "code_challenge_method"} & set(params) == set()


@pytest.mark.parametrize("pkce", [True, False])
async def test_a_code_becomes_tokens(*, pkce: bool) -> None:
    """With the address that was asked with, and the proof where there is one."""
    asked: list[httpx.Request] = []
    consent = Consent(authorize_url=PLAIN.authorize_url, token_url=PLAIN.token_url, pkce=pkce)
    answer = httpx.Response(200, json={"access_token": "a", "refresh_token": "r", "expires_in": 3600})
    tokens = await flow(consent, answer, asked).exchange("a-code", verifier=VERIFIER)
    assert (tokens.access, tokens.refresh, tokens.expires_at) == ("a", "r", NOW + timedelta(hours=1))
    [request] = asked
    assert str(request.url) == PLAIN.token_url
    assert request.headers["Authorization"].startswith("Basic ")
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    proof = {"code_verifier": VERIFIER} if pkce else {}
    assert form == {"grant_type": "authorization_code", "code": "a-code", "redirect_uri": BACK, **proof}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), AuthRejected),
        (httpx.Response(401), AuthRejected),
        (httpx.Response(404), AuthRejected),
        (httpx.Response(503), Unavailable),
        (httpx.Response(200, json={"token": "a"}), PayloadInvalid),
    ],
)
async def test_a_code_that_becomes_none(answer: httpx.Response, error: type[Exception]) -> None:
    """In words without code, proof or secret."""
    with pytest.raises(error) as caught:
        await flow(PLAIN, answer).exchange("a-code", verifier=VERIFIER)
    assert [secret for secret in ("a-code", VERIFIER, "s3cret") if secret in str(caught.value)] == []
