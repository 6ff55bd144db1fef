"""Links with tokens: the same for one round or one result, unguessable and different for every other."""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.services.links import TOKEN, LinkMaker, token_hash

LINKS = LinkMaker(base_url="http://localhost:8400", secret_key="k" * 32)
ROUNDS = st.tuples(st.integers(0, 2).map(lambda number: uuid.UUID(int=number)), st.integers(1, 4))


@given(ROUNDS, ROUNDS)
def test_one_round_one_token(one: tuple[uuid.UUID, int], other: tuple[uuid.UUID, int]) -> None:
    """A mail that is sent again carries the same link; another interview or round carries another."""
    assert (LINKS.token(*one) == LINKS.token(*other)) is (one == other)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", LINKS.token(*one))


@given(ROUNDS)
def test_another_installation_makes_other_links(one: tuple[uuid.UUID, int]) -> None:
    """Without the secret key nobody can make the token."""
    assert LinkMaker(base_url="http://localhost:8400", secret_key="l" * 32).token(*one) != LINKS.token(*one)


def test_links_are_under_the_address_of_the_installation() -> None:
    """The candidate's link holds the token, the result's link holds the reference."""
    interview = uuid.UUID(int=7)
    assert LINKS.candidate(interview, 1) == f"http://localhost:8400/i/{LINKS.token(interview, 1)}"
    assert LINKS.result("r1") == "http://localhost:8400/results/r1"


def test_only_the_hash_is_kept() -> None:
    """The hash says nothing of the token and is the same each time."""
    token = LINKS.token(uuid.UUID(int=7), 1)
    assert token_hash(token) == token_hash(token)
    assert len(token_hash(token)) == 64
    assert token not in token_hash(token)


@given(ROUNDS)
def test_a_result_link_is_no_candidate_link(one: tuple[uuid.UUID, int]) -> None:
    """Its token is another one, kept under another hash; each of an interview's links has its own."""
    token = LINKS.result_token(*one)
    assert TOKEN.fullmatch(token)
    assert LINKS.shared_result(*one) == f"http://localhost:8400/r/{token}"
    assert token not in {LINKS.token(*one), LINKS.result_token(one[0], one[1] + 1)}
    assert LINKS.result_fingerprint(token) != LINKS.fingerprint(token)
    assert LinkMaker(base_url="http://localhost:8400", secret_key="l" * 32).result_token(*one) != token
