"""The installation: database, worker, mail, model, address, secret key, retention and notice."""

from collections.abc import Iterator

from orchestrator.domain.addresses import in_clear, is_local
from orchestrator.domain.doctor_facts import (
    DatabaseState,
    EngineFacts,
    HouseFacts,
    MailFacts,
    ModelFacts,
    ServiceState,
)
from orchestrator.domain.findings import Code, Finding, found

LATE = 300.0
"""Seconds that work may be due while workers live."""

ROOM = 1_000_000_000
"""Bytes below which a disk is nearly full; below a fifth of it, it is about to be."""

SECRET_LENGTH = 32
VARIETY = 10
"""Different characters that a random key of 32 has at the least: sixteen are to be expected of hexadecimal ones."""


def installation(house: HouseFacts, *, remote: bool) -> Iterator[Finding]:
    """All of it. ``remote``: an ATS somewhere else is connected, so that this is no trial on one machine."""
    yield from _database(house)
    if house.engine is not None:
        yield from _engine(house.engine)
    yield from _mail(house.mail, remote=remote)
    yield from _model(house.model)
    yield from _address(house, remote=remote)
    yield from _promises(house)


def _database(house: HouseFacts) -> Iterator[Finding]:
    if house.database is DatabaseState.UNREACHABLE:
        yield found(
            Code.DATABASE_UNREACHABLE,
            "database",
            "The database does not answer, so only what needs none was looked at.",
            "Is EVENHAND_DATABASE_URL right, and does the server run and let this machine in?",
        )
    elif house.database is DatabaseState.BEHIND:
        yield found(
            Code.DATABASE_NOT_MIGRATED,
            "database",
            "The database has the schema of an older release, so only what needs none was looked at.",
            "Run `evenhand db upgrade`.",
        )
    elif house.database is DatabaseState.READ_ONLY:
        yield found(
            Code.DATABASE_NOT_WRITABLE,
            "database",
            "The database can be read and not written: no delivery can be accepted.",
            "Is the disk full, the file or its folder read-only, or the server a replica? Mend that, then look again.",
        )
    if house.free_bytes is not None and house.free_bytes < ROOM:
        yield found(
            Code.DISK_NEARLY_FULL,
            "storage",
            f"Only {house.free_bytes // 1_000_000} MB are left where the database lies.",
            "Make room or move the database to a larger disk: without room nothing can be accepted.",
            worse=house.free_bytes < ROOM // 5,
        )


def _engine(engine: EngineFacts) -> Iterator[Finding]:
    if not engine.workers:
        yield found(
            Code.WORKER_MISSING,
            "worker",
            "No worker runs: what comes in is kept, and nothing is done about it.",
            "Start `evenhand worker`, or `evenhand serve --with-worker`.",
        )
    elif engine.overdue > LATE:
        yield found(
            Code.WORK_OVERDUE,
            "worker",
            f"Work has been due for {engine.overdue / 60:.0f} minutes although workers live.",
            "Look at `evenhand work metrics`: start another worker, or one that takes every kind of work.",
        )
    for kind, cause, count in engine.dead:
        one = "piece" if count == 1 else "pieces"
        yield found(
            Code.DEAD_LETTERS,
            f"work {kind}",
            f"{count} {one} of work of the kind {kind} were given up ({cause}).",
            f"Look at `evenhand work list --state dead --kind {kind}`, mend the cause, then `evenhand work replay --kind "
            f"{kind}`; or settle them under Operations.",
        )


def _mail(mail: MailFacts, *, remote: bool) -> Iterator[Finding]:
    told = {
        ServiceState.UNREACHABLE: (
            Code.MAIL_UNREACHABLE,
            "The mail server does not answer, so nobody is invited.",
            "Check EVENHAND_SMTP_HOST and EVENHAND_SMTP_PORT, and whether a firewall lets this machine out.",
        ),
        ServiceState.NOT_PROTECTED: (
            Code.MAIL_NOT_PROTECTED,
            "The mail server answers, but no protected connection (TLS) came about, so nothing is sent.",
            "Check EVENHAND_SMTP_TLS (tls for port 465, starttls for 587), the server's certificate, and its name.",
        ),
        ServiceState.KEY_REFUSED: (
            Code.MAIL_SIGN_IN_REFUSED,
            "The mail server refused the user or the password.",
            "Check EVENHAND_SMTP_USERNAME and EVENHAND_SMTP_PASSWORD.",
        ),
        ServiceState.SENDER_REFUSED: (
            Code.MAIL_SENDER_REFUSED,
            "The mail server does not let us send under the address of EVENHAND_MAIL_FROM.",
            "Set EVENHAND_MAIL_FROM to an address that this mail user may send from, or allow it at the mail provider.",
        ),
    }
    if mail.state in told:
        code, reason, mend = told[mail.state]
        yield found(code, "mail", reason, mend)
    if not mail.protected and not is_local(mail.host):
        yield found(
            Code.MAIL_IN_CLEAR,
            "mail",
            "Mail goes to another machine without TLS: candidates' names, addresses and links can be read on the way.",
            "Set EVENHAND_SMTP_TLS to starttls or tls.",
        )
    if remote and (is_local(mail.sender_domain) or "." not in mail.sender_domain):
        yield found(
            Code.MAIL_SENDER_LOCAL,
            "mail",
            "The sender's address ends in a name that only this machine knows: most mail providers refuse such mail.",
            "Set EVENHAND_MAIL_FROM to an address of your own domain.",
        )


def _model(model: ModelFacts | None) -> Iterator[Finding]:
    if model is None:
        yield found(
            Code.GRADER_EMBEDDED,
            "model",
            "No model is set up: the embedded grader sorts the answers, and every result goes to a person.",
            "To use a model, set EVENHAND_OPENAI_API_KEY or EVENHAND_OPENAI_BASE_URL (docs/how-to/use-a-model.md).",
        )
        return
    told = {
        ServiceState.UNREACHABLE: (
            Code.MODEL_UNREACHABLE,
            "The model's endpoint does not answer, so nothing is scored; interviews wait for it.",
            "Check EVENHAND_OPENAI_BASE_URL, and whether a firewall lets this machine out.",
        ),
        ServiceState.KEY_REFUSED: (
            Code.MODEL_KEY_REFUSED,
            "The model's endpoint refused the key.",
            "Check EVENHAND_OPENAI_API_KEY, and at the provider whether it ended or has no credit.",
        ),
        ServiceState.UNKNOWN: (
            Code.MODEL_UNKNOWN,
            f"The endpoint does not list the model {model.name}.",
            "Check EVENHAND_OPENAI_MODEL: letter by letter as the provider calls it.",
        ),
    }
    if model.state in told:
        code, reason, mend = told[model.state]
        yield found(code, "model", reason, mend)
    if in_clear(model.base_url):
        yield found(
            Code.MODEL_IN_CLEAR,
            "model",
            "What candidates said, and the key, go to the model without encryption.",
            "Set EVENHAND_OPENAI_BASE_URL to an https:// address.",
        )


def _address(house: HouseFacts, *, remote: bool) -> Iterator[Finding]:
    if in_clear(house.base_url):
        yield found(
            Code.BASE_URL_IN_CLEAR,
            "EVENHAND_BASE_URL",
            "It begins with http://: links to interviews, and answers, can be read on the way.",
            "Put a proxy with a certificate before Evenhand and set EVENHAND_BASE_URL to the https:// address.",
        )
    if remote and is_local(house.base_url):
        yield found(
            Code.BASE_URL_LOCAL,
            "EVENHAND_BASE_URL",
            "It names this machine itself: no candidate can open a link, and no ATS can deliver to it.",
            "Set EVENHAND_BASE_URL to the address under which the world reaches Evenhand.",
        )
    if house.secret_key_length < SECRET_LENGTH or house.secret_key_variety < VARIETY:
        yield found(
            Code.SECRET_KEY_WEAK,
            "EVENHAND_SECRET_KEY",
            "The secret key is short or made of few characters: links to interviews could be guessed.",
            "Make one with `openssl rand -hex 32`. Links that are open end with the change: do it before the launch.",
            worse=house.secret_key_length < SECRET_LENGTH,
        )


def _promises(house: HouseFacts) -> Iterator[Finding]:
    if not house.retention_written:
        yield found(
            Code.RETENTION_NOT_SET,
            "retention",
            "evenhand.yaml does not say how long things are kept, so the defaults hold; the notice tells them candidates.",
            "Write `retention:` into evenhand.yaml with the days that your privacy notice promises.",
        )
    if house.privacy_url is None:
        yield found(
            Code.NOTICE_WITHOUT_PRIVACY,
            "notice",
            "The notice to candidates does not lead to your privacy notice.",
            "Write its address at `notice.privacy_url` in evenhand.yaml.",
        )
