"""Mail over SMTP.

SMTP has no idempotency: a crash between the server's 250 and our commit leaves us unsure. So the same mail always
carries the same Message-ID, and ``accepted`` asks a look-up (where the mail server offers one) before it is sent again.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from orchestrator.domain.doctor_facts import ServiceState
from orchestrator.errors import MailFailed, SettingsInvalid
from orchestrator.mail.hand_over import HandOver
from orchestrator.mail.letter import Letter, bare_message_id, compose
from orchestrator.mail.question import ask_server
from orchestrator.ports import Clock, Confirm, Mail, SystemClock

Lookup = Callable[[str], Awaitable[bool]]
"""Given a Message-ID without brackets, says whether the mail server has it; raises MailFailed where it cannot ask."""

PERMANENT_FROM = 500
PERMANENT_TO = 599

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"  # loopback and trusted networks only; credentials are refused
    STARTTLS = "starttls"
    TLS = "tls"


class SmtpMailer:
    """Hands each mail to one SMTP server, one connection per mail. ``timeout`` is in seconds per step."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender_name: str,
        sender_address: str,
        username: str | None = None,
        password: str | None = None,
        security: Security = Security.STARTTLS,
        timeout: float = 20.0,
        lookup: Lookup | None = None,
        clock: Clock | None = None,
    ) -> None:
        if security is Security.NONE and (username or password):
            raise SettingsInvalid("a mail user and password need STARTTLS or TLS: they would travel in the clear")
        self._host, self._port = host, port
        self._sender_name, self._sender_address = sender_name, sender_address
        self._username, self._password = username, password
        self._security, self._timeout = security, timeout
        self._lookup = lookup
        self._clock = clock or SystemClock()

    async def accepted(self, message_id: str) -> bool:
        """Ask the look-up; False without one.

        Raises:
            MailFailed: the id cannot be used, or the look-up cannot be reached.
        """
        wanted = bare_message_id(message_id)
        return False if self._lookup is None else await self._lookup(wanted)

    async def send(self, mail: Mail, *, confirm: Confirm | None = None) -> None:
        """Hand the mail over; returns once the server took responsibility for it.

        ``confirm`` is asked when the server has said that it takes the content; nothing but the content follows. A reply
        that is lost on the way counts as retryable: ask ``accepted`` before the next try.

        Raises:
            MailFailed: neither the address nor the content is in the message, nor in any chained error.
        """
        letter = compose(
            mail, sender_name=self._sender_name, sender_address=self._sender_address, now=self._clock.now()
        )
        failure = await self._deliver(letter, confirm)
        if failure is not None:
            raise failure

    async def question(self) -> ServiceState:
        """Ask the server whether it would let us send, and send nothing."""
        return await ask_server(
            self._client(bare=True),
            starttls=self._security is Security.STARTTLS,
            username=self._username,
            password=self._password,
            sender=self._sender_address,
        )

    async def _deliver(self, letter: Letter, confirm: Confirm | None) -> MailFailed | None:
        client = self._client(confirm=confirm)
        try:
            return await _connect(client) or await _hand_over(client, letter)
        finally:
            client.close()

    def _client(self, *, bare: bool = False, confirm: Confirm | None = None) -> SMTP:
        """``bare``: it neither starts TLS nor signs in by itself."""
        return HandOver(
            confirm,
            hostname=self._host,
            port=self._port,
            # The library would look up this machine's name otherwise, which blocks and tells the server who we are.
            local_hostname=self._sender_address.rpartition("@")[2],
            username=None if bare else self._username,
            password=None if bare else self._password,
            use_tls=self._security is Security.TLS,
            start_tls=self._security is Security.STARTTLS and not bare,
            timeout=self._timeout,
        )


async def _connect(client: SMTP) -> MailFailed | None:
    """Connect and sign in. Whatever goes wrong here is not the mail's fault, so another try is worth it."""
    try:
        await client.connect()
    except SMTPResponseException as error:
        return _shut_out(error)
    except (SMTPException, OSError) as error:
        return MailFailed(f"the mail server cannot be used ({type(error).__name__})", retryable=True)
    return None


async def _hand_over(client: SMTP, letter: Letter) -> MailFailed | None:
    options = ["SMTPUTF8"] if letter.utf8 else []
    try:
        await client.sendmail(letter.sender, [letter.recipient], letter.content, mail_options=options)
    except SMTPRecipientsRefused as error:
        return _refused(error.recipients[0])
    except SMTPHeloError as error:  # the library greets as late as here where it needs neither TLS nor a sign-in
        return _shut_out(error)
    except SMTPResponseException as error:
        return _refused(error)
    except SMTPNotSupported:
        return MailFailed("the mail server cannot write to an address outside ASCII", retryable=False)
    except (SMTPException, OSError) as error:
        return MailFailed(f"the connection to the mail server was lost ({type(error).__name__})", retryable=True)
    with suppress(SMTPException, OSError):  # the mail is theirs by now: a broken goodbye changes nothing
        await client.quit()
    return None


def _shut_out(error: SMTPResponseException) -> MailFailed:
    return MailFailed(f"the mail server did not let us in: {_reply(error)}", retryable=True)


def _refused(error: SMTPResponseException) -> MailFailed:
    whom = "the recipient" if isinstance(error, SMTPRecipientRefused) else "the message"
    permanent = PERMANENT_FROM <= error.code <= PERMANENT_TO
    return MailFailed(f"the mail server did not take {whom}: {_reply(error)}", retryable=not permanent)


def _reply(error: SMTPResponseException) -> str:
    """The codes only: the words of a reply often repeat the address."""
    enhanced = _ENHANCED.match(error.message)
    return f"{error.code} {enhanced.group()}" if enhanced else str(error.code)
