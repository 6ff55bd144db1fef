"""What the catcher keeps."""

from orchestrator.mail.catching.store import Faults, MailStore

RAW = b"Message-ID: <a@b.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nTo: ana@example.org\r\n\r\nHello\r\n"


def test_keeps_two_of_the_same_and_finds_the_first() -> None:
    """Tests count deliveries, so nothing is ever taken for a duplicate."""
    store = MailStore()
    first = store.keep(RAW, sender="jobs@acme.example", recipients=["ana@example.org"])
    store.keep(RAW, sender="jobs@acme.example", recipients=["bob@example.org"])
    assert [delivery.id for delivery in store.deliveries] == [1, 2]
    assert store.by_message_id("<a@b.example>") == store.by_message_id("a@b.example") == first
    assert (first.subject, first.text.strip(), first.html) == ("Grüße", "Hello", "")
    assert [delivery.id for delivery in store.to(" ANA@")] == [1]
    assert store.source(2) == RAW


def test_clearing_forgets_mail_but_not_the_count() -> None:
    """An id never means two different mails."""
    store = MailStore()
    store.keep(RAW, sender="", recipients=[])
    store.clear()
    assert (store.deliveries, store.one(1), store.source(1), store.by_message_id("a@b.example")) == (
        (),
        None,
        None,
        None,
    )
    assert store.keep(RAW, sender="", recipients=[]).id == 2


def test_message_without_headers_or_text_is_kept_too() -> None:
    """Whatever arrives is shown; nothing is lost because it is odd."""
    store = MailStore()
    odd = store.keep(b"Content-Type: image/png\r\n\r\n\x89PNG", sender="", recipients=[])
    assert (odd.message_id, odd.subject, odd.text, odd.html) == ("", "", "", "")


def test_faults_count_down_to_off() -> None:
    """A switch plays exactly as often as it was told."""
    faults = Faults(temporary=2, permanent=1, drop=1)
    assert [faults.take_temporary() for _ in range(3)] == [True, True, False]
    assert [faults.take_permanent() for _ in range(2)] == [True, False]
    assert [faults.take_drop() for _ in range(2)] == [True, False]
    assert faults == Faults()
