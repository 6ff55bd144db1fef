"""The published language: no verb harms a candidate, and errors say what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import errors
from adapters.contract.adapter import Adapter, ForwardMove, ForwardMover
from adapters.contract.errors import AdapterError, Refused
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.contract.manifest import Auth, Capability, Manifest, RateLimit
from adapters.contract.model import Disposition, Stage, StageKind

STAGES = st.builds(
    Stage, id=st.sampled_from(["a", "b"]), name=st.just("Next"), kind=st.sampled_from([None, *StageKind])
)
HARMFUL = ("reject", "archive", "disqualif", "dispos", "decline", "delete", "close")


@given(STAGES, st.frozensets(st.sampled_from(["a", "b"])))
def test_a_forward_move_never_ends_an_application(stage: Stage, allowed: frozenset[str]) -> None:
    """A move exists only for a listed stage whose kind is known and not terminal; each refusal has its code (N1)."""
    wanted = None
    if stage.kind is None:
        wanted = "unknown_stage"
    elif stage.kind.terminal:
        wanted = "terminal_stage"
    elif stage.id not in allowed:
        wanted = "stage_not_allowed"
    if wanted is None:
        assert ForwardMove.to(stage, application_id="1", allowed_stage_ids=allowed).stage is stage
        return
    with pytest.raises(Refused) as refused:
        ForwardMove.to(stage, application_id="1", allowed_stage_ids=allowed)
    assert refused.value.code == wanted


@pytest.mark.parametrize("kind", [kind for kind in StageKind if kind.terminal])
def test_no_way_round_the_guard(kind: StageKind) -> None:
    """Building the permission directly is refused as well."""
    with pytest.raises(Refused, match="only a person moves there"):
        ForwardMove(application_id="1", stage=Stage(id="x", name="End", kind=kind))


def test_every_disposition_is_a_terminal_stage() -> None:
    """Whatever outcome an application can have, the stage of that name is an end; the rest is not."""
    endings = {StageKind(outcome.value) for outcome in Disposition} | {StageKind.ARCHIVED}
    assert {kind for kind in StageKind if kind.terminal} == endings


def test_the_port_has_no_harmful_verb() -> None:
    """No method, capability or event of the contract rejects, archives or disqualifies (N1)."""
    names = [*vars(Adapter), *vars(ForwardMover), *Capability, *(event.__name__ for event in Event.__args__)]
    spoken = [name.lower() for name in names if not name.startswith("_")]
    assert [name for name in spoken if name != "aclose" and any(word in name for word in HARMFUL)] == []
    assert "write_fields" in spoken


def test_a_capability_can_be_recognised() -> None:
    """Only an adapter with ``advance`` is a forward mover."""

    class Mover:
        async def advance(self, move: ForwardMove) -> None: ...

    assert isinstance(Mover(), ForwardMover)
    assert not isinstance(object(), ForwardMover)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every error class is drawn, and nothing else."""
    assert errors.__doc__ is not None
    drawn = {line.lstrip("│├└─ ").split()[0] for line in errors.__doc__.splitlines()[2:] if line.strip()}
    defined = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, AdapterError)
    }
    assert drawn == defined


def test_errors_carry_what_the_caller_needs() -> None:
    """Wait times, scopes, codes and capabilities are attributes, not text."""
    assert errors.RateLimited("slow down", retry_after=2.5).retry_after == 2.5
    assert errors.RateLimited("slow down").retry_after is None
    assert errors.PermissionMissing("no", scope="notes.write").scope == "notes.write"
    assert errors.Refused("no", code="x").code == "x"
    assert errors.Unsupported("notes").capability == "notes"
    assert str(errors.Unsupported("notes")) == "this ATS does not support notes"
    assert issubclass(errors.Timeout, errors.Transient)
    assert not issubclass(errors.OutcomeUnknown, errors.Transient | errors.Permanent)


def test_events_are_told_apart_by_their_tag() -> None:
    """Each event keeps its tag, so that stored events can be read by later versions."""
    tags = [kind.__struct_config__.tag for kind in (StageChanged, ApplicationChanged, Ping, Unknown)]
    assert tags == ["stage_changed", "application_changed", "ping", "unknown"]


def test_a_manifest_promises_nothing_by_default() -> None:
    """Without a word, no foreign host may be called and a delivery is acknowledged with 202."""
    made = Manifest(
        key="x",
        title="X",
        auth=Auth.API_KEY,
        capabilities=frozenset(),
        rate_limit=RateLimit(per_second=1, burst=1),
    )
    assert (made.hosts, made.note_max_length, made.answer_status) == ((), None, 202)
