"""credentials, pause and resume: from the command line."""

from pathlib import Path

import pytest

from orchestrator.main import Runtime
from tests.integration.cli.terminal import Terminal

VALUE = "the key of the sandbox"
IN_ENVIRONMENT = "api_key: {env: EVENHAND_SANDBOX_API_KEY}"


@pytest.fixture
def key(terminal: Terminal) -> str:
    """A key in the terminal's environment."""
    made = terminal.run("credentials", "new-key").out.strip()
    terminal.environment["EVENHAND_CREDENTIAL_KEYS"] = made
    return made


def keep_stored(configuration: Path) -> None:
    """The file takes the sandbox's key from the database."""
    text = configuration.read_text("utf-8")
    assert IN_ENVIRONMENT in text
    configuration.write_text(text.replace(IN_ENVIRONMENT, "api_key: {stored: true}"), "utf-8")


def test_a_stored_credential_makes_the_connection(terminal: Terminal, configuration: Path, key: str) -> None:
    """Until it is stored nothing starts, and the message says how; then no variable is needed."""
    assert key
    keep_stored(configuration)
    terminal.environment.pop("EVENHAND_SANDBOX_API_KEY")
    printed = terminal.run("work", "list")
    assert printed.status == 2
    assert "evenhand credentials set sandbox api_key" in printed.err
    stored = terminal.run("credentials", "set", "sandbox", "api_key", "--ends", "2030-01-31", typed=f"{VALUE}\n")
    assert (stored.status, VALUE in stored.out + stored.err) == (0, False)
    assert terminal.run("work", "list").out == "No work.\n"
    [row] = terminal.run("credentials", "list", "--json").json
    assert (row["connection"], row["name"], row["ends_at"]) == ("sandbox", "api_key", "2030-01-31T00:00:00Z")

    async def connected(runtime: Runtime) -> bool:
        return VALUE.encode() in repr(vars(runtime.connections.get("sandbox").adapter)).encode()

    # Neither does a representation of what was made with it show it.
    assert terminal.arrange(connected) is False
    assert VALUE.encode() not in terminal.file.read_bytes()


def test_a_key_that_is_gone_is_named(terminal: Terminal, configuration: Path, key: str) -> None:
    """With another key nothing opens, and everything does once the old one stands behind it and rotated."""
    keep_stored(configuration)
    terminal.run("credentials", "set", "sandbox", "api_key", typed=VALUE)
    newer = terminal.run("credentials", "new-key").out.strip()
    printed = terminal.run("work", "list", env={"EVENHAND_CREDENTIAL_KEYS": newer})
    assert (printed.status, "EVENHAND_CREDENTIAL_KEYS lacks the key" in printed.err) == (2, True)
    rotated = terminal.run("credentials", "rotate", env={"EVENHAND_CREDENTIAL_KEYS": f"{newer},{key}"})
    assert rotated.out.startswith("1 encrypted anew.")
    assert terminal.run("work", "list", env={"EVENHAND_CREDENTIAL_KEYS": newer}).status == 0


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (("set", "sandbox", "api_kye"), VALUE, "no credential 'api_kye'"),
        (("set", "elsewhere", "api_key"), VALUE, "no connection 'elsewhere'"),
        (("set", "sandbox", "api_key"), "", "The value is empty"),
        (("remove", "sandbox", "api_key"), None, "No credential 'api_key' is stored"),
    ],
)
def test_what_cannot_be_done_is_said(
    terminal: Terminal, key: str, arguments: tuple[str, ...], typed: str | None, words: str
) -> None:
    """In one line, without the value."""
    assert key
    printed = terminal.run("credentials", *arguments, typed=typed)
    assert printed.status == 1
    assert words in printed.err
    assert VALUE not in printed.err


def test_setting_and_removing(terminal: Terminal, key: str) -> None:
    """What is removed is not listed any more."""
    assert key
    assert terminal.run("credentials", "list").out == "Nothing is stored.\n"
    terminal.run("credentials", "set", "sandbox", "api_key", typed=VALUE)
    assert "api_key" in terminal.run("credentials", "list").out
    assert terminal.run("credentials", "remove", "sandbox", "api_key").status == 0
    assert terminal.run("credentials", "list").out == "Nothing is stored.\n"


def test_without_a_key_nothing_is_stored(terminal: Terminal) -> None:
    """The message says how to make one; a wrong one is refused by name."""
    printed = terminal.run("credentials", "set", "sandbox", "api_key", typed=VALUE)
    assert (printed.status, "evenhand credentials new-key" in printed.err) == (2, True)
    printed = terminal.run("credentials", "list", env={"EVENHAND_CREDENTIAL_KEYS": "hunter2"})
    assert (printed.status, "hunter2" in printed.err) == (2, False)
    assert "EVENHAND_CREDENTIAL_KEYS must be keys" in printed.err


@pytest.mark.parametrize("options", [(), ("--connection", "sandbox"), ("--program", "support-pilot")])
def test_stopping_and_going_on(terminal: Terminal, options: tuple[str, ...]) -> None:
    """Each is said once; stopping twice and going on twice are told apart from doing it."""
    assert terminal.run("pause", *options, "--reason", "a try").status == 0
    assert "is stopped already" in terminal.run("pause", *options, "--reason", "a try").err
    assert terminal.run("resume", *options, "--reason", "enough").status == 0
    printed = terminal.run("resume", *options, "--reason", "enough")
    assert (printed.status, "is not stopped" in printed.err) == (1, True)


def test_a_stop_needs_a_reason_and_something_that_exists(terminal: Terminal) -> None:
    """Nobody finds out years later that it was for nothing, or that nothing was stopped."""
    assert terminal.run("pause").status == 2
    assert "Say why" in terminal.run("pause", "--reason", "  ").err
    assert "no program nobody" in terminal.run("pause", "--program", "nobody", "--reason", "a try").err
    both = terminal.run("pause", "--program", "a", "--connection", "b", "--reason", "a try")
    assert (both.status, "one at a time" in both.err) == (2, True)
