"""N1: no code path can reject, archive or disqualify a candidate."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import httpx
import msgspec
import pytest

import adapters
from adapters.contract import adapter as port
from adapters.contract import errors, events, manifest, model
from adapters.contract.adapter import ForwardMove, ForwardMover
from adapters.contract.errors import Refused
from adapters.contract.model import Stage, StageKind
from adapters.registry import VENDORS, create
from tests.adapters.case import Case, connected, forward_stage, mover
from tests.adapters.cases import CASES

ROOT = Path(adapters.__file__).parent
# The little ATS is not an adapter: it is what adapters talk to, and there people do move candidates anywhere.
THE_ATS_ITSELF = ROOT / "sandbox" / "server"
MOVERS = {key: case for key, case in CASES.items() if manifest.Capability.ADVANCE in case.capabilities}
TERMINAL = [kind for kind in StageKind if kind.terminal]
ENDS = re.compile(r"reject|archiv|disqualif|decline|dismiss|dispos|withdraw|blacklist", re.IGNORECASE)
# Words by which vendors end an application; none may be in a path, a query name or a body key that we send.
SENT_ENDS = re.compile(
    r"reject|archiv|disqualif|declin|dismiss|dispos|withdraw|hire\b|hired|unassign|revert", re.IGNORECASE
)
# AuthRejected is about our credentials, not about a person.
INNOCENT = {"AuthRejected", "Disposition", "disposition"}


def sources() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if THE_ATS_ITSELF not in path.parents]


def verbs(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name


def test_sources_are_found() -> None:
    """The checks below look at every module of every adapter, and not at nothing."""
    names = {path.relative_to(ROOT).as_posix() for path in sources()}
    assert {"contract/adapter.py", "kit/http.py", "sandbox/client.py", "sandbox/adapter.py", "registry.py"} <= names
    assert not [name for name in names if "server" in name]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_function_ends_an_application(path: Path) -> None:
    """No public function or method of any adapter is named for ending an application."""
    assert [name for name in verbs(ast.parse(path.read_text("utf-8"))) if ENDS.search(name)] == []


@pytest.mark.parametrize("module", [port, errors, events, manifest, model], ids=lambda module: module.__name__)
def test_no_contract_member_ends_an_application(module: object) -> None:
    """The contract has no member named for ending an application, except what it reads: Disposition."""
    members = {
        name
        for owner in [module, *(found for _, found in inspect.getmembers(module, inspect.isclass))]
        for name, _ in inspect.getmembers(owner)
        if not name.startswith("_")
    }
    enumerated = {kind.name for kind in StageKind} | {kind.name for kind in model.Disposition}
    assert {name for name in members if ENDS.search(name)} - INNOCENT - enumerated == set()


def test_ports_take_no_disposition() -> None:
    """No parameter of the port is a disposition or a stage kind."""
    for owner in (port.Adapter, port.ForwardMover):
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            assert not ENDS.search(str(inspect.signature(method))), name


@dataclass(frozen=True)
class Sent:
    """A constant that may become part of a request."""

    where: str
    text: str


def sent_constants(tree: ast.Module, where: str) -> Iterator[Sent]:
    """Text constants in calls of a client's ``read``/``write``/``request`` and keys of dicts inside functions."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in {"read", "write", "request", "_request", "get", "post", "put", "patch", "delete", "send"}:
            for node in ast.walk(call):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield Sent(f"{where}:{node.lineno}", node.value)
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        for literal in (node for node in ast.walk(function) if isinstance(node, ast.Dict)):
            for key in literal.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield Sent(f"{where}:{key.lineno}", key.value)


def test_no_request_sets_a_disposition() -> None:
    """No path, query name or body key in an outgoing request has a word that ends an application."""
    found = [sent for path in sources() for sent in sent_constants(ast.parse(path.read_text("utf-8")), path.name)]
    assert "/api/v1/applications" in {sent.text for sent in found}
    assert "stage_id" in {sent.text for sent in found}
    assert [sent for sent in found if SENT_ENDS.search(sent.text)] == []


def test_the_check_sees_a_disposition() -> None:
    """The check above is no blank cartridge: it finds what it must find."""
    guilty = ast.parse('async def f(self): await self._http.write("POST", f"/x/{1}/reject", body={"disposition": "y"})')
    assert {sent.text for sent in sent_constants(guilty, "guilty") if SENT_ENDS.search(sent.text)} == {
        "/reject",
        "disposition",
    }


def test_only_advance_moves() -> None:
    """The request that moves an application is made in ``advance`` and nowhere else."""
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)):
            calls = {
                node.func.attr
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            }
            assert "move" not in calls or function.name == "advance", f"{path.name}: {function.name}"


@pytest.mark.parametrize("kind", TERMINAL)
def test_forward_move_refuses_terminal_stages(kind: StageKind) -> None:
    """A ForwardMove to a terminal stage cannot be made, allow-listed or not, nor by replacing or decoding one."""
    stage = Stage(id="s", name="End", kind=kind)
    fine = ForwardMove(application_id="a", stage=Stage(id="s", name="Offer", kind=StageKind.OFFER))
    with pytest.raises(Refused) as refused:
        ForwardMove.to(stage, application_id="a", allowed_stage_ids=frozenset({"s"}))
    assert refused.value.code == "terminal_stage"
    with pytest.raises(Refused):
        ForwardMove(application_id="a", stage=stage)
    with pytest.raises(Refused):
        msgspec.structs.replace(fine, stage=stage)


def test_forward_move_refuses_unmapped_and_unlisted_stages() -> None:
    """A stage whose kind nobody said, or that the customer did not list, is refused."""
    for kind, listed, code in (
        (None, frozenset({"s"}), "unknown_stage"),
        (StageKind.OFFER, frozenset[str](), "stage_not_allowed"),
        (StageKind.OFFER, frozenset({"other"}), "stage_not_allowed"),
    ):
        with pytest.raises(Refused) as refused:
            ForwardMove.to(Stage(id="s", name="Offer", kind=kind), application_id="a", allowed_stage_ids=listed)
        assert refused.value.code == code


def test_every_vendor_has_a_case() -> None:
    """A vendor cannot be registered without passing the HTTP test below."""
    assert set(VENDORS) == set(CASES)


@pytest.mark.parametrize("case", MOVERS.values(), ids=MOVERS)
async def test_advance_refuses_what_the_ats_calls_terminal(case: Case) -> None:
    """Even a move made with a lying stage map, or forged past its own check, leaves the ATS as it was."""
    async with case.running() as world, connected(case, world, world.moving_credentials) as adapter:
        before = await world.snapshot()
        stages = await world.stages()
        ends = [stage for stage in stages if stage.kind is not None and stage.kind.terminal]
        assert len(ends) == 3
        for end, lie in product(ends, (StageKind.OFFER, StageKind.FIRST_INTERVIEW)):
            lying = Stage(id=end.id, name="Offer", kind=lie)
            move = ForwardMove.to(lying, application_id=world.application_id, allowed_stage_ids=frozenset({end.id}))
            with pytest.raises(Refused) as refused:
                await mover(adapter).advance(move)
            assert refused.value.code == "terminal_stage"
        elsewhere = Stage(id="stg_999999", name="Offer", kind=StageKind.OFFER)
        with pytest.raises(Refused) as refused:
            await mover(adapter).advance(ForwardMove(application_id=world.application_id, stage=elsewhere))
        assert refused.value.code == "unknown_stage"
        for kind in (*TERMINAL, None):
            with pytest.raises(Refused):
                await mover(adapter).advance(forged(world.application_id, forward_stage(stages), kind))
        assert await world.snapshot() == before


def forged(application_id: str, stage: Stage, kind: StageKind | None) -> ForwardMove:
    """A ForwardMove that did not pass its own check."""
    move = ForwardMove(application_id=application_id, stage=stage)
    spoiled = Stage(id=stage.id, name=stage.name, kind=kind)
    msgspec.structs.force_setattr(move, "stage", spoiled)
    return move


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_only_forward_movers_advance(case: Case) -> None:
    """Capability and code agree, so that nothing can be called that was not claimed."""
    transport = httpx.MockTransport(lambda _: httpx.Response(500))
    adapter = create(
        case.key, base_url=case.base_url, credentials=case.credentials, options=case.options, transport=transport
    )
    assert isinstance(adapter, ForwardMover) == (manifest.Capability.ADVANCE in adapter.manifest.capabilities)
