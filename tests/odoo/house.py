"""Evenhand beside a real Odoo: its process, the mail catcher, and what its database says afterwards."""

import asyncio
import os
import secrets
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct

from orchestrator.db.models.account import Role
from orchestrator.db.models.intake import DeliveryRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.writeback import WriteBackRow, WriteBackState
from orchestrator.demo.processes import Ports
from orchestrator.demo.script import Reviewer
from orchestrator.main import build, migrate, read_environment
from tests.fixtures.house import free_port
from tests.odoo.people import FIELDS
from tests.odoo.processes import Processes

CONNECTION = "odoo"
KINDS = {
    "New": "applied",
    "Qualification": "application_review",
    "First Interview": "first_interview",
    "Second Interview": "interview",
    "Contract Proposal": "offer",
}
CONFIGURATION = """
version: 1
company: {{name: Northwind Outdoor, contact_name: Dana Whitfield, contact_email: hiring@northwind-outdoor.example}}
connections:
  - key: odoo
    adapter: odoo
    base_url: {url}
    credentials: {{api_key: {{env: EVENHAND_ODOO_API_KEY}}}}
    options: {{database: {database}}}
    webhook_secrets: [{{env: EVENHAND_ODOO_CAPABILITY}}]
    poll_minutes: 1
    stages: [{stages}]
    fields: {{{fields}, note: team}}
role_families: [{{key: customer-support, titles: ["*Customer Support*"]}}]
programs:
  - key: support-pilot
    title: Customer support, first interview
    version: 1
    connection: odoo
    when: {{stage: first_interview, role_families: [customer-support]}}
    rubric: customer-support/first-interview
    share: 1.0
    cap: {{total: 125, per_day: 25}}
    re_entry: never
    on_leave: cancel
    invitation: {{valid_days: 7, reminder_hours: [48, 120]}}
    review: {{mode: always, due_hours: 24, undo_seconds: 0}}
notice: {{version: "2026-11"}}
"""


class Traces(Struct, frozen=True):
    """What Evenhand's database says."""

    deliveries: Mapping[str, int]
    interviews: int
    conflicts: int
    pending: int


class House:
    """One Evenhand on SQLite, with an embedded worker."""

    def __init__(self, folder: Path, odoo_url: str, database: str, api_key: str) -> None:
        self._folder = folder
        self.capability = secrets.token_hex(32)
        self.ports = Ports(*(free_port() for _ in range(4)))
        self.reviewer = Reviewer("dana@northwind-outdoor.example", "Dana Whitfield", secrets.token_urlsafe(12))
        stages = ", ".join(f"{{stage: {name}, kind: {kind}}}" for name, kind in KINDS.items())
        fields = ", ".join(f"{key.removeprefix('x_interview_')}: {key}" for key in FIELDS)
        text = CONFIGURATION.format(
            url=odoo_url, database=database, stages=stages, fields=fields.replace("summary:", "bullets:")
        )
        (folder / "evenhand.yaml").write_text(text, "utf-8")
        self._variables = {
            "EVENHAND_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'evenhand.sqlite3'}",
            "EVENHAND_CONFIG": str(folder / "evenhand.yaml"),
            "EVENHAND_BASE_URL": self.ports.evenhand_url,
            "EVENHAND_PORT": str(self.ports.evenhand),
            "EVENHAND_SECRET_KEY": secrets.token_urlsafe(32),
            "EVENHAND_SMTP_PORT": str(self.ports.smtp),
            "EVENHAND_MAIL_FROM": "interviews@northwind-outdoor.example",
            "EVENHAND_MAIL_LOOKUP_URL": f"{self.ports.mail_url}/api/messages/by-id/",
            "EVENHAND_ODOO_API_KEY": api_key,
            "EVENHAND_ODOO_CAPABILITY": self.capability,
        }

    def start(self, processes: Processes) -> None:
        """Migrate, add the reviewer, start Evenhand and the mail catcher."""
        migrate(read_environment(self._variables))
        asyncio.run(self._add_reviewer())
        python = [sys.executable, "-m", "orchestrator"]
        mail = ["mail-catcher", "--smtp-port", str(self.ports.smtp), "--port", str(self.ports.mail)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
        processes.start("mail-catcher", [*python, *mail], inherited)
        processes.start("evenhand", [*python, "serve", "--with-worker"], inherited | self._variables)
        processes.wait_for("mail-catcher", f"{self.ports.mail_url}/api/messages")
        processes.wait_for("evenhand", f"{self.ports.evenhand_url}/readyz")

    def traces(self, applicant: int) -> Traces:
        """What is known of one applicant's deliveries, and of all interviews and write-backs."""
        return asyncio.run(self._traces(str(applicant)))

    async def _add_reviewer(self) -> None:
        runtime = build(read_environment(self._variables), self._variables)
        try:
            await runtime.services.intake.go_live()
            await runtime.services.accounts.create(
                email=self.reviewer.email, name=self.reviewer.name, role=Role.ADMIN, password=self.reviewer.password
            )
        finally:
            await runtime.aclose()

    async def _traces(self, applicant: str) -> Traces:
        runtime = build(read_environment(self._variables), self._variables)
        try:
            async with runtime.database.reading() as session:
                rows = (await session.scalars(sa.select(DeliveryRow))).all()
                states = Counter(await session.scalars(sa.select(WriteBackRow.state)))
                interviews = await session.scalar(sa.select(sa.func.count()).select_from(InterviewRow))
        finally:
            await runtime.aclose()
        about = f'"_id": {applicant},'.encode()
        mine = [
            row.source.value
            for row in rows
            if about in (row.body or b"") or f":{applicant}:" in row.dedupe.partition("{")[0]
        ]
        return Traces(
            deliveries=Counter(mine),
            interviews=interviews or 0,
            conflicts=states[WriteBackState.CONFLICT],
            pending=states[WriteBackState.PENDING],
        )
