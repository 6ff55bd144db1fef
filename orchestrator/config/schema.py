"""The shape of evenhand.yaml. Values of people and vendors only; the rules live in the domain.

Write the copy for editors anew with `python -m orchestrator.config.schema > docs/reference/evenhand.schema.json`.
"""

import json
import sys
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from adapters.contract.model import StageKind
from orchestrator.domain.program import Program, RoleFamily, Slug, Strict
from orchestrator.domain.retention import Retention
from orchestrator.domain.writeback import FieldMap

Line = Annotated[str, Meta(min_length=1, max_length=200)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", description="an e-mail address")]
EnvironmentName = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", description="name of an environment variable")]


class Secret(Strict, frozen=True, kw_only=True):
    """Where a secret is: the file never holds one."""

    env: EnvironmentName


class Credential(Strict, frozen=True, kw_only=True):
    """Where a credential of a connection is: in the environment, or stored encrypted in the database."""

    env: EnvironmentName | None = None
    stored: Annotated[bool, Meta(description="set with `evenhand credentials set`")] = False


class Company(Strict, frozen=True, kw_only=True):
    """Who hires, and whom a candidate can write to."""

    name: Line
    contact_name: Line
    contact_email: Email


class StageMapping(Strict, frozen=True, kw_only=True):
    """One of the customer's stages (id or exact name) and what it is."""

    stage: Line
    kind: StageKind


class ResultLinks(Strict, frozen=True, kw_only=True):
    """Links that are told with orders and open without an account. ``reachable`` None: where the vendor needs them."""

    reachable: bool | None = None
    days: Annotated[int, Meta(ge=1, le=365)] = 90


class Connection(Strict, frozen=True, kw_only=True):
    """One customer's credentials and settings for one vendor."""

    key: Slug
    adapter: Slug
    base_url: Annotated[str, Meta(pattern=r"^https?://", description="http:// or https:// address of the ATS")]
    credentials: dict[str, Credential]
    options: dict[str, Line] = msgspec.field(default_factory=dict)
    webhook_secrets: tuple[Secret, ...] = ()
    assessment_secrets: tuple[Secret, ...] = ()
    result_links: ResultLinks = ResultLinks()
    poll_minutes: Annotated[int, Meta(ge=1, le=1440)] = 5
    stages: Annotated[tuple[StageMapping, ...], Meta(min_length=1)]
    fields: FieldMap


class NoticeSettings(Strict, frozen=True, kw_only=True):
    """What is yours in the notice to candidates; the rest is written by Evenhand."""

    version: Line
    privacy_url: Annotated[str, Meta(pattern=r"^https?://")] | None = None
    extra: tuple[Line, ...] = ()
    calibration: Annotated[
        bool, Meta(description="you hold calibration sessions over interviews: the notice says so to candidates")
    ] = False


class Configuration(Strict, frozen=True, kw_only=True):
    """The whole file."""

    version: Annotated[int, Meta(ge=1, le=1)]
    company: Company
    connections: Annotated[tuple[Connection, ...], Meta(min_length=1)]
    role_families: tuple[RoleFamily, ...] = ()
    programs: Annotated[tuple[Program, ...], Meta(min_length=1)]
    notice: NoticeSettings
    retention: Retention = Retention()
    rubric_folders: tuple[Line, ...] = ()

    def connection(self, key: str) -> Connection:
        """Find a connection; raises KeyError."""
        for connection in self.connections:
            if connection.key == key:
                return connection
        raise KeyError(key)


def configuration_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of evenhand.yaml, for editors and for the checks."""
    schema = msgspec.json.schema(Configuration)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Evenhand configuration", **schema}


def schema_text() -> str:
    """Text of docs/reference/evenhand.schema.json, ending with a newline."""
    return json.dumps(configuration_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class Vocabulary(Struct, frozen=True):
    """What a configuration may refer to: adapter keys and rubric ids that exist.

    ``without_fields``, ``without_notes`` and ``without_private_notes`` are adapters of ATSs that have no custom fields,
    no notes, or none that only some may read; ``with_orders`` those of ATSs in which interviews can be ordered.
    """

    adapters: tuple[str, ...]
    rubrics: tuple[str, ...]
    without_fields: frozenset[str] = frozenset()
    without_notes: frozenset[str] = frozenset()
    without_private_notes: frozenset[str] = frozenset()
    with_orders: frozenset[str] = frozenset()


if __name__ == "__main__":
    sys.stdout.write(schema_text())
