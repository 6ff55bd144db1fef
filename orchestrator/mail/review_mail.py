"""The mail to administrators about a case that waits longer than it should. It names no candidate."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from orchestrator.mail.render import RenderedMail, render_folder

CASE_OVERDUE = "case-overdue"
"""The folder of its templates."""


class OverdueContext(Struct, frozen=True, kw_only=True):
    """What the mail can say. PII class: contact data (``first_name``, of staff).

    ``link`` leads to the case and asks for a sign-in. ``opened_at`` is since when somebody waits, ``due_at`` by when the
    case was to be decided; ``others`` are the cases beside this one that are overdue.
    """

    employer: str
    program: str
    job_title: str
    link: str
    opened_at: datetime
    due_at: datetime
    first_name: str = ""
    others: int = 0


def render_overdue(context: OverdueContext) -> RenderedMail:
    """Write the mail."""
    return render_folder(CASE_OVERDUE, asdict(context))
