"""A running Odoo with Recruitment on a private PostgreSQL cluster, and the keys of three people."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

from tests.fixtures.house import free_port
from tests.fixtures.postgres import ROLE, Cluster
from tests.odoo.processes import Processes
from tests.odoo.provision import BUILD, CannotRun, Installation, Say

DATABASE = "ats"
MODULES = "hr_recruitment,base_automation"
NAME = "odoo"
RECRUITER = "recruiter"
PASSWORD = "a-password-of-the-recruiter"
KEPT = BUILD / "initialised"

# Keys cannot be made over the API: Odoo asks whoever makes one for their password, on a page.
BOOTSTRAP = """
import json, os
from datetime import datetime, timedelta
groups = [env.ref("base.group_user").id, env.ref("hr_recruitment.group_hr_recruitment_user").id]
people = {"admin": env.ref("base.user_admin")}
for login, name in (("recruiter", "Rita Recruiter"), ("evenhand", "Evenhand")):
    people[login] = env["res.users"].with_context(no_reset_password=True).create(
        {"login": login, "name": name, "password": os.environ["BOOTSTRAP_PASSWORD"], "group_ids": [(6, 0, groups)]}
    )
until = datetime.now() + timedelta(days=30)
keys = {who: env["res.users.apikeys"].with_user(user)._generate("rpc", "API", until) for who, user in people.items()}
env.cr.commit()
with open(os.environ["BOOTSTRAP_FILE"], "w") as file:
    json.dump(keys, file)
"""


class Keys(Struct, frozen=True):
    """API keys: an administrator's, and those of two people with the least that recruiting needs."""

    admin: str
    recruiter: str
    evenhand: str


class Server:
    """One Odoo on one cluster, its files below ``folder``."""

    def __init__(self, installed: Installation, cluster: Cluster, folder: Path) -> None:
        self._installed = installed
        self._cluster = cluster
        self._folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def prepare(self, say: Say) -> Keys:
        """A database with Recruitment in it: a copy of one that an earlier run made, or a new one."""
        data = self._folder / "data"
        package = (self._installed.root / "usr/share/doc/odoo-19/changelog.Debian.gz").stat().st_size
        kept = KEPT / f"{MODULES}-{package}"
        if not (kept / "dump").exists():
            say("Making a database with Recruitment and Automation Rules in it (one to three minutes)")
            self._odoo("-i", MODULES, "--without-demo=True", "--stop-after-init", "--no-http")
            fresh = KEPT / "new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            self._postgres("pg_dump", "-Fc", "-f", str(fresh / "dump"), "-d", DATABASE)
            shutil.copytree(data, fresh / "data")
            fresh.rename(kept)
        else:
            self._cluster.create(DATABASE)
            self._postgres("pg_restore", "--no-owner", "-d", DATABASE, str(kept / "dump"))
            shutil.copytree(kept / "data", data)
        file = self._folder / "keys.json"
        own = {"BOOTSTRAP_FILE": str(file), "BOOTSTRAP_PASSWORD": PASSWORD}
        self._odoo("--no-http", "--shell-interface=python", command="shell", script=BOOTSTRAP, more=own)
        return Keys(**json.loads(file.read_text("utf-8")))

    def start(self, processes: Processes) -> None:
        """Serve on loopback, and wait until it answers."""
        address = ["--http-interface", "127.0.0.1", "--http-port", str(self.port)]
        only = ["--max-cron-threads=0", "--no-database-list", "--db-filter", f"^{DATABASE}$"]
        command = [*self._installed.command, *self._arguments(), *address, *only]
        processes.start(NAME, command, self._installed.environment(self._folder))
        # Its pages need scripts that Debian has in other packages; the API does not.
        processes.wait_for(NAME, f"{self.url}/json/version")

    def _arguments(self) -> list[str]:
        database = ["-d", DATABASE, "--db_host", "127.0.0.1", "--db_port", str(self._cluster.port), "--db_user", ROLE]
        return [*database, "--data-dir", str(self._folder / "data")]

    def _odoo(
        self, *arguments: str, command: str = "server", script: str = "", more: dict[str, str] | None = None
    ) -> None:
        called = [*self._installed.command, command, *self._arguments(), *arguments]
        environment = {**self._installed.environment(self._folder), **(more or {})}
        done = subprocess.run(called, input=script, capture_output=True, text=True, check=False, env=environment)
        if done.returncode or "Traceback" in done.stderr:
            raise CannotRun(f"Odoo does not run here:\n{done.stderr[-2000:]}")

    def _postgres(self, program: str, *arguments: str) -> None:
        address = ["-h", "127.0.0.1", "-p", str(self._cluster.port), "-U", ROLE]
        called = [str(self._cluster.bin / program), *address, *arguments]
        subprocess.run(called, check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
