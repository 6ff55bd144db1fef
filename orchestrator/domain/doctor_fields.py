"""One connection: do the fields and notes of the ATS hold what a result needs? Asked by the doctor, and before a write."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct, structs

from adapters.contract.manifest import Capability
from adapters.contract.model import FieldDefinition, FieldKind, FieldValue, Visibility
from orchestrator.domain.doctor_facts import ConnectionFacts
from orchestrator.domain.evidence import MAX_BULLET, MAX_BULLETS
from orchestrator.domain.findings import Code, Finding, found, listed, shown
from orchestrator.domain.interview import Completion
from orchestrator.domain.result import Subscore
from orchestrator.domain.writeback import FieldMap
from rubrics.schema import Rubric

AUDIT_REF_LENGTH = 23
"""EH- and twenty characters."""

_ID_LENGTH = 36
"""Of an application in the address of its review case."""

_NOTE_FRAME = 160
"""Characters of a note beside band, subscores, bullets and link."""

TEXTS = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT})


class Need(Struct, frozen=True, kw_only=True):
    """What one part of a result needs of its field. ``length`` in characters; ``surely``: it is never shorter."""

    part: str
    kinds: frozenset[FieldKind]
    length: int = 0
    surely: bool = True
    options: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The part as people call it."""
        return self.part.replace("audit_ref", "audit reference")


class MappedFields(Struct, frozen=True, kw_only=True):
    """Which fields of an ATS (``title``) a connection (its key) maps, and what the parts of a result need of them."""

    connection: str
    title: str
    field_map: FieldMap
    needs: tuple[Need, ...]


def link_length(base_url: str) -> int:
    """How long the link to a result, or to the case before there is one, is at most."""
    return max(len(f"{base_url}/results/") + AUDIT_REF_LENGTH, len(f"{base_url}/review/applications/") + _ID_LENGTH)


def needs(rubrics: Sequence[Rubric], *, link_length: int) -> tuple[Need, ...]:
    """What the parts of a result need, for these rubrics."""
    bands = tuple(dict.fromkeys(band.label for rubric in rubrics for band in rubric.bands))
    completions = tuple(completion.value for completion in Completion)
    choice = TEXTS | {FieldKind.SELECT}
    return (
        Need(part="completion", kinds=choice, length=_longest(completions), options=completions),
        Need(part="band", kinds=choice, length=_longest(bands), options=bands),
        Need(part="subscores", kinds=TEXTS, length=max(map(_subscores, rubrics), default=0), surely=False),
        Need(part="score", kinds=frozenset({FieldKind.NUMBER})),
        Need(part="bullets", kinds=TEXTS, length=MAX_BULLETS * (MAX_BULLET + 3), surely=False),
        Need(part="link", kinds=TEXTS | {FieldKind.URL}, length=link_length),
        Need(part="audit_ref", kinds=TEXTS, length=AUDIT_REF_LENGTH),
    )


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def _subscores(rubric: Rubric) -> int:
    lines = [f"{one.name}: {Subscore(one.id, one.name, None).text}" for one in rubric.competencies]
    return len("\n".join(lines))


def fields(facts: ConnectionFacts) -> Iterator[Finding]:
    """Every mapped field is there, of a fitting type, long enough, with every option that will be written."""
    if isinstance(facts.fields, tuple):
        mapped = MappedFields(
            connection=facts.key,
            title=facts.manifest.title,
            field_map=facts.field_map,
            needs=needs(facts.rubrics, link_length=facts.link_length),
        )
        yield from misfits(mapped, facts.fields)


def misfits(mapped: MappedFields, defined: Sequence[FieldDefinition]) -> Iterator[Finding]:
    """What of the map does not fit the fields as the ATS defines them."""
    there: Mapping[str, FieldDefinition] = {field.key: field for field in defined}
    for need in mapped.needs:
        key: str | None = getattr(mapped.field_map, need.part)
        if key is not None:
            yield from _need(mapped, there, key, need)


def hindrances(
    mapped: MappedFields, defined: Sequence[FieldDefinition], values: Mapping[str, FieldValue]
) -> tuple[Finding, ...]:
    """Why these values must not be written: the field of one is missing, of a wrong type, or does not take this value.

    What else of the map does not fit hinders no value that does: the doctor says that. Emptying a field needs nothing.
    """
    there = {field.key: field for field in defined}
    # One thing per field.
    first: dict[str, Finding] = {}
    for need in mapped.needs:
        key: str | None = getattr(mapped.field_map, need.part)
        value = values.get(key) if key is not None else None
        if key is not None and value is not None:
            for finding in _unfit(mapped, there, key, need, value):
                first.setdefault(finding.subject, finding)
    return tuple(first.values())


def _unfit(
    mapped: MappedFields, there: Mapping[str, FieldDefinition], key: str, need: Need, value: FieldValue
) -> Iterator[Finding]:
    text = value if isinstance(value, str) else ""
    exact = structs.replace(need, length=len(text), surely=True, options=(text,) if text else ())
    if any(_need(mapped, there, key, exact)):
        # Said as the doctor says it: who adds this option adds the others that are lacking as well.
        yield from _need(mapped, there, key, structs.replace(exact, options=_each(*exact.options, *need.options)))


def _each(*options: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(options))


def _need(mapped: MappedFields, there: Mapping[str, FieldDefinition], key: str, need: Need) -> Iterator[Finding]:
    if key in there:
        yield from _field(mapped, there[key], need)
    else:
        yield found(
            Code.FIELD_MISSING,
            f"field {shown(key)}",
            f"This field shall hold the {need.words}, and {mapped.title} has none with this key.",
            f"Make it in {mapped.title} ({_kinds(need)}), or mend the key at `fields.{need.part}` of the "
            f"connection {mapped.connection} in evenhand.yaml.",
            connection=mapped.connection,
        )


def _field(mapped: MappedFields, field: FieldDefinition, need: Need) -> Iterator[Finding]:
    subject, make = f"field {shown(field.key)}", partial(found, connection=mapped.connection)
    if field.kind not in need.kinds:
        yield make(
            Code.FIELD_TYPE_WRONG,
            subject,
            f"This field shall hold the {need.words} and is of type {field.kind}; it must be {_kinds(need)}.",
            f"In {mapped.title}, make a field of that type and name its key at `fields.{need.part}` of the "
            f"connection {mapped.connection} in evenhand.yaml.",
        )
        return
    if field.kind is FieldKind.SELECT:
        lacking = [option for option in need.options if option not in field.options]
        if lacking:
            yield make(
                Code.FIELD_OPTION_MISSING,
                subject,
                f"This field shall hold the {need.words}, and it lacks: {listed(lacking)}.",
                f"In {mapped.title}, add these options, letter by letter as they stand here.",
            )
    elif field.max_length is not None and field.max_length < need.length:
        yield make(
            Code.FIELD_TOO_SHORT,
            subject,
            f"This field shall hold the {need.words} and takes {field.max_length} characters; "
            f"{need.length} are {'needed' if need.surely else 'possible'}.",
            f"In {mapped.title}, let it have {need.length} characters or more, or map the {need.words} to a longer "
            "field.",
            worse=need.surely,
        )


def _kinds(need: Need) -> str:
    return " or ".join(sorted(need.kinds))


def notes(facts: ConnectionFacts) -> Iterator[Finding]:
    """Whether notes are seen by whom they are for, and long enough."""
    visibility, title = facts.field_map.note, facts.manifest.title
    if visibility is None:
        return
    make = partial(found, connection=facts.key)
    if visibility is Visibility.PRIVATE and Capability.PRIVATE_NOTES not in facts.manifest.capabilities:
        yield make(
            Code.NOTE_NOT_PRIVATE,
            "note",
            f"The note shall be private, and {title} has no private notes that Evenhand can write.",
            f"Set `fields.note` of the connection {facts.key} in evenhand.yaml to team, if the hiring team may read "
            "what candidates said, or remove it.",
        )
    if visibility is Visibility.TEAM:
        yield make(
            Code.NOTE_FOR_TEAM,
            "note",
            f"Everybody who sees the application in {title} reads the note with what the candidate said.",
            "If that is not meant, set `fields.note` to private in evenhand.yaml.",
        )
    limit = facts.manifest.note_max_length
    longest = _note(facts)
    if limit is not None and limit < longest:
        yield make(
            Code.NOTE_TOO_SHORT,
            "note",
            f"{title} takes notes of {limit} characters; {longest} are possible.",
            "Map the parts of a result to custom fields where the ATS has them, or use shorter names of competencies.",
        )


def _note(facts: ConnectionFacts) -> int:
    """The longest note that may come."""
    whole = max(map(_subscores, facts.rubrics), default=0) if facts.field_map.notes_only else 0
    bands = _longest(band.label for rubric in facts.rubrics for band in rubric.bands)
    return whole + bands + MAX_BULLETS * (MAX_BULLET + 3) + facts.link_length + AUDIT_REF_LENGTH + _NOTE_FRAME
