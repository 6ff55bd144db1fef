"""A ``Mail`` becomes a letter: envelope and bytes as they go over the wire. Nothing in it can add a header."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from msgspec import Struct

from orchestrator.errors import MailFailed
from orchestrator.ports import Mail

EXTRA_HEADERS = frozenset({"list-unsubscribe", "list-unsubscribe-post", "reply-to"})
LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
LONGEST_HEADER = 900  # a line may have 998 octets (RFC 5322 §2.1.1)

_MESSAGE_ID = re.compile(r"<?([A-Za-z0-9._+-]{1,80}@[A-Za-z0-9.-]{1,100})>?")
_ADDRESS = re.compile(r'([^\s<>()\[\]\\,;:"@\x00-\x1f\x7f]+)@([^\s<>()\[\]\\,;:"@\x00-\x1f\x7f]+)')
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_VISIBLE_ASCII = re.compile(r"[\x20-\x7e]*")


class _Policy(EmailPolicy):
    """Writes identifiers and URLs on one line: folding would put them into encoded words, which no reader undoes."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in EXTRA_HEADERS or name.lower() == "message-id":
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n", max_line_length=76)


class Letter(Struct, frozen=True, kw_only=True):
    """The envelope and the message. ``utf8`` says that an address needs SMTPUTF8. PII class: contact data."""

    sender: str
    recipient: str
    content: bytes
    utf8: bool


def bare_message_id(message_id: str) -> str:
    """The id without its angle brackets, safe as one segment of a URL.

    Raises:
        MailFailed: it does not look like ``name@domain`` in plain letters, digits and ``. _ + -``.
    """
    found = _MESSAGE_ID.fullmatch(message_id)
    if found is None:
        raise MailFailed("the message id of this mail cannot be used", retryable=False)
    return found.group(1)


def compose(mail: Mail, *, sender_name: str, sender_address: str, now: datetime) -> Letter:
    """Write the letter: text first, HTML as the alternative.

    ``now`` becomes the Date header. Blanks in the recipient's name are collapsed, since names are typed by people;
    anything else that does not fit into a header is refused.

    Raises:
        MailFailed: an address, the subject, the id or a header cannot be used; never worth another try.
    """
    sender = _address(sender_address, sender_name, whose="sender")
    recipient = _address(mail.to, mail.to_name, whose="recipient")
    utf8 = not (sender.addr_spec.isascii() and recipient.addr_spec.isascii())
    message = EmailMessage(policy=_POLICY.clone(utf8=utf8))
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = _printable(mail.subject, "Subject")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{bare_message_id(mail.message_id)}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[_extra(name)] = _plain(value, name)
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return Letter(sender=sender.addr_spec, recipient=recipient.addr_spec, content=message.as_bytes(), utf8=utf8)


def _address(address: str, name: str, *, whose: str) -> Address:
    found = _ADDRESS.fullmatch(address)
    domain = _ascii_domain(found.group(2)) if found else None
    if found is None or domain is None or len(address) > LONGEST_ADDRESS or len(found.group(1)) > LONGEST_LOCAL_PART:
        raise MailFailed(f"the address of the {whose} cannot be used", retryable=False)
    display = " ".join(_CONTROL.sub(" ", name).split())
    return Address(display_name=display, username=found.group(1), domain=domain)


def _ascii_domain(domain: str) -> str | None:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def _printable(value: str, name: str) -> str:
    if _CONTROL.search(value) or len(value) > LONGEST_HEADER:
        raise MailFailed(f"the header {name} of this mail has a line break or is too long", retryable=False)
    return value


def _plain(value: str, name: str) -> str:
    if not _VISIBLE_ASCII.fullmatch(value) or len(value) > LONGEST_HEADER:
        raise MailFailed(f"the header {name} of this mail is not plain text or is too long", retryable=False)
    return value


def _extra(name: str) -> str:
    if name.lower() not in EXTRA_HEADERS:
        raise MailFailed("this mail has a header that a mail may not set", retryable=False)
    return name
