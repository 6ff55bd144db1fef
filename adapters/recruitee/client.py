"""Recruitee's API of one company: one method per request. Its answers are decoded by the mapping's structs."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from adapters.kit.http import HttpAnswer, HttpClient

OFFERS_ON_A_PAGE = 100


class RecruiteeClient:
    """Requests to the API. Every method raises the contract's errors and gives the undecoded answer."""

    def __init__(self, http: HttpClient, *, company: str) -> None:
        self._http = http
        self._root = f"/c/{quote(company, safe='')}"

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def candidate(self, candidate_id: int) -> bytes:
        """Read one candidate with its placements."""
        return await self._http.read(f"{self._root}/candidates/{candidate_id}")

    async def candidates(self, *, offset: int, limit: int) -> HttpAnswer:
        """Read candidates, newest first, and the answer's clock."""
        query = {"limit": limit, "offset": offset}
        return await self._http.read_answer(f"{self._root}/candidates", params=query)

    async def offer(self, offer_id: int) -> bytes:
        """Read one job (or talent pool) with its pipeline."""
        return await self._http.read(f"{self._root}/offers/{offer_id}")

    async def offers(self, *, offset: int, limit: int = OFFERS_ON_A_PAGE, statuses: tuple[str, ...] = ()) -> HttpAnswer:
        """Read jobs, and the answer's clock."""
        query = [("limit", str(limit)), ("offset", str(offset)), *(("statuses[]", word) for word in statuses)]
        return await self._http.read_answer(f"{self._root}/offers?{urlencode(query)}")

    async def notes(self, candidate_id: int) -> bytes:
        """Read every note on a candidate."""
        return await self._http.read(f"{self._root}/candidates/{candidate_id}/notes")

    async def add_note(self, candidate_id: int, body: Mapping[str, object]) -> bytes:
        """Add a note; ``body`` as in the mapping."""
        return await self._http.write("POST", f"{self._root}/candidates/{candidate_id}/notes", body=body)
