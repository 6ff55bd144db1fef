"""The notice: every word is under the hash, and it promises what the product does."""

import pytest
from msgspec.structs import replace

from orchestrator.domain.notice import NoticeFacts, notice

FACTS = NoticeFacts(
    version="2026-11",
    employer="Northwind",
    job_title="Agent",
    contact_name="Dana",
    contact_email="hiring@northwind.example",
    transcript_days=365,
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "2026-12"),
        ("employer", "Southwind"),
        ("job_title", "Clerk"),
        ("contact_name", "Lee"),
        ("contact_email", "other@northwind.example"),
        ("transcript_days", 30),
        ("privacy_url", "https://northwind.example/privacy"),
        ("extra", ("One more thing.",)),
        ("calibration", True),
    ],
)
def test_every_fact_changes_the_hash(field: str, value: object) -> None:
    """Consent is to one text: any other fact, the version included, makes another hash; the same facts the same one."""
    assert notice(replace(FACTS, **{field: value})).hash != notice(FACTS).hash
    assert notice(replace(FACTS)).hash == notice(FACTS).hash


def test_the_kept_copy_holds_every_word() -> None:
    """The plain text has the summary, each heading and each paragraph, in order."""
    full = notice(replace(FACTS, privacy_url="https://northwind.example/privacy", extra=("One more thing.",)))
    at = 0
    for part in [full.summary, *(words for s in full.sections for words in (s.heading, *s.paragraphs))]:
        at = full.text.index(part, at) + len(part)
    assert "365 days" in full.text
    assert "https://northwind.example/privacy" in full.text
    assert "Dana (hiring@northwind.example)" in full.text
    assert full.text.endswith("One more thing.")


def test_who_holds_calibration_sessions_says_so() -> None:
    """That people may rate answers without the name, to what end, and that nothing follows; others say no word of it."""
    assert "rate some answers" not in notice(FACTS).text
    said = notice(replace(FACTS, calibration=True))
    words = next(section for section in said.sections if section.heading == "Who reads your answers").paragraphs[-1]
    assert "colleagues may also rate some answers" in words
    assert "without the name beside them" in words
    assert "It changes nothing about your application." in words


def test_the_notice_says_who_decides_and_what_one_can_ask_for() -> None:
    """People decide, nothing ends an application, and a person can be asked for without harm."""
    text = notice(FACTS).text
    assert "people decide" in text
    assert "cannot end your application" in text
    assert "talk to a person instead" in text
    assert "never held against you" in text
