"""Sealed records against plain contact logging: both through the whole site, in turns, in one run on one machine."""

from __future__ import annotations

import statistics
from typing import Any

from tests import factories as site
from tests.bench import load
from tests.bench.sealed_phones import Held, a_night, a_running_site, contact_fields, seal_many
from tests.bench.table import row

CONTACTS = 1000
ROUNDS = 5
GOAL = 0.5  # of the plain contacts a second


def rows(contacts: int = CONTACTS, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    with a_running_site() as place:
        officer = a_night(place.instance)[0]
        browser = load.SignedIn(place.port, officer.email, site.PASSWORD)
        held = Held.prepared(place.port, officer)
        pairs = [_one_round(place.port, browser, held, contacts, n) for n in range(rounds + 1)][1:]
    ratios = [sealed / plain for plain, sealed, _ in pairs]
    ratio = statistics.median(ratios)
    return [
        row("plain_per_second", statistics.median(p[0] for p in pairs), "1/s"),
        row("ingest_per_second", statistics.median(p[1] for p in pairs), "1/s"),
        row("ingest_p50", statistics.median(p[2] for p in pairs), "ms"),
        row("ingest_vs_plain", ratio, f"× ({min(ratios):.2f} to {max(ratios):.2f})", GOAL, ratio >= GOAL),
    ]


def _one_round(port: int, browser: load.SignedIn, held: Held, contacts: int, n: int) -> tuple[float, float, float]:
    """The same contacts, posted as a form and sent sealed: plain a second, sealed a second, median ms of one sealed."""
    first = n * 2 * contacts
    plain = [
        browser.request("POST", "/field/contacts", _posted(contact_fields(held.phone.team, first + k)))
        for k in range(contacts)
    ]
    sealed = [one.held.request(one.envelope, port) for one in seal_many([held], contacts, 0, first + contacts)]
    plain_rate, _ = load.send_all(port, plain)
    sealed_rate, p50 = load.send_all(port, sealed, expect=b"200")
    return plain_rate, sealed_rate, p50


def _posted(fields: dict[str, Any]) -> list[tuple[str, str]]:
    many = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return [(name, value) for name, values in many.items() for value in values]
