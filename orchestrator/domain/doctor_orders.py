"""One connection: can its recruiters order, and does every order get its answer?"""

from collections.abc import Iterator, Mapping
from functools import partial

from orchestrator.domain.doctor_facts import ConnectionFacts, OrderFacts
from orchestrator.domain.findings import Code, Finding, found, listed
from orchestrator.domain.ordering import OrderRefusal
from orchestrator.domain.program import Program

_TROUBLES = {
    OrderRefusal.KEY_WRONG: "did not show a key of ours",
    OrderRefusal.UNREADABLE: "could not be read",
    OrderRefusal.DECLINED: "asked for a program that is not there or is paused",
}


def orders(facts: ConnectionFacts, *, attended: bool) -> Iterator[Finding]:
    """Whether interviews can be ordered as evenhand.yaml says, and what waits.

    ``attended``: somebody works at it; where work waits for another reason, that is told elsewhere.
    """
    seen = facts.orders
    if seen is None:
        return
    make = partial(found, connection=facts.key)
    offered = [program for program in facts.programs if program.orderable is True and not program.paused]
    yield from _offers(facts, seen, offered, make)
    if offered and seen.last_order is None:
        yield make(
            Code.ORDERS_NEVER,
            "orders",
            "Nobody has ordered an interview here yet.",
            f"Compare what {facts.manifest.title} has with what it needs: the address {seen.address} and the key of "
            "`assessment_secrets`. Then order one for a test candidate.",
        )
    yield from _refused(facts, seen, make)
    if attended and not (facts.traffic and facts.traffic.pause):
        yield from _waiting(facts, seen, make)


def _offers(
    facts: ConnectionFacts, seen: OrderFacts, offered: list[Program], make: partial[Finding]
) -> Iterator[Finding]:
    if not offered:
        yield make(
            Code.ORDERS_WITHOUT_PROGRAM,
            "orders",
            "Interviews can be ordered here, and the list of them is empty: no program is `orderable`, or all are paused.",
            f"Set `orderable: true` for a program of {facts.key} in evenhand.yaml, or remove `assessment_secrets` from it.",
        )
    if seen.published is False:
        yield make(
            Code.OFFERS_NOT_PUBLISHED,
            "programs",
            f"{facts.manifest.title} keeps the list of interviews itself, and has another one than evenhand.yaml.",
            "A worker puts it there within the hour. If it stays, look for `order.publish` among the dead letters.",
        )
    doubled = [] if seen.names_applications else [one for one in offered if one.when.stage in _mapped(facts)]
    if doubled:
        yield make(
            Code.ORDERS_MAY_DOUBLE,
            listed(one.key for one in doubled),
            f"{facts.manifest.title} does not say for which application an interview is ordered, and a stage starts the "
            "same programs: a candidate may be invited twice.",
            "Let either stages or orders start each of these programs: have another program without `orderable` for the "
            "stage, or map no stage to the one that this program waits for.",
        )


def _refused(facts: ConnectionFacts, seen: OrderFacts, make: partial[Finding]) -> Iterator[Finding]:
    title = facts.manifest.title
    mends = {
        OrderRefusal.KEY_WRONG: f"If nobody of yours sent them, leave it; else compare the key in {title} with the "
        "environment variable that `assessment_secrets` names.",
        OrderRefusal.UNREADABLE: "Compare what is sent with the README of the adapter: not everything that vendors send is "
        "documented, and each name of theirs is one line there.",
        OrderRefusal.DECLINED: f"Let it go on, or see to it that {title} reads the list again; then let the recruiters "
        "order again.",
    }
    counts: Mapping[str, int] = facts.traffic.refused if facts.traffic else {}
    for reason, mend in mends.items():
        if count := counts.get(reason, 0):
            requests = "1 request" if count == 1 else f"{count} requests"
            yield make(
                Code.ORDERS_REFUSED,
                f"{seen.address}: {reason.value}",
                f"Since yesterday {requests} about orders {_TROUBLES[reason]}.",
                mend,
            )


def _waiting(facts: ConnectionFacts, seen: OrderFacts, make: partial[Finding]) -> Iterator[Finding]:
    if seen.stuck:
        yield make(
            Code.ORDERS_STUCK,
            "orders",
            f"{_count(seen.stuck)} waiting for more than a quarter of an hour, and nobody was invited.",
            "Look for `order.take` among the dead letters, mend what it says, and replay it.",
        )
    if seen.held:
        yield make(
            Code.ORDERS_HELD,
            "orders",
            f"{_count(seen.held)} waiting since yesterday or longer, because their applications stand in a stage that is "
            "not mapped.",
            f"Say what the stage is: in the quarantine on the operations page, or under `stages` of {facts.key}.",
        )
    if seen.untold:
        yield make(
            Code.ORDER_REPORTS_LATE,
            "orders",
            f"{seen.untold} message{'' if seen.untold == 1 else 's'} about orders could not be told for more than an hour.",
            "Look for `order.report` among the dead letters and at the sync log of its application, mend what they say, "
            "and replay it.",
        )


def _mapped(facts: ConnectionFacts) -> frozenset[str]:
    return frozenset(facts.stage_map.kinds.values())


def _count(number: int) -> str:
    return "1 order is" if number == 1 else f"{number} orders are"
