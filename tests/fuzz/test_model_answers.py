"""What a model sends back and what candidates write: a claim, an abstention or AnswerInvalid, in bounded time."""

import asyncio
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.evidence import locate
from orchestrator.domain.quality import flags
from orchestrator.domain.scorecard import prepare
from orchestrator.domain.scoring import QuoteClaim
from orchestrator.domain.transcript import plan, transcript_of
from orchestrator.grading.answer import Answered, AnswerInvalid, read_claim, read_completion, read_usage
from orchestrator.grading.chat import retry_after
from orchestrator.grading.embedded import EmbeddedGrader
from orchestrator.grading.prompting import indicator_ids
from orchestrator.ports import GradingRequest
from rubrics.loader import load_library
from tests.fuzz.chance import TEXT, bodies

RUBRIC = load_library()["sales/sdr-first-interview"]
COMPETENCY = RUBRIC.competencies[0]
CLAIM = msgspec.json.encode(
    {
        "indicators": {
            name: {"quotes": [{"turn": 1, "text": "I called them"}], "shown": "yes"}
            for name in indicator_ids(COMPETENCY)
        },
        "rationale": "said so",
    }
)
COMPLETION = (
    b'{"choices":[{"message":{"content":"{}","refusal":null},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":10,"completion_tokens":5},"model":"m"}'
)
LONGEST_ANSWER = 8_000
MOST_SECONDS = 3.0
MOST_TOKENS = 2**31
# Texts that make a careless pattern look back for ever.
PATIENCE = ("a" * LONGEST_ANSWER, "a@" * 4_000, "1 " * 4_000, "+1" * 4_000, "a." * 4_000, "www." * 2_000, "<|" * 4_000,
            "ignore " * 1_100, "-" * LONGEST_ANSWER, "http://" + "a-" * 3_900, "é̀" * 4_000, "\n" * LONGEST_ANSWER, "O'" * 4_000,
            "ss" * 4_000, "Ada " * 2_000, "A.d.a." * 1_300, "((((" * 2_000, "( )" * 2_600, "1.1.1." * 1_300)  # fmt: skip


@settings(max_examples=400)
@given(bodies(COMPLETION))
def test_completions(body: bytes) -> None:
    """A completion, or AnswerInvalid; tokens that a database can add up."""
    usage = read_usage(body)
    assert 0 <= usage.input_tokens < MOST_TOKENS
    assert 0 <= usage.output_tokens < MOST_TOKENS
    try:
        answered = read_completion(body)
    except AnswerInvalid:
        return
    answered.model.encode()


@settings(max_examples=400)
@given(content=bodies(CLAIM).map(lambda body: body.decode("utf-8", "surrogateescape")) | TEXT, refused=st.booleans())
def test_claims(*, content: str, refused: bool) -> None:
    """A claim of the competency with a verdict on each of its indicators, or a refusal, or AnswerInvalid; never a level."""
    answered = Answered(content=content, refused=refused, usage=read_usage(b""), model="m")
    try:
        claim = read_claim(answered, COMPETENCY)
    except AnswerInvalid:
        return
    assert claim.competency == COMPETENCY.id
    assert claim.level is None
    assert [verdict.indicator for verdict in claim.verdicts] == ([] if refused else list(indicator_ids(COMPETENCY)))
    msgspec.json.encode(claim)


@pytest.mark.parametrize(
    "read",
    [
        read_completion,
        lambda body: read_claim(
            Answered(content=body.decode(), refused=False, usage=read_usage(body), model=""), COMPETENCY
        ),
    ],
)
def test_an_answer_nested_too_deep(read: object) -> None:
    """A model that never stops opening brackets is a model without an answer."""
    assert callable(read)
    with pytest.raises(AnswerInvalid):
        read(b'{"a":' * 100_000)


@given(TEXT, TEXT)
def test_retry_after_of_a_model(value: str, date: str) -> None:
    """None, or seconds that are not negative and not endless."""
    seconds = retry_after({"retry-after": value, "date": date})
    assert seconds is None or 0 <= seconds < float("inf")


def told(text: str) -> float:
    """Take one answer all the way: blind, look for quotes, flag, grade; the seconds of processor time it took."""
    started = time.process_time()
    transcript = transcript_of(plan(RUBRIC), {RUBRIC.questions[0].id: text})
    ready = prepare(transcript, names=("Ada Quill", "O'Brien-Ng"), contacts=("ada@example.org",))
    located = locate(
        [QuoteClaim(1, text[:300]), QuoteClaim(-1, ""), QuoteClaim(10**9, text[-50:])], transcript, ready.blinded
    )
    flags(transcript, plan(RUBRIC))
    for evidence in located.evidence:
        assert 0 <= evidence.start < evidence.end <= len(text)
    asyncio.run(EmbeddedGrader().grade(GradingRequest(rubric=RUBRIC, transcript=ready.transcript)))
    return time.process_time() - started


@settings(max_examples=40)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
    | st.sampled_from(PATIENCE).map(lambda one: one[:300])
)
def test_answers_of_candidates(text: str) -> None:
    """Any text is blinded, searched, flagged and graded; quotes lie inside it."""
    told(text)


@pytest.mark.parametrize("text", PATIENCE, ids=range(len(PATIENCE)))
def test_the_longest_answers_end(text: str) -> None:
    """Eight thousand characters made to be slow take seconds at most."""
    assert told(text[:LONGEST_ANSWER]) < MOST_SECONDS


@pytest.mark.parametrize(
    "quote", ["ab " * 3_000, "the " * 290, "I asked what she saw " * 19, "I asked what she saw " * 60]
)
def test_a_model_that_quotes_without_end(quote: str) -> None:
    """A hundred long quotes that nobody said, over the longest answers, take seconds at most."""
    said = ("I asked what she saw then " * 400)[:LONGEST_ANSWER]
    transcript = transcript_of(plan(RUBRIC), {question.id: said for question in RUBRIC.questions})
    ready = prepare(transcript, names=("Ada Quill",), contacts=())
    started = time.process_time()
    located = locate([QuoteClaim(1, f"{quote}{number}") for number in range(100)], transcript, ready.blinded)
    assert located.dropped == 100
    assert time.process_time() - started < MOST_SECONDS
