"""A real browser that is killed while an officer logs, and what it leaves on the disk: the soak in a lean form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.bench import offline_phone_soak, offline_words
from tests.bench.sealed_phones import Place, a_running_site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with a_running_site() as found:
        yield found


def test_nothing_that_said_saved_is_lost_or_doubled_by_kills(place: Place, chromium: Browser) -> None:
    rows = offline_phone_soak.kills(place, chromium.browser_type, contacts=4, count=2)
    assert [row for row in rows if row["met"] is False] == []


def test_no_planted_word_is_left_on_the_disk(place: Place, chromium: Browser) -> None:
    rows, found = offline_words.search(place, chromium.browser_type, whole=False)
    assert [one for steps in found.values() for one in steps] == []
    assert [row for row in rows if row["met"] is False] == [], "the search finds what is there"
