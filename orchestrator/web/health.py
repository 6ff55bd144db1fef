"""Whether the process lives (/healthz) and whether it can do its work (/readyz)."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

from orchestrator.web.errors import RETRY_SECONDS, problem

# Gives what stands in the way of work, in words without secrets; empty means ready.
Readiness = Callable[[], Awaitable[Sequence[str]]]


async def always_ready() -> Sequence[str]:
    """Nothing stands in the way."""
    return ()


def health_handlers(readiness: Readiness) -> list[HTTPRouteHandler]:
    """The two routes."""

    @get("/healthz", media_type=MediaType.TEXT, include_in_schema=False)
    async def healthz() -> str:
        return "ok\n"

    @get("/readyz", include_in_schema=False)
    async def readyz() -> Response[bytes]:
        troubles = await readiness()
        if troubles:
            answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, detail="; ".join(troubles))
            answer.headers["Retry-After"] = str(RETRY_SECONDS)
            return answer
        return Response(b"ok\n", media_type=MediaType.TEXT)

    return [healthz, readyz]
