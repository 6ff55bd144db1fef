"""Put the sandbox together: API, board, gate, background sender."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import ASGIApp

from adapters.sandbox.server import board
from adapters.sandbox.server.api import admin, reads, writes
from adapters.sandbox.server.delivery import Dispatcher
from adapters.sandbox.server.errors import Problem, answer_http_exception, answer_problem, answer_unreadable
from adapters.sandbox.server.gate import Gate, known_host
from adapters.sandbox.server.settings import Settings
from adapters.sandbox.server.store import Store

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(store: Store, settings: Settings) -> Litestar:
    """Make the web application. It sends webhooks while it runs and leaves ``store`` open when it stops."""
    package = Path(str(files("adapters.sandbox.server")))
    gate = Gate(store, settings)

    def gated(app: ASGIApp) -> ASGIApp:
        # The framework copies routers deeply, and a store cannot be copied; a function is passed along as it is.
        return gate(app)

    api = Router(
        "/api/v1",
        route_handlers=[
            *reads.HANDLERS,
            *writes.HANDLERS,
            Router("/", route_handlers=admin.HANDLERS, guards=admin.GUARDS),
        ],
        middleware=[gated],
    )
    pages = Router("/", route_handlers=board.HANDLERS, response_headers=PAGE_HEADERS, guards=[board.same_origin])

    @asynccontextmanager
    async def sending(_: Litestar) -> AsyncGenerator[None, None]:
        gate.open()
        dispatcher = asyncio.create_task(Dispatcher(store, settings).run())
        try:
            yield
        finally:
            dispatcher.cancel()
            with suppress(asyncio.CancelledError):
                await dispatcher

    return Litestar(
        route_handlers=[api, pages, create_static_files_router(path="/static", directories=[package / "static"])],
        dependencies={
            "store": Provide(lambda: store, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        exception_handlers={
            Problem: answer_problem,
            HTTPException: answer_http_exception,
            # What the framework's JSON decoder lets through: broken UTF-8, and nesting without end.
            UnicodeDecodeError: answer_unreadable,
            RecursionError: answer_unreadable,
        },
        guards=[known_host(settings.allowed_hosts)],
        template_config=TemplateConfig(
            directory=package / "templates", engine=JinjaTemplateEngine, engine_callback=board.configure
        ),
        request_max_body_size=settings.max_body_bytes,
        lifespan=[sending],
        openapi_config=None,
        logging_config=None,  # whoever runs the server decides about logs
    )
