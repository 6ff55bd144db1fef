"""A file of model weights in the GGUF form: is it one, how big is it, and which one exactly."""

import hashlib
import re
from pathlib import Path

from msgspec import Struct

from orchestrator.errors import EvenhandError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
_VERSION_BYTES = 4
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class WeightsUnusable(EvenhandError):
    """The file is not there, or it is no model's weights."""


class Weights(Struct, frozen=True, kw_only=True):
    """Which weights. ``size`` is in bytes, ``sha256`` in hex; ``name`` is the file's, fit for a setting."""

    path: Path
    name: str
    size: int
    sha256: str


def check_weights(path: Path) -> None:
    """Look at the first bytes only, so that a mistake is told before a large file is read.

    Raises:
        WeightsUnusable: there is no such file, or it does not begin as GGUF (version 2 or 3, little-endian) does.
        OSError: it may not be read.
    """
    if not path.is_file():
        raise WeightsUnusable(f"there is no file {path}")
    with path.open("rb") as file:
        magic, version = file.read(len(MAGIC)), int.from_bytes(file.read(_VERSION_BYTES), "little")
    if magic != MAGIC:
        raise WeightsUnusable(f"{path} is no GGUF file: it does not begin with the letters GGUF")
    if version not in VERSIONS:
        raise WeightsUnusable(f"{path} is a GGUF file of version {version}; version 2 or 3 can be served")


def read_weights(path: Path) -> Weights:
    """Read the whole file once for its hash.

    Raises:
        WeightsUnusable: as `check_weights` says.
        OSError: it cannot be read.
    """
    check_weights(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Weights(path=path, name=model_name(path), size=path.stat().st_size, sha256=digest)


def model_name(path: Path) -> str:
    """A name for the model: commas would separate several models, and what a shell takes for its own is left out."""
    return _NOT_IN_A_NAME.sub("-", path.stem).strip("-") or "local"
