"""Folds: answer-disjoint ones for what learns from words, and random ones for what calibrates."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold

from orchestrator.evaluation.items import Item

FOLDS = 5


def answer_disjoint(items: Sequence[Item], *, seed: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Indexes to learn from and to measure on, five times, equal texts on one side only.

    Fewer folds where there are fewer texts, none below two.
    """
    texts = {text: number for number, text in enumerate(dict.fromkeys(_plain(item.answer) for item in items))}
    folds = min(FOLDS, len(texts))
    if folds > 1:
        groups = [texts[_plain(item.answer)] for item in items]
        yield from GroupKFold(folds, shuffle=True, random_state=seed).split(groups, groups=groups)


def at_random(count: int, *, seed: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The same of ``count`` answers drawn at random: that any two could change places is all that coverage rests on."""
    folds = min(FOLDS, count)
    if folds > 1:
        yield from KFold(folds, shuffle=True, random_state=seed).split(np.zeros(count))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
