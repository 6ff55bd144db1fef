"""The mails to administrators: what needs their hand, and exactly what it is. Templates as those to candidates."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import asdict

from orchestrator.mail.render import RenderedMail, render_folder


class TeamMailName(StrEnum):
    """The mails that exist; the value is the folder's name."""

    CREDENTIAL_ENDS = "credential-ends"
    CREDENTIAL_REFUSED = "credential-refused"


class CredentialPlace(Struct, frozen=True, kw_only=True):
    """A credential by name, and the environment variable it is in; None where it is stored."""

    name: str
    variable: str | None = None


class CredentialContext(Struct, frozen=True, kw_only=True):
    """What a mail about credentials can say. No value is among it. PII class: contact data (``first_name``).

    ``vendor`` is the ATS as people call it, ``link`` the page of the connection; ``name`` the one credential that is meant,
    empty for all; ``places`` where what has to be replaced is kept. ``by_consent``: an administrator connects again
    instead. ``at`` is when it ends, or since when it is refused; ``days`` whole days until then, 0 once it has ended
    (``ended``) or on the last day.
    """

    employer: str
    vendor: str
    connection: str
    link: str
    at: datetime
    first_name: str = ""
    name: str = ""
    places: tuple[CredentialPlace, ...] = ()
    by_consent: bool = False
    days: int = 0
    ended: bool = False
    reason: str = ""


def render_team_mail(name: TeamMailName, context: CredentialContext) -> RenderedMail:
    """Write the mail called ``name``."""
    values = asdict(context)
    return render_folder(name.value, values)
