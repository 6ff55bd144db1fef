"""Rules on structure: complete scales, every competency asked, fair weights, follow-ups that exist, bands in order."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from rapidfuzz import fuzz

from rubrics.document import Path, near_match
from rubrics.finding import Hit, Rule, Severity
from rubrics.reading import word_count
from rubrics.schema import LEVELS, Competency, Rubric

BANDS = {
    "strong": "Strong evidence",
    "solid": "Solid evidence",
    "mixed": "Mixed evidence",
    "limited": "Limited evidence",
    "not_enough": "Not enough evidence",
}
LOWEST_CUT = 1.0
SHARE_OF_WEIGHT = (0.05, 0.5)
TOTAL_MINUTES = (10, 30)
ALIKE = 90.0
FEWEST_WORDS_OF_A_REASON = 12
BOILERPLATE = (
    "lorem ipsum",
    "to do",
    "todo",
    "tbd",
    "n/a",
    "placeholder",
    "important for the job",
    "important for this role",
    "relevant to the job",
    "relevant for this role",
    "required for this role",
    "needed for the job",
    "key skill",
    "essential skill",
)


def _anchor_levels(rubric: Rubric) -> Iterator[Hit]:
    for number, competency in enumerate(rubric.competencies):
        levels = [anchor.level for anchor in competency.anchors]
        missing = [str(level) for level in LEVELS if level not in levels]
        if missing:
            yield Hit(("competencies", number, "anchors"), f"no anchor for level {', '.join(missing)}")
        for place, level in enumerate(levels):
            if level in levels[:place]:
                yield Hit(("competencies", number, "anchors", place, "level"), f"level {level} has a second anchor")


def _anchor_order(rubric: Rubric) -> Iterator[Hit]:
    for number, competency in enumerate(rubric.competencies):
        for place, (before, after) in enumerate(pairwise(competency.anchors), start=1):
            if after.level < before.level:
                path = ("competencies", number, "anchors", place, "level")
                yield Hit(path, f"level {after.level} stands after level {before.level}")


def _anchors_alike(rubric: Rubric) -> Iterator[Hit]:
    for number, competency in enumerate(rubric.competencies):
        for place, (before, after) in enumerate(pairwise(competency.anchors), start=1):
            if fuzz.ratio(before.behaviour.lower(), after.behaviour.lower()) >= ALIKE:
                path = ("competencies", number, "anchors", place, "behaviour")
                yield Hit(path, f"levels {before.level} and {after.level} read almost the same")


def _contradictions(rubric: Rubric) -> Iterator[Hit]:
    for number, competency in enumerate(rubric.competencies):
        seen: dict[str, int] = {}
        for path, words, level in _signs(number, competency):
            first = seen.setdefault(words, level)
            if first != level:
                yield Hit(path, f"'{words}' speaks for level {first} and for level {level}")


def _signs(number: int, competency: Competency) -> Iterator[tuple[Path, str, int]]:
    for place, anchor in enumerate(competency.anchors):
        for spot, indicator in enumerate(anchor.indicators):
            path = ("competencies", number, "anchors", place, "indicators", spot)
            yield (*path, "text"), indicator.text.lower(), anchor.level
            for index, cue in enumerate(indicator.cues):
                yield (*path, "cues", index), cue, anchor.level


def _cue_form(rubric: Rubric) -> Iterator[Hit]:
    for number, competency in enumerate(rubric.competencies):
        for place, anchor in enumerate(competency.anchors):
            for spot, indicator in enumerate(anchor.indicators):
                path = ("competencies", number, "anchors", place, "indicators", spot, "cues")
                yield from _repeated((((*path, index), cue) for index, cue in enumerate(indicator.cues)), "cue")
                for index, cue in enumerate(indicator.cues):
                    if cue != " ".join(cue.lower().split()):
                        yield Hit((*path, index), f"'{cue}' must be lower case with single spaces")


def _repeated(entries: Iterable[tuple[Path, str]], kind: str) -> Iterator[Hit]:
    seen: set[str] = set()
    for path, key in entries:
        if key in seen:
            yield Hit(path, f"the {kind} '{key}' occurs twice")
        seen.add(key)


def _duplicate_ids(rubric: Rubric) -> Iterator[Hit]:
    competencies = list(enumerate(rubric.competencies))
    yield from _repeated(((("competencies", n, "id"), c.id) for n, c in competencies), "competency id")
    indicators = (
        (("competencies", n, "anchors", place, "indicators", spot, "id"), indicator.id)
        for n, competency in competencies
        for place, anchor in enumerate(competency.anchors)
        for spot, indicator in enumerate(anchor.indicators)
    )
    yield from _repeated(indicators, "indicator id")
    for n, competency in competencies:
        skills = ((("competencies", n, "esco", place, "uri"), skill.uri) for place, skill in enumerate(competency.esco))
        yield from _repeated(skills, "ESCO skill")


def _duplicate_question_ids(rubric: Rubric) -> Iterator[Hit]:
    questions = list(enumerate(rubric.questions))
    yield from _repeated(((("questions", n, "id"), q.id) for n, q in questions), "question id")
    for n, question in questions:
        named = ((("questions", n, "competencies", place), name) for place, name in enumerate(question.competencies))
        yield from _repeated(named, "competency")
        probes = ((("questions", n, "probes", place, "id"), probe.id) for place, probe in enumerate(question.probes))
        yield from _repeated(probes, "probe id")


def _unknown_competencies(rubric: Rubric) -> Iterator[Hit]:
    known = [competency.id for competency in rubric.competencies]
    for number, question in enumerate(rubric.questions):
        for place, name in enumerate(question.competencies):
            if name not in known:
                near = near_match(name, known)
                hint = f"; did you mean '{near}'?" if near else f" (there are: {', '.join(known)})"
                yield Hit(("questions", number, "competencies", place), f"there is no competency '{name}'{hint}")


def _never_asked(rubric: Rubric) -> Iterator[Hit]:
    asked = {name for question in rubric.questions for name in question.competencies}
    for number, competency in enumerate(rubric.competencies):
        if competency.id not in asked:
            yield Hit(("competencies", number, "id"), f"no question asks for '{competency.id}'")


def _follow_ups(rubric: Rubric) -> Iterator[Hit]:
    for number, question in enumerate(rubric.questions):
        path = ("questions", number, "max_follow_ups")
        if question.max_follow_ups > len(question.probes):
            yield Hit(
                path, f"{question.max_follow_ups} follow-ups are allowed, {len(question.probes)} probes are planned"
            )
        elif question.probes and question.max_follow_ups == 0:
            yield Hit(path, "probes are planned, but no follow-up is allowed")


def _weights(rubric: Rubric) -> Iterator[Hit]:
    total = sum(competency.weight for competency in rubric.competencies)
    least, most = SHARE_OF_WEIGHT
    for number, competency in enumerate(rubric.competencies):
        share = competency.weight / total
        if not least <= share <= most:
            yield Hit(
                ("competencies", number, "weight"), f"{share:.0%} of the weight; {least:.0%} to {most:.0%} is allowed"
            )


def _minutes(rubric: Rubric) -> Iterator[Hit]:
    total = sum(question.minutes for question in rubric.questions)
    least, most = TOTAL_MINUTES
    if not least <= total <= most:
        yield Hit(("questions",), f"the questions take {total:g} minutes; {least} to {most} is allowed")


def _reasons(rubric: Rubric) -> Iterator[Hit]:
    texts: list[tuple[Path, str]] = [(("purpose",), rubric.purpose), (("job_analysis",), rubric.job_analysis)]
    for number, competency in enumerate(rubric.competencies):
        texts.append((("competencies", number, "job_relevance"), competency.job_relevance))
    earlier: list[str] = []
    for path, text in texts:
        lower = text.lower()
        stock = next((phrase for phrase in BOILERPLATE if phrase in lower), None)
        if stock:
            yield Hit(path, f"'{stock}' says nothing about this job")
        elif word_count(text) < FEWEST_WORDS_OF_A_REASON:
            yield Hit(path, f"has {word_count(text)} words; a reason takes at least {FEWEST_WORDS_OF_A_REASON}")
        elif any(fuzz.ratio(lower, other) >= ALIKE for other in earlier):
            yield Hit(path, "repeats what another entry says")
        earlier.append(lower)


def _band_labels(rubric: Rubric) -> Iterator[Hit]:
    keys = [band.key for band in rubric.bands]
    if keys != list(BANDS):
        yield Hit(("bands",), f"must be {', '.join(BANDS)}, in this order; found {', '.join(keys)}")
    for number, band in enumerate(rubric.bands):
        if band.label != BANDS[band.key]:
            yield Hit(("bands", number, "label"), f"the label of {band.key} is '{BANDS[band.key]}', not '{band.label}'")


def _band_cuts(rubric: Rubric) -> Iterator[Hit]:
    above: float | None = None
    for number, band in enumerate(rubric.bands):
        path = ("bands", number, "cut")
        if band.key == "not_enough":
            if band.cut is not None:
                yield Hit(path, "the band without evidence has no cut; write null")
            continue
        if band.cut is None:
            yield Hit(path, f"{band.key} needs a cut, its lowest aggregate")
            continue
        if above is not None and band.cut >= above:
            yield Hit(path, f"{band.cut:g} is not below the cut before it ({above:g})")
        if band.key == "limited" and band.cut != LOWEST_CUT:
            yield Hit(path, f"must be {LOWEST_CUT:g}, so that every aggregate has a band")
        above = band.cut


def _rule(code: str, check: Callable[[Rubric], Iterator[Hit]], reason: str) -> Rule:
    return Rule(code=code, severity=Severity.ERROR, reason=reason, check=check)


STRUCTURE_RULES = (
    _rule("anchor-levels", _anchor_levels, "A level without an anchor is rated by guesswork"),
    _rule("anchor-order", _anchor_order, "Raters read the scale from 1 to 5"),
    _rule("anchors-alike", _anchors_alike, "Levels that read alike cannot be told apart"),
    _rule("contradiction", _contradictions, "One sign cannot speak for two levels of a competency"),
    _rule("cue-form", _cue_form, "The embedded grader compares cues with lower-case text"),
    _rule("duplicate-id", _duplicate_ids, "Scores and evidence point at ids"),
    _rule("duplicate-id", _duplicate_question_ids, "Answers and follow-ups point at ids"),
    _rule("unknown-competency", _unknown_competencies, "The answer would be rated on nothing"),
    _rule("never-asked", _never_asked, "A competency that no question asks for can only be guessed"),
    _rule("follow-ups", _follow_ups, "Follow-ups come from the planned probes only, the same for everyone"),
    _rule("weight-share", _weights, "One competency must not decide alone, and none is there for show"),
    _rule(
        "total-minutes", _minutes, "Shorter shows too little; longer costs candidates more than a first interview may"
    ),
    _rule("no-job-link", _reasons, "Each competency needs its duty of the job (29 CFR 1607.14)"),
    _rule("band-labels", _band_labels, "Recruiters and fields of the ATS know these five bands"),
    _rule("band-cuts", _band_cuts, "Every aggregate falls into exactly one band"),
)
