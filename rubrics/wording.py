"""Rules on words: observable behaviour, no traits, no claims, questions that ask one open thing in plain language."""

import re
from collections.abc import Iterator

from rubrics.finding import Hit, Kind, Passage, Rule, Severity, passages
from rubrics.off_limits import found, off_limits
from rubrics.reading import grade, word_count
from rubrics.schema import Rubric

RATED = frozenset({Kind.ANCHOR, Kind.INDICATOR})
ASKED = frozenset({Kind.QUESTION, Kind.PROBE})
SAID = ASKED | {Kind.SHOWN}
READ = frozenset(Kind) - {Kind.CUE}

MAX_GRADE = {Kind.QUESTION: 9.0, Kind.PROBE: 9.0, Kind.SHOWN: 9.0, Kind.ANCHOR: 12.0, Kind.INDICATOR: 12.0}
FEWEST_WORDS_FOR_A_GRADE = 10


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


INNER_STATES = _words(
    r"understand(?:s|ing)?",
    r"(?:is|are|be|being|becomes?) aware(?: of)?",
    "awareness",
    r"(?:knows?|realis(?:es|ing)|realiz(?:es|ing)|appreciates|believes|feels|thinks)",
    r"(?:is|are) (?:able to|capable of|good at|familiar with|comfortable with|motivated|committed)",
    r"(?:has|have|having|shows?|demonstrates?) (?:a |an )?(?:good|strong|clear|solid|deep|basic|poor) (?:sense|grasp|feel|knowledge|understanding|skills?)",
)
VAGUE = _words(
    r"(?:adequate|appropriate|proper|effective|efficient|sufficient|reasonable|suitable|professional|nice|excellent)(?:ly)?",
    r"(?:somewhat|fairly|quite|very|really|rather|good|great|bad|poor|poorly|various|several things|some things|etc)",
)
TRAITS = _words(
    r"(?:over|self-)?confiden(?:t|ce|tly)",
    r"attitudes?",
    r"accents?",
    r"enthusias\w*",
    r"cultur(?:e|al)[ -](?:fit|add|match)",
    r"(?:physical )?appearance",
    r"personalit(?:y|ies)",
    r"charisma\w*|charm\w*|likeab\w*|likab\w*",
    r"extrover\w*|introver\w*|outgoing|upbeat|bubbly|energetic|high[ -]energy|passion(?:ate|ately)?",
    r"age|aged|young(?:er)?|youthful|elderly|matur(?:e|ity)|digital natives?",
    r"genders?|sex|feminine|masculine|race|racial|ethnic\w*|nationalit\w+|native speakers?|mother tongue",
    r"religio\w*|churche?s?|sexual\w*",
    r"health\w*|illness\w*|sick|disab(?:led|ilit\w+)|pregnan\w+|mental\w*",
    r"famil(?:y|ies)|child(?:ren|care)?|parents?|married|marital|spouses?|husbands?|wives|wife",
    r"emotion\w*|moods?|smil(?:e|es|ing)|eye contact|body language|facial|tone of voice|gut feeling",
)
CLAIMS = _words(
    r"objectiv(?:e|ely|ity)",
    r"bias[ -]free|unbiased|(?:no|without|free (?:of|from)) bias|neutral",
    r"reject\w*|disqualif\w*|fail(?:s|ed|ing|ure|ures)?|knock[ -]?out",
    r"AI (?:decides|decided|selects|selected|chooses|hires)",
)
SECOND_ASK = _words(
    r"(?:and|or) (?:also )?(?:what|why|how|when|where|who|which) (?:\w+ ){0,3}?(?:you|your)",
    r"(?:and|or) (?:also )?(?:do|did|would|could|can|are|were|have|will) you",
    r"(?:and|or) (?:also |please )?(?:tell|describe|explain|give|list) (?:us|me|an|a|the)",
    r"and/or",
)
LEADING = re.compile(
    r"\b(?:(?:don|doesn|didn|wouldn|isn|aren|couldn|shouldn)['’]t (?:you|we|it|they)|surely|obviously|of course|as you know"
    r"|(?:do|would) you agree|how (?:good|great|strong|excellent) are you)\b|,\s*(?:right|correct|yes|no)\?",
    re.IGNORECASE,
)
CLOSED = re.compile(
    r"^(?:and |so |but )?(?:do|does|did|are|is|was|were|have|has|had|can|could|will|would|should|may|might)(?:n['’]t)? "
    r"(?:you|your|it|there|this|that|they|the|a|an|anyone|someone)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")


def _found(rubric: Rubric, kinds: frozenset[Kind], pattern: re.Pattern[str], message: str) -> Iterator[Hit]:
    for passage in passages(rubric):
        if passage.kind in kinds:
            for word in dict.fromkeys(match.group().lower() for match in pattern.finditer(passage.text)):
                yield Hit(passage.path, message.format(word))


def _asked(rubric: Rubric) -> Iterator[tuple[Passage, str]]:
    """Questions and probes with what people in a case say left out."""
    for passage in passages(rubric):
        if passage.kind in ASKED:
            yield passage, _QUOTED.sub("", passage.text)


def _observable(rubric: Rubric) -> Iterator[Hit]:
    return _found(rubric, RATED, INNER_STATES, "'{}' cannot be seen in an answer")


def _vague(rubric: Rubric) -> Iterator[Hit]:
    return _found(rubric, RATED, VAGUE, "'{}' leaves the judgement to the reader")


def _traits(rubric: Rubric) -> Iterator[Hit]:
    return _found(rubric, frozenset(Kind), TRAITS, "'{}' is about the person, not the work")


def _claims(rubric: Rubric) -> Iterator[Hit]:
    return _found(rubric, READ, CLAIMS, "'{}' promises or threatens what a rubric cannot")


def _double_barrelled(rubric: Rubric) -> Iterator[Hit]:
    for passage, text in _asked(rubric):
        second = SECOND_ASK.search(text)
        if text.count("?") > 1:
            yield Hit(passage.path, "asks more than one question")
        elif second:
            yield Hit(passage.path, f"asks a second thing: '{second.group().lower()}'")


def _leading(rubric: Rubric) -> Iterator[Hit]:
    for passage, text in _asked(rubric):
        hint = LEADING.search(text)
        if hint:
            yield Hit(passage.path, f"'{hint.group().lower().strip(', ')}' suggests the answer")


def _closed(rubric: Rubric) -> Iterator[Hit]:
    for passage, text in _asked(rubric):
        for sentence in _SENTENCE.findall(text):
            if sentence.endswith("?") and CLOSED.search(sentence.strip()):
                yield Hit(passage.path, f"'{sentence.strip()}' can be answered with yes or no")


def _off_limits(rubric: Rubric) -> Iterator[Hit]:
    for passage in passages(rubric):
        if passage.kind in SAID:
            for topic in off_limits(passage.text):
                yield Hit(passage.path, f"'{found(passage.text, topic)}' is about {topic}")


def _reading_level(rubric: Rubric) -> Iterator[Hit]:
    if not rubric.language.startswith("en"):
        return
    for passage in passages(rubric):
        bound = MAX_GRADE.get(passage.kind)
        if bound is not None and word_count(passage.text) >= FEWEST_WORDS_FOR_A_GRADE and grade(passage.text) > bound:
            yield Hit(passage.path, f"reads at school grade {grade(passage.text):.1f}; at most {bound:.0f} here")


WORDING_RULES = (
    Rule(
        code="not-observable",
        severity=Severity.ERROR,
        reason="Raters agree on what a person says and does, not on what goes on inside; name the behaviour",
        check=_observable,
    ),
    Rule(
        code="vague-word",
        severity=Severity.WARNING,
        reason="Two raters read such a word in two ways; say how many, how often, or by what sign",
        check=_vague,
    ),
    Rule(
        code="banned-trait",
        severity=Severity.ERROR,
        reason="Traits and protected characteristics are not rated and not asked about; that includes culture fit",
        check=_traits,
    ),
    Rule(
        code="claim-word",
        severity=Severity.ERROR,
        reason="A rubric describes evidence; it promises nothing about fairness and turns nobody away",
        check=_claims,
    ),
    Rule(
        code="double-barrelled",
        severity=Severity.ERROR,
        reason="An answer to half of a double question cannot be compared with others; make it a planned probe",
        check=_double_barrelled,
    ),
    Rule(
        code="leading-question",
        severity=Severity.ERROR,
        reason="A question that suggests its answer measures agreement",
        check=_leading,
    ),
    Rule(
        code="yes-no-question",
        severity=Severity.ERROR,
        reason="A yes or a no shows no behaviour; ask what, how, or for an example",
        check=_closed,
    ),
    Rule(
        code="off-limits",
        severity=Severity.ERROR,
        reason="No interviewer may ask for it, and the interview does not say it: such a follow-up is never shown",
        check=_off_limits,
    ),
    Rule(
        code="reading-level",
        severity=Severity.WARNING,
        reason="Long words and sentences test reading, not the job (Flesch-Kincaid grade)",
        check=_reading_level,
    ),
)
