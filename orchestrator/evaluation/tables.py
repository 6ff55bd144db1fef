"""The figures of an outcome as rows of words: the same on the terminal, in the report and in the documentation."""

from collections.abc import Sequence

from msgspec import Struct

from orchestrator.evaluation.outcome import Bounds, Outcome, SuiteOutcome

UNKNOWN = "not known"


class Row(Struct, frozen=True):
    """A figure, its value and its interval for 95 %, all in words."""

    name: str
    value: str
    interval: str


def rows(outcome: Outcome) -> Sequence[Row]:
    """Every figure that fits into one line."""
    return [*_agreement(outcome), *_intervals(outcome), *_counts(outcome)]


PROPERTY_COLUMNS = ("property", "trials", "passed", "95 % interval", "mean shift in levels", "grading failed")


def property_rows(outcome: SuiteOutcome) -> Sequence[tuple[str, ...]]:
    """The cells of `PROPERTY_COLUMNS` for each property."""
    return [
        (
            one.name,
            str(one.n),
            f"{one.passed} ({one.share:.0%})",
            _between(one.share_ci, "{:.0%}"),
            f"{one.mean_shift:.2f}",
            str(one.failed),
        )
        for one in outcome.properties
    ]


def _agreement(outcome: Outcome) -> Sequence[Row]:
    baselines, people = outcome.baselines, outcome.people
    found = [
        _number("QWK", outcome.qwk, outcome.qwk_ci),
        _number("QWK, no level counted as 0", outcome.qwk_all, None),
        _number("QWK of length only (trained)", baselines.length.qwk, baselines.length.qwk_ci),
        _number("QWK of a curve on length (trained)", baselines.length_curve.qwk, baselines.length_curve.qwk_ci),
        _number("QWK of TF-IDF (trained)", baselines.tfidf.qwk, baselines.tfidf.qwk_ci),
        _share("Same level", outcome.exact, outcome.exact_ci),
        _share("At most one level apart", outcome.within_one, outcome.within_one_ci),
        _number("SMD, grader minus people", outcome.smd, outcome.smd_ci),
        _number("ICC(2,1)", outcome.icc, outcome.icc_ci),
        _number("Krippendorff's alpha (ordinal)", outcome.krippendorff_alpha, outcome.krippendorff_alpha_ci),
        _number("Correlation of length with what is given too much", outcome.length_correlation, None),
    ]
    if people is not None:
        found.insert(2, _number(f"QWK among people (n = {people.n})", people.qwk, people.qwk_ci))
    return found


def _intervals(outcome: Outcome) -> Sequence[Row]:
    cut, conformal, stability = outcome.confusion, outcome.conformal, outcome.stability
    found = [_share(f"On the wrong side of the cut at {cut.cut:g}", cut.wrong_side, cut.wrong_side_ci)]
    if conformal.reason is not None:
        found.append(Row("Conformal intervals", UNKNOWN, conformal.reason))
    else:
        found += [
            _share(
                f"Held by conformal intervals for {conformal.nominal:.0%}", conformal.coverage, conformal.coverage_ci
            ),
            _number("Mean width of these intervals", conformal.width, None),
            _share("Intervals that straddle the cut", conformal.straddle_share, None),
            _share("Of those on the wrong side, with such an interval", conformal.caught, None),
        ]
    if stability.share is not None:
        found.append(_share(f"Equal pairs of {stability.samples} samples", stability.share, stability.share_ci))
    return found


def _counts(outcome: Outcome) -> Sequence[Row]:
    kinds = ", ".join(f"{name}: {count}" for name, count in outcome.flags.items())
    cost = UNKNOWN if outcome.cost is None else f"{outcome.cost:.4g}"
    usage = outcome.usage
    return [
        Row("Answers graded, with a level", f"{outcome.n}, {outcome.rated}", ""),
        Row("Replies that could not be used", str(outcome.unusable), ""),
        Row("Quotes that stand nowhere, of all", f"{outcome.fabricated_quotes} of {outcome.quotes}", ""),
        Row("Answers flagged", str(outcome.flagged), kinds),
        Row("Cost", cost, f"{usage.requests} requests, {usage.input_tokens} + {usage.output_tokens} tokens"),
    ]


def _number(name: str, value: float | None, bounds: Bounds) -> Row:
    return Row(name, UNKNOWN if value is None else f"{value:.3f}", _between(bounds, "{:.3f}"))


def _share(name: str, value: float | None, bounds: Bounds) -> Row:
    return Row(name, UNKNOWN if value is None else f"{value:.1%}", _between(bounds, "{:.1%}"))


def _between(bounds: Bounds, form: str) -> str:
    return "" if bounds is None else f"{form.format(bounds[0])} to {form.format(bounds[1])}"
