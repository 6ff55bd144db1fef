"""The environment: everything that differs between two installations and is not in evenhand.yaml."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from typing_extensions import override

from orchestrator.errors import SettingsInvalid

PREFIX = "EVENHAND_"


class Settings(Struct, frozen=True, kw_only=True):
    """Settings of one process. Secrets are read here once and never printed.

    ``secret_key`` (at least 32 characters) makes candidate links and signs forms; changing it ends every open link.
    """

    database_url: str
    config: Path
    base_url: str
    secret_key: str
    host: str = "127.0.0.1"
    port: int = 8400
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
    worker_concurrency: int = 8
    lease_seconds: float = 30.0
    show_design: bool = False
    log_format: str = "text"

    @override
    def __repr__(self) -> str:
        # Half of the fields are secrets, and a representation ends in a log sooner or later.
        return f"Settings(base_url={self.base_url!r})"


_REQUIRED = ("database_url", "config", "base_url", "secret_key")
_NUMBERS: Mapping[str, type] = {
    "port": int,
    "smtp_port": int,
    "openai_samples": int,
    "worker_concurrency": int,
    "openai_timeout": float,
    "lease_seconds": float,
}
_MIN_SECRET = 32


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read EVENHAND_* variables.

    Raises:
        SettingsInvalid: names every variable that is missing or wrong, never its value.
    """
    known = {f"{PREFIX}{field.upper()}": field for field in Settings.__struct_fields__}
    given = {field: environ[name] for name, field in known.items() if environ.get(name)}
    problems = [f"{PREFIX}{field.upper()} is not set" for field in _REQUIRED if field not in given]
    values: dict[str, object] = dict(given)
    for field, kind in _NUMBERS.items():
        if field in given:
            try:
                values[field] = kind(given[field])
            except ValueError:
                problems.append(f"{PREFIX}{field.upper()} must be a number")
    if "secret_key" in given and len(given["secret_key"]) < _MIN_SECRET:
        problems.append(f"{PREFIX}SECRET_KEY must have at least {_MIN_SECRET} characters")
    if values.get("smtp_tls", "none") not in {"none", "starttls", "tls"}:
        problems.append(f"{PREFIX}SMTP_TLS must be none, starttls or tls")
    if values.get("log_format", "text") not in {"text", "json"}:
        problems.append(f"{PREFIX}LOG_FORMAT must be text or json")
    if problems:
        raise SettingsInvalid("; ".join(problems))
    values["config"] = Path(given["config"])
    values["show_design"] = given.get("show_design", "").lower() in {"1", "true", "yes"}
    values["base_url"] = given["base_url"].rstrip("/")
    return Settings(**values)  # type: ignore[arg-type]  # the values were converted field by field above
