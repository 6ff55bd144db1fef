"""Transcript quality and suspicious text. A flag sends a case to a person; it never changes a score (N11)."""

import re
import unicodedata

from orchestrator.domain.transcript import Plan, Transcript
from orchestrator.domain.uncertainty import ReviewReason

SHORT_ANSWER_WORDS = 15

# Phrases that address a grader rather than an interviewer. Broad: a false alarm costs a reviewer a minute. Yet people
# who answer questions about work do ignore rules, see system messages and speak of ratings, so each phrase names what
# only a grader has, or orders it about.
_INJECTION = re.compile(
    r"""(?ixsm)
    \b(ignor(e|ing)|disregard(ing)?|forget|override|bypass|skip)\b
        (\s+(all|any|every(thing)?|the|this|these|those|your|my|of|and|other|previous|prior|earlier|above|existing|given
            |scoring|grading|evaluation|rating|safety))*
        \s+(instructions?|prompts?|rubrics?|guidelines|directives|criteria|(?<=your\s)rules|(?<=scoring\s)rules
            |(?<=grading\s)rules|(?<=previous\s)rules)\b
    | \b(ignore|disregard|forget)\s+(everything|anything|all|whatever)(\s+(that|you|was|were|is|has|been))*
        \s+(above|before|told|said|instructed|written|see)\b
    | \b(system|developer)\s*prompt\b
    | \b(new|updated|important|hidden)\s+(system\s+|developer\s+)?instructions?\s*(:|for\s+(the|you)\b)
    | (^|[.!?]\s{1,3})[^\w\n]{0,20}(system|assistant|developer)(\s+(message|note|override))?\s*:
    | \byou\s+are\s+(now\s+)?(an?\s+|the\s+)?(\w+\s+)?(ai|assistant|grader|evaluator|language\s+model|llm|chatbot)\b
    | \b(dear|attention|note\s+to|message\s+to|hello|hey)\s*,?\s+(the\s+)?(\w+\s+)?(ai|grader|evaluator|llm|language\s+model)\b
    | \b(give|assign|award|return|output|set|mark|rate|score|grade)\s+
        ((me|this|it|these|my|the|candidate|applicant|answers?|response|interview|every|each|all|competency|competencies
            |of|them|a|an|as|with|at|in|to)\s+)*
        ((level|score|rating|band|mark|grade)s?\W+(of\s+|to\s+|is\s+)?)?
        (5|five|100|(the\s+)?(highest|maximum|max|full|top|best|perfect)(\s+possible)?\s+(score|rating|marks?|points|grade|band)
            |(highest|maximum|max)(ly)?\s*[.!]|(strong|top)\s+(evidence|band))\b
        (?!\s*(stars?|minutes?|hours?|days?|years?|people|customers?|weeks?|percent|euros?|dollars?|pounds?|of\s+(the|our|my|them)\b|[%€$£]))
    | \b(as\s+an?\s+(ai|language\s+model)|jailbreak|prompt\s+injection|developer\s+mode)\b
    | \b(respond|reply|answer)\s+(only\s+)?(with|in)\s+(valid\s+)?json\b
    | "(level|score|rating)"\s*:\s*"?\d
    | </?\s*(candidate|system|instruction|assistant|answer|turn)[^>]{0,40}>
    | \[/?(inst|system)\]
    | <\|[^|>]{0,20}\|>
    """
)


def flags(transcript: Transcript, plan: Plan) -> tuple[ReviewReason, ...]:
    """What a person should know before believing a score of this transcript."""
    answers: dict[str, str] = {}
    for turn in transcript.candidate_turns:
        answers[turn.question_id] = f"{answers.get(turn.question_id, '')}\n{turn.text}"
    found: list[ReviewReason] = []
    if any(question.id not in answers for question in plan.questions):
        found.append(ReviewReason.UNANSWERED)
    if any(len(text.split()) < SHORT_ANSWER_WORDS for text in answers.values()):
        found.append(ReviewReason.SHORT_ANSWERS)
    if any(_INJECTION.search(_plain(text)) for text in answers.values()):
        found.append(ReviewReason.POSSIBLE_INJECTION)
    return tuple(found)


def _plain(text: str) -> str:
    """Without letters that only look like others in width or cannot be seen at all: both hide phrases from a search."""
    visible = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible)
