"""What a grader must beat to have read anything: the length of an answer, and, with training, its words.

All are ridge regressions, learnt on four fifths of the people's levels and measured on the rest, five times in turn.
The embedded grader and a model learn nothing from the set, so TF-IDF has an advantage that they do not have.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from orchestrator.evaluation.agreement import Array
from orchestrator.evaluation.folds import answer_disjoint
from orchestrator.evaluation.items import Item

Features: TypeAlias = Callable[[Sequence[Item], Sequence[Item]], tuple[Any, Any]]
_MANY = 200


def length_only(items: Sequence[Item], *, seed: int) -> Array | None:
    """Levels predicted from the logarithm of the length alone, in items' order; None where folds cannot be made."""
    return _predicted(items, _lengths, seed=seed)


def length_curve(items: Sequence[Item], *, seed: int) -> Array | None:
    """The same with a cubic curve in place of a line: where only the shortest answers are bad, a line misses that."""
    return _predicted(items, _curved, seed=seed)


def tfidf(items: Sequence[Item], *, seed: int) -> Array | None:
    """Levels predicted from an answer's words, runs of letters, and which question it answers."""
    return _predicted(items, _words, seed=seed)


def log_lengths(items: Sequence[Item]) -> Array:
    """ln(1 + characters) of each answer."""
    lengths: Array = np.log1p(np.array([len(item.answer.strip()) for item in items], dtype=float))
    return lengths


def _predicted(items: Sequence[Item], features: Features, *, seed: int) -> Array | None:
    predicted = np.full(len(items), np.nan)
    shares = np.array([item.level / item.max_level for item in items])
    highest = np.array([item.max_level for item in items], dtype=float)
    for learn, measure in answer_disjoint(items, seed=seed):
        try:
            known, asked = features([items[i] for i in learn], [items[i] for i in measure])
        except ValueError:
            # Not one word in all the answers: there is nothing to learn from.
            return None
        model = Ridge(alpha=1.0).fit(known, shares[learn])
        predicted[measure] = np.clip(model.predict(asked), 0, 1) * highest[measure]
    return None if np.isnan(predicted).any() else np.rint(predicted)


def _lengths(known: Sequence[Item], asked: Sequence[Item]) -> tuple[Any, Any]:
    return log_lengths(known).reshape(-1, 1), log_lengths(asked).reshape(-1, 1)


def _curved(known: Sequence[Item], asked: Sequence[Item]) -> tuple[Any, Any]:
    curve = make_pipeline(StandardScaler(), PolynomialFeatures(3, include_bias=False))
    lines = _lengths(known, asked)
    return curve.fit_transform(lines[0]), curve.transform(lines[1])


def _words(known: Sequence[Item], asked: Sequence[Item]) -> tuple[Any, Any]:
    rare = 2 if len(known) >= _MANY else 1
    kinds = (
        TfidfVectorizer(ngram_range=(1, 2), min_df=rare, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), min_df=rare, sublinear_tf=True),
    )
    questions = OneHotEncoder(handle_unknown="ignore")
    learnt = [
        *(kind.fit_transform([item.answer for item in known]) for kind in kinds),
        questions.fit_transform([[item.question] for item in known]),
    ]
    told = [
        *(kind.transform([item.answer for item in asked]) for kind in kinds),
        questions.transform([[item.question] for item in asked]),
    ]
    return hstack(learnt).tocsr(), hstack(told).tocsr()
