"""A vendor's token endpoint: refresh tokens are good for one use, codes too, and PKCE is checked."""

import asyncio
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from litestar import Litestar, Request, Response, post


@dataclass
class TokenEndpoint:
    """What was asked, and what is good now.

    ``held``: requests are used up and not answered until ``let_go``. ``forgiving``: the refresh token before the last is
    still taken, as some vendors do for a while.
    """

    refresh: str = "refresh-0"
    before: str = ""
    forgiving: bool = False
    held: bool = False
    failing: bool = False
    forms: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    granted: int = 0

    def app(self) -> Litestar:
        """The endpoint at ``/token``."""

        @post("/token", status_code=200)
        async def token(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
            form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
            self.forms.append(form)
            answer = self._grant(form)
            self.arrived.set()
            if self.held:
                await self.let_go.wait()
            if self.failing:
                return Response({"error": "server_error"}, status_code=503)
            return answer

        return Litestar([token], openapi_config=None, logging_config=None)

    def consent(self, code: str, *, challenge: str, redirect_uri: str) -> None:
        """The customer agreed in the browser."""
        self.codes[code] = (challenge, redirect_uri)

    def _grant(self, form: dict[str, str]) -> Response[dict[str, Any]]:
        if not self._good(form):
            return Response({"error": "invalid_grant"}, status_code=400)
        self.granted += 1
        self.before, self.refresh = self.refresh, f"refresh-{self.granted}"
        return Response({"access_token": f"access-{self.granted}", "expires_in": 3600, "refresh_token": self.refresh})

    def _good(self, form: dict[str, str]) -> bool:
        if form["grant_type"] == "authorization_code":
            challenge, redirect_uri = self.codes.pop(form["code"], ("", ""))
            proof = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            return proof == challenge and form["redirect_uri"] == redirect_uri
        return form["refresh_token"] == self.refresh or (self.forgiving and form["refresh_token"] == self.before)
