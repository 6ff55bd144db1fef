"""n8n in part (c) of the bench, with a program that stands in for it: what is set up, what voids it, what is said of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest

from bench import flow, n8n_flow
from bench.door import Door, Pace
from bench.environment import n8n
from bench.harness import Figure, Options, Void
from bench.load import Load
from tests.integration.bench import fake_n8n

Install = Callable[[str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a program named n8n somewhere, with a fault, and name it in the environment."""

    def put(fault: str) -> Path:
        program = tmp_path / "n8n"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake_n8n.__file__}" {fault} "$@"\n', "utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("EVENHAND_BENCH_N8N", str(program))
        return program

    return put


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[str]:
    """Where posts are counted."""
    with ExitStack() as stack:
        yield flow._open_sink(stack, tmp_path)


def test_the_named_program_is_found_with_its_version_and_its_own_folder_first(install: Install) -> None:
    """The version is what the program says; the Node beside it is found before any other."""
    program = install("none")
    found = n8n()
    assert (found.path, found.version) == (program, fake_n8n.VERSION)
    assert found.environment["PATH"].startswith(f"{program.parent}:")


@pytest.mark.parametrize(
    ("fault", "said"), [("missing", "elsewhere is not there"), ("broken", "does not say its version")]
)
def test_a_program_that_is_not_there_is_void_and_says_how_to_get_it(
    fault: str, said: str, install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a missing nor a broken n8n ends the bench; the reader learns what to install."""
    program = install("none")
    if fault == "missing":
        monkeypatch.setenv("EVENHAND_BENCH_N8N", str(tmp_path / "elsewhere"))
    else:
        program.write_text("#!/bin/sh\nexit 3\n", "utf-8")
    with pytest.raises(Void, match=rf"{said}.*npm install n8n@.*it was not measured"):
        n8n()


def test_the_workflow_answers_before_it_posts_and_hangs_together() -> None:
    """Every wire ends at a node; the taken delivery is answered by the upper of the two nodes, so first."""
    written = cast("dict[str, Any]", n8n_flow.workflow("http://127.0.0.1:1/here"))
    nodes = {node["name"]: node for node in written["nodes"]}
    ways = [[wire["node"] for wire in way] for way in written["connections"]["Way"]["main"]]
    assert ways == [["Taken", "Send"], ["Taken"], ["Refused"]]
    ends = {wire["node"] for each in written["connections"].values() for way in each["main"] for wire in way}
    assert ends | {"In"} == set(nodes)
    assert nodes["Taken"]["position"][1] < nodes["Send"]["position"][1]
    assert nodes["In"]["parameters"]["options"] == {"rawBody": True}


def test_n8n_decides_by_the_same_lines_as_node_red() -> None:
    """From the parsed event to the verdict, both scripts are the same text."""
    folder = Path(n8n_flow.__file__).parent
    texts = [(folder / name / "decide.js").read_text("utf-8") for name in ("n8n", "nodered")]
    decisions = {text[text.index("const event = ") : text.index("< program.share;")] for text in texts}
    assert len(decisions) == 1


def test_a_ready_n8n_has_shown_that_it_takes_posts_and_refuses(install: Install, sink: str, tmp_path: Path) -> None:
    """The door opens after one signed delivery was posted once and a forged one was refused."""
    install("none")
    with n8n_flow.running_n8n(n8n(), n8n_flow.MODES[0], f"{sink}/n8n", tmp_path) as door:
        assert door.name == f"n8n {fake_n8n.VERSION}, {n8n_flow.MODES[0].words}"
        assert door.counts()[0] == 1
        assert door.pace == n8n_flow.PACE


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("import", "import:workflow failed: this went wrong"),
        ("trusting", "answered 202 to a signed delivery and 202 to a forged one"),
        ("twice", "posted 2 times for one delivery"),
    ],
)
def test_an_n8n_that_does_not_do_the_work_is_void(
    fault: str, said: str, install: Install, sink: str, tmp_path: Path
) -> None:
    """No figure stands for a flow that lets forged deliveries in, posts twice, or cannot be set up."""
    install(fault)
    with pytest.raises(Void, match=said), n8n_flow.running_n8n(n8n(), n8n_flow.MODES[1], f"{sink}/n8n", tmp_path):
        pass


def test_nothing_of_n8n_leaves_the_machine_and_both_expression_engines_are_asked_for(install: Install) -> None:
    """It listens on loopback, and whatever asks n8n's own servers is off; the modes differ in the engine."""
    install("none")
    chosen = [n8n_flow.settings(n8n(), mode, Path("here"), 1) for mode in n8n_flow.MODES]
    for each in chosen:
        assert each["N8N_LISTEN_ADDRESS"] == "127.0.0.1"
        asked = ("N8N_DIAGNOSTICS_ENABLED", "N8N_VERSION_NOTIFICATIONS_ENABLED", "N8N_TEMPLATES_ENABLED")
        assert [each[name] for name in asked] == ["false"] * 3
    assert {each["N8N_EXPRESSION_ENGINE"] for each in chosen} == {"vm", "legacy"}


def test_without_the_option_nothing_is_started_and_the_page_says_so(tmp_path: Path) -> None:
    """n8n is only there for those who ask for it."""
    with ExitStack() as stack:
        assert flow._open_n8n(stack, "", Options(folder=tmp_path)) == ([], ["n8n was not asked for (--n8n)."])


def test_an_n8n_that_is_missing_leaves_a_remark(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The other flows are measured all the same."""
    monkeypatch.setenv("EVENHAND_BENCH_N8N", str(tmp_path / "elsewhere"))
    with ExitStack() as stack:
        doors, remarks = flow._open_n8n(stack, "", Options(folder=tmp_path, n8n=True))
    assert (doors, len(remarks)) == ([], 1)
    assert "npm install n8n@" in remarks[0]


def test_every_mode_becomes_a_flow_of_its_own(install: Install, sink: str, tmp_path: Path) -> None:
    """Each mode has its own name, address and count."""
    install("none")
    with ExitStack() as stack:
        doors, remarks = flow._open_n8n(stack, sink, Options(folder=tmp_path, n8n=True))
        assert remarks == list(n8n_flow.REMARKS)
        assert len({(door.name, door.host, door.sink) for door in doors}) == len(n8n_flow.MODES)


def test_a_mode_that_fails_is_named_with_the_reason(install: Install, sink: str, tmp_path: Path) -> None:
    """What could not be measured stands on the page, mode by mode."""
    install("trusting")
    with ExitStack() as stack:
        doors, remarks = flow._open_n8n(stack, sink, Options(folder=tmp_path, n8n=True))
    assert doors == []
    for mode in n8n_flow.MODES:
        assert any(mode.words + " was not measured: " in remark and "forged" in remark for remark in remarks)


def test_n8n_is_compared_without_a_target_and_only_where_it_has_a_rate(tmp_path: Path) -> None:
    """A missed n8n can never fail the bench, and a void one has no ratio."""
    options = Options(folder=tmp_path, n8n=True, databases=("sqlite",))
    rivals = [Door("n8n fast", "", ""), Door("n8n void", "", "")]
    names = [flow._title("sqlite"), *flow.BARE.values(), "n8n fast"]
    found = {name: Figure(name=name, unit="posts/s", values=(2.0,)) for name in names}
    found["n8n void"] = Figure(name="n8n void", unit="posts/s", values=(), void="timeouts")
    made = flow._comparisons(found, options, rivals)
    assert [(one.theirs.name, one.target) for one in made if one.theirs.name.startswith("n8n")] == [("n8n fast", None)]


@pytest.mark.parametrize("posts", [3, 4])
def test_more_posts_than_were_on_the_way_are_void(posts: int, sink: str) -> None:
    """A flow may post for what it was not thanked for in time, one for each connection, and no more."""
    door = Door("n8n", "", f"{sink}/n8n", Pace(connections=1, still=0.1))
    for _ in range(posts):
        httpx.post(f"{door.sink}/result", trust_env=False)
    load = Load(requests=2, microseconds=1, wrapped=0, refused={}, broken=0, p50=1, p99=1, longest=1)
    if posts == 3:
        assert flow._until_still(door, load, 0)[0] == posts
    else:
        with pytest.raises(Void, match="2 acknowledged, 4 posted"):
            flow._until_still(door, load, 0)


def test_timeouts_under_load_void_a_flow() -> None:
    """A slow flow whose requests ran out of time gets no figure."""
    clean = Load(requests=5, microseconds=1, wrapped=0, refused={}, broken=0, p50=1, p99=1, longest=1)
    clean.require_clean("n8n")
    with pytest.raises(Void, match="connections broken 2"):
        msgspec.structs.replace(clean, broken=2).require_clean("n8n")
