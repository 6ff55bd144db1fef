"""OAuth 2 tokens: got when they are needed, renewed once for all processes, kept before they are used (RFC 6749, §4.1–6).

A new access token can end the old one (single active token), and a refresh token can be good for one use. So one process
renews at a time, looks first whether another one did, and what comes is on disk before anybody uses it.
"""

import asyncio
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote_plus

import httpx
import msgspec
from msgspec import Meta, Struct

from adapters.contract.errors import AuthRejected, NotFound, PermissionMissing, Refused
from adapters.contract.tokens import Tokens, TokenStore, TokenTurn
from adapters.kit.http import HttpClient, utc_now
from adapters.kit.payload import decode

EARLY = timedelta(seconds=60)
"""A token that ends within this is renewed before it is used: a request takes time, and clocks differ."""

LAST_WAIT = 10.0
"""Seconds that a renewal has to end when whoever waited for it is cancelled: with what went before, less than a turn."""

_REFUSED = (Refused, AuthRejected, PermissionMissing, NotFound)


class _TokenAnswer(Struct, frozen=True):
    """RFC 6749 §5.1; some vendors give the end as a moment (``expires_at``) instead of a number of seconds."""

    access_token: Annotated[str, Meta(min_length=1)]
    expires_in: float | str | None = None
    expires_at: str | float | None = None
    refresh_token: str | None = None


class MemoryTokens:
    """A store for one process: for client credentials, where what is lost is simply asked for again."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = asyncio.Lock()

    async def read(self) -> Tokens | None:
        """What is kept now."""
        return self._tokens

    async def keep(self, tokens: Tokens) -> None:
        """Keep new tokens."""
        self._tokens = tokens

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["MemoryTokens"]:
        """Wait until nobody else renews."""
        async with self._lock:
            yield self


class OAuth:
    """The credentials of one connection, for ``HttpClient(credentials=...)``.

    ``endpoint`` is a client on the token endpoint's host and ``path`` the path there. With ``grant`` (the form fields of
    a client-credentials grant) a token can be had at any time; without it the store must hold a refresh token from the
    customer's consent. ``last_wait`` is for tests.
    """

    def __init__(
        self,
        endpoint: HttpClient,
        path: str,
        *,
        client_id: str,
        client_secret: str,
        store: TokenStore,
        grant: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = utc_now,
        last_wait: float = LAST_WAIT,
    ) -> None:
        self._endpoint, self._path, self._store, self._grant, self._clock = endpoint, path, store, grant, clock
        self._last_wait = last_wait
        self._basic = _basic(client_id, client_secret)
        self._tokens: Tokens | None = None

    async def headers(self) -> Mapping[str, str]:
        """The bearer header.

        Raises:
            AuthRejected: there is no token and none can be had: the customer must connect again.
            AdapterError: the token endpoint did not answer.
        """
        tokens = self._tokens or await self._store.read()
        if tokens is None or self._ends(tokens):
            tokens = await self._renewed(tokens.access if tokens else None)
        self._tokens = tokens
        return _bearer(tokens)

    async def renew(self, rejected: Mapping[str, str]) -> bool:
        """Get another token than the rejected one, unless another process has it already."""
        self._tokens = await self._renewed(rejected.get("Authorization", "").removeprefix("Bearer "))
        return _bearer(self._tokens) != rejected

    async def aclose(self) -> None:
        """Close the client of the token endpoint."""
        await self._endpoint.aclose()

    def _ends(self, tokens: Tokens) -> bool:
        return tokens.expires_at is not None and tokens.expires_at <= self._clock() + EARLY

    async def _renewed(self, used: str | None) -> Tokens:
        async with self._store.turn() as turn:
            kept = await turn.read()
            if kept is not None and kept.access != used and not self._ends(kept):
                return kept
            return await _to_the_end(self._asked(turn, kept), last_wait=self._last_wait)

    async def _asked(self, turn: TokenTurn, kept: Tokens | None) -> Tokens:
        form = self._form(kept)
        try:
            body = await self._endpoint.ask_form(self._path, form, headers=self._basic)
        except _REFUSED:
            raise AuthRejected("the token endpoint refused to renew: connect this account again") from None
        tokens = _tokens(body, self._clock(), refresh=kept.refresh if kept else None)
        await turn.keep(tokens)
        return tokens

    def _form(self, kept: Tokens | None) -> Mapping[str, str]:
        if self._grant is not None:
            return self._grant
        if kept is None or not kept.refresh:
            raise AuthRejected("nobody has connected this account yet")
        return {"grant_type": "refresh_token", "refresh_token": kept.refresh}


class Consent(Struct, frozen=True, kw_only=True):
    """How a vendor asks the customer for consent (authorization code, RFC 6749 §4.1).

    ``audience`` and ``more`` are parameters that a vendor wants beside the standard's; ``pkce`` binds the code to who
    asked (RFC 7636), and a vendor that does not know it overlooks it.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...] = ()
    audience: str | None = None
    pkce: bool = True
    more: Mapping[str, str] = {}


class ConsentFlow:
    """Asks for consent and turns the answer into tokens. ``redirect_uri`` is where the vendor sends the browser back to."""

    def __init__(
        self,
        consent: Consent,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.consent, self.redirect_uri = consent, redirect_uri
        self._client_id, self._transport, self._clock = client_id, transport, clock
        self._basic = _basic(client_id, client_secret)

    def address(self, *, state: str, verifier: str) -> str:
        """The address to open in the administrator's browser. ``verifier`` (43 to 128 characters) stays with us."""
        consent = self.consent
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.redirect_uri,
            "state": state,
            **({"scope": " ".join(consent.scopes)} if consent.scopes else {}),
            **({"audience": consent.audience} if consent.audience else {}),
            **consent.more,
        }
        if consent.pkce:
            challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return str(httpx.URL(consent.authorize_url).copy_merge_params(query))

    async def exchange(self, code: str, *, verifier: str) -> Tokens:
        """Turn the code into tokens. A code lives for a minute or so and is good once: nothing comes before this.

        Raises:
            AuthRejected: the vendor does not take the code; ask for consent again.
            AdapterError: the token endpoint did not answer.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        form |= {"code_verifier": verifier} if self.consent.pkce else {}
        url = httpx.URL(self.consent.token_url)
        endpoint = HttpClient(str(url.copy_with(raw_path=b"/")), headers={}, transport=self._transport)
        try:
            body = await endpoint.ask_form(url.path, form, headers=self._basic)
        except _REFUSED:
            raise AuthRejected("the vendor did not take the code: ask for consent again") from None
        finally:
            await endpoint.aclose()
        return _tokens(body, self._clock(), refresh=None)


async def _to_the_end(renewal: Coroutine[None, None, Tokens], *, last_wait: float) -> Tokens:
    """Wait for a renewal; whoever is cancelled meanwhile lets it end, for the refresh token may be used up already."""
    task = asyncio.ensure_future(renewal)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=last_wait)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


def _basic(client_id: str, client_secret: str) -> Mapping[str, str]:
    # RFC 6749 §2.3.1: both are form-encoded before they become a Basic header.
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _tokens(body: bytes, now: datetime, *, refresh: str | None) -> Tokens:
    answer = decode(body, _TokenAnswer, what="the answer of the token endpoint")
    return Tokens(access=answer.access_token, expires_at=_end(answer, now), refresh=answer.refresh_token or refresh)


def _bearer(tokens: Tokens) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {tokens.access}"}


def _end(answer: _TokenAnswer, now: datetime) -> datetime | None:
    if answer.expires_at is not None:
        try:
            end = msgspec.convert(answer.expires_at, datetime, strict=False)
        except msgspec.ValidationError:
            return None
        return end if end.tzinfo else end.replace(tzinfo=UTC)
    if answer.expires_in is None:
        return None
    try:
        return now + timedelta(seconds=float(answer.expires_in))
    except (ValueError, OverflowError):
        # No number, none that counts seconds, or an end that no calendar has: the token itself is good.
        return None
