"""Odoo's JSON-2 API (version 19 and later): every request is a POST that calls one method of one model."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from adapters.contract.errors import AdapterError, NotFound, OutcomeUnknown, PayloadInvalid, Refused, Unavailable
from adapters.kit.http import AnswerHints, HttpClient
from adapters.kit.payload import decode
from adapters.odoo import mapping
from adapters.odoo.answers import (
    ApplicantAnswer,
    ChangedAnswer,
    ContextAnswer,
    ErrorAnswer,
    JobAnswer,
    KeyAnswer,
    MessageAnswer,
    StageAnswer,
    StageMessageAnswer,
    SubtypeAnswer,
    UserAnswer,
)
from adapters.odoo.fields import FieldAnswer, Raw

T = TypeVar("T", bound=msgspec.Struct)
U = TypeVar("U")
Domain = Sequence[Sequence[Any]]

# Searches leave archived records out unless they are told not to.
EVERYONE = {"active_test": False}
MOST_NOTES = 5000


def read_hints(body: bytes) -> AnswerHints:
    """The class of an error, as its code. Its message and its trace are never looked at: they repeat what was sent."""
    return AnswerHints(code=_error_name(body).rpartition(".")[2] or None)


def judge(status: int, body: bytes) -> AdapterError | None:
    """What Odoo's statuses mean where they mean something else.

    A mistake in the request is a Python error and answered with 500: what was begun is rolled back, and trying again
    changes nothing. A 404 is
    about a record only where it says so. One that names no error is what a server says whose database is down, and
    what it says where the database's name is wrong: nothing was done, and it may answer later.
    """
    name = _error_name(body)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR and name in mapping.OUR_MISTAKES:
        return Refused("the ATS refused a field or a value", code=name.rpartition(".")[2])
    if status == HTTPStatus.NOT_FOUND and not name:
        return Unavailable("no database of Odoo 19 or later answers at this address")
    if status == HTTPStatus.NOT_FOUND and not name.endswith("MissingError"):
        return Refused("this Odoo has no Recruitment, or another one than version 19 has", code="no_such_method")
    return None


def _error_name(body: bytes) -> str:
    try:
        return decode(body, ErrorAnswer, what="the error").name
    except PayloadInvalid:
        return ""


class OdooClient:
    """Requests to the API. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def applicant(self, record_id: int) -> ApplicantAnswer:
        """Read one applicant; raises NotFound."""
        return await self._one(mapping.APPLICANT, record_id, ApplicantAnswer)

    async def job(self, record_id: int) -> JobAnswer:
        """Read one job position; raises NotFound."""
        return await self._one(mapping.JOB, record_id, JobAnswer)

    async def stage(self, record_id: int) -> StageAnswer:
        """Read one stage; raises NotFound."""
        return await self._one(mapping.STAGE, record_id, StageAnswer)

    async def stages(self) -> list[StageAnswer]:
        """Read every stage, in the order of the board."""
        return await self._search(mapping.STAGE, [], StageAnswer, order="sequence, id")

    async def changed(self, domain: Domain, *, order: str, limit: int) -> list[ChangedAnswer]:
        """List applicants, archived ones too."""
        return await self._search(mapping.APPLICANT, domain, ChangedAnswer, order=order, limit=limit)

    async def stage_subtype(self) -> int | None:
        """The id of the subtype of messages that say that the stage changed."""
        ids = await self._ids(mapping.SUBTYPE, [["res_model", "=", mapping.APPLICANT]])
        body = await self._call(mapping.SUBTYPE, "get_metadata", ids=ids)
        found = decode(body, list[SubtypeAnswer], what="the kinds of messages")
        return next((one.id for one in found if one.xmlid == mapping.STAGE_CHANGED), None)

    async def latest_message(self, ids: Sequence[int], *, subtype: int) -> StageMessageAnswer | None:
        """The newest of these messages that has this subtype."""
        domain: Domain = [["id", "in", list(ids)], ["subtype_id", "=", subtype]]
        found = await self._search(mapping.MESSAGE, domain, StageMessageAnswer, order="id desc", limit=1)
        return next(iter(found), None)

    async def fields(self) -> dict[str, FieldAnswer]:
        """Read the definitions of every field of applicants."""
        attributes = list(FieldAnswer.__struct_fields__)
        body = await self._call(mapping.APPLICANT, "fields_get", attributes=attributes)
        return decode(body, dict[str, FieldAnswer], what="the definitions of fields")

    async def values(self, record_id: int, keys: Sequence[str]) -> Mapping[str, object]:
        """Read fields of one applicant; raises NotFound."""
        body = await self._call(mapping.APPLICANT, "read", ids=[record_id], fields=list(keys))
        return _first(decode(body, list[dict[str, Any]], what="the custom fields"))

    async def write_values(self, record_id: int, values: Mapping[str, Raw]) -> None:
        """Write fields of one applicant."""
        await self._http.write(
            "POST", _path(mapping.APPLICANT, "write"), body={"ids": [record_id], "vals": dict(values)}
        )

    async def notes(self, record_id: int) -> list[MessageAnswer]:
        """Read the internal messages of an applicant, oldest first.

        Raises:
            PayloadInvalid: there are more than a person could have written.
        """
        domain: Domain = [
            ["model", "=", mapping.APPLICANT],
            ["res_id", "=", record_id],
            ["subtype_id.internal", "=", True],
            ["message_type", "in", list(mapping.WRITTEN)],
        ]
        found = await self._search(mapping.MESSAGE, domain, MessageAnswer, order="id", limit=MOST_NOTES)
        if len(found) == MOST_NOTES:
            raise PayloadInvalid(f"an applicant has {MOST_NOTES} notes or more")
        return found

    async def add_note(self, record_id: int, html: str) -> MessageAnswer:
        """Add an internal message, which is never sent to anybody outside, and read it.

        Raises:
            OutcomeUnknown: not answered; or answered, and what became of it cannot be read.
        """
        body = await self._http.write(
            "POST",
            _path(mapping.APPLICANT, "message_post"),
            body={"ids": [record_id], "body": html, "body_is_html": True, "subtype_xmlid": mapping.NOTE},
        )
        try:
            return await self._one(mapping.MESSAGE, _first(decode(body, list[int], what="the note")), MessageAnswer)
        except AdapterError as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown("the note was sent, but it could not be read") from error

    async def me(self) -> UserAnswer:
        """Read the user of the credentials."""
        context = decode(await self._call(mapping.USER, "context_get"), ContextAnswer, what="the user's context")
        return await self._one(mapping.USER, context.uid, UserAnswer)

    async def has_group(self, user_id: int, group: str) -> bool:
        """Whether a user is in a group, by its external id."""
        body = await self._call(mapping.USER, "has_group", ids=[user_id], group_ext_id=group)
        return decode(body, bool, what="the membership")

    async def key_ends(self) -> list[datetime]:
        """When the user's own API keys end, of those that do."""
        found = await self._search(mapping.API_KEY, [], KeyAnswer, order="id", context=None)
        return [mapping.to_moment(one.expiration_date) for one in found if isinstance(one.expiration_date, str)]

    async def server_time(self) -> datetime | None:
        """The server's clock, in whole seconds."""
        answer = await self._http.read_answer("/json/version")
        try:
            return parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return None

    async def _one(self, model: str, record_id: int, shape: type[T]) -> T:
        body = await self._call(model, "read", ids=[record_id], fields=list(shape.__struct_fields__))
        return _first(decode(body, list[shape], what=f"the answer about {model}"))  # type: ignore[valid-type]  # the shape is a value here

    async def _search(
        self,
        model: str,
        domain: Domain,
        shape: type[T],
        *,
        order: str,
        limit: int | None = None,
        context: Mapping[str, object] | None = EVERYONE,
    ) -> list[T]:
        fields = list(shape.__struct_fields__)
        arguments = {"domain": domain, "fields": fields, "order": order, "limit": limit, "context": context or {}}
        body = await self._call(model, "search_read", **arguments)
        return decode(body, list[shape], what=f"the list of {model}")  # type: ignore[valid-type]  # the shape is a value here

    async def _ids(self, model: str, domain: Domain, *, order: str = "id", limit: int | None = None) -> list[int]:
        body = await self._call(model, "search", domain=domain, order=order, limit=limit)
        return decode(body, list[int], what=f"the list of {model}")

    async def _call(self, model: str, method: str, **arguments: object) -> bytes:
        return await self._http.ask(_path(model, method), body=arguments)


def _path(model: str, method: str) -> str:
    return f"/json/2/{model}/{method}"


def _first(found: list[U]) -> U:
    # Odoo answers a read of what is not there with an empty list.
    if not found:
        raise NotFound("the ATS has no such record")
    return found[0]
