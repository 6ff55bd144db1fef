"""A mailer that keeps what it is given: for previews and tests, as strict as the one that sends."""

from orchestrator.mail.letter import bare_message_id, compose
from orchestrator.ports import Clock, Confirm, Mail, SystemClock


class MemoryMailer:
    """Keeps every mail in ``sent``, in order, and never leaves out a second copy. PII class: contact data."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.sent: list[Mail] = []
        self._clock = clock or SystemClock()

    async def accepted(self, message_id: str) -> bool:
        """Say whether a mail with this id was sent.

        Raises:
            MailFailed: the id cannot be used.
        """
        wanted = bare_message_id(message_id)
        return any(bare_message_id(mail.message_id) == wanted for mail in self.sent)

    async def send(self, mail: Mail, *, confirm: Confirm | None = None) -> None:
        """Keep the mail, unless ``confirm`` raises.

        Raises:
            MailFailed: it could not have been sent over SMTP either (see ``letter.compose``).
        """
        compose(mail, sender_name="", sender_address="preview@evenhand.invalid", now=self._clock.now())
        if confirm is not None:
            await confirm()
        self.sent.append(mail)
