"""Kinds of work: frozen structs that know their name and schema version, so that a deploy reads what the last one wrote."""

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from msgspec import Struct

from orchestrator.errors import EvenhandError
from orchestrator.work.table import Priority


class Payload(Struct, frozen=True, kw_only=True):
    """Base of every kind of work. A payload holds ids, never contact data or what a candidate said.

    ``kind`` is stored for ever: name it noun.verb. Raise ``version`` when the shape changes in a way that the old
    struct cannot read, and keep the old struct (with its own handler) until no stored row has it.
    """

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    priority: ClassVar[Priority] = Priority.NORMAL
    max_attempts: ClassVar[int] = 10


class PayloadUnreadable(EvenhandError):
    """No struct fits a stored payload; ``newer`` is true where a newer release probably wrote it."""

    def __init__(self, message: str, *, newer: bool) -> None:
        super().__init__(message)
        self.newer = newer


class Registry:
    """The kinds of work that a process can read."""

    def __init__(self, types: Iterable[type[Payload]]) -> None:
        self._types: dict[tuple[str, int], type[Payload]] = {}
        for type_ in types:
            key = (type_.kind, type_.version)
            if key in self._types:
                raise ValueError(f"two structs claim to be {type_.kind} version {type_.version}")
            self._types[key] = type_

    def decode(self, kind: str, version: int, stored: str) -> Payload:
        """Read a stored payload.

        Raises:
            PayloadUnreadable: kind or version is not known here, or the JSON does not fit; the message has no content.
        """
        type_ = self._types.get((kind, version))
        if type_ is None:
            known = sorted(number for name, number in self._types if name == kind)
            what = f"this release reads versions {known}" if known else "this release does not know the kind"
            raise PayloadUnreadable(
                f"no handler for {kind} version {version}: {what}", newer=not known or version > known[-1]
            )
        try:
            return msgspec.json.decode(stored, type=type_)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise PayloadUnreadable(
                f"payload of {kind} version {version} does not fit: {error}", newer=False
            ) from error
