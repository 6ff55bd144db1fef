"""A process that needs a token: ``python -m tests.integration.services.renewing URL ENDPOINT KEY LEASE``.

Prints the token that it may use, or the name of the error that kept it from one.
"""

import asyncio
import sys

from adapters.contract.errors import AdapterError
from adapters.kit.http import HttpClient
from adapters.kit.oauth import LAST_WAIT, OAuth
from orchestrator.db.session import Database
from orchestrator.ports import SystemClock
from orchestrator.services.credentials.sealing import KeyRing
from orchestrator.services.credentials.tokens import DatabaseTokens

CONNECTION, BOUND = "north", "an account"


def store(database: Database, key: str, *, lease: float = 10.0) -> DatabaseTokens:
    """The tokens of the connection as this process sees them."""
    return DatabaseTokens(
        database, SystemClock(), KeyRing([key]), connection=CONNECTION, bound=BOUND, lease=lease, patience=20.0
    )


def oauth(tokens: DatabaseTokens, endpoint: str, *, last_wait: float = LAST_WAIT) -> OAuth:
    """The credentials of the connection."""
    return OAuth(
        HttpClient(endpoint, headers={}),
        "/token",
        client_id="us",
        client_secret="our secret",
        store=tokens,
        last_wait=last_wait,
    )


async def main(url: str, endpoint: str, key: str, lease: str) -> None:
    """Ask for headers once."""
    database = Database(url)
    credentials = oauth(store(database, key, lease=float(lease)), endpoint)
    try:
        said = (await credentials.headers())["Authorization"]
    except AdapterError as error:
        said = type(error).__name__
    finally:
        await credentials.aclose()
        await database.aclose()
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
