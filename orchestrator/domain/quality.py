"""Transcript quality and suspicious text. A flag sends a case to a person; it never changes a score (N11)."""

import re

from orchestrator.domain.transcript import Plan, Transcript
from orchestrator.domain.uncertainty import ReviewReason

SHORT_ANSWER_WORDS = 15

# Phrases that address a grader rather than an interviewer. Deliberately broad: a false alarm costs a reviewer a minute.
_INJECTION = re.compile(
    r"""(?ix)
    \b(ignore|disregard|forget|override)\b.{0,40}\b(instruction|instructions|prompt|rubric|rules|above|previous)\b
    | \b(system|developer|assistant)\s*(prompt|message|:)
    | \byou\s+are\s+(now\s+)?(an?\s+)?(ai|assistant|grader|language\s+model|llm)\b
    | \b(give|assign|award|return|output|set)\b.{0,40}\b(level|score|rating|band)\b.{0,20}\b(5|five|highest|maximum|full|strong)\b
    | \b(as\s+an?\s+ai|jailbreak|prompt\s+injection)\b
    | </?\s*(candidate|system|instruction|answer|turn)[^>]{0,40}>
    | \[/?(inst|system)\]
    """
)


def flags(transcript: Transcript, plan: Plan) -> tuple[ReviewReason, ...]:
    """What a person should know before believing a score of this transcript."""
    answers = {turn.question_id: turn.text for turn in transcript.candidate_turns}
    found: list[ReviewReason] = []
    if any(question.id not in answers for question in plan.questions):
        found.append(ReviewReason.UNANSWERED)
    if any(len(text.split()) < SHORT_ANSWER_WORDS for text in answers.values()):
        found.append(ReviewReason.SHORT_ANSWERS)
    if any(_INJECTION.search(text) for text in answers.values()):
        found.append(ReviewReason.POSSIBLE_INJECTION)
    return tuple(found)
