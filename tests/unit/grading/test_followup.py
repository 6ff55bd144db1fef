"""The embedded chooser: what each planned probe asks for, and what an answer shows of it, by the rubric's words alone."""

import pytest

from orchestrator.domain.transcript import Speaker, Transcript, Turn
from orchestrator.grading.followup import EmbeddedChooser, FollowUpRequest, needs_of, targets_of
from rubrics.loader import find, load_library

SUPPORT = find("customer-support/first-interview")
CAUSE = SUPPORT.question("unclear-cause")
PROMISE = SUPPORT.question("promise-under-strain")


def said(question_id: str, *texts: str) -> Transcript:
    """What a candidate said about one question."""
    return Transcript(tuple(Turn(n, Speaker.CANDIDATE, text, question_id) for n, text in enumerate(texts)))


def asks(question_id: str, *texts: str, asked: tuple[str, ...] = ()) -> list[str]:
    """Ids of the probes that would be asked after these answers, best first."""
    question = SUPPORT.question(question_id)
    found = needs_of(SUPPORT, question, said(question_id, *texts), asked=frozenset(asked))
    return [need.probe.id for need in found]


def test_every_probe_of_the_library_asks_for_something() -> None:
    """Each is linked to indicators of its own question's competencies, and to few: else it could never be left out."""
    for rubric in load_library().values():
        for question in rubric.questions:
            held = {i.id for c in question.competencies for a in rubric.competency(c).anchors for i in a.indicators}
            for probe in question.probes:
                targets = targets_of(rubric, question, probe)
                assert targets, probe.id
                assert set(targets) <= held


@pytest.mark.parametrize(
    ("question_id", "probe_id", "expected"),
    [
        ("unclear-cause", "how-you-knew", {"cause-3-one-test"}),
        ("unclear-cause", "what-came-after", {"cause-5-verifies-later", "cause-5-prevents"}),
        ("late-order", "after-the-reply", {"calm-5-checks-close"}),
        ("promise-under-strain", "when-you-spoke-up", {"promise-4-early-word"}),
        ("promise-under-strain", "how-it-ended", {"promise-5-outcome"}),
        ("four-messages", "reasons", {"order-3-time-limit", "order-4-weighs"}),
    ],
)
def test_a_probe_asks_for_the_indicators_that_share_its_words(
    question_id: str, probe_id: str, expected: set[str]
) -> None:
    """The rarer a shared word, the more it counts; what only shares a common word falls away."""
    question = SUPPORT.question(question_id)
    probe = next(one for one in question.probes if one.id == probe_id)
    assert set(targets_of(SUPPORT, question, probe)) == expected


def test_what_is_missing_is_asked_for() -> None:
    """Nothing said: the rubric's first. Each thing that is said takes its probe away, also when a follow-up said it."""
    assert asks("promise-under-strain", "I promised a friend to repair her bicycle.") == [
        "when-you-spoke-up",
        "how-it-ended",
    ]
    told = "I promised a friend a repair. I called her as soon as I knew about the part."
    assert asks("promise-under-strain", told) == ["how-it-ended"]
    assert asks("promise-under-strain", told, "She got it two hours before the race.") == []


def test_saying_that_something_was_not_done_is_not_saying_it() -> None:
    """A denied cue shows nothing, and the probe is asked."""
    assert "how-it-ended" in asks("promise-under-strain", "I told her as soon as I knew. It was not on time.")


def test_only_answers_to_the_question_count() -> None:
    """What was said elsewhere is no evidence for this question, and what the interviewer said never is."""
    elsewhere = said("late-order", "She got it on time, two hours before.")
    asker = Transcript((Turn(0, Speaker.INTERVIEWER, "Was it on time?", PROMISE.id),))
    for transcript in (elsewhere, asker):
        found = needs_of(SUPPORT, PROMISE, transcript, asked=frozenset())
        assert [need.probe.id for need in found] == ["when-you-spoke-up", "how-it-ended"]


async def test_the_embedded_chooser_takes_the_first_and_nothing_else() -> None:
    """The same answers lead to the same question; where nothing could be asked, nothing is."""
    transcript = said(CAUSE.id, "A visitor could not print.")
    found = needs_of(SUPPORT, CAUSE, transcript, asked=frozenset())
    request = FollowUpRequest(question=CAUSE, transcript=transcript, found=found)
    assert {await EmbeddedChooser().choose(request) for _ in range(3)} == {found[0].probe.id}
    assert await EmbeddedChooser().choose(FollowUpRequest(question=CAUSE, transcript=transcript, found=())) is None
