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
        "EVENHAND_METRICS_TOKEN": "guess-me",
    }
    message = refused({key: value for key, value in GOOD.items() if key != "EVENHAND_CONFIG"} | wrong)
    assert all(name in message for name in [*wrong, "EVENHAND_CONFIG"])
    assert not [value for value in wrong.values() if value in message]
    assert message.count(";") == len(wrong)


def test_secrets_are_not_in_a_representation() -> None:
    """A settings object that ends up in a log says nothing that opens a door."""
    secrets = {
        "EVENHAND_SMTP_PASSWORD": "pass-word-1",
        "EVENHAND_OPENAI_API_KEY": "sk-secret-2",
        "EVENHAND_METRICS_TOKEN": "a-token-of-twenty-characters",
    }
    shown = repr(read_settings(GOOD | secrets))
    assert not [value for value in [*secrets.values(), GOOD["EVENHAND_SECRET_KEY"]] if value in shown]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("PORT", ("-1", "65536", "4.5")),
        ("SMTP_PORT", ("0", "65536")),
        ("WORKER_CONCURRENCY", ("0", "201")),
        ("OPENAI_SAMPLES", ("0", "10")),
        ("OPENAI_TIMEOUT", ("0", "-1", "nan", "inf")),
        ("LEASE_SECONDS", ("1.9", "nan", "inf")),
        ("BASE_URL", ("ftp://host", "host:8400", "https://", "http://host/?a=b", "http://host/#a", "http://ho st")),
        ("BASE_URL", ("http://host:port", "http://[::1", "http://user@host", "http://host?", "http://host:99999")),
        ("TRUSTED_PROXIES", ("*", "proxy.internal", "10.0.0.1,", "10.0.0.1/99")),
    ],
)
def test_values_out_of_bounds_are_refused_by_name(name: str, values: tuple[str, ...]) -> None:
    """What could not work is said at the start, not found out later."""
    for value in values:
        message = refused(GOOD | {f"EVENHAND_{name}": value})
        assert message.startswith(f"EVENHAND_{name} must "), value
        assert message.count(";") == 0


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("PORT", ("0", "65535")),
        ("SMTP_PORT", ("1", "65535")),
        ("WORKER_CONCURRENCY", ("1", "200")),
        ("OPENAI_SAMPLES", ("1", "9")),
        ("OPENAI_TIMEOUT", ("0.1", "600")),
        ("LEASE_SECONDS", ("2", "30")),
        ("BASE_URL", ("https://interviews.example.org", "http://[::1]:8400/", "https://example.org/interviews")),
        ("TRUSTED_PROXIES", ("10.0.0.1", "10.0.0.0/8, ::1")),
    ],
)
def test_the_bounds_themselves_are_fine(name: str, values: tuple[str, ...]) -> None:
    """The first and the last allowed value are taken."""
    for value in values:
        read_settings(GOOD | {f"EVENHAND_{name}": value})


def test_proxies_are_trusted_by_name_only() -> None:
    """A proxy on the same machine by default; else exactly those that are listed."""
    assert read_settings(GOOD).trusted_proxies == "127.0.0.1"
    listed = read_settings(GOOD | {"EVENHAND_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert listed.trusted_proxies == "10.0.0.0/8, ::1"


@pytest.mark.parametrize(
    "name",
    ["EVENHAND_PORTS", "EVENHAND_DATABSE_URL", "EVENHAND_SMTP_USER", "EVENHAND_OPENAI_KEY", "EVENHAND_TRUSTED_PROXY"],
)
def test_a_misspelt_name_is_refused(name: str) -> None:
    """It would be ignored without a word otherwise; the value is not shown."""
    message = refused(GOOD | {name: "hunter2"})
    assert message.startswith(f"{name} is no setting; did you mean EVENHAND_")
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "name",
    [
        "EVENHAND_SANDBOX_API_KEY",
        "EVENHAND_SANDBOX_WEBHOOK_SECRET",
        "EVENHAND_DEMO_PORTS",
        "EVENHAND_CHROMIUM",
        "EVENHAND_LEVER_API_KEY",
        "EVENHAND_ASHBY_API_KEY",
        "EVENHAND_GREENHOUSE_SECRET",
    ],
)
def test_names_for_other_things_are_left_alone(name: str) -> None:
    """evenhand.yaml names secrets of connections as it likes."""
    read_settings(GOOD | {name: "hunter2"})


@pytest.mark.parametrize("value", ["c2hvcnQ=", "ä", "not base64 at all", ",", f"{'A' * 43}=,c2hvcnQ="])
def test_keys_that_encrypt_nothing_are_refused(value: str) -> None:
    """Each of them, by the name of the variable."""
    message = refused(GOOD | {"EVENHAND_CREDENTIAL_KEYS": value})
    assert "EVENHAND_CREDENTIAL_KEYS must be keys of `evenhand credentials new-key`" in message
    assert value == "," or value not in message


def test_several_keys() -> None:
    """With commas and space between them."""
    keys = f"{'A' * 43}=, {'B' * 42}E="
    assert read_settings(GOOD | {"EVENHAND_CREDENTIAL_KEYS": keys}).credential_keys == keys
