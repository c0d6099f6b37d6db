"""A real browser that is killed while an officer logs, and what it leaves on the disk: the soak in a lean form."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.bench import offline_phone_soak, offline_words
from tests.bench.profile_search import BLOCK, search_profile, unsnapped
from tests.bench.sealed_phones import Place, a_running_site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_running_site() as found:
        yield found


def test_a_word_is_found_cut_by_a_log_packed_or_in_wide_letters(tmp_path: Path) -> None:
    cut = b"x" * (BLOCK - 7 - 3) + b"Quetzal"
    first, rest = cut[: BLOCK - 7], cut[BLOCK - 7 :]
    log = struct.pack("<IHB", 0, len(first), 2) + first + struct.pack("<IHB", 0, len(rest), 4) + rest
    assert unsnapped(b"\x0c\x0cWiki\x11\x04") == b"WikiWikiWiki"
    for name, content in {
        "log": log,
        "wide": "a Quetzal".encode("utf-16-le"),
        "packed": b"head" + gzip.compress(b"the QUETZAL") + b"tail",
        "elsewhere": b"Quetza",
    }.items():
        (tmp_path / name).write_bytes(content)
    assert {one.path for one in search_profile(tmp_path, ["Quetzal"]).found} == {"log", "wide", "packed"}


def test_nothing_that_said_saved_is_lost_or_doubled_by_kills(place: Place, chromium: Browser) -> None:
    rows = offline_phone_soak.kills(place, chromium.browser_type, contacts=4, count=2)
    assert [row for row in rows if row["met"] is False] == []


def test_no_planted_word_is_left_on_the_disk(place: Place, chromium: Browser) -> None:
    rows, found = offline_words.search(place, chromium.browser_type, whole=False)
    assert [one for steps in found.values() for one in steps] == []
    assert [row for row in rows if row["met"] is False] == [], "the search finds what is there"
