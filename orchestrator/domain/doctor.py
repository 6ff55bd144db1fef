"""The doctor's rules: facts in, findings out. Nothing is asked or read here; see ``services.doctor``."""

from collections.abc import Iterator

from orchestrator.domain import doctor_connection, doctor_fields, doctor_orders, doctor_stages, doctor_webhooks
from orchestrator.domain.addresses import is_local
from orchestrator.domain.doctor_facts import ConnectionFacts, Facts, StopScope
from orchestrator.domain.doctor_house import installation
from orchestrator.domain.findings import Code, Finding, Report, found, in_order


def examine(facts: Facts) -> Report:
    """Say everything that is wrong, the worst first, and how to mend it."""
    return Report(
        at=facts.at,
        connections=tuple(connection.key for connection in facts.connections),
        findings=in_order(_findings(facts)),
    )


def _findings(facts: Facts) -> Iterator[Finding]:
    if facts.whole:
        remote = any(not is_local(connection.base_url) for connection in facts.connections)
        yield from installation(facts.house, remote=remote)
    for connection in facts.connections:
        yield from _connection(connection, facts)
    yield from _stops(facts)


def _connection(connection: ConnectionFacts, facts: Facts) -> Iterator[Finding]:
    engine = facts.house.engine
    yield from doctor_connection.talking(connection, facts.at)
    # Without a worker, or after a stop, nothing is polled, and that is told once.
    attended = engine is not None and engine.workers > 0 and not facts.stopped(connection.key)
    yield from doctor_connection.traffic(connection, facts.at, attended=attended)
    yield from doctor_webhooks.webhooks(connection)
    yield from doctor_orders.orders(connection, attended=attended)
    yield from doctor_stages.stages(connection)
    yield from doctor_fields.fields(connection)
    yield from doctor_fields.notes(connection)


def _stops(facts: Facts) -> Iterator[Finding]:
    keys = {connection.key for connection in facts.connections}
    for stop in facts.stops:
        if stop.scope is StopScope.PROGRAM and not facts.whole:
            continue
        if stop.scope is StopScope.CONNECTION and stop.name not in keys:
            continue
        option = "" if stop.scope is StopScope.EVERYTHING else f" --{stop.scope} {stop.name}"
        yield found(
            Code.STOPPED_BY_HAND,
            f"{stop.scope} {stop.name}".strip(),
            "Somebody stopped it: nothing is sent, and nothing is lost.",
            f"When it may go on, run `evenhand resume{option} --reason WHY`.",
            connection=stop.name if stop.scope is StopScope.CONNECTION else None,
        )
