"""The prompt: what it holds, what it hides, and its hash."""

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.grading.prompting import Layout, indicator_ids, prompt_for, prompt_hash, reply_schema, turns_json
from tests.unit.grading.examples import RUBRIC, conversation

LAYOUT = Layout(boundary="transcript-0011223344556677", canary="code-8899aabbccddeeff")


def test_the_shared_part_comes_first() -> None:
    """Two competencies share the whole instruction as a prefix, and no transcript stands in it."""
    said = conversation()
    first, second = (prompt_for(RUBRIC, c, said, LAYOUT) for c in RUBRIC.competencies)
    shared = first.system.split("The competency\n")[0]
    assert second.system.startswith(shared)
    assert len(shared) > 1000
    assert said.turns[1].text not in first.system
    assert "- one: How did you find the cause?" in first.system
    assert "How did you keep a promise?" not in first.system


def test_what_differs_between_calls_comes_last() -> None:
    """Two calls for one competency share all of the system part but its last line, the code word; both secrets are named."""
    fresh = Layout.fresh()
    first, second = (prompt_for(RUBRIC, RUBRIC.competencies[0], conversation(), layout) for layout in (LAYOUT, fresh))
    assert first.system.splitlines()[:-1] == second.system.splitlines()[:-1]
    assert first.system.splitlines()[-1] == f"Code word: {LAYOUT.canary}"
    assert first.secrets == (LAYOUT.canary, LAYOUT.boundary)
    assert not set(first.secrets) & set(second.secrets)
    assert LAYOUT.canary not in first.user


def test_anchors_and_schema_follow_the_order_of_the_sample() -> None:
    """The order that is recorded is the order that is shown, and every indicator is asked for once."""
    causes = RUBRIC.competencies[0]
    prompt = prompt_for(RUBRIC, causes, conversation(), Layout.fresh((3, 5, 1, 4, 2)))
    assert re.findall(r"^Level (\d):", prompt.system, re.MULTILINE) == ["3", "5", "1", "4", "2"]
    assert indicator_ids(causes, (3, 5, 1, 4, 2)) == tuple(f"causes-{level}-shown" for level in (3, 5, 1, 4, 2))
    assert sorted(indicator_ids(causes, (3, 5, 1, 4, 2))) == sorted(indicator_ids(causes))


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
