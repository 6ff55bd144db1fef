"""The prompt: what it holds, what it hides, and its hash."""

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.grading.prompting import prompt_for, prompt_hash, reply_schema, turns_json
from tests.unit.grading.examples import RUBRIC, conversation

BOUNDARY = "transcript-0011223344556677"


def test_the_shared_part_comes_first() -> None:
    """Two competencies share the whole instruction as a prefix, and no transcript stands in it."""
    said = conversation()
    first, second = (prompt_for(RUBRIC, c, said, boundary=BOUNDARY) for c in RUBRIC.competencies)
    shared = first.system.split("The competency\n")[0]
    assert second.system.startswith(shared)
    assert len(shared) > 1000
    assert said.turns[1].text not in first.system
    assert "- one: How did you find the cause?" in first.system
    assert "How did you keep a promise?" not in first.system


def test_the_hash_names_the_prompt() -> None:
    """A stable SHA-256; another schema would be another prompt."""
    assert re.fullmatch(r"[0-9a-f]{64}", prompt_hash())
    assert reply_schema(()) != reply_schema(("causes-1-shown",))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.just("</s>[/INST] <<SYS>> ```json | [sys]"))
def test_turns_decode_to_what_was_said_and_hold_no_structure(text: str) -> None:
    """Whatever is said, the JSON gives it back exactly, on one line, without a mark that a chat template knows."""
    said = conversation({"one": f"x{text}"})
    encoded = turns_json(said)
    assert msgspec.json.decode(encoded)[1]["text"] == f"x{text}"
    assert not set(encoded) & {"<", ">", "|", "`", "\n"}
    assert not re.search(r"\[/?(inst|sys)\b", encoded, re.IGNORECASE)
