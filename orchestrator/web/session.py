"""The signed-in browser: one opaque token in one cookie, and the only places that it may lead to after sign-in."""

import re
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

SESSION_SECONDS = 12 * 60 * 60
HOME = "/review"
_TEAM_PAGES = ("/review", "/results", "/operations", "/design")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~?=&%#-]+")


def session_token(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The token that the browser sent; None without a cookie."""
    return connection.cookies.get(_cookie_name(secure=_https(connection))) or None


def session_cookie(connection: ASGIConnection[Any, Any, Any, Any], token: str) -> Cookie:
    """The cookie that keeps somebody signed in. Scripts cannot read it, other sites cannot make the browser post it.

    Over https its name begins with ``__Host-``, so that no other host of the domain can plant one.
    """
    secure = _https(connection)
    return Cookie(
        key=_cookie_name(secure=secure),
        value=token,
        path="/",
        max_age=SESSION_SECONDS,
        httponly=True,
        secure=secure,
        samesite="lax",
    )


def no_session_cookie(connection: ASGIConnection[Any, Any, Any, Any]) -> Cookie:
    """The cookie that ends the session in the browser."""
    cookie = session_cookie(connection, "")
    cookie.max_age = 0
    return cookie


def safe_next(value: str | None) -> str:
    """Where to go after sign-in: a team page of this site, whatever was asked for.

    Only the path and query of a known page are kept, so a link to /sign-in can never lead to another site.
    """
    wanted = (value or "").strip()
    if not _PLAIN_PATH.fullmatch(wanted) or wanted.startswith("//"):
        return HOME
    parts = urlsplit(wanted)
    known = any(parts.path == page or parts.path.startswith(f"{page}/") for page in _TEAM_PAGES)
    if parts.scheme or parts.netloc or not known or ".." in parts.path:
        return HOME
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _https(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    # The public address decides, as for the CSRF cookie: behind a proxy the request itself may have come over http.
    csrf = connection.app.csrf_config
    return csrf is not None and csrf.cookie_secure


def _cookie_name(*, secure: bool) -> str:
    return "__Host-evenhand" if secure else "evenhand_session"
