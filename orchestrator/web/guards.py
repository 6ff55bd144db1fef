"""Who may open which team page. Every team route needs an account; the guard sits on the router, so none can forget it."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from orchestrator.db.models.account import Role
from orchestrator.errors import Forbidden, Unauthenticated
from orchestrator.services.views import Account
from orchestrator.web.session import session_token
from orchestrator.web.team_services import TeamServices

TeamRequest = Request[Account, str, State]


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard: put the account of the session into ``request.user``, and what is stopped by hand where every page shows it.

    Raises:
        Unauthenticated: no cookie, or a session that ended.
    """
    token = session_token(connection)
    services = await _services(handler)
    account = await services.accounts.account(token) if token else None
    if account is None:
        raise Unauthenticated("Please sign in to go on.")
    connection.scope["user"] = account
    connection.scope["state"]["stops"] = await services.stopping.listed()


def reviewers_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard for review routes, after ``signed_in``.

    Raises:
        Forbidden: the account neither reviews nor administers.
    """
    _needs(connection, Role.RECRUITER, Role.ADMIN)


def admins_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard for routes that change how Evenhand runs, after ``signed_in``.

    Raises:
        Forbidden: the account does not administer.
    """
    _needs(connection, Role.ADMIN)


def _needs(connection: ASGIConnection[Any, Any, Any, Any], *roles: Role) -> None:
    account: Account = connection.user
    if account.role not in roles:
        raise Forbidden("Your account cannot do this. Someone with the right role can.")


async def _services(handler: BaseRouteHandler) -> TeamServices:
    # Guards run before injection, so the app's own provider is asked: one place still decides what the services are.
    services: TeamServices = await handler.resolve_dependencies()["services"]()
    return services
