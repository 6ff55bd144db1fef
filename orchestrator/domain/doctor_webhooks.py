"""One connection: do its deliveries come to us?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from adapters.contract.inspection import Inspection, WebhookRegistration
from adapters.contract.manifest import Capability
from orchestrator.domain.addresses import host_of, origin, path_of
from orchestrator.domain.doctor_facts import ConnectionFacts
from orchestrator.domain.drift import REPORTED, Drift, span
from orchestrator.domain.findings import Code, Finding, found, listed

SILENCE = timedelta(days=1)
"""How long after the last delivery polling may find something new before somebody should look."""


def webhooks(facts: ConnectionFacts) -> Iterator[Finding]:
    """Whether deliveries come to us. Polling finds what they would tell, only later; without it they are all there is."""
    if Capability.WEBHOOKS not in facts.manifest.capabilities:
        return
    make = partial(found, connection=facts.key, worse=Capability.POLLING not in facts.manifest.capabilities)
    told = list(_registration(facts, make))
    if not facts.webhook_secrets:
        told.append(
            make(
                Code.WEBHOOK_SECRET_MISSING,
                "webhook_secrets",
                "No secret is set for its webhooks, so every delivery is refused, and changes are only found by polling.",
                f"Name an environment variable under `webhook_secrets` of the connection {facts.key} in evenhand.yaml, "
                f"set it to a long random text, and give the same to the webhook in {facts.manifest.title}.",
            )
        )
    yield from told
    seen = facts.traffic
    if told or seen is None:
        return
    missed = seen.last_missed
    if missed is not None and (seen.last_webhook is None or missed - seen.last_webhook > SILENCE):
        last = (
            f"The last delivery came on {seen.last_webhook:%Y-%m-%d}" if seen.last_webhook else "No delivery ever came"
        )
        yield make(
            Code.WEBHOOK_SILENT,
            "webhook",
            f"{last}, and polling has found moves since that nobody told us.",
            f"In {facts.manifest.title}, look at the webhook: is it on, does it point to {facts.hook_url}, and what does "
            "its log of deliveries say?",
        )
    elif seen.drift.last_at is not None:
        yield _lossy(facts, seen.drift, seen.drift.last_at, make)


def _lossy(facts: ConnectionFacts, drift: Drift, last_at: datetime, make: partial[Finding]) -> Finding:
    moves = "one move" if drift.moves == 1 else f"{drift.moves} moves"
    late = f", up to {span(drift.lag_most)} late" if drift.dated else ""
    return make(
        Code.WEBHOOK_LOSSY,
        "webhook",
        f"In the last {REPORTED.days} days polling found {moves} that no delivery told, the last on "
        f"{last_at:%Y-%m-%d}{late}. Nobody was lost; they were only found later.",
        f"In {facts.manifest.title}, look at the webhook's log of deliveries for errors and for events or jobs that it "
        f"leaves out; it should tell {facts.hook_url} of every change of stage.",
    )


def _registration(facts: ConnectionFacts, make: partial[Finding]) -> Iterator[Finding]:
    registered = facts.inspection.webhooks if isinstance(facts.inspection, Inspection) else None
    if registered is None:
        return
    title, target = facts.manifest.title, facts.hook_url
    if not facts.manifest.capabilities & {Capability.SIGNED_WEBHOOKS}:
        target = f"{target}/ and the secret end of the address"
    ours = [hook for hook in registered if _points_at(hook, facts.hook_url)]
    if ours and not any(hook.enabled for hook in ours):
        yield make(
            Code.WEBHOOK_DISABLED,
            "webhook",
            f"{title} has our webhook, but it is switched off.",
            f"In {title}, switch the webhook on again.",
        )
    if ours:
        return
    elsewhere = [hook for hook in registered if _same_door(hook, facts.hook_url)]
    if elsewhere:
        hosts = listed(dict.fromkeys(host_of(hook.url) for hook in elsewhere))
        yield make(
            Code.WEBHOOK_ELSEWHERE,
            "webhook",
            f"{title} sends the deliveries of this connection to {hosts}, which is not our address.",
            f"In {title}, let the webhook point to {target}; or mend EVENHAND_BASE_URL, if that is what is wrong.",
        )
    elif facts.webhook_secrets:
        yield make(
            Code.WEBHOOK_MISSING,
            "webhook",
            f"{title} has no webhook that points to us, so changes are only found by polling.",
            f"In {title}, add a webhook to {target}, with the events that the adapter's README names.",
        )


def _points_at(hook: WebhookRegistration, ours: str) -> bool:
    return origin(hook.url) == origin(ours) and _path_fits(path_of(hook.url), path_of(ours))


def _same_door(hook: WebhookRegistration, ours: str) -> bool:
    door = path_of(ours).rpartition("/hooks/")[2]
    _, hooks, rest = path_of(hook.url).rpartition("/hooks/")
    return bool(hooks) and _path_fits(rest, door)


def _path_fits(theirs: str, ours: str) -> bool:
    # A vendor that cannot sign has one more part behind it, which is a secret: not looked at, and never shown.
    return theirs == ours or theirs.startswith(f"{ours}/")
