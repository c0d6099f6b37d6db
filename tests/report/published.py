"""A figure as somebody printed it, recorded through the command."""

from __future__ import annotations

from typing import Any

from outreach.auth.actors import SYSTEM
from outreach.report import history_commands
from outreach.report.history_reading_rules import entry_of
from outreach.report.history_rules import Entry
from outreach.storage import writing
from outreach.storage.tables import PublishedFigure

GIVEN: dict[str, Any] = {
    "series": "Spotlight",
    "edition": "2017",
    "publisher": "OPP",
    "source": "a release",
    "language": "en",
    "measure": "persons_met",
    "value": 198,
}


def an_entry(**more: Any) -> Entry:
    """198 persons met, in a release of 2017, unless said."""
    entry, findings = entry_of({**GIVEN, **more})
    assert entry is not None, findings
    return entry


def a_published_figure(**more: Any) -> PublishedFigure:
    with writing():
        return history_commands.add(SYSTEM, an_entry(**more))
