"""Recordings: what a real model answered, with what it was, kept so that a measurement can be repeated without it.

The first line says which model, with which weights, parameters and prompt, and when; each further line is one raw reply.
The answers that were rated are not repeated; a hash over all that the model was told ties a reply to them.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, Self, TypeVar

import msgspec
from msgspec import Meta, Struct

from orchestrator.domain.scoring import Usage
from orchestrator.errors import ConfigurationInvalid
from rubrics.document import Problem

T = TypeVar("T", bound=Struct)
_Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model was recorded. ``weights`` is the SHA-256 of its file, or in words why there is none to be had."""

    kind: Literal["evenhand-recording"] = "evenhand-recording"
    model: Annotated[str, Meta(min_length=1)]
    weights: Annotated[str, Meta(min_length=1)]
    parameters: dict[str, str | int | float | None]
    prompt_hash: _Sha256
    set_sha256: _Sha256
    recorded_on: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class Reply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One raw reply. ``words`` is the hash of what the model was told; ``text`` None where nothing readable came."""

    id: str
    sample: Annotated[int, Meta(ge=0)]
    words: _Sha256
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
    lines = [(number, line) for number, line in enumerate(path.read_bytes().split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise ConfigurationInvalid([_problem(path, 1, "the recording is empty")])
    header = _decode(path, *lines[0], kind=Header)
    replies: dict[tuple[str, int], Reply] = {}
    for number, line in lines[1:]:
        reply = _decode(path, number, line, kind=Reply)
        if (reply.id, reply.sample) in replies:
            raise ConfigurationInvalid([_problem(path, number, "the same item and sample stands in an earlier line")])
        replies[reply.id, reply.sample] = reply
    return Recording(header=header, replies=replies)


def _decode(path: Path, number: int, line: bytes, *, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = str(error) if isinstance(error, msgspec.ValidationError) else "is not a JSON object in UTF-8"
        raise ConfigurationInvalid([_problem(path, number, said)]) from error


def _problem(path: Path, line: int, message: str) -> Problem:
    return Problem(file=str(path), line=line, column=1, field="", message=message)
