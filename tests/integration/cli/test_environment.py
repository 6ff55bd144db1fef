"""What a command says when the environment or the database is not as it must be."""

from pathlib import Path

import pytest

from tests.integration.cli.terminal import Terminal

REQUIRED = ("EVENHAND_DATABASE_URL", "EVENHAND_CONFIG", "EVENHAND_BASE_URL", "EVENHAND_SECRET_KEY")
COMMANDS = (("work", "list"), ("sync", "list"), ("quarantine", "list"), ("audit", "verify"), ("db", "upgrade"))


@pytest.mark.parametrize("command", [*COMMANDS, ("serve",), ("worker",)], ids=" ".join)
def test_every_missing_variable_is_named(terminal: Terminal, command: tuple[str, ...]) -> None:
    """All of them at once, on standard error, with status 2."""
    nothing: dict[str, str | None] = dict.fromkeys(terminal.environment)
    printed = terminal.run(*command, env=nothing)
    assert (printed.status, printed.out) == (2, "")
    assert all(f"{name} is not set" in printed.err for name in REQUIRED)


def test_secrets_named_by_the_file_are_asked_for(terminal: Terminal) -> None:
    """Variables that evenhand.yaml points to are named too, all of them."""
    printed = terminal.run(
        "sync", "list", env={"EVENHAND_SANDBOX_API_KEY": None, "EVENHAND_SANDBOX_WEBHOOK_SECRET": None}
    )
    assert printed.status == 2
    assert "EVENHAND_SANDBOX_API_KEY is not set" in printed.err
    assert "EVENHAND_SANDBOX_WEBHOOK_SECRET is not set" in printed.err


def test_wrong_values_are_named_and_never_shown(terminal: Terminal) -> None:
    """A value may be a secret in the wrong place, so only the variable's name is printed."""
    printed = terminal.run(
        "work", "list", env={"EVENHAND_PORT": "hunter2", "EVENHAND_SMTP_TLS": "hunter3", "EVENHAND_SECRET_KEY": "short"}
    )
    assert printed.status == 2
    assert "EVENHAND_PORT must be a number" in printed.err
    assert "EVENHAND_SMTP_TLS must be" in printed.err
    assert "EVENHAND_SECRET_KEY must have at least 32 characters" in printed.err
    assert "hunter" not in printed.err
    assert "short" not in printed.err


def test_broken_configuration_stops_every_command(terminal: Terminal, configuration: Path) -> None:
    """A command that works on the database does not start on a broken file, and lists what is broken."""
    text = configuration.read_text("utf-8").replace("kind: offer", "kind: ofer").replace("version: 1\n", "version: 9\n")
    configuration.write_text(text, "utf-8")
    printed = terminal.run("work", "list")
    assert printed.status == 2
    assert len(printed.err.splitlines()) >= 2


@pytest.mark.parametrize("command", [*COMMANDS[:4], ("worker",)], ids=" ".join)
def test_database_without_schema_is_an_error_in_words(
    terminal: Terminal, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """One line that says what to do; no trace, no SQL."""
    printed = terminal.run(*command, env={"EVENHAND_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/empty.db"})
    assert printed.status == 1
    assert "evenhand db upgrade" in printed.err
    assert len(printed.err.splitlines()) == 1
    assert "SELECT" not in printed.err


def test_database_address_that_cannot_be_read_is_not_repeated(terminal: Terminal) -> None:
    """The address may hold a password."""
    printed = terminal.run("work", "list", env={"EVENHAND_DATABASE_URL": "hunter2"})
    assert printed.status == 1
    assert "EVENHAND_DATABASE_URL" in printed.err
    assert "hunter2" not in printed.err


def test_upgrade_makes_a_database_that_works(terminal: Terminal, tmp_path: Path) -> None:
    """After db upgrade on nothing, the other commands run; a second upgrade changes nothing."""
    fresh = {"EVENHAND_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/fresh.db"}
    for _ in range(2):
        printed = terminal.run("db", "upgrade", env=fresh)
        assert (printed.status, printed.out) == (0, "The database has the newest schema.\n")
    assert terminal.run("audit", "verify", "--json", env=fresh).json["events"] == 0


def test_worker_refuses_a_kind_that_does_not_exist(terminal: Terminal) -> None:
    """A misspelt kind would leave a worker waiting for ever; it is refused, with the kinds there are."""
    printed = terminal.run("worker", "--kinds", "mail.send,mail.sent")
    assert printed.status == 2
    assert "there is no kind mail.sent" in printed.err
    assert "ats.write" in printed.err
