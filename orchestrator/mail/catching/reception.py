"""The SMTP side of the mail catcher: takes everything for anyone, except where a fault is switched on."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from orchestrator.mail.catching.store import MailStore

LARGEST_MESSAGE = 10 * 1024 * 1024  # bytes


class Reception(SMTP):
    """One SMTP conversation. It is in ``open_ones`` for as long as it is connected."""

    def __init__(self, store: MailStore, open_ones: "set[Reception]") -> None:
        self._store, self._open_ones = store, open_ones
        self.closed = asyncio.Event()
        super().__init__(
            self,
            data_size_limit=LARGEST_MESSAGE,
            enable_SMTPUTF8=True,
            hostname="mail-catcher.invalid",
            ident="Evenhand mail catcher",
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember that the conversation is open."""
        self._open_ones.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the conversation."""
        self._open_ones.discard(self)
        self.closed.set()
        super().connection_lost(error)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds hooks by this name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take any recipient, unless a permanent fault is on."""
        if self._store.faults.take_permanent():
            return f"550 5.1.1 <{address}> is not known here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds hooks by this name
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the message, unless a temporary fault is on; a drop keeps it and says nothing."""
        faults = self._store.faults
        if faults.take_temporary():
            return "451 4.3.0 Try again later"
        self._store.keep(
            envelope.original_content or b"", sender=envelope.mail_from or "", recipients=list(envelope.rcpt_tos)
        )
        if faults.take_drop():
            self.hang_up()
        return "250 2.0.0 OK"

    def hang_up(self) -> None:
        """End the connection at once, without a word."""
        cast("asyncio.WriteTransport", self.transport).abort()


@asynccontextmanager
async def receiving(store: MailStore, listener: socket.socket) -> AsyncIterator[None]:
    """Accept mail on a bound socket; on leaving, end the listener and every open conversation."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # below that it writes every address it sees
    open_ones: set[Reception] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Reception(store, open_ones), sock=listener)
    try:
        yield
    finally:
        server.close()
        for conversation in tuple(open_ones):
            conversation.hang_up()
            await conversation.closed.wait()
        await server.wait_closed()
