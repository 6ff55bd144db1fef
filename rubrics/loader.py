"""Rubric files to `Rubric` values: the packaged library, further folders, and the snapshots stored with interviews."""

import functools
import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from rubrics.document import Document, DocumentInvalid, Problem, convert, near_match, parse
from rubrics.schema import Rubric
from rubrics.schema_json import rubric_schema

SUFFIX = ".yaml"


class RubricNotFound(LookupError):
    """No rubric has this id. The caller must correct the id or add the folder that holds the rubric."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A rubric with the document it was read from, so that findings can name lines."""

    rubric: Rubric
    document: Document


def load_rubric(source: Path | Traversable, *, rubric_id: str | None = None) -> Rubric:
    """Read one rubric file; raises DocumentInvalid with every problem.

    The file must be called `<family>/<name>.yaml` after its id. A resource without a folder name needs `rubric_id`.
    """
    return load_source(source, rubric_id=rubric_id).rubric


def load_source(source: Path | Traversable, *, rubric_id: str | None = None) -> Source:
    """Read one rubric file like `load_rubric`, and keep its document."""
    expected = rubric_id
    if expected is None and isinstance(source, Path):
        expected = f"{source.absolute().parent.name}/{source.name.removesuffix(SUFFIX)}"
    file = str(source)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "cannot be read as UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be opened"
        raise DocumentInvalid([Problem(file=file, line=1, column=1, field="", message=reason)]) from error
    document = parse(text, file=file)
    rubric = convert(document, type=Rubric, schema=rubric_schema())
    if expected is not None and rubric.id != expected:
        raise DocumentInvalid([document.problem(("id",), f"must be {expected}, as the file is called")])
    return Source(rubric=rubric, document=document)


def load_sources(folders: Sequence[Path] = ()) -> tuple[Source, ...]:
    """Read the packaged library and then `folders` (each laid out as `<family>/<name>.yaml`), ordered by id.

    Raises DocumentInvalid with every problem of every file, an id that occurs twice included.
    """
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for folder in (_library(), *folders):
        for rubric_id, file in _files(folder):
            try:
                source = load_source(file, rubric_id=rubric_id)
            except DocumentInvalid as error:
                problems.extend(error.problems)
                continue
            if rubric_id in sources:
                first = sources[rubric_id].document.file
                problems.append(source.document.problem(("id",), f"{rubric_id} is already defined in {first}"))
                continue
            sources[rubric_id] = source
    problems.extend(_missing(folders))
    if problems:
        raise DocumentInvalid(problems)
    return tuple(sources[rubric_id] for rubric_id in sorted(sources))


def load_library(folders: Sequence[Path] = ()) -> Mapping[str, Rubric]:
    """Rubrics by id: the packaged ones and those of `folders`; raises DocumentInvalid like `load_sources`."""
    rubrics = _packaged() if not folders else load_sources(folders)
    return {source.rubric.id: source.rubric for source in rubrics}


def find(rubric_id: str, folders: Sequence[Path] = ()) -> Rubric:
    """Find a rubric by id; raises RubricNotFound (with a near match and what there is) or DocumentInvalid."""
    library = load_library(folders)
    if rubric_id in library:
        return library[rubric_id]
    near = near_match(rubric_id, list(library))
    hint = f"; did you mean '{near}'?" if near else ""
    raise RubricNotFound(f"there is no rubric '{rubric_id}'{hint} (there are: {', '.join(library)})")


def snapshot(rubric: Rubric) -> bytes:
    """Canonical JSON (UTF-8, keys sorted): the very bytes that `content_hash` hashes, to be stored once per hash."""
    return msgspec.json.encode(rubric, order="sorted")


def from_snapshot(stored: bytes) -> Rubric:
    """Rebuild a rubric from its snapshot; raises msgspec.ValidationError when the bytes are no rubric."""
    return msgspec.json.decode(stored, type=Rubric)


@functools.cache
def _packaged() -> tuple[Source, ...]:
    # Files of the installed package do not change while it runs, and everything in a Source is frozen.
    return load_sources()


def _library() -> Traversable:
    return importlib.resources.files("rubrics") / "library"


def _files(folder: Path | Traversable) -> Iterator[tuple[str, Path | Traversable]]:
    if not folder.is_dir():
        return
    for family in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if family.is_dir():
            for file in sorted(family.iterdir(), key=lambda entry: entry.name):
                if file.name.endswith(SUFFIX):
                    yield f"{family.name}/{file.name.removesuffix(SUFFIX)}", file


def _missing(folders: Sequence[Path]) -> Iterator[Problem]:
    for folder in folders:
        if not folder.is_dir():
            yield Problem(file=str(folder), line=1, column=1, field="", message="there is no such folder")
