"""A file of weights is looked at before anything is loaded, and is known by its hash."""

import hashlib
from pathlib import Path

import pytest

from orchestrator.grading.local_weights import WeightsUnusable, check_weights, model_name, read_weights
from orchestrator.grading.vote import model_names

HEAD = b"GGUF\x03\x00\x00\x00"


def test_weights_are_known_by_name_size_and_hash(tmp_path: Path) -> None:
    """All of the file counts, not its beginning."""
    file = tmp_path / "a model.Q4.gguf"
    file.write_bytes(HEAD + b"weights" * 1000)
    found = read_weights(file)
    assert (found.name, found.size) == ("a-model.Q4", 7008)
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin with the letters GGUF"),
        (b"GGU", "does not begin with the letters GGUF"),
        (b"PK\x03\x04\x00\x00\x00\x00", "does not begin with the letters GGUF"),
        (b"GGUF", "version 0"),
        (b"GGUF\x01\x00\x00\x00", "version 1"),
        (b"GGUF\x00\x00\x00\x03", "version 50331648"),
    ],
)
def test_what_is_no_weights_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    """Empty, cut off, an archive, too old, the other byte order: in words, by the file's name."""
    file = tmp_path / "one.gguf"
    file.write_bytes(content)
    with pytest.raises(WeightsUnusable, match=rf"one\.gguf.*{said}"):
        check_weights(file)


@pytest.mark.parametrize("place", ["none.gguf", "."])
def test_a_file_that_is_not_there_is_said(tmp_path: Path, place: str) -> None:
    """Neither nothing nor a folder."""
    with pytest.raises(WeightsUnusable, match="there is no file"):
        read_weights(tmp_path / place)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Qwen2.5-1.5B.Q4_K_M.gguf", "Qwen2.5-1.5B.Q4_K_M"),
        ("one,two.gguf", "one-two"),
        ("$(reboot) é.gguf", "reboot"),
        ("é.gguf", "local"),
    ],
)
def test_a_name_fits_a_setting(file: str, name: str) -> None:
    """One model and not several, and nothing that a shell would carry out."""
    assert model_name(Path(file)) == name
    assert model_names(name) == (name,)
