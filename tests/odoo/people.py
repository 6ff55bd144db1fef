"""What people do in Odoo: an administrator over the API, a recruiter in a session of the web client."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.odoo.server import DATABASE, PASSWORD, RECRUITER

Record = dict[str, Any]
TIMEOUT = 60.0
COMPLETIONS = (
    "Invited", "In progress", "Completed", "In review", "Expired", "Withdrawn", "Alternative requested", "Not scored by AI"
)  # fmt: skip
FIELDS: Mapping[str, Record] = {
    "x_interview_completion": {
        "ttype": "selection",
        "selection_ids": [
            [0, 0, {"value": word, "name": word, "sequence": number}] for number, word in enumerate(COMPLETIONS)
        ],
    },
    "x_interview_band": {"ttype": "char"},
    "x_interview_score": {"ttype": "float"},
    "x_interview_subscores": {"ttype": "text"},
    "x_interview_summary": {"ttype": "text"},
    "x_interview_link": {"ttype": "char"},
    "x_interview_audit_ref": {"ttype": "char"},
}
"""The table of adapters/odoo/README.md, which a test compares with this one."""
CONTACT = (
    "partner_name", "email_from", "partner_phone", "partner_id", "linkedin_profile", "job_id", "user_id", "priority",
    "categ_ids", "active", "refuse_reason_id", "source_id", "availability", "applicant_notes", "create_date",
)  # fmt: skip


class Caller:
    """Somebody with an API key."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"bearer {key}"}, timeout=TIMEOUT, trust_env=False
        )

    def call(self, model: str, method: str, **arguments: Any) -> Any:
        """Call a method; raises httpx.HTTPStatusError."""
        answer = self._client.post(f"/json/2/{model}/{method}", json=arguments)
        if answer.is_error:
            raise AssertionError(f"{model}.{method} answered {answer.status_code}: {answer.json().get('message')}")
        return answer.json()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class Administrator(Caller):
    """Does once what adapters/odoo/README.md asks for, and puts people there."""

    def add_fields(self) -> None:
        """The fields for what is written back."""
        model = self._model()
        for name, kind in FIELDS.items():
            field = {"model_id": model, "name": name, "field_description": name[2:], "state": "manual", **kind}
            self.call("ir.model.fields", "create", vals_list=[field])

    def add_rule(self, address: str) -> int:
        """The automation rule, with stage and time of writing and nothing else; its id."""
        model, stage, written = self._model(), self._field("stage_id"), self._field("write_date")
        action = {
            "name": "Tell Evenhand",
            "model_id": model,
            "state": "webhook",
            "webhook_url": address,
            "webhook_field_ids": [[6, 0, [stage, written]]],
        }
        rule = {
            "name": "Tell Evenhand of moves",
            "model_id": model,
            "trigger": "on_create_or_write",
            "trigger_field_ids": [[6, 0, [stage]]],
            "action_server_ids": [[0, 0, action]],
        }
        return int(self.call("base.automation", "create", vals_list=[rule])[0])

    def switch_off(self, rule: int) -> None:
        """No more webhooks."""
        self.call("base.automation", "write", ids=[rule], vals={"active": False})

    def add_applicant(self, job: int, **values: Any) -> int:
        """Somebody applies."""
        return int(self.call("hr.applicant", "create", vals_list=[{"job_id": job, **values}])[0])

    def add_job(self, name: str) -> int:
        """A job that is hired for."""
        return int(self.call("hr.job", "create", vals_list=[{"name": name}])[0])

    def stages(self) -> dict[str, int]:
        """Stage ids by name."""
        found = self.call("hr.recruitment.stage", "search_read", domain=[], fields=["name"])
        return {stage["name"]: stage["id"] for stage in found}

    def shown(self, applicant: int) -> Record:
        """The custom fields of an applicant."""
        return dict(self.call("hr.applicant", "read", ids=[applicant], fields=list(FIELDS))[0])

    def contact(self, applicant: int) -> tuple[Record, Record]:
        """What no program may touch: the person's own data, on the applicant and in the address book."""
        mine = self.call("hr.applicant", "read", ids=[applicant], fields=list(CONTACT))[0]
        partner = ["name", "email", "phone", "street", "city", "lang", "write_date"]
        return mine, self.call("res.partner", "read", ids=[mine["partner_id"][0]], fields=partner)[0]

    def notes(self, applicant: int) -> list[Record]:
        """The internal notes below an applicant."""
        domain = [["model", "=", "hr.applicant"], ["res_id", "=", applicant], ["subtype_id.internal", "=", True]]
        return list(self.call("mail.message", "search_read", domain=domain, fields=["body", "author_id"], order="id"))

    def outgoing_mails(self) -> int:
        """E-mails that Odoo would have sent."""
        return int(self.call("mail.mail", "search_count", domain=[]))

    def _model(self) -> int:
        return int(self.call("ir.model", "search", domain=[["model", "=", "hr.applicant"]])[0])

    def _field(self, name: str) -> int:
        domain = [["model", "=", "hr.applicant"], ["name", "=", name]]
        return int(self.call("ir.model.fields", "search", domain=domain)[0])


class Recruiter:
    """Signed in, moving cards as the board of the web client does."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=False)
        self._call("/web/session/authenticate", {"db": DATABASE, "login": RECRUITER, "password": PASSWORD})

    def move(self, applicant: int, stage: int) -> None:
        """Drag a card to another column."""
        self.save(applicant, stage_id=stage)

    def save(self, applicant: int, **values: Any) -> None:
        """Change something about an applicant."""
        arguments: Record = {"model": "hr.applicant", "method": "web_save", "args": [[applicant], values]}
        arguments["kwargs"] = {"specification": {"stage_id": {}}}
        self._call("/web/dataset/call_kw/hr.applicant/web_save", arguments)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _call(self, path: str, parameters: Record) -> None:
        answer = self._client.post(path, json={"jsonrpc": "2.0", "method": "call", "params": parameters})
        told = answer.raise_for_status().json()
        if "error" in told:
            raise AssertionError(f"{path}: {told['error']['data']['message']}")
