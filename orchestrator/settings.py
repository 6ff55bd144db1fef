"""The environment: everything that differs between two installations and is not in evenhand.yaml."""

import difflib
import ipaddress
import math
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from typing_extensions import override

from orchestrator.errors import SettingsInvalid

PREFIX = "EVENHAND_"


class Settings(Struct, frozen=True, kw_only=True):
    """Settings of one process. Secrets are read here once and never printed.

    ``secret_key`` (at least 32 characters) makes candidate links and signs forms; changing it ends every open link.
    ``credential_keys`` (separated by commas, the newest first) encrypt stored credentials and tokens.
    """

    database_url: str
    config: Path
    base_url: str
    secret_key: str
    credential_keys: str | None = None
    host: str = "127.0.0.1"
    port: int = 8400
    trusted_proxies: str = "127.0.0.1"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_username: str | None = None
    smtp_password: str | None = None
    smtp_tls: str = "none"
    mail_from: str = "interviews@localhost"
    mail_lookup_url: str | None = None
    openai_base_url: str | None = None
    openai_api_key: str | None = None
    openai_model: str = "gpt-4.1-mini"
    openai_samples: int = 3
    openai_timeout: float = 60.0
    openai_concurrency: int = 4
    openai_tokens: int | None = None
    openai_input_price: float | None = None
    openai_output_price: float | None = None
    follow_up_chooser: str = "embedded"
    worker_concurrency: int = 8
    lease_seconds: float = 30.0
    ingest_group: int = 64
    drain_seconds: float = 20.0
    hooks_per_second: int = 100
    metrics_token: str | None = None
    show_design: bool = False
    log_format: str = "text"

    @override
    def __repr__(self) -> str:
        # Half of the fields are secrets, and a representation ends in a log sooner or later.
        return f"Settings(base_url={self.base_url!r})"


_REQUIRED = ("database_url", "config", "base_url", "secret_key")
_MIN_SECRET = 32
_MIN_TOKEN = 20
_KEY_BYTES = 32
_ALIKE = 0.8


class _Number(Struct, frozen=True):
    """What a number may be. ``above`` itself is not allowed, ``least`` and ``most`` are; all must be finite."""

    kind: type[int] | type[float]
    words: str
    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf

    def problem(self, text: str) -> str | None:
        """What is wrong with a value; None where nothing is."""
        try:
            value = self.kind(text)
            fine = math.isfinite(value) and self.above < value and self.least <= value <= self.most
        except (ValueError, OverflowError):
            return "must be a number"
        return None if fine else f"must be {self.words}"


_NUMBERS: Mapping[str, _Number] = {
    "port": _Number(int, "from 0 to 65535", 0, 65535),
    "smtp_port": _Number(int, "from 1 to 65535", 1, 65535),
    "openai_samples": _Number(int, "from 1 to 9", 1, 9),
    "openai_concurrency": _Number(int, "from 1 to 200", 1, 200),
    "openai_tokens": _Number(int, "from 10000 to 10000000", 10_000, 10_000_000),
    "openai_input_price": _Number(float, "0 or more", least=0),
    "openai_output_price": _Number(float, "0 or more", least=0),
    "worker_concurrency": _Number(int, "from 1 to 200", 1, 200),
    "ingest_group": _Number(int, "from 1 to 500", 1, 500),
    "openai_timeout": _Number(float, "more than 0 seconds", above=0),
    "lease_seconds": _Number(float, "2 seconds or more", least=2),
    "drain_seconds": _Number(float, "from 2 to 600 seconds", least=2, most=600),
    "hooks_per_second": _Number(int, "from 1 to 100000", least=1, most=100_000),
}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read EVENHAND_* variables.

    Raises:
        SettingsInvalid: names every variable that is missing, wrong or probably misspelt, never its value.
    """
    known = {_name(field): field for field in Settings.__struct_fields__}
    given = {field: environ[name] for name, field in known.items() if environ.get(name)}
    problems = [
        *(f"{_name(field)} is not set" for field in _REQUIRED if field not in given),
        *(f"{_name(field)} {problem}" for field, problem in _problems(given)),
        *_misspelt(environ, known),
    ]
    if problems:
        raise SettingsInvalid("; ".join(problems))
    values: dict[str, object] = dict(given)
    values |= {field: number.kind(given[field]) for field, number in _NUMBERS.items() if field in given}
    values["config"] = Path(given["config"])
    values["show_design"] = given.get("show_design", "").lower() in {"1", "true", "yes"}
    values["base_url"] = given["base_url"].rstrip("/")
    return Settings(**values)  # type: ignore[arg-type]  # the values were converted field by field above


def _name(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _problems(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field, number in _NUMBERS.items():
        problem = number.problem(given[field]) if field in given else None
        if problem is not None:
            yield field, problem
    for field, (fine, words) in _TEXTS.items():
        if field in given and not fine(given[field]):
            yield field, f"must {words}"


def _misspelt(environ: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    # Not every stranger is refused: evenhand.yaml names the secrets of connections, and likes the same beginning.
    names = [name.removeprefix(PREFIX) for name in known]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            for meant in difflib.get_close_matches(name.removeprefix(PREFIX), names, n=1, cutoff=_ALIKE):
                yield f"{name} is no setting; did you mean {PREFIX}{meant}?"


def _is_public_address(text: str) -> bool:
    """Whether links can begin with it: http or https, a host, and nothing that would swallow or leak what follows."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    plain = text.isprintable() and not {" ", "?", "#", "@"} & set(text)
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0


def _is_list_of_addresses(text: str) -> bool:
    try:
        return all(ipaddress.ip_network(one.strip(), strict=False) for one in text.split(","))
    except ValueError:
        return False


def _is_list_of_keys(text: str) -> bool:
    """Keys of 32 bytes in URL-safe Base64."""
    try:
        keys = [urlsafe_b64decode(one.strip()) for one in text.split(",")]
    except ValueError:
        return False
    return all(len(key) == _KEY_BYTES for key in keys)


_TEXTS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "secret_key": (lambda text: len(text) >= _MIN_SECRET, f"have at least {_MIN_SECRET} characters"),
    "credential_keys": (_is_list_of_keys, "be keys of `evenhand credentials new-key`, separated by commas"),
    "metrics_token": (
        lambda text: len(text) >= _MIN_TOKEN and text.isascii() and text.isprintable(),
        f"have at least {_MIN_TOKEN} ASCII characters",
    ),
    "smtp_tls": (lambda text: text in {"none", "starttls", "tls"}, "be none, starttls or tls"),
    "openai_model": (
        lambda text: any(map(str.strip, text.split(","))),
        "be the name of a model, or several separated by commas",
    ),
    "follow_up_chooser": (lambda text: text in {"embedded", "model"}, "be embedded or model"),
    "log_format": (lambda text: text in {"text", "json"}, "be text or json"),
    "base_url": (_is_public_address, "begin with http:// or https://, have a host and no query"),
    "trusted_proxies": (_is_list_of_addresses, "be IP addresses or networks, separated by commas"),
}
