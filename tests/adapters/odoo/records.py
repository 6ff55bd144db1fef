"""The records of a small Odoo: what its methods do, as the reference (§8.1) and a running Odoo 19 say."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]
Domain = Iterable[Sequence[Any]]

STAGES = ("New", "Qualification", "First Interview", "Second Interview", "Contract Proposal", "Contract Signed")
COMPLETIONS = (
    *("Invited", "In progress", "Completed", "In review"),
    *("Expired", "Withdrawn", "Alternative requested", "Not scored by AI"),
)
NOTE, STAGE_CHANGED, NEW_APPLICANT = 2, 9, 8
OFFICER = {"base.group_user", "hr_recruitment.group_hr_recruitment_user"}


class OdooError(Exception):
    """An error as the API names it."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status, self.name = status, name


def python_error(message: str, name: str = "ValueError") -> OdooError:
    return OdooError(500, f"builtins.{name}", message)


def missing() -> OdooError:
    return OdooError(404, "odoo.exceptions.MissingError", "Record does not exist or has been deleted.")


def forbidden() -> OdooError:
    return OdooError(403, "odoo.exceptions.AccessError", "You are not allowed to access these records.")


def definition(kind: str, **more: Any) -> Record:
    return {"type": kind, "string": kind.title(), "manual": False, "readonly": False, "store": True, **more}


class Records:
    """Tables by model; each record has raw values, many2one as bare ids."""

    def __init__(self, begins: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) -> None:
        self.begins = begins
        self.ticks = 0
        self.fields = {
            "partner_name": definition("char"),
            "email_from": definition("char"),
            "stage_id": definition("many2one"),
            "x_interview_completion": definition(
                "selection", manual=True, selection=[[word, word] for word in COMPLETIONS]
            ),
            "x_interview_band": definition("char", manual=True, size=40),
            "x_interview_score": definition("float", manual=True),
            "x_interview_rounds": definition("integer", manual=True),
            "x_interview_subscores": definition("text", manual=True),
            "x_interview_summary": definition("text", manual=True),
            "x_interview_link": definition("char", manual=True),
            "x_interview_audit_ref": definition("char", manual=True),
            "x_total": definition("float", manual=True, readonly=True),
            "x_day": definition("date", manual=True),
        }
        stages = [
            {"id": number, "name": name, "sequence": number, "hired_stage": name == "Contract Signed"}
            for number, name in enumerate(STAGES, start=1)
        ]
        self.tables: dict[str, list[Record]] = {
            "hr.recruitment.stage": stages,
            "hr.job": [],
            "hr.applicant": [],
            "mail.message": [],
            "mail.message.subtype": [
                {"id": NOTE, "res_model": False, "internal": True, "xmlid": "mail.mt_note"},
                {"id": NEW_APPLICANT, "res_model": "hr.applicant", "internal": False, "xmlid": "x.mt_applicant_new"},
                {
                    "id": STAGE_CHANGED,
                    "res_model": "hr.applicant",
                    "internal": False,
                    "xmlid": "hr_recruitment.mt_applicant_stage_changed",
                },
            ],
            "res.users": [{"id": 6, "name": "Evenhand", "company_id": 1}],
            "res.users.apikeys": [{"id": 1, "expiration_date": "2026-05-30 00:00:00"}],
            "res.partner": [],
        }
        self.names = {
            ("company_id", 1): "My Company",
            ("department_id", 1): "Support",
            ("author_id", 7): "Evenhand",
            ("source_id", 1): "Website",
        }

    def now(self) -> str:
        """The database's clock: every look at it is a second later."""
        self.ticks += 1
        return f"{self.begins + timedelta(seconds=self.ticks):%Y-%m-%d %H:%M:%S}"

    # What people do

    def add_job(self, name: str) -> int:
        return self._add("hr.job", name=name, active=True, department_id=1, address_id=False)

    def add_applicant(self, name: str, email: str, *, job: int | bool, stage: int | bool = 1) -> int:
        person = self._add("res.partner", name=name)
        self.names["partner_id", person] = name
        applicant = self._add(
            "hr.applicant",
            partner_id=person,
            partner_name=name,
            email_from=email,
            partner_phone=False,
            job_id=job,
            stage_id=stage,
            active=True,
            refuse_reason_id=False,
            source_id=1,
            date_last_stage_update=self.now(),
            **{key: 0.0 if one["type"] in {"float", "integer"} else False for key, one in self._custom()},
        )
        self._say(applicant, "<p>Applicant created</p>", NEW_APPLICANT)
        self._say(applicant, "<p>We received your application.</p>", NOTE, kind="auto_comment")
        return applicant

    def change(self, applicant: int, **values: Any) -> bool:
        """What ``write`` does; True where the stage is another one now, for which the automation rule fires."""
        record = self.one("hr.applicant", applicant)
        if "stage_id" in values:
            self.one("hr.recruitment.stage", values["stage_id"])
        moved = "stage_id" in values and values["stage_id"] != record["stage_id"]
        if {"stage_id", "kanban_state"} & values.keys():
            record["date_last_stage_update"] = self.now()
        record.update(values, write_date=self.now())
        if moved:
            self._say(applicant, "", STAGE_CHANGED)
        return moved

    def close_job(self, job: int) -> None:
        """Archive a job: Odoo archives its applicants with it."""
        self.one("hr.job", job)["active"] = False
        for applicant in [one["id"] for one in self.tables["hr.applicant"] if one["job_id"] == job]:
            self.change(applicant, active=False)

    # What the API does

    def write(self, ids: Sequence[int], vals: Mapping[str, Any]) -> list[int]:
        """Write what may be written; the ids of those whose stage changed."""
        for key, value in vals.items():
            if key not in self.fields:
                raise python_error(f"Invalid field {key!r} in 'hr.applicant'")
            options = [option for option, _ in self.fields[key].get("selection", [])]
            if options and value not in {*options, False}:
                raise python_error(f"Wrong value for hr.applicant.{key}: {value!r}")
        stored = {key: self._stored(key, value) for key, value in vals.items()}
        for one in ids:
            self.one("hr.applicant", one)
        return [one for one in ids if self.change(one, **stored)]

    def post(self, applicant: int, html: str, *, as_html: bool) -> int:
        self.one("hr.applicant", applicant)
        text = html if as_html else html.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return self._say(applicant, text, NOTE)

    def shown(self, model: str, record: Record, fields: Sequence[str]) -> Record:
        """A record as ``read`` shows it."""
        values = {**record, **self._computed(model, record)}
        for field in fields:
            if field not in values:
                raise python_error(f"Invalid field {field!r} on {model!r}")
        return {"id": record["id"], **{field: self._link(field, values[field]) for field in fields}}

    def found(self, model: str, domain: Domain, *, archived: bool, order: str, limit: int | None) -> list[Record]:
        rows = [row for row in self.table(model) if archived or row.get("active", True)]
        rows = [row for row in rows if all(self._meets(model, row, *one) for one in domain)]
        for part in reversed(order.split(",")):
            name, _, way = part.strip().partition(" ")
            if rows and name not in rows[0]:
                raise python_error(f"Invalid field {name!r} on model {model!r}")
            rows.sort(key=lambda row, name=name: row[name], reverse=way == "desc")  # type: ignore[misc]  # a default binds the name
        return rows[:limit]

    def table(self, model: str) -> list[Record]:
        if model not in self.tables:
            raise OdooError(404, "werkzeug.exceptions.NotFound", f"the model {model!r} does not exist")
        return self.tables[model]

    def one(self, model: str, record_id: object) -> Record:
        for record in self.table(model):
            if record["id"] == record_id:
                return record
        raise missing()

    def messages(self, applicant: int) -> list[Record]:
        return [one for one in self.tables["mail.message"] if one["res_id"] == applicant]

    def _add(self, table_name: str, **values: Any) -> int:
        table = self.tables[table_name]
        number = len(table) + 1
        now = self.now()
        table.append({"id": number, **values, "create_date": now, "write_date": now})
        return number

    def _say(self, applicant: int, body: str, subtype: int, *, kind: str = "notification") -> int:
        return self._add(
            "mail.message",
            model="hr.applicant",
            res_id=applicant,
            body=body,
            subtype_id=subtype,
            message_type=kind,
            author_id=7,
            date=self.now(),
        )

    def _custom(self) -> list[tuple[str, Record]]:
        return [(key, one) for key, one in self.fields.items() if one["manual"]]

    def _stored(self, key: str, value: Any) -> Any:
        field = self.fields[key]
        if field["type"] in {"float", "integer"}:
            return float(value or 0) if field["type"] == "float" else int(value or 0)
        # Odoo cuts a text off at the size of its field, and tells nobody.
        return value[: field["size"]] if value and field.get("size") else value

    def _computed(self, model: str, record: Record) -> Record:
        if model != "hr.applicant":
            return {}
        stage = record["stage_id"] and self.one("hr.recruitment.stage", record["stage_id"])
        refused = "refused" if record["refuse_reason_id"] else "archived"
        ongoing = "hired" if stage and stage["hired_stage"] else "ongoing"
        return {
            "application_status": ongoing if record["active"] else refused,
            "message_ids": [one["id"] for one in reversed(self.messages(record["id"]))],
        }

    def _link(self, field: str, value: Any) -> Any:
        if not field.endswith("_id") or value is False:
            return value
        table = {"job_id": "hr.job", "stage_id": "hr.recruitment.stage"}.get(field)
        return [value, self.one(table, value)["name"] if table else self.names[field, value]]

    def _meets(self, model: str, row: Record, path: str, operator: str, wanted: Any) -> bool:
        field, _, further = path.partition(".")
        if field not in row:
            raise python_error(f"Invalid field {model}.{field} in condition")
        value = self.one("mail.message.subtype", row[field])[further] if further else row[field]
        match operator:
            case "=":
                return bool(value == wanted)
            case ">=":
                return bool(value >= wanted)
            case ">":
                return bool(value > wanted)
            case "in":
                return value in wanted
            case _:
                raise python_error(f"Invalid operator {operator!r}")
