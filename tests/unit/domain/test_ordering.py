"""Orders: what an order is, what it may start, and how far it is."""

import uuid
from itertools import product

import msgspec
import pytest

from adapters.contract.assessment import Order, Progress
from adapters.contract.model import Application, Disposition, JobStatus, StageKind
from orchestrator.domain.interview import TERMINAL, InterviewState
from orchestrator.domain.ordering import ORDERED, application_of_order, offer_id, order_entry_key, progress_of
from orchestrator.domain.program import Cap, Program, When
from orchestrator.domain.trigger import History, Reason, Verdict, decide_order
from tests.unit.domain.samples import application, candidate, job, program

S = InterviewState
ORDER = Order(dedupe="a1:t1", offer_id="t1", candidate=candidate(), job=job())


def test_the_id_of_an_offer_is_a_uuid_that_stays() -> None:
    """The ATS keeps it for years: it depends on the two keys and on nothing else."""
    assert offer_id("ashby", "support") == "8284e946-2fde-54e7-aa20-ba7f56a7baa3"
    assert len({offer_id(*keys) for keys in product(("a", "b"), ("a", "b"))}) == 4
    assert uuid.UUID(offer_id("a", "b")).version == 5


def test_what_is_ordered_again_is_another_entry() -> None:
    """The first has the plain key, so that a vendor with ids of its own never sees a number."""
    assert order_entry_key("a1:t1", turn=1) == "order:a1:t1"
    assert len({order_entry_key("a1:t1", turn=turn) for turn in range(1, 4)}) == 3


def test_an_order_stands_in_for_an_application() -> None:
    """Person and job are those of the order; a job without a title is called as the program is."""
    made = application_of_order(ORDER, order_id="o1", program=program())
    assert (made.id, made.candidate, made.job, made.stage) == ("order:o1", ORDER.candidate, ORDER.job, ORDERED)
    for nameless in (None, job(title="")):
        order = msgspec.structs.replace(ORDER, job=nameless)
        assert application_of_order(order, order_id="o1", program=program()).job.title == program().title
    assert made.stage.kind is not None
    assert not made.stage.kind.terminal


@pytest.mark.parametrize(("state", "begun", "handed_in"), list(product(S, (True, False), (True, False))))
def test_how_far_an_order_is(state: InterviewState, *, begun: bool, handed_in: bool) -> None:
    """Completed is what a person (or the policy) made final; what ended otherwise is cancelled; all else is on its way."""
    reached = progress_of(state, begun=begun, handed_in=handed_in)
    assert (reached is Progress.COMPLETED) == (state is S.FINAL or (state is S.CLOSED and handed_in))
    assert (reached in {Progress.COMPLETED, Progress.CANCELLED}) == (state in TERMINAL)
    if state not in TERMINAL:
        assert reached is (Progress.STARTED if begun else Progress.WAITING)


REFUSED: list[tuple[Reason, Application, Program, History]] = [
    (Reason.HAS_DISPOSITION, application(disposition=Disposition.REJECTED), program(), History()),
    (Reason.PROGRAM_PAUSED, application(), program(paused=True), History()),
    (Reason.JOB_CLOSED, application(job=job(status=JobStatus.CLOSED)), program(), History()),
    (Reason.NO_EMAIL, application(candidate=candidate(emails=())), program(), History()),
    (Reason.INTERVIEW_OPEN, application(), program(), History(open_interviews=1)),
    (Reason.RE_ENTRY, application(), program(), History(finished_interviews=1)),
    (Reason.CAP_REACHED, application(), program(cap=Cap(total=1)), History(started_total={"support-pilot": 1})),
]


@pytest.mark.parametrize(("reason", "app", "rules", "history"), REFUSED, ids=lambda value: str(value)[:24])
def test_what_protects_people_holds_for_orders(
    reason: Reason, app: Application, rules: Program, history: History
) -> None:
    """The conditions that are not about who is chosen; the failed check is the last one."""
    decision = decide_order(app, StageKind.APPLIED, rules, history)
    assert (decision.verdict, decision.reason) == (Verdict.SKIP, reason)
    for finding in decision.findings:
        assert [check.passed for check in finding.checks][-1] is False


def test_the_recruiter_chose() -> None:
    """Neither what ``when`` asks for nor the share keeps an order from starting, in any stage that is no ending."""
    choosy = program(when=When(stage=StageKind.OFFER, jobs=("Another",), departments=("Sales",)), share=0.0)
    for stage in StageKind:
        decision = decide_order(application(), stage, choosy, History())
        assert (decision.verdict is Verdict.START) is not stage.terminal
        assert decision.reason is (Reason.TERMINAL_STAGE if stage.terminal else Reason.STARTED)
