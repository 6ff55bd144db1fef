"""What evenhand.yaml says about orders."""

from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import replace

from orchestrator.config.load import loads
from orchestrator.config.schema import Configuration, Vocabulary
from orchestrator.domain.program import Program
from orchestrator.errors import ConfigurationInvalid
from rubrics.document import Problem
from tests.unit.config.test_load import GOOD, VOCABULARY, changed

ORDERS: Vocabulary = replace(VOCABULARY, with_orders=frozenset({"sandbox"}))
SECRETS = "poll_minutes: 5\n    assessment_secrets: [{env: NORTH_ORDERS}]"


def test_a_program_is_orderable_where_it_says_so() -> None:
    """Nothing is orderable by itself."""
    text, _ = changed("poll_minutes: 5", SECRETS)
    read: Configuration = loads(
        text.replace("share: 0.5", "share: 0.5\n    orderable: true"), file="a.yaml", vocabulary=ORDERS
    )
    assert [secret.env for secret in read.connections[0].assessment_secrets] == ["NORTH_ORDERS"]
    assert [program.orderable for program in read.programs] == [True]
    assert [program.orderable for program in loads(GOOD, file="a.yaml", vocabulary=ORDERS).programs] == [UNSET]


def test_a_program_is_stored_as_the_release_before_reads_it() -> None:
    """It knows no such member, and refuses what it does not know."""
    (program,) = loads(GOOD, file="a.yaml", vocabulary=ORDERS).programs
    assert b"orderable" not in msgspec.json.encode(program)
    assert msgspec.json.decode(msgspec.json.encode(program), type=Program) == program


@pytest.mark.parametrize(
    ("old", "new", "field", "words", "vocabulary"),
    [
        ("poll_minutes: 5", SECRETS, "connections[0].assessment_secrets", "nothing can be ordered in", VOCABULARY),
        ("share: 0.5", "share: 0.5\n    orderable: true", "programs[0].orderable", "no `assessment_secrets`", ORDERS),
    ],
)
def test_orders_need_somebody_who_orders(old: str, new: str, field: str, words: str, vocabulary: Vocabulary) -> None:
    """An ATS that knows orders, and a key that it shows."""
    text, line = changed(old, new)
    with pytest.raises(ConfigurationInvalid) as caught:
        loads(text, file=str(Path("a.yaml")), vocabulary=vocabulary)
    (problem,) = caught.value.problems
    assert isinstance(problem, Problem)
    assert (problem.field, problem.line) == (field, line)
    assert words in problem.message
