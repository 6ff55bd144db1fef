"""The web application: one shell around the handlers that the composition root passes in."""

from collections.abc import Callable, Sequence

from litestar import Litestar
from litestar.config.csrf import CSRFConfig
from litestar.di import Provide
from litestar.types import ControllerRouterHandler, LifespanHook

from orchestrator.web.assets import packaged_assets
from orchestrator.web.design import design_handlers
from orchestrator.web.errors import exception_handlers
from orchestrator.web.gates import OPTION, Gates
from orchestrator.web.health import Readiness, always_ready, health_handlers
from orchestrator.web.rate_limit import DOORS, AddressLimit, Buckets, Door, hook_door
from orchestrator.web.security_headers import security_headers
from orchestrator.web.templating import template_config

# The longest answer is 8,000 characters; percent-encoded, one character may take twelve bytes.
FORM_LIMIT = 128 * 1024
# The longest delivery.
HOOK_LIMIT = 1024 * 1024
# Where handlers that are called without injection find the services, in the options of the application.
SERVICES = "services"


def create_app(
    *,
    handlers: Sequence[ControllerRouterHandler],
    services: object,
    secret_key: str,
    base_url: str,
    show_design: bool = False,
    readiness: Readiness = always_ready,
    doors: Sequence[Door] = DOORS,
    on_startup: Sequence[LifespanHook] = (),
    on_shutdown: Sequence[LifespanHook] = (),
) -> Litestar:
    """Build the application.

    ``services`` reaches every handler as the dependency of that name; ``base_url`` is the public address and decides
    whether cookies are secure; ``show_design`` serves the design system at /design.
    """
    https = base_url.startswith("https://")
    assets = packaged_assets()
    gates = Gates(addresses=AddressLimit(doors), connections=Buckets(hook_door()), readiness=[readiness])
    return Litestar(
        route_handlers=[
            *handlers,
            *health_handlers(gates.troubles),
            *(design_handlers() if show_design else ()),
            assets.handler(),
        ],
        dependencies={"services": Provide(_always(services), sync_to_thread=False)},
        template_config=template_config(assets.url),
        csrf_config=CSRFConfig(
            secret=secret_key,
            cookie_name="evenhand_csrf",
            cookie_secure=https,
            cookie_httponly=True,
            cookie_samesite="lax",
            exclude=["^/hooks/", "^/partner/"],
        ),
        middleware=[gates.addresses],
        opt={SERVICES: services, OPTION: gates},
        before_send=[security_headers(https=https)],
        exception_handlers=exception_handlers(),
        request_max_body_size=FORM_LIMIT,
        openapi_config=None,
        logging_config=None,  # the composition root sets logging up; the default would print paths
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
    )


def _always(services: object) -> Callable[[], object]:
    def provide() -> object:
        return services

    return provide
