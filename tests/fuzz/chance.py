"""Hypothesis strategies for what comes from outside: bent bytes by number, and texts that nobody types."""

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from tests.fuzz.mutate import Mutator

# Halves of surrogate pairs included: a form or a JSON string can carry them into a str.
ANY_TEXT = st.text(st.characters(), max_size=200)
ODD_TEXT = st.sampled_from(
    (
        *(
            "",
            " ",
            "\x00",
            "\ud800",
            "\u202e",
            "é" * 300,
            "a" * 9_000,
            "٣",
            "\uff11\uff12",
            "1e999",
            "-0",
            "nan",
            "inf",
            "0x1",
            "1_0",
        ),
        *(
            "//evil.example",
            "/review//..",
            "/review/../x",
            "http:///review",
            "\\\\x",
            "%00",
            "Mon, 02 Mar 99999 09:30:00 GMT",
        ),
        *(
            "Mon, 02 Mar 0001 00:00:00 +2359",
            "Mon, 02 Mar 2020 09:30:00 +9999999999",
            "9" * 400,
            "-1",
            "../..",
            "{",
            "[" * 500,
        ),
    )
)
TEXT = ODD_TEXT | ANY_TEXT
SMALL = 20_000


def bodies(*seeds: bytes) -> st.SearchStrategy[bytes]:
    """Bent variants of documented bodies, each by its number; none larger than 20 kB, so that many can be tried."""
    return st.integers(0, 2**32).map(lambda number: _bent(number, seeds))


def texts(*seeds: str) -> st.SearchStrategy[str]:
    """Bent variants of documents that people write."""
    return bodies(*(seed.encode() for seed in seeds)).map(lambda body: body.decode("utf-8", "replace"))


def storable(text: str) -> bool:
    """Whether a database can hold it: no NUL, no halves of surrogate pairs."""
    return "\x00" not in text and text.encode("utf-8", "replace").decode() == text


def _bent(number: int, seeds: Sequence[bytes]) -> bytes:
    return Mutator(random.Random(number), seeds).body()[:SMALL]
