"""Sign in and out. A wrong password, an unknown address and a closed account look the same; failing often is slow."""

import hashlib
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
)
from litestar.stores.base import Store
from msgspec import Struct

from orchestrator.errors import Unauthenticated
from orchestrator.web.session import no_session_cookie, safe_next, session_cookie, session_token
from orchestrator.web.team_services import Services, TeamServices
from orchestrator.web.typed import MAX_EMAIL, cleaned

PAUSE_SECONDS = 15 * 60
TRIES_PER_ADDRESS = 5
TRIES_PER_CLIENT = 20
WRONG = "That e-mail and password do not match an account here."
TOO_OFTEN = "That did not match several times in a row. Please wait 15 minutes, then try again."

AnyRequest = Request[Any, Any, State]


class SignInForm(Struct, frozen=True):
    """What the form posts."""

    email: str = ""
    password: str = ""
    next: str = ""


@get("/sign-in", summary="Sign in")
async def show_sign_in(
    request: AnyRequest,
    services: Services,
    wanted: Annotated[str | None, QueryParameter(name="next")] = None,
) -> Response[Any]:
    """The form. Somebody who is signed in already goes straight on."""
    token = session_token(request)
    if token and await services.accounts.account(token):
        return Redirect(safe_next(wanted), status_code=HTTP_303_SEE_OTHER)
    return _form(SignInForm(next=safe_next(wanted)), status=HTTP_200_OK)


@post("/sign-in", summary="Sign in", status_code=HTTP_303_SEE_OTHER)
async def sign_in(
    request: AnyRequest,
    services: Services,
    data: URLEncodedBody[SignInForm],
) -> Response[Any]:
    """Start a session, or show the form again with one message for every cause."""
    email = cleaned(data.email).strip()
    if not email or not data.password:
        missing = {
            field: words
            for field, words, value in (
                ("email", "Enter your e-mail address.", email),
                ("password", "Enter your password.", data.password),
            )
            if not value
        }
        return _form(data, status=HTTP_422_UNPROCESSABLE_ENTITY, errors=missing)
    tries = _Tries(request.app.stores.get("sign_in"), client=_client(request), email=email)
    if await tries.used_up():
        return _form(data, status=HTTP_429_TOO_MANY_REQUESTS, problem=TOO_OFTEN)
    try:
        token = await _session(services, email, data.password)
    except Unauthenticated:
        await tries.count()
        return _form(data, status=HTTP_422_UNPROCESSABLE_ENTITY, problem=WRONG)
    await tries.forget()
    return Redirect(safe_next(data.next), status_code=HTTP_303_SEE_OTHER, cookies=[session_cookie(request, token)])


@post("/sign-out", summary="Sign out", status_code=HTTP_303_SEE_OTHER)
async def sign_out(request: AnyRequest, services: Services) -> Response[Any]:
    """End the session, here and on the server. Without one, nothing happens."""
    if token := session_token(request):
        await services.accounts.sign_out(token)
    return Redirect("/sign-in", status_code=HTTP_303_SEE_OTHER, cookies=[no_session_cookie(request)])


class _Tries:
    """Failed sign-ins of one client, and of one client with one address; both are forgotten after a pause.

    A stranger elsewhere cannot lock anybody out, because an address is never counted alone.
    """

    def __init__(self, store: Store, *, client: str, email: str) -> None:
        self._store = store
        self._limits = {
            _key(client): TRIES_PER_CLIENT,
            _key(client, email.casefold()): TRIES_PER_ADDRESS,
        }

    async def used_up(self) -> bool:
        """Whether another try must wait."""
        return any([await self._tally(key) >= limit for key, limit in self._limits.items()])

    async def count(self) -> None:
        """Note a failed try; the pause begins anew."""
        for key in self._limits:
            await self._store.set(key, str(await self._tally(key) + 1), expires_in=PAUSE_SECONDS)

    async def forget(self) -> None:
        """After a sign-in that went well, the address starts from nothing; the client's other failures stay counted."""
        await self._store.delete(list(self._limits)[-1])

    async def _tally(self, key: str) -> int:
        return int(await self._store.get(key) or b"0")


async def _session(services: TeamServices, email: str, password: str) -> str:
    if len(email) > MAX_EMAIL:
        raise Unauthenticated(WRONG)
    return await services.accounts.sign_in(email, password)


def _key(*parts: str) -> str:
    # A hash, so that no address stands in a store.
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _client(request: AnyRequest) -> str:
    return request.client.host if request.client else "unknown"


def _form(
    data: SignInForm, *, status: int, errors: dict[str, str] | None = None, problem: str | None = None
) -> Template:
    headers = {"Retry-After": str(PAUSE_SECONDS)} if status == HTTP_429_TOO_MANY_REQUESTS else {}
    return Template(
        "team/sign_in.html",
        context={"email": data.email, "next": safe_next(data.next), "errors": errors or {}, "problem": problem},
        status_code=status,
        headers=headers,
    )


SIGN_IN_HANDLERS = (show_sign_in, sign_in, sign_out)
