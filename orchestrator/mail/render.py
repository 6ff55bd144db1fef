"""The mails to candidates: each a folder ``templates/<name>/`` with subject.txt, body.txt and body.html."""

import re
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from msgspec import Struct
from msgspec.structs import asdict

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SUBJECT_TITLE_WIDTH = 48  # phones show about 40 to 60 characters of a subject

_GAPS = re.compile(r"\n{3,}")


class MailName(StrEnum):
    """The mails that exist; the value is the folder's name."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    COMPLETION = "completion"
    ALTERNATIVE_RECEIVED = "alternative-received"
    CONTINUED = "continued"
    ASKED_AGAIN = "asked-again"


class MailContext(Struct, frozen=True, kw_only=True):
    """What a mail can say. Empty and zero mean: leave the sentence out. PII class: contact data and a secret link.

    ``answer_by`` is when a person answers at the latest; ``number`` counts reminders from 1. ``link`` may be empty
    only where nothing has to be opened (completion, alternative-received).
    """

    employer: str
    job_title: str
    link: str
    first_name: str = ""
    minutes: int = 0
    question_count: int = 0
    expires_at: datetime | None = None
    contact_name: str = ""
    contact_email: str = ""
    answer_by: datetime | None = None
    number: int = 1


class RenderedMail(Struct, frozen=True):
    """A mail ready to be sent: one line, plain text, and a whole HTML document."""

    subject: str
    text: str
    html: str


def render(name: str, context: MailContext) -> RenderedMail:
    """Write the mail called ``name`` (a ``MailName`` or its value).

    Blanks and line breaks inside names and titles are collapsed: they come from elsewhere.

    Raises:
        ValueError: there is no such mail, it needs a link and has none, or a time has no zone.
    """
    folder = MailName(name)
    if not context.link and folder not in {MailName.COMPLETION, MailName.ALTERNATIVE_RECEIVED}:
        raise ValueError(f"the mail {folder.value!r} needs a link")
    return render_folder(folder.value, asdict(context))


def render_folder(folder: str, facts: Mapping[str, object]) -> RenderedMail:
    """Write the mail of a folder of templates, for whomever it is."""
    values = {key: " ".join(value.split()) if isinstance(value, str) else value for key, value in facts.items()}
    subject = _ENVIRONMENT.get_template(f"{folder}/subject.txt").render(values).strip()
    values["subject"] = subject
    text = _ENVIRONMENT.get_template(f"{folder}/body.txt").render(values)
    html = _ENVIRONMENT.get_template(f"{folder}/body.html").render(values)
    return RenderedMail(subject, _tidy(text), html)


def day(moment: datetime) -> str:
    """A date as people say it, in UTC: ``Sunday 29 November``.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time in a mail needs a zone")
    utc = moment.astimezone(UTC)
    return f"{WEEKDAYS[utc.weekday()]} {utc.day} {MONTHS[utc.month - 1]}"


def when(moment: datetime) -> str:
    """A time as people say it, in UTC: ``Sunday 29 November 2026, 14:00 UTC``.

    Raises:
        ValueError: the time has no zone.
    """
    spoken = day(moment)
    return f"{spoken} {moment.astimezone(UTC):%Y, %H:%M} UTC"


def counted(number: int, noun: str) -> str:
    """``1 question``, ``5 questions``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _tidy(text: str) -> str:
    """One line per paragraph: a phone wraps it better than we could, and the transport encodes long lines."""
    lines = "\n".join(line.strip() for line in text.splitlines())
    return _GAPS.sub("\n\n", lines).strip() + "\n"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("orchestrator.mail"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(day=day, when=when, counted=counted, short=_short)
    return environment


def _short(title: str) -> str:
    return textwrap.shorten(title, SUBJECT_TITLE_WIDTH, placeholder="…") if title else title


_ENVIRONMENT = _environment()
