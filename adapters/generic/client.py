"""The two addresses: one that is read, and one that deliveries go to. One method per request."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urljoin

import httpx
import msgspec

from adapters.generic import mapping
from adapters.generic.egress import Endpoint, Guarded, Reach
from adapters.generic.standard import sign
from adapters.kit.http import TIMEOUT, HttpAnswer, HttpClient, utc_now

# Only names for the log: the addresses themselves may have something secret in them.
RECORDS, DELIVERIES = "/records", "/deliveries"


class GenericClient:
    """Requests to both addresses. Every method raises the contract's errors and gives the undecoded answer."""

    def __init__(
        self,
        *,
        deliver_to: str,
        read_from: str,
        token: str,
        secrets: Sequence[str],
        reach: Reach = Reach.PUBLIC,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        def endpoint(address: str) -> Endpoint:
            return Endpoint(transport or Guarded(reach), address, clock=clock)

        read_from = urljoin(deliver_to.rstrip("/") + "/", read_from)
        self._secrets, self._clock = secrets, clock
        self._reading = HttpClient(
            _origin(read_from),
            headers={"Authorization": f"Bearer {token}"},
            hints=mapping.hints,
            transport=endpoint(read_from),
            timeout=timeout,
            clock=clock,
        )
        self._sending = HttpClient(
            _origin(deliver_to),
            headers={"User-Agent": "Evenhand"},
            hints=mapping.hints,
            judge=mapping.judge_delivery,
            transport=endpoint(deliver_to),
            timeout=timeout,
            clock=clock,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._reading.aclose()
        await self._sending.aclose()

    async def about(self, what: str, application_id: str) -> bytes:
        """Read something about one application."""
        return await self._reading.read(RECORDS, params={"read": what, "application_id": application_id})

    async def changes(self, cursor: str | None, since: datetime | None) -> bytes:
        """Read which applications changed."""
        moment = {"since": since.astimezone(UTC).isoformat()} if since else {}
        return await self._reading.read(RECORDS, params={"read": "changes", "cursor": cursor or "", **moment})

    async def everything(self, what: str) -> HttpAnswer:
        """Read a list that is about no application, and the answer's clock."""
        return await self._reading.read_answer(RECORDS, params={"read": what})

    async def deliver(self, body: bytes, *, message_id: str) -> bytes:
        """Send one message, signed anew each time."""
        headers = sign(message_id, body, secrets=self._secrets, now=self._clock())
        return await self._sending.write("POST", DELIVERIES, body=msgspec.Raw(body), headers=headers)


def _origin(address: str) -> str:
    return str(httpx.URL(address).copy_with(raw_path=b"/", fragment=None))
