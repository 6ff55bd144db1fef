"""The pages beside Evenhand's own: the sandbox ATS with its board, and the mail catcher."""

from datetime import UTC, datetime

from litestar import Litestar, MediaType, get
from litestar.params import FromPath

from adapters.sandbox.server import applications, jobs
from adapters.sandbox.server.app import create_app
from adapters.sandbox.server.seed import seed_pilot
from adapters.sandbox.server.settings import Settings
from adapters.sandbox.server.store import Store
from orchestrator.mail.catching.pages import create_catcher_app
from orchestrator.mail.catching.store import MailStore
from orchestrator.mail.letter import compose
from orchestrator.mail.render import MailContext, MailName, render
from orchestrator.ports import Mail
from tests.browser.site import Page, Site

_NOW = datetime(2026, 8, 4, 9, 30, tzinfo=UTC)
_INTEGRATION = "Interview integration"
_WRITTEN: dict[str, object] = {
    "interview_completion": "Completed",
    "interview_band": "Solid evidence",
    "interview_score": 63,
    "interview_subscores": "Finding the cause: 4 of 5\nCalming a conflict: 4 of 5\nClear explanation: 3 of 5",
    "interview_summary": (
        "- Finding the cause, 4 of 5: “The paper was fine, so I sent a page from my own account.”\n"
        "- Calming a conflict, 4 of 5: “I will write to you by four o'clock today, whatever they say.”"
    ),
    "interview_link": "http://127.0.0.1:8400/results/EH-7QK2-M4XD",
    "interview_audit_ref": "EH-7QK2-M4XD",
}
_LETTER = MailContext(
    employer="Northwind Outdoor",
    job_title="Customer Support Specialist",
    link="http://127.0.0.1:8400/i/0hVqf8mQ3v1xk2nW7uYc5TzR9sLdBp4EaJgXoKiM6NA",
    first_name="Amara",
    minutes=20,
    question_count=5,
    expires_at=datetime(2026, 8, 11, 9, 30, tzinfo=UTC),
    contact_name="Dana Whitfield",
    contact_email="hiring@northwind-outdoor.example",
    answer_by=datetime(2026, 8, 13, 9, 30, tzinfo=UTC),
)


def board_app() -> Litestar:
    """The sandbox with the pilot company; the first application has a result and a note, the others are untouched."""
    store = Store(":memory:")
    pilot = seed_pilot(store, api_key="a-key-for-browser-tests-0001")
    first = pilot.application_ids[0]
    interview = jobs.list_stages(store, pilot.job_ids[0])[2]
    applications.move(store, first, interview.id, actor="Robin Recruiter")
    applications.write_fields(store, first, dict(_WRITTEN), actor=_INTEGRATION)
    applications.add_note(
        store,
        first,
        "First interview: Solid evidence. Confirmed by Robin Recruiter.",
        visibility="private",
        actor=_INTEGRATION,
    )
    app = create_app(store, Settings())
    app.on_shutdown.append(store.close)
    return app


def catcher_app() -> Litestar:
    """The mail catcher after one mail of every sort, in the order of ``MailName``."""
    store = MailStore()
    for name in MailName:
        written = render(name, _LETTER)
        mail = Mail(
            message_id=f"{name.value}.0001@evenhand.example",
            to="amara.okafor@example.com",
            to_name="Amara Okafor",
            subject=written.subject,
            text=written.text,
            html=written.html,
        )
        letter = compose(
            mail, sender_name="Northwind Outdoor", sender_address="interviews@northwind-outdoor.example", now=_NOW
        )
        store.keep(letter.content, sender=letter.sender, recipients=[letter.recipient])
    return create_catcher_app(store)


def mails_app() -> Litestar:
    """The mails to candidates by themselves, since the catcher's frame lets no script look inside."""

    @get("/{name:str}", media_type=MediaType.HTML, sync_to_thread=False)
    def show(name: FromPath[str]) -> str:
        return render(name, _LETTER).html

    return Litestar([show], openapi_config=None, logging_config=None)


def empty_catcher_app() -> Litestar:
    """The mail catcher before the first mail."""
    return create_catcher_app(MailStore())


BOARD = Site(
    board_app,
    (
        Page("board", "/"),
        Page("board-second-job", "/?job=job_000002"),
        Page("board-card", "/applications/app_000001?saved=field", unfold=True),
        Page("board-card-untouched", "/applications/app_000003"),
    ),
)
CATCHER = Site(
    catcher_app,
    (
        Page("mail-list", "/"),
        Page("mail-message", "/messages/1"),
    ),
)
MAILS = Site(mails_app, tuple(Page(f"mail-{name.value}", f"/{name.value}") for name in MailName))
EMPTY_CATCHER = Site(empty_catcher_app, (Page("mail-list-empty", "/"),))
