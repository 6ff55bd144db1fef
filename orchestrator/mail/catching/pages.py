"""The HTTP side of the mail catcher: pages for people, JSON for tests and for ``Mailer.accepted``."""

from importlib.resources import files
from typing import TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from litestar import Litestar, MediaType, Response, delete, get, post, put
from litestar.datastructures import CacheControlHeader, ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, URLEncodedBody
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig
from msgspec import Struct

from orchestrator.mail.catching.store import Delivery, Faults, MailStore

PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# A mail is somebody else's document: it may style itself and open its links in a new tab, and nothing else.
MAIL_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
MAIL_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox {MAIL_SANDBOX}"

T = TypeVar("T")
Kept = NamedDependency[MailStore]


class Search(Struct):
    """The search form: part of an address."""

    recipient: str = ""


@get("/", sync_to_thread=False)
def inbox(store: Kept) -> Template:
    """All mails, newest first."""
    return Template("inbox.html", context={"deliveries": store.deliveries[::-1], "recipient": ""})


@post("/search", status_code=200, sync_to_thread=False)
def search(store: Kept, data: URLEncodedBody[Search]) -> Template:
    """Mails to one recipient. A form post, so that no address gets into a URL."""
    wanted = data.recipient.strip()
    return Template("inbox.html", context={"deliveries": store.to(wanted)[::-1], "recipient": wanted})


@get("/messages/{number:int}", sync_to_thread=False)
def message(store: Kept, number: FromPath[int]) -> Template:
    """One mail: the HTML as a mail program would show it, and the plain text."""
    return Template("message.html", context={"delivery": _found(store.one(number)), "sandbox": MAIL_SANDBOX})


@get("/messages/{number:int}/html", media_type=MediaType.HTML, sync_to_thread=False)
def message_html(store: Kept, number: FromPath[int]) -> Response[str]:
    """The HTML part alone, for the frame; its links open outside the frame."""
    html = _found(store.one(number)).html
    shown = html.replace("<head>", '<head><base target="_blank">', 1)
    return Response(shown, headers={"Content-Security-Policy": MAIL_POLICY})


@get("/messages/{number:int}/source", media_type=MediaType.TEXT, sync_to_thread=False)
def message_source(store: Kept, number: FromPath[int]) -> bytes:
    """The mail as it came over the wire."""
    return _found(store.source(number))


@get("/style.css", media_type=MediaType.CSS, sync_to_thread=False, cache_control=CacheControlHeader(max_age=300))
def style() -> str:
    """The style sheet of the pages."""
    return files("orchestrator.mail.catching").joinpath("static", "style.css").read_text("utf-8")


@get("/api/messages", sync_to_thread=False)
def list_messages(store: Kept) -> list[Delivery]:
    """Every delivery, oldest first."""
    return list(store.deliveries)


@get("/api/messages/by-id/{message_id:str}", sync_to_thread=False)
def message_by_id(store: Kept, message_id: FromPath[str]) -> Delivery:
    """The first delivery with this Message-ID (without brackets); 404 where there is none."""
    return _found(store.by_message_id(message_id))


@delete("/api/messages", sync_to_thread=False)
def clear(store: Kept) -> None:
    """Forget every delivery."""
    store.clear()


@get("/api/faults", sync_to_thread=False)
def faults(store: Kept) -> Faults:
    """The faults still to be played."""
    return store.faults


@put("/api/faults", sync_to_thread=False)
def set_faults(store: Kept, data: JSONBody[Faults]) -> Faults:
    """Replace the fault switches; a switch that is not named goes off."""
    store.faults = data
    return data


def create_catcher_app(store: MailStore) -> Litestar:
    """The pages and the API over this store."""
    return Litestar(
        [
            inbox,
            search,
            message,
            message_html,
            message_source,
            style,
            list_messages,
            message_by_id,
            clear,
            faults,
            set_faults,
        ],
        dependencies={"store": Provide(lambda: store, sync_to_thread=False)},
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(_environment())),
        response_headers=[
            ResponseHeader(name="Content-Security-Policy", value=PAGE_POLICY),
            ResponseHeader(name="X-Content-Type-Options", value="nosniff"),
            ResponseHeader(name="Referrer-Policy", value="no-referrer"),
        ],
        openapi_config=None,
        logging_config=None,
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("orchestrator.mail.catching"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundException("There is no such mail.")
    return value
