"""What people type and browsers send: cleaned, refused in words, or led to a page of this site."""

import asyncio
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request
from litestar.exceptions import ClientException, HTTPException
from litestar.testing import RequestFactory

from orchestrator.errors import InputInvalid, Missing
from orchestrator.services.links import LinkMaker, token_hash
from orchestrator.web.candidate_flow import typed_answer
from orchestrator.web.session import HOME, safe_next, session_token
from orchestrator.web.typed import cleaned, key_in_address, reason_typed, work_number
from tests.fuzz.chance import TEXT, bodies

PAGES = ("/review", "/results", "/operations", "/design")
FORM = b"answer=I%20did&revision=2&go=next&_csrf_token=x"
PART = b'--x\r\nContent-Disposition: form-data; name="answer"\r\n\r\nI did\r\n--x--\r\n'
SCOPE = RequestFactory().post("/").scope
KINDS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    ";",
)


def asked(headers: Mapping[str, bytes], body: bytes = b"") -> Request[Any, Any, Any]:
    """A request as it comes from the server."""
    scope: Any = {name: value for name, value in SCOPE.items() if not name.startswith("_ls_")}
    scope |= {"state": {}, "headers": [(name.encode(), value) for name, value in headers.items()]}

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


@given(TEXT)
def test_cleaned_text_fits_every_database(text: str) -> None:
    """No NUL, no control characters, no halves of pairs; and cleaning twice changes nothing."""
    clean = cleaned(text)
    assert all(one in "\n\t" or unicodedata.category(one) not in {"Cc", "Cs"} for one in clean)
    clean.encode()
    assert cleaned(clean) == clean


@given(TEXT)
def test_next_leads_to_a_page_of_this_site(wanted: str) -> None:
    """After sign-in: a team page, never another host."""
    following = safe_next(wanted)
    parts = urlsplit(following)
    assert not parts.scheme
    assert not parts.netloc
    assert following == HOME or parts.path.startswith(PAGES)


@given(TEXT, st.integers())
def test_keys_and_numbers_in_an_address(key: str, number: int) -> None:
    """A key or number of an address is one that a row can have, or nothing is there."""
    try:
        assert cleaned(key_in_address(key)) == key
    except Missing:
        assert cleaned(key) != key
    try:
        assert 1 <= work_number(number) < 2**63
    except Missing:
        assert not 1 <= number < 2**63


@given(TEXT)
def test_reasons(reason: str) -> None:
    """A reason is clean and short enough, or InputInvalid."""
    if len(cleaned(reason).strip()) > 2000:
        with pytest.raises(InputInvalid):
            reason_typed(reason)
    else:
        assert reason_typed(reason) == cleaned(reason).strip()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_tokens(token: str) -> None:
    """Any text of an address or cookie has a fingerprint to look for; nothing of it is stored."""
    fingerprint = LinkMaker(base_url="http://127.0.0.1", secret_key="k" * 32).fingerprint(token)
    assert len(fingerprint) == len(token_hash(token)) == 64


@given(st.binary(max_size=300))
def test_cookies(cookie: bytes) -> None:
    """Any bytes in a Cookie header: a token or none."""
    token = session_token(asked({"cookie": cookie}))
    assert token is None or token


@given(bodies(FORM, PART), st.sampled_from(KINDS))
def test_answers_of_a_form(body: bytes, kind: str) -> None:
    """An answer with its revision, or a 4xx; never an empty answer in place of one that could not be read."""
    try:
        text, revision = asyncio.run(typed_answer(asked({"content-type": kind.encode()}, body)))
    except ClientException:
        return
    assert cleaned(text) == text
    assert revision is None or 0 <= revision < 10**9


def test_a_missing_answer_is_no_empty_answer() -> None:
    """What is saved must not be wiped by a form that lost its field."""
    with pytest.raises(HTTPException):
        asyncio.run(typed_answer(asked({"content-type": KINDS[0].encode()}, b"revision=1")))


def test_an_answer_arrives() -> None:
    """What the properties above bend is read when it is whole."""
    for kind, body in zip(KINDS, (FORM, PART), strict=False):
        text, _ = asyncio.run(typed_answer(asked({"content-type": kind.encode()}, body)))
        assert text == "I did"
