"""The last step of SMTP, with a question in the middle of it.

A worker can be frozen at any line, and another sends the mail meanwhile. So whether the work is still its own is asked
after the server's 354, where only the content is left to be written: no wait lies between that answer and the content.
"""

import re
from typing import Any

from aiosmtplib import SMTP, SMTPDataError, SMTPResponse, SMTPServerDisconnected, SMTPStatus

from orchestrator.ports import Confirm

_LINE_ENDING = re.compile(rb"\r\n|\n|\r")
_LEADING_PERIOD = re.compile(rb"(?m)^\.")


class HandOver(SMTP):
    """One connection to a mail server that asks ``confirm`` before it gives the content of a mail away."""

    def __init__(self, confirm: Confirm | None, **settings: Any) -> None:
        super().__init__(**settings)
        self._confirm = confirm

    async def data(self, message: str | bytes, /, **_: Any) -> SMTPResponse:
        """Say DATA, confirm, write the content (RFC 5321 §4.1.1.4).

        Raises:
            SMTPDataError: the server does not take it.
            SMTPServerDisconnected: the connection is lost, so nobody knows whether it did.
        """
        content = as_transmitted(message.encode("ascii") if isinstance(message, str) else message)
        ready = await self.execute_command(b"DATA")
        if ready.code != SMTPStatus.start_input:
            raise SMTPDataError(ready.code, ready.message)
        if self._confirm is not None:
            await self._confirm()
        if self.protocol is None:
            raise SMTPServerDisconnected("the connection was closed before the content was written")
        self.protocol.write(content)
        taken = await self.protocol.read_response(timeout=self.timeout)
        if taken.code != SMTPStatus.completed:
            raise SMTPDataError(taken.code, taken.message)
        return taken


def as_transmitted(message: bytes) -> bytes:
    """The content as it goes over the wire: CRLF at the end of lines, a leading period doubled, a lone one at the end."""
    lines = _LINE_ENDING.sub(b"\r\n", message)
    ended = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return _LEADING_PERIOD.sub(b"..", ended) + b".\r\n"
