"""The notice that a candidate reads before anything else: what happens, who decides, what is kept and how long."""

import hashlib

import msgspec
from msgspec import Struct

_RATED_BY_PEOPLE = (
    "Several colleagues may also rate some answers by the same description, without the name beside them, and compare what they"
    " found. That keeps people’s ratings alike. It changes nothing about your application."
)


class Section(Struct, frozen=True):
    """One part: a heading and plain paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


class Notice(Struct, frozen=True):
    """A notice as shown. Its hash covers every word, so that consent is to this text and no other."""

    version: str
    summary: str
    sections: tuple[Section, ...]

    @property
    def hash(self) -> str:
        """SHA-256 (hex)."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def text(self) -> str:
        """The whole notice as plain text: the copy that is kept as proof."""
        parts = [self.summary]
        for section in self.sections:
            parts += [section.heading, *section.paragraphs]
        return "\n\n".join(parts)


class NoticeFacts(Struct, frozen=True, kw_only=True):
    """What the notice says in numbers and names."""

    version: str
    employer: str
    job_title: str
    contact_name: str
    contact_email: str
    transcript_days: int
    privacy_url: str | None = None
    extra: tuple[str, ...] = ()
    calibration: bool = False


def notice(facts: NoticeFacts) -> Notice:
    """Write the notice."""
    contact = f"{facts.contact_name} ({facts.contact_email})"
    rated = (_RATED_BY_PEOPLE,) if facts.calibration else ()
    privacy = (f"{facts.employer}’s privacy notice: {facts.privacy_url}",) if facts.privacy_url else ()
    return Notice(
        facts.version,
        "Software helps to sort your answers by what the job needs. People see the result with your words, and people decide.",
        (
            Section(
                "Who reads your answers",
                (
                    f"The hiring team of {facts.employer} for the role {facts.job_title}.",
                    "Your name and contact details are hidden from the software that rates the answers.",
                    *rated,
                ),
            ),
            Section(
                "What the software does",
                (
                    (
                        "It compares each answer with a written description of what good answers show, and marks the words"
                        " that it relies on. The same questions and the same description are used for everyone."
                    ),
                    "It looks only at the words of your answers: no video, no voice, no photo, no social media.",
                    "It cannot end your application. A person can read everything it did, and change it.",
                ),
            ),
            Section(
                "What is kept, and how long",
                (
                    f"Your answers are kept for {facts.transcript_days} days after the interview, then removed.",
                    "A summary goes to the hiring system that already holds your application.",
                    "The practice question is not kept at all.",
                    *privacy,
                ),
            ),
            Section(
                "Your choices",
                (
                    "You can stop and come back on any device until the date shown, or withdraw at any time.",
                    (
                        "You can ask for more time, another format, or to talk to a person instead. Asking pauses every"
                        " deadline and is never held against you."
                    ),
                    f"Questions, or a copy or removal of your answers: {contact}.",
                    *facts.extra,
                ),
            ),
        ),
    )
