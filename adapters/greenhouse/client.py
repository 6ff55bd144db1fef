"""Harvest v3: one method per request. Every listing is a bare array with a Link header."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from adapters.contract.errors import NotFound, PayloadInvalid, Transient
from adapters.greenhouse.rows import OptionRow
from adapters.kit.clock import vendor_time
from adapters.kit.http import HttpAnswer, HttpClient
from adapters.kit.oauth import OAuth
from adapters.kit.pagination import next_link, walk
from adapters.kit.payload import decode

T = TypeVar("T")
PAGE_SIZE = 500
MOST_IDS = 50
LONGEST_WAIT = 60.0
"""Seconds; twice the vendor's window, so that a clock that is wrong there or here stops nobody for hours."""
DIGITS = 19


class _Wrapped(Struct, frozen=True):
    """Rows in an object, should the vendor ever wrap them; or a message, where a record is not ready yet."""

    data: tuple[msgspec.Raw, ...] | None = None
    message: str | None = None


class Page(Struct, frozen=True):
    """Rows, the cursor of the next page, and the ATS's clock."""

    rows: tuple[msgspec.Raw, ...]
    cursor: str | None
    at: datetime | None


def seconds_until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the window of ``X-RateLimit-Reset`` (seconds since 1970) ends; None where it is not told."""
    try:
        reset = float(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    return min(max(0.0, reset - now.timestamp()), LONGEST_WAIT) if isfinite(reset) else None


class GreenhouseClient:
    """Requests to Harvest v3. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient, oauth: OAuth) -> None:
        self._http = http
        self._oauth = oauth

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()
        await self._oauth.aclose()

    async def page(self, resource: str, filters: Mapping[str, str], cursor: str | None, *, size: int) -> Page:
        """Read one page. The filters go with the first one only: a cursor must come alone."""
        params: dict[str, str | int] = {"cursor": cursor} if cursor else {**filters, "per_page": size}
        answer = await self._http.read_answer(f"/v3/{resource}", params=params)
        return Page(_rows(answer.body, resource), _cursor(answer), vendor_time(answer.headers))

    async def rows(self, resource: str, shape: type[T], **filters: str) -> list[T]:
        """Read every row that the filters let through."""

        async def fetch(cursor: str | None) -> tuple[Sequence[msgspec.Raw], str | None]:
            page = await self.page(resource, filters, cursor, size=PAGE_SIZE)
            return page.rows, page.cursor

        return [read_row(row, shape, resource) async for row in walk(fetch)]

    async def row(self, resource: str, shape: type[T], row_id: int | str) -> T:
        """Read one row; Harvest v3 has no other way than a listing of one id.

        Raises:
            NotFound: the listing is empty, or the id is none that Greenhouse gives.
        """
        found = await self.rows(resource, shape, ids=numeric(row_id))
        if len(found) != 1:
            raise NotFound("Greenhouse has no such record, or the user of the credentials may not see it")
        return found[0]

    async def options(self, field_ids: Sequence[int]) -> list[OptionRow]:
        """Read the options of these custom fields, as many fields at once as the vendor allows."""
        found: list[OptionRow] = []
        for start in range(0, len(field_ids), MOST_IDS):
            some = ",".join(map(str, field_ids[start : start + MOST_IDS]))
            found += await self.rows("custom_field_options", OptionRow, custom_field_ids=some)
        return found

    async def write_values(self, application_id: str, body: Mapping[str, object]) -> None:
        """Change an application."""
        await self._http.write("PATCH", f"/v3/applications/{numeric(application_id)}", body=body)

    async def add_note(self, body: Mapping[str, object]) -> bytes:
        """Add a note; the raw answer."""
        return await self._http.write("POST", "/v3/notes", body=body)


def numeric(vendor_id: int | str) -> str:
    """An id as Greenhouse writes it.

    Raises:
        NotFound: it cannot be one; several ids in one text are none.
    """
    text = str(vendor_id)
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        raise NotFound("Greenhouse has no record with such an id")
    return text


def read_row(row: msgspec.Raw, shape: type[T], resource: str) -> T:
    """Read one row of a listing; raises PayloadInvalid."""
    return decode(bytes(row), shape, what=f"a row of {resource}")


def _rows(body: bytes, resource: str) -> tuple[msgspec.Raw, ...]:
    found: tuple[msgspec.Raw, ...] | _Wrapped = decode(
        body,
        tuple[msgspec.Raw, ...] | _Wrapped,  # type: ignore[arg-type]  # a union is a form of type, not a class
        what=f"the list of {resource}",
    )
    if isinstance(found, tuple):
        return found
    if found.data is None and found.message:
        # Greenhouse did answer: one record that is not ready must not count as an ATS that is down.
        raise Transient(f"Greenhouse has not prepared {resource} yet")
    if found.data is None:
        raise PayloadInvalid(f"the list of {resource} is none")
    return found.data


def _cursor(answer: HttpAnswer) -> str | None:
    link = next_link(answer.headers.get("link"))
    if link is None:
        return None
    for pair in _query(link).split("&"):
        name, _, value = pair.partition("=")
        if name == "cursor" and value:
            # Not unquote_plus: a plus sign in base64 is a plus sign.
            return unquote(value)
    raise PayloadInvalid("the address of the next page has no cursor")


def _query(link: str) -> str:
    try:
        return urlsplit(link).query
    except ValueError:
        raise PayloadInvalid("the address of the next page is none") from None
