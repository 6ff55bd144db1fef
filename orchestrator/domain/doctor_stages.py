"""One connection: does the table of evenhand.yaml fit the stages that the ATS has?"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from adapters.contract.model import Stage, StageKind
from orchestrator.domain.doctor_facts import ConnectionFacts
from orchestrator.domain.findings import Code, Finding, found, shown
from orchestrator.domain.stage import normal_name


def stages(facts: ConnectionFacts) -> Iterator[Finding]:
    """Every stage mapped once, every mapping to a stage, every program with a stage to start from."""
    if not isinstance(facts.stages, tuple):
        return
    by_name: dict[str, list[Stage]] = {}
    for stage in facts.stages:
        by_name.setdefault(normal_name(stage.name), []).append(stage)
    for same in by_name.values():
        yield from _stage(facts, same)
    yield from _unlisted(facts, set(by_name))
    yield from _gone(facts, set(by_name), {stage.id for stage in facts.stages})
    yield from _triggers(facts, facts.stages)


def _stage(facts: ConnectionFacts, same: Sequence[Stage]) -> Iterator[Finding]:
    """What is wrong with the stages of one name, of which each job may have its own."""
    name, make = same[0].name, partial(found, connection=facts.key)
    if any(facts.stage_map.kind_of(stage) is None for stage in same):
        yield _unmapped(facts, name)
    said = {kind for stage in same for kind in _said(facts, stage)}
    own = {stage.kind for stage in same if stage.kind is not None and stage.kind.terminal}
    if len(said) > 1:
        yield make(
            Code.STAGE_MAPPED_TWICE,
            f"stage {shown(name)}",
            f"It is mapped to {' and to '.join(sorted(said))}, once by its id and once by its name, or here and in the "
            "quarantine. Only one of them holds.",
            f"Leave one row for it under `stages` of the connection {facts.key} in evenhand.yaml, then restart.",
        )
    elif said and own and said != own:
        yield make(
            Code.STAGE_CONTRADICTED,
            f"stage {shown(name)}",
            f"evenhand.yaml says {', '.join(said)}, but {facts.manifest.title} itself says {', '.join(sorted(own))}: an "
            "application ends there, and that is what Evenhand goes by.",
            f"Map it to {', '.join(sorted(own))} under `stages` of the connection {facts.key} in evenhand.yaml.",
        )


def _said(facts: ConnectionFacts, stage: Stage) -> Iterator[StageKind]:
    """Everything that people said about this very stage."""
    for text, kind in facts.stages_in_file:
        if text == stage.id or normal_name(text) == normal_name(stage.name):
            yield kind
    for learnt, kind in facts.learnt:
        if learnt.id == stage.id:
            yield kind


def _unmapped(facts: ConnectionFacts, name: str) -> Finding:
    return found(
        Code.STAGE_UNMAPPED,
        f"stage {shown(name)}",
        "Nobody said what it is, so an application that comes there is held.",
        f"Add a row for it under `stages` of the connection {facts.key} in evenhand.yaml; one that is in the quarantine "
        "already can be mapped under Operations.",
        connection=facts.key,
    )


def _unlisted(facts: ConnectionFacts, names: set[str]) -> Iterator[Finding]:
    """Stages that wait in the quarantine and that the ATS does not list: of a closed job, for example."""
    for name in facts.traffic.quarantined if facts.traffic else ():
        if normal_name(name) not in names:
            yield _unmapped(facts, name)


def _gone(facts: ConnectionFacts, names: set[str], ids: set[str]) -> Iterator[Finding]:
    for text, _ in facts.stages_in_file:
        if text not in ids and normal_name(text) not in names:
            yield found(
                Code.STAGE_GONE,
                f"stage {shown(text)}",
                f"It is mapped, but {facts.manifest.title} has no stage of that name or id: was it renamed?",
                f"Give it its present name under `stages` of the connection {facts.key} in evenhand.yaml, or remove it.",
                connection=facts.key,
            )


def _triggers(facts: ConnectionFacts, listed_stages: Iterable[Stage]) -> Iterator[Finding]:
    there = {facts.stage_map.kind_of(stage) for stage in listed_stages}
    for program in facts.programs:
        if program.when.stage not in there and not program.paused:
            yield found(
                Code.TRIGGER_STAGE_MISSING,
                f"program {program.key}",
                f"It starts at {program.when.stage}, and no stage of {facts.manifest.title} is mapped to that: it never "
                "starts anything.",
                f"Map the stage at which it shall start to {program.when.stage} under `stages` of the connection "
                f"{facts.key} in evenhand.yaml.",
                connection=facts.key,
            )
