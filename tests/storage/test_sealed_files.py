"""Files sealed in pieces: what comes out is what went in, whatever its length; nothing less and nothing else opens."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from outreach.errors import KeyMissing
from outreach.storage import sealed_files
from outreach.storage.keys import Keys, Place

KEYS = Keys({1: b"k" * 32})
PLACE = Place("data_export", "file", "a", operation=1)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_files, "PIECE", 8)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 16, 25])
def test_what_is_sealed_opens_as_it_was(tmp_path: Path, length: int) -> None:
    content, path = bytes(range(length)), tmp_path / "file"

    told = sealed_files.seal_file(io.BytesIO(content), path, KEYS, PLACE)

    assert told == (length, hashlib.sha256(content).hexdigest())
    assert b"".join(sealed_files.opened(path, KEYS, PLACE)) == content
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_pieces_left_out_put_elsewhere_or_changed_do_not_open(tmp_path: Path) -> None:
    path = tmp_path / "file"
    sealed_files.seal_file(io.BytesIO(bytes(24)), path, KEYS, PLACE)
    whole = path.read_bytes()
    piece = len(whole) // 3
    wrong = {
        "the last piece left out": whole[: 2 * piece],
        "the first left out": whole[piece:],
        "two in the other order": whole[piece : 2 * piece] + whole[:piece] + whole[2 * piece :],
        "one bit": whole[:-1] + bytes([whole[-1] ^ 1]),
        "cut within a piece": whole[:-3],
        "nothing": b"",
        "a length beyond all pieces": b"\xff" * 40,
    }
    for content in wrong.values():
        path.write_bytes(content)
        with pytest.raises(KeyMissing):
            list(sealed_files.opened(path, KEYS, PLACE))
    path.write_bytes(whole)
    with pytest.raises(KeyMissing):
        list(sealed_files.opened(path, KEYS, Place("data_export", "file", "b", operation=1)))


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 8:
                raise OSError("gone")
            return super().read(size)

    with pytest.raises(OSError, match="gone"):
        sealed_files.seal_file(Broken(bytes(30)), tmp_path / "file", KEYS, PLACE)
    assert list(tmp_path.iterdir()) == []
