"""Recordings: what a real model answered, with what it was, kept so that a measurement can be repeated without it.

The first line says which model, with which weights, parameters and prompt, and when; each further line is one raw reply.
The answers that were rated are not repeated; a hash over all that the model was told ties a reply to them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, Self, TypeVar

import msgspec
from msgspec import Meta, Struct

from orchestrator.domain.scoring import Usage
from orchestrator.errors import ConfigurationInvalid
from orchestrator.evaluation.wanted import HOSTED
from rubrics.document import Problem

T = TypeVar("T", bound=Struct)
H = TypeVar("H", bound=Struct)
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class SourceFacts(Struct, frozen=True, kw_only=True):
    """Which model was recorded. ``weights`` is the SHA-256 of its file, or in words why there is none to be had."""

    model: Annotated[str, Meta(min_length=1)]
    weights: Annotated[str, Meta(min_length=1)]
    parameters: dict[str, str | int | float | None]
    prompt_hash: Sha256
    recorded_on: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class Header(SourceFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model was recorded on which labelled set."""

    kind: Literal["evenhand-recording"] = "evenhand-recording"
    set_sha256: Sha256


class Reply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One raw reply. ``words`` is the hash of what the model was told; ``text`` None where nothing readable came."""

    id: str
    sample: Annotated[int, Meta(ge=0)]
    words: Sha256
    text: str | None
    refused: bool = False
    answered_by: str = ""
    usage: Usage = Usage()


class Recorder:
    """Writes a recording line by line, so that what was paid for is kept when a later call fails."""

    def __init__(self, path: Path, header: Header) -> None:
        self._file = path.open("xb")
        self._write(header)

    def add(self, reply: Reply) -> None:
        """Keep one reply."""
        self._write(reply)

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, line: Struct) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


class Recording(Struct, frozen=True, kw_only=True):
    """A recording as read, replies by item and sample."""

    header: Header
    replies: Mapping[tuple[str, int], Reply]

    @property
    def ids(self) -> frozenset[str]:
        """The items that were recorded."""
        return frozenset(item for item, _ in self.replies)

    @property
    def samples(self) -> int:
        """How many samples every recorded item has at least."""
        counts = dict.fromkeys(self.ids, 0)
        for item, _ in self.replies:
            counts[item] += 1
        return min(counts.values(), default=0)


def read_recording(path: Path) -> Recording:
    """Read a recording.

    Raises:
        ConfigurationInvalid: it is none, or a line is broken or there twice.
        OSError: the file cannot be read.
    """
    header, lines = read_lines(path, header=Header, line=Reply)
    replies: dict[tuple[str, int], Reply] = {}
    for number, reply in lines:
        if (reply.id, reply.sample) in replies:
            raise refusal(path, number, "the same item and sample stands in an earlier line")
        replies[reply.id, reply.sample] = reply
    return Recording(header=header, replies=replies)


def weights_hash(named: str | None) -> str:
    """SHA-256 of the weights' file; a hosted model has none that anybody outside could hash.

    Raises:
        ConfigurationInvalid: no weights are named.
        OSError: the file cannot be read.
    """
    if named is None:
        raise ConfigurationInvalid(["a recording says which weights answered: add --weights FILE, or --weights hosted"])
    if named == HOSTED:
        return HOSTED
    with Path(named).open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def read_lines(path: Path, *, header: type[H], line: type[T]) -> tuple[H, Sequence[tuple[int, T]]]:
    """The first line as a header, every further one that is not empty with its number.

    Raises:
        ConfigurationInvalid: the file is empty, or a line is broken.
        OSError: the file cannot be read.
    """
    found = [(number, text) for number, text in enumerate(path.read_bytes().split(b"\n"), start=1) if text.strip()]
    if not found:
        raise refusal(path, 1, "the recording is empty")
    first, *others = found
    return _decode(path, *first, kind=header), [
        (number, _decode(path, number, text, kind=line)) for number, text in others
    ]


def refusal(path: Path, line: int, message: str) -> ConfigurationInvalid:
    """What is wrong with a recording, by its line."""
    return ConfigurationInvalid([Problem(file=str(path), line=line, column=1, field="", message=message)])


def _decode(path: Path, number: int, line: bytes, *, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = str(error) if isinstance(error, msgspec.ValidationError) else "is not a JSON object in UTF-8"
        raise refusal(path, number, said) from error
