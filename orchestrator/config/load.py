"""Read evenhand.yaml: every problem at once, each with file, line, field, what is allowed and a near match."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

from adapters.contract.model import Visibility
from orchestrator.config.schema import Configuration, Connection, Vocabulary, configuration_schema
from orchestrator.domain.program import NOT_YET_SUPPORTED
from orchestrator.domain.stage import normal_name
from orchestrator.errors import ConfigurationInvalid
from rubrics.document import Document, DocumentInvalid, Problem, convert, near_match, parse

_schema = cache(configuration_schema)


def load(path: Path, vocabulary: Vocabulary) -> Configuration:
    """Read and check the file.

    Raises:
        ConfigurationInvalid: with every problem found.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read; is the path right?"
        raise ConfigurationInvalid([Problem(file=str(path), line=1, column=1, field="", message=reason)]) from error
    return loads(text, file=str(path), vocabulary=vocabulary)


def rubric_folders(path: Path) -> tuple[str, ...]:
    """Folders of rubrics that the file names; none where it cannot be read, of which `load` says why."""
    try:
        _, configuration = _read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError, DocumentInvalid):
        return ()
    return configuration.rubric_folders


def loads(text: str, *, file: str, vocabulary: Vocabulary) -> Configuration:
    """Read and check the text of a file; raises ConfigurationInvalid with every problem found."""
    try:
        document, configuration = _read(text, file)
    except DocumentInvalid as error:
        raise ConfigurationInvalid(error.problems) from error
    problems = sorted(_meaning(configuration, document, vocabulary), key=lambda problem: (problem.line, problem.column))
    if problems:
        raise ConfigurationInvalid(problems)
    return configuration


# Who starts reads the file twice: first for the folders of rubrics that it names, then with what they hold.
@lru_cache(maxsize=1)
def _read(text: str, file: str) -> tuple[Document, Configuration]:
    document = parse(text, file=file)
    return document, convert(document, type=Configuration, schema=_schema())


def _meaning(configuration: Configuration, document: Document, vocabulary: Vocabulary) -> Iterable[Problem]:
    """What a schema cannot say: references, duplicates, and options that do not work yet."""
    yield from _connections(configuration, document, vocabulary)
    yield from _programs(configuration, document, vocabulary)
    yield from _orders(configuration, document, vocabulary)
    families = [family.key for family in configuration.role_families]
    yield from _twice(document, "role_families", families)


def _connections(configuration: Configuration, document: Document, vocabulary: Vocabulary) -> Iterable[Problem]:
    yield from _twice(document, "connections", [connection.key for connection in configuration.connections])
    for index, connection in enumerate(configuration.connections):
        path = ("connections", index)
        if connection.adapter not in vocabulary.adapters:
            yield _unknown(
                document, (*path, "adapter"), connection.adapter, vocabulary.adapters, "an ATS we connect to"
            )
        seen: set[str] = set()
        for row, mapping in enumerate(connection.stages):
            name = normal_name(mapping.stage)
            if name in seen:
                yield document.problem((*path, "stages", row, "stage"), f"{mapping.stage!r} is mapped twice")
            seen.add(name)
        keys = connection.fields.field_keys()
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield document.problem((*path, "fields"), f"two parts of a result go to the same field {key!r}")
        yield from _places(connection, document, path)
        said = _write_back(connection, vocabulary)
        if said is not None:
            yield document.problem((*path, "fields"), said)


def _places(connection: Connection, document: Document, path: tuple[str | int, ...]) -> Iterable[Problem]:
    """A credential is in one place, and that place is named."""
    for name, source in connection.credentials.items():
        if (source.env is None) != source.stored:
            said = "say where it is: `env: NAME_OF_A_VARIABLE`, or `stored: true`, and not both"
            yield document.problem((*path, "credentials", name), said)


def _write_back(connection: Connection, vocabulary: Vocabulary) -> str | None:
    """What is wrong with where a result goes, None where nothing is."""
    fields, fieldless = connection.fields, connection.adapter in vocabulary.without_fields
    if fieldless and not fields.notes_only:
        return f"{connection.adapter} has no custom fields; leave only `note` here, and notes carry the result"
    if fields.note is not None and connection.adapter in vocabulary.without_notes:
        return f"{connection.adapter} has no notes; remove `note`"
    if fields.note is Visibility.PRIVATE and connection.adapter in vocabulary.without_private_notes:
        return f"{connection.adapter} has no private notes; write `note: team` if everybody there may read it"
    if fields.notes_only and (fields.note is None or not fieldless):
        return "`completion` and `band` must each have a field" + (" or `note` must be set" if fieldless else "")
    if not fields.notes_only and (fields.completion is None or fields.band is None):
        return "`completion` and `band` must each have a field"
    return None


def _programs(configuration: Configuration, document: Document, vocabulary: Vocabulary) -> Iterable[Problem]:
    yield from _twice(document, "programs", [program.key for program in configuration.programs])
    connections = tuple(connection.key for connection in configuration.connections)
    families = tuple(family.key for family in configuration.role_families)
    for index, program in enumerate(configuration.programs):
        path = ("programs", index)
        if program.connection not in connections:
            yield _unknown(
                document, (*path, "connection"), program.connection, connections, "a connection of this file"
            )
        if program.rubric not in vocabulary.rubrics:
            yield _unknown(document, (*path, "rubric"), program.rubric, vocabulary.rubrics, "a rubric we have")
        for row, family in enumerate(program.when.role_families):
            if family not in families:
                yield _unknown(
                    document, (*path, "when", "role_families", row), family, families, "a role family of this file"
                )
        if program.when.stage.terminal:
            yield document.problem((*path, "when", "stage"), "an application ends there; no interview can start")
        for option in NOT_YET_SUPPORTED:
            if getattr(program, option) is not None:
                yield document.problem(
                    (*path, option), "not yet supported; remove it, it would not be obeyed", at_key=True
                )


def _orders(configuration: Configuration, document: Document, vocabulary: Vocabulary) -> Iterable[Problem]:
    """Who lets recruiters order must be able to: an ATS that knows orders, and secrets that it presents."""
    taking = {connection.key for connection in configuration.connections if connection.assessment_secrets}
    known = {connection.key for connection in configuration.connections}
    for index, connection in enumerate(configuration.connections):
        if connection.key in taking and connection.adapter not in vocabulary.with_orders:
            yield document.problem(
                ("connections", index, "assessment_secrets"),
                f"nothing can be ordered in {connection.adapter}; remove it",
                at_key=True,
            )
    for index, program in enumerate(configuration.programs):
        if program.orderable is True and program.connection in known - taking:
            yield document.problem(
                ("programs", index, "orderable"),
                f"the connection {program.connection!r} has no `assessment_secrets`, so nothing can be ordered there",
                at_key=True,
            )


def _twice(document: Document, section: str, keys: Sequence[str]) -> Iterable[Problem]:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield document.problem((section, index, "key"), f"{key!r} is used twice")


def _unknown(document: Document, path: tuple[str | int, ...], value: str, allowed: Sequence[str], what: str) -> Problem:
    return document.problem(path, f"{value!r} is not {what}", allowed=sorted(allowed), near=near_match(value, allowed))
