"""One run's folder, ports, secrets and configuration, and the parts that its processes play in it."""

import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.chaos.plan import LEASE_SECONDS, Plan
from tests.chaos.roles import HOST, EvenhandPart, MailPart, ModelPart, Part, SandboxPart
from tests.fixtures.house import configuration_text, free_port

UNLIMITED = ("cap: {total: 125, per_day: 25}", "cap: {}")
SELDOM_POLLED = ("poll_minutes: 5", "poll_minutes: 15")
SECOND_PROGRAM = "  - key: sdr-pilot"
SALES_CHANGES = (
    ("re_entry: never", "re_entry: after_finished"),
    ("review: {mode: always,", "review: {mode: borderline_or_flagged,"),
)


class Scene(Struct, frozen=True, kw_only=True):
    """Where everything is. All servers listen on loopback only."""

    folder: Path
    database_url: str
    web_ports: tuple[int, ...]
    sandbox_port: int
    mail_port: int
    smtp_port: int
    model_port: int
    api_key: str
    admin_key: str
    webhook_secret: str

    @property
    def ats_file(self) -> Path:
        """The sandbox's database."""
        return self.folder / "ats.sqlite3"

    @property
    def mail_file(self) -> Path:
        """What the mail catcher keeps."""
        return self.folder / "mails.jsonl"

    @property
    def ats_url(self) -> str:
        """The sandbox."""
        return f"http://{HOST}:{self.sandbox_port}"

    @property
    def mail_url(self) -> str:
        """The mail catcher's switches and look-up."""
        return f"http://{HOST}:{self.mail_port}"

    def environment(self) -> dict[str, str]:
        """Of every Evenhand process."""
        return {
            "EVENHAND_DATABASE_URL": self.database_url,
            "EVENHAND_CONFIG": str(self.folder / "evenhand.yaml"),
            "EVENHAND_BASE_URL": f"http://{HOST}:{self.web_ports[0]}",
            "EVENHAND_SECRET_KEY": "chaos-secret-key-that-is-long-enough-to-use",
            "EVENHAND_SMTP_PORT": str(self.smtp_port),
            "EVENHAND_MAIL_FROM": "interviews@northwind-outdoor.example",
            "EVENHAND_MAIL_LOOKUP_URL": f"{self.mail_url}/api/messages/by-id/",
            "EVENHAND_LEASE_SECONDS": str(LEASE_SECONDS),
            "EVENHAND_HOOKS_PER_SECOND": "1000",
            "EVENHAND_OPENAI_BASE_URL": f"http://{HOST}:{self.model_port}/v1",
            "EVENHAND_OPENAI_API_KEY": "none",
            "EVENHAND_OPENAI_SAMPLES": "1",
            "EVENHAND_OPENAI_TIMEOUT": "5",
            "EVENHAND_SANDBOX_API_KEY": self.api_key,
            "EVENHAND_SANDBOX_WEBHOOK_SECRET": self.webhook_secret,
        }

    def servers(self, seed: int) -> dict[str, tuple[Part, int]]:
        """What stands around Evenhand and is never killed, with the port that says that it is ready."""
        sandbox = SandboxPart(
            port=self.sandbox_port,
            database=str(self.ats_file),
            people=str(self.folder / "people.json"),
            api_key=self.api_key,
            admin_key=self.admin_key,
        )
        mail = MailPart(smtp_port=self.smtp_port, port=self.mail_port, kept=str(self.mail_file))
        return {
            "sandbox": (sandbox, self.sandbox_port),
            "mail": (mail, self.mail_port),
            "model": (ModelPart(port=self.model_port, seed=seed), self.model_port),
        }

    def evenhand(self, skew: dict[str, float]) -> dict[str, EvenhandPart]:
        """Evenhand's own processes, each with a clock of its own."""
        ports = {f"web-{number}": port for number, port in enumerate(self.web_ports, start=1)}
        return {
            name: EvenhandPart(environment=self.environment(), skew=wrong, port=ports.get(name))
            for name, wrong in skew.items()
        }


def make_scene(folder: Path, database_url: str, plan: Plan) -> Scene:
    """Fresh ports and secrets, the configuration and the people on disk."""
    web_ports = tuple(free_port() for name in plan.skew if name.startswith("web-"))
    sandbox, mail, smtp, model = (free_port() for _ in range(4))
    scene = Scene(
        folder=folder,
        database_url=database_url,
        web_ports=web_ports,
        sandbox_port=sandbox,
        mail_port=mail,
        smtp_port=smtp,
        model_port=model,
        api_key=secrets.token_urlsafe(32),
        admin_key=secrets.token_urlsafe(32),
        webhook_secret=secrets.token_urlsafe(32),
    )
    (folder / "evenhand.yaml").write_text(configuration(scene.ats_url), "utf-8")
    (folder / "people.json").write_bytes(msgspec.json.encode(plan.people))
    return scene


def configuration(ats_url: str) -> str:
    """The demo's file without caps; in its second program the policy may decide, and who comes back is invited again."""
    text = configuration_text(ats_url, changes=[UNLIMITED, SELDOM_POLLED])
    head, marker, tail = text.partition(SECOND_PROGRAM)
    assert marker, "the demo has no second program any more"
    for old, new in SALES_CHANGES:
        assert old in tail, old
        tail = tail.replace(old, new)
    return head + marker + tail
