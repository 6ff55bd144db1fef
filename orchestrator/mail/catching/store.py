"""What the mail catcher keeps: every delivery, in memory, and the faults it is asked to play."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from msgspec import Struct


class Faults(Struct, kw_only=True):
    """How many of the next deliveries go wrong, each switch counting down; ``temporary`` is used up first."""

    temporary: int = 0  # the whole message is answered with 451
    permanent: int = 0  # the recipient is answered with 550
    drop: int = 0  # the message is kept, and the connection ends before the 250

    def take_temporary(self) -> bool:
        """Use up one 451, if there is one."""
        self.temporary, taken = _taken(self.temporary)
        return taken

    def take_permanent(self) -> bool:
        """Use up one 550, if there is one."""
        self.permanent, taken = _taken(self.permanent)
        return taken

    def take_drop(self) -> bool:
        """Use up one broken connection, if there is one."""
        self.drop, taken = _taken(self.drop)
        return taken


def _taken(count: int) -> tuple[int, bool]:
    return (count - 1, True) if count > 0 else (0, False)


class Delivery(Struct, frozen=True, kw_only=True):
    """One accepted message. ``id`` counts from 1; ``to`` is the envelope, comma-separated. PII class: contact data.

    ``message_id`` has no angle brackets; ``headers`` are decoded, the last of several with the same name. Lines of
    ``text`` and ``html`` end in a line feed alone.
    """

    id: int
    message_id: str
    to: str
    sender: str
    subject: str
    received_at: datetime
    text: str
    html: str
    headers: dict[str, str]


class MailStore:
    """Keeps every delivery in the order of arrival and never takes two for one: tests count them."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._deliveries: list[Delivery] = []
        self._sources: dict[int, bytes] = {}
        self._last_id = 0

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All deliveries, oldest first."""
        return tuple(self._deliveries)

    def keep(self, content: bytes, *, sender: str, recipients: list[str]) -> Delivery:
        """Add a delivery as it came over the wire."""
        message = message_from_bytes(content, policy=default)
        self._last_id += 1
        delivery = Delivery(
            id=self._last_id,
            message_id=without_brackets(str(message.get("Message-ID", ""))),
            to=", ".join(recipients),
            sender=sender,
            subject=str(message.get("Subject", "")),
            received_at=datetime.now(UTC),
            text=_part(message, "plain"),
            html=_part(message, "html"),
            headers={name: str(value) for name, value in message.items()},
        )
        self._deliveries.append(delivery)
        self._sources[delivery.id] = content
        return delivery

    def one(self, number: int) -> Delivery | None:
        """The delivery with this id."""
        return next((delivery for delivery in self._deliveries if delivery.id == number), None)

    def source(self, number: int) -> bytes | None:
        """The delivery with this id as it came over the wire."""
        return self._sources.get(number)

    def by_message_id(self, message_id: str) -> Delivery | None:
        """The first delivery with this Message-ID, given with or without brackets."""
        wanted = without_brackets(message_id)
        return next((delivery for delivery in self._deliveries if delivery.message_id == wanted), None)

    def to(self, recipient: str) -> tuple[Delivery, ...]:
        """Deliveries whose recipients contain this text, in any case, oldest first."""
        wanted = recipient.strip().casefold()
        return tuple(delivery for delivery in self._deliveries if wanted in delivery.to.casefold())

    def clear(self) -> None:
        """Forget every delivery; ids go on counting and faults stay."""
        self._deliveries.clear()
        self._sources.clear()


def without_brackets(message_id: str) -> str:
    """A Message-ID as it is written in URLs."""
    return message_id.strip().removeprefix("<").removesuffix(">")


def _part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    if body is None:
        return ""
    content = body.get_content()
    return content.replace("\r\n", "\n") if isinstance(content, str) else ""
