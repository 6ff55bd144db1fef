"""Settings: everything that is wrong is named at once, and no value is ever shown."""

from pathlib import Path

import pytest

from orchestrator.errors import SettingsInvalid
from orchestrator.settings import read_settings

GOOD = {
    "EVENHAND_DATABASE_URL": "sqlite+aiosqlite:///evenhand.db",
    "EVENHAND_CONFIG": "evenhand.yaml",
    "EVENHAND_BASE_URL": "http://localhost:8400/",
    "EVENHAND_SECRET_KEY": "k" * 32,
}


def refused(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(environ)
    return str(caught.value)


def test_the_required_four_are_enough() -> None:
    """With the rest left out, the defaults serve on this machine only; the address loses its last slash."""
    settings = read_settings(GOOD)
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8400, "http://localhost:8400")
    assert settings.config == Path("evenhand.yaml")
    assert settings.openai_api_key is None
    assert settings.show_design is False


def test_given_values_are_converted() -> None:
    """Numbers are numbers, switches are switches, an empty variable is one that is not set, strangers are left alone."""
    more = {"EVENHAND_PORT": "9", "EVENHAND_LEASE_SECONDS": "2.5", "EVENHAND_SMTP_TLS": "", "PORT": "x"}
    settings = read_settings(GOOD | more)
    assert (settings.port, settings.lease_seconds, settings.smtp_tls) == (9, 2.5, "none")


@pytest.mark.parametrize(("value", "on"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("no", False)])
def test_a_switch(value: str, *, on: bool) -> None:
    """The usual words switch on."""
    assert read_settings(GOOD | {"EVENHAND_SHOW_DESIGN": value}).show_design is on


def test_everything_that_is_missing_is_named_at_once() -> None:
    """Nobody starts a process four times to learn four names."""
    message = refused({})
    assert all(f"{name} is not set" in message for name in GOOD)


def test_everything_that_is_wrong_is_named_at_once_and_no_value_is_shown() -> None:
    """Names and what to mend, never what was given."""
    wrong = {
        "EVENHAND_SECRET_KEY": "tooshort",
        "EVENHAND_PORT": "porto",
        "EVENHAND_SMTP_PORT": "harbour",
        "EVENHAND_OPENAI_SAMPLES": "few",
        "EVENHAND_OPENAI_TIMEOUT": "later",
        "EVENHAND_LEASE_SECONDS": "longer",
        "EVENHAND_WORKER_CONCURRENCY": "many",
        "EVENHAND_SMTP_TLS": "sometimes",
    }
    message = refused({key: value for key, value in GOOD.items() if key != "EVENHAND_CONFIG"} | wrong)
    assert all(name in message for name in [*wrong, "EVENHAND_CONFIG"])
    assert not [value for value in wrong.values() if value in message]
    assert message.count(";") == len(wrong)


def test_secrets_are_not_in_a_representation() -> None:
    """A settings object that ends up in a log says nothing that opens a door."""
    secrets = {"EVENHAND_SMTP_PASSWORD": "pass-word-1", "EVENHAND_OPENAI_API_KEY": "sk-secret-2"}
    shown = repr(read_settings(GOOD | secrets))
    assert not [value for value in [*secrets.values(), GOOD["EVENHAND_SECRET_KEY"]] if value in shown]
