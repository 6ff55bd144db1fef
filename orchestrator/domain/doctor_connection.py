"""One connection: can we talk to it, may we do what we need and no more, and does its work go on?"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Capability
from orchestrator.domain.addresses import in_clear
from orchestrator.domain.doctor_facts import ConnectionFacts, Failure, Traffic, Trouble
from orchestrator.domain.findings import Code, Finding, found, listed
from orchestrator.domain.ordering import OrderRefusal

SKEW = 60.0
"""Seconds that the clocks may differ before somebody should look."""

SKEW_ERROR = 240.0
"""Seconds from which deliveries begin to fall out of the replay window, which is five minutes at most vendors."""

EXPIRY = timedelta(days=14)
SOON = timedelta(days=2)
WAIT = 1.0
"""Seconds until the next turn from which requests stand in line."""

_OF_ORDERS = frozenset(OrderRefusal)
_GENTLY = timedelta(minutes=5)


def talking(facts: ConnectionFacts, at: datetime) -> Iterator[Finding]:
    """Address, answers, credentials, scopes, clock."""
    if in_clear(facts.base_url):
        yield found(
            Code.ATS_IN_CLEAR,
            "base_url",
            "The address of the ATS begins with http://, so the credentials can be read on the way.",
            f"Set base_url of the connection {facts.key} in evenhand.yaml to the https:// address, then restart.",
            connection=facts.key,
        )
    inspection = facts.inspection if isinstance(facts.inspection, Inspection) else None
    if facts.traffic is not None and facts.traffic.lost_key is not None:
        yield _lost_key(facts, facts.traffic.lost_key)
    yield from _scopes(facts, inspection)
    yield from _failures(facts, inspection)
    yield from _expiry(facts, inspection, at)
    if facts.skew is not None and abs(facts.skew) > SKEW:
        way = "ahead of" if facts.skew > 0 else "behind"
        yield found(
            Code.CLOCK_SKEWED,
            "clock",
            f"The clock of the ATS is {abs(facts.skew):.0f} seconds {way} ours; signed deliveries carry its time.",
            "Look at the clock of this machine (`timedatectl`) and switch time synchronisation (NTP) on.",
            connection=facts.key,
            worse=abs(facts.skew) > SKEW_ERROR,
        )


def _expiry(facts: ConnectionFacts, inspection: Inspection | None, at: datetime) -> Iterator[Finding]:
    seen = facts.traffic
    # What the ATS says now counts, and not what it said of credentials that may have been replaced since.
    told = inspection.expires_at if inspection else seen.credentials_end_told if seen else None
    ends = min((end for end in (told, seen.credentials_end if seen else None) if end is not None), default=None)
    if ends is not None and ends - at <= EXPIRY:
        yield found(
            Code.CREDENTIALS_EXPIRE,
            "credentials",
            f"The credentials {'ended' if ends <= at else 'end'} on {ends:%Y-%m-%d %H:%M} UTC.",
            _renew(facts),
            connection=facts.key,
            worse=ends - at <= SOON,
        )


def _renew(facts: ConnectionFacts) -> str:
    """What gives a connection credentials that are good again."""
    title = facts.manifest.title
    if facts.by_consent:
        return (
            f"As an administrator, press Connect at /operations/connections/{facts.key}. If {title} refuses that too, "
            f"compare client_id and client_secret of the connection with what {title} shows."
        )
    return (
        f"Make new ones in {title}, put them where `credentials` of the connection {facts.key} in evenhand.yaml says, restart, and run "
        f"`evenhand connection resume {facts.key}` if it is paused."
    )


def _lost_key(facts: ConnectionFacts, key: str) -> Finding:
    return found(
        Code.CREDENTIAL_KEY_MISSING,
        "EVENHAND_CREDENTIAL_KEYS",
        f"Its tokens are encrypted with the key {key}, which is not among ours, so nothing can be asked or written.",
        f"Put that key back behind the newest, restart, run `evenhand credentials rotate` and `evenhand connection resume "
        f"{facts.key}`. If the key is lost, press Connect at /operations/connections/{facts.key}.",
        connection=facts.key,
    )


def _scopes(facts: ConnectionFacts, inspection: Inspection | None) -> Iterator[Finding]:
    needed = facts.manifest.scopes
    if inspection is None or not needed:
        return
    make = partial(found, connection=facts.key)
    if inspection.scopes is None:
        yield make(
            Code.SCOPES_UNTOLD,
            "scopes",
            f"{facts.manifest.title} does not tell what credentials may do, so this cannot be checked.",
            f"Compare by hand: exactly {listed(needed)}, and nothing else.",
        )
        return
    for scope in sorted(set(needed) - inspection.scopes):
        yield make(
            Code.SCOPE_MISSING,
            f"scope {scope}",
            f"The credentials lack the permission {scope}, which Evenhand needs.",
            f"In {facts.manifest.title}, give these credentials the permission {scope}.",
        )
    for scope in sorted(inspection.scopes - set(needed)):
        yield make(
            Code.SCOPE_UNNEEDED,
            f"scope {scope}",
            f"The credentials may do {scope}, which Evenhand never uses; whoever steals them may do it too.",
            f"In {facts.manifest.title}, take the permission {scope} away from these credentials.",
        )


def _failures(facts: ConnectionFacts, inspection: Inspection | None) -> Iterator[Finding]:
    told: frozenset[str] = frozenset()
    if inspection is not None and inspection.scopes is not None:
        told = frozenset(facts.manifest.scopes) - inspection.scopes
    # Without the key there was nothing to ask with.
    lost = facts.traffic is not None and facts.traffic.lost_key is not None
    seen: set[Trouble] = {Trouble.REJECTED} if lost else set()
    for failure in facts.failures:
        known = failure.trouble is Trouble.FORBIDDEN and (failure.scope in told if failure.scope else bool(told))
        # One cause, one finding; only what is forbidden differs from look to look.
        if known or (failure.trouble in seen and failure.trouble is not Trouble.FORBIDDEN):
            continue
        seen.add(failure.trouble)
        yield _failure(facts, failure)


def _failure(facts: ConnectionFacts, failure: Failure) -> Finding:
    if failure.trouble is Trouble.NO_TURN:
        return _in_line(facts)
    code, subject, reason, mend = _WORDS[failure.trouble]
    scope = f" ({failure.scope})" if failure.scope else ""
    names = {"title": facts.manifest.title, "what": failure.what, "scope": scope, "renew": _renew(facts)}
    return found(code, subject or failure.what, reason.format(**names), mend.format(**names), connection=facts.key)


_WORDS: Mapping[Trouble, tuple[Code, str, str, str]] = {
    Trouble.UNREACHABLE: (
        Code.ATS_UNREACHABLE,
        "base_url",
        "{title} does not answer, or only with errors of its own.",
        (
            "Open the base_url of the connection from this machine (`curl -I`): is it right, and do proxy and firewall "
            "let it through? If the ATS is down, nothing has to be done."
        ),
    ),
    Trouble.REJECTED: (
        Code.CREDENTIALS_REJECTED,
        "credentials",
        "{title} rejected the credentials: they are wrong, revoked or ended.",
        "{renew}",
    ),
    Trouble.FORBIDDEN: (
        Code.PERMISSION_MISSING,
        "",
        "The credentials may not read the {what}, so it could not be compared.",
        "In {title}, give them the permission that is missing{scope}; the adapter's README lists what is needed.",
    ),
    Trouble.RATE_LIMITED: (
        Code.ATS_RATE_LIMITED,
        "requests",
        "{title} asks for fewer requests: something uses its limit up.",
        "Wait a little and ask the doctor again; if it stays so, look who else uses these credentials.",
    ),
    Trouble.UNREADABLE: (
        Code.ATS_SPEAKS_OTHERWISE,
        "",
        "{title} answered in a shape that its documentation does not have, when asked about the {what}.",
        "Look whether there is a newer release of Evenhand; if not, report it with the name of the vendor.",
    ),
    Trouble.REFUSED: (
        Code.ATS_REFUSED,
        "",
        "{title} refused to tell about the {what}.",
        "Check base_url and options of the connection in evenhand.yaml against the adapter's README.",
    ),
}


def _in_line(facts: ConnectionFacts) -> Finding:
    return found(
        Code.TURNS_EXHAUSTED,
        "requests",
        "So many requests stand in line at our own limit that a new one has to wait.",
        f"Look at `evenhand work list --state queued`: what there is so much of? Evenhand keeps to "
        f"{facts.manifest.rate_limit.per_second:g} requests a second for {facts.manifest.title}; it works itself off.",
        connection=facts.key,
    )


def traffic(facts: ConnectionFacts, at: datetime, *, attended: bool) -> Iterator[Finding]:
    """What our own tables say: pause, turns, polling, deliveries. ``attended``: somebody works."""
    seen = facts.traffic
    if seen is None:
        return
    unreachable = any(failure.trouble is Trouble.UNREACHABLE for failure in facts.failures)
    if seen.pause is not None and not (seen.pause.failures and unreachable):
        yield found(
            Code.CONNECTION_PAUSED,
            "work",
            f"Its work waits, without losing attempts, since: {seen.pause.reason}.",
            f"Mend the cause, then run `evenhand connection resume {facts.key}`, or press Go on under Operations.",
            connection=facts.key,
        )
    if seen.turn_wait > WAIT and not any(failure.trouble is Trouble.NO_TURN for failure in facts.failures):
        yield _in_line(facts)
    if attended and seen.pause is None and seen.turn_wait <= WAIT and not unreachable:
        yield from _polling(facts, seen, at)
    if seen.missed and seen.missed_since is not None:
        yield _missed(facts, seen.missed, seen.missed_since)
    for reason, count in sorted(seen.refused.items()):
        if reason not in _OF_ORDERS:
            yield _refused(facts, reason, count)


def _polling(facts: ConnectionFacts, seen: Traffic, at: datetime) -> Iterator[Finding]:
    last = seen.polled_at or seen.live_since
    patience = 3 * timedelta(minutes=facts.poll_minutes) + _GENTLY
    if Capability.POLLING in facts.manifest.capabilities and last is not None and at - last > patience:
        since = f"since {seen.polled_at:%Y-%m-%d %H:%M} UTC" if seen.polled_at else "at all"
        yield found(
            Code.POLL_STOPPED,
            "polling",
            f"Evenhand has not asked what changed {since}, though it should every {facts.poll_minutes} minutes.",
            "Look at `evenhand work list --kind ats.poll` for why it fails; a worker must run (`evenhand worker`).",
            connection=facts.key,
        )


def _missed(facts: ConnectionFacts, count: int, since: datetime) -> Finding:
    title = facts.manifest.title
    who = "One application" if count == 1 else f"{count} applications"
    return found(
        Code.APPLICATION_MISSED,
        "applications",
        f"{who} with an open interview: {title} says since {since:%Y-%m-%d %H:%M} UTC that there is no such thing. The "
        "interviews go on, nothing was cancelled, and Evenhand looks again at least once a day.",
        f"In {title}, check that the user of these credentials may still see the job and the candidate: a lost permission "
        "looks like this. If the application was deleted or merged on purpose, an invitation ends by itself, and a result "
        "that cannot be written is settled under Operations.",
        connection=facts.key,
    )


def _refused(facts: ConnectionFacts, reason: str, count: int) -> Finding:
    mends = {
        "SignatureInvalid": "Set the same secret in the webhook of the ATS and in the environment variable that "
        "`webhook_secrets` names; check the clock of this machine.",
        "PayloadInvalid": "Look at what the webhook sends: the events and the format that the adapter's README names.",
        "TooLarge": "A delivery had more than a megabyte. Choose fewer events in the webhook, as the adapter's README says.",
    }
    words = {
        "SignatureInvalid": "were not signed with our secret, or too long ago",
        "PayloadInvalid": "could not be read",
        "TooLarge": "were too large",
    }
    return found(
        Code.DELIVERIES_REFUSED,
        f"deliveries: {reason}",
        f"Since yesterday {count} deliveries were refused: they {words.get(reason, 'did not fit')}. Polling finds what "
        "they would have told; if nobody of yours sent them, leave it.",
        mends.get(reason, "Compare the webhook in the ATS with the adapter's README."),
        connection=facts.key,
    )
