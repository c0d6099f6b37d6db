"""Logging without signal, at the site's end: ten thousand sealed records over a bad network, tampering, a backlog.

What a phone in a real browser does is measured in ``offline_phone_soak``; both give rows named ``offline.…``.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from outreach.field.sealed_rules import Envelope, send_proof
from outreach.storage.types import new_uid
from tests.bench import offline_bench
from tests.bench.fault_proxy import AFTER, BEFORE, DOUBLED, TWICE, FaultProxy, Weather
from tests.bench.sealed_phones import (
    Held,
    Place,
    Sealed,
    a_night,
    a_running_site,
    contact_fields,
    exchange,
    kept_in,
    receipt_in,
    seal_many,
    send_until_known,
)
from tests.bench.table import exactly, row
from tests.field.phone import Phone

RECORDS, TWINS, OFFICERS = 10_000, 400, 6
TAMPERED = 1_000
BACKLOG = 10_000
BAD = Weather(before=0.15, after=0.15, doubled=0.1, delay=0.05, again_after=3.0)


def rows() -> list[dict[str, Any]]:
    with a_running_site() as place:
        found = [*stored_once(place), *tampered(place), *backlog(place)]
    return [*found, *offline_bench.rows()]


# --- ten thousand over a bad network ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """What is wrong with what the database holds, against what phones sealed."""

    once: int
    lost: int
    doubled: int
    other: int
    flagged: int
    records: int


def compare(place: Place, operation: int, records: list[Sealed]) -> Count:
    """Every sealed record against the database file: kept once under its UUID, word for word, or lost, or doubled."""
    kept = kept_in(place.instance, operation)
    expected: dict[str, Counter[tuple[str, ...]]] = {}
    for record in records:
        expected.setdefault(record.envelope.uid, Counter())[record.content] += 1
    once = lost = doubled = 0
    for uid, contents in expected.items():
        found = Counter(kept.contents.get(uid, []))
        once += sum(1 for content in contents if found[content] == 1)
        lost += sum(1 for content in contents if not found[content])
        doubled += sum(found[content] - 1 for content in contents if found[content] > 1)
    other = kept.versions - once - doubled
    return Count(once, lost, doubled, other, kept.flagged, sum(kept.states.values()))


def stored_once(
    place: Place, count: int = RECORDS, twins: int = TWINS, officers: int = OFFICERS
) -> list[dict[str, Any]]:
    people = a_night(place.instance, officers)
    with FaultProxy(place.port, weather=BAD).running() as proxy:
        phones = [Held.prepared(place.port, officer) for officer in people]
        records = seal_many(phones, count, twins)
        sent = send_until_known(proxy.port, records, threads=12)
    found = compare(place, people[0].operation, records)
    did = proxy.did
    requests = sum(did.values())
    cut = sum(did[what] for what in (*BEFORE, *AFTER))
    return [
        exactly("submissions_stored_once", found.once, count, f"of {count} sealed, word for word"),
        exactly("submissions_lost", found.lost + len(sent.given_up), 0, "records"),
        exactly("submissions_doubled", found.doubled + found.other, 0, "contacts"),
        exactly("submissions_twins_kept", found.flagged, twins, f"of {twins} of other content under a taken UUID"),
        exactly("submissions_records", found.records, count, "sealed records by UUID and hash"),
        row("submissions_cut_share", cut / requests, f"of {requests} requests"),
        row("submissions_cut_before", sum(did[what] for what in BEFORE), "requests, half of them sent by half"),
        row("submissions_cut_after", sum(did[what] for what in AFTER), "requests, half with half an answer"),
        row("submissions_sent_twice", did[TWICE], "requests, at once to both workers"),
        row("submissions_sent_again_later", sum(did[what] for what in DOUBLED) - did[TWICE], "requests, out of order"),
        row("submissions_seconds", sent.seconds, f"s for {sent.tries} tries"),
    ]


# --- tampering --------------------------------------------------------------------------------------------------------

Tamper = Callable[[Phone, Envelope, random.Random], Envelope]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def _bytes_of(name: str) -> Tamper:
    """One bit of the sealed bytes on their way: the phone's proof no longer fits."""
    return lambda phone, whole, chance: replace(whole, **{name: _flipped(getattr(whole, name), chance)})


def _on_the_phone(name: str) -> Tamper:
    """One bit where the phone keeps them: its proof fits, and yet they do not open."""

    def tamper(phone: Phone, whole: Envelope, chance: random.Random) -> Envelope:
        bent = replace(whole, **{name: _flipped(getattr(whole, name), chance)})
        return replace(bent, proof=send_proof(phone.phone_key, bent.hashed, bent.sent_at))

    return tamper


def _said(proven: bool, **changes: Callable[[], str]) -> Tamper:
    """Other words around the same sealed bytes."""

    def tamper(phone: Phone, whole: Envelope, chance: random.Random) -> Envelope:
        bent = replace(whole, **{name: make() for name, make in changes.items()})
        return replace(bent, proof=send_proof(phone.phone_key, bent.hashed, bent.sent_at)) if proven else bent

    return tamper


def _shortened(phone: Phone, whole: Envelope, chance: random.Random) -> Envelope:
    bent = replace(whole, sealed=whole.sealed[: -chance.randrange(1, len(whole.sealed) - 17)])
    return replace(bent, proof=send_proof(phone.phone_key, bent.hashed, bent.sent_at))


WAYS: tuple[Tamper, ...] = (
    _bytes_of("sealed"),
    _bytes_of("wrapped"),
    _bytes_of("nonce"),
    _bytes_of("proof"),
    _on_the_phone("sealed"),
    _on_the_phone("wrapped"),
    _on_the_phone("nonce"),
    _shortened,
    _said(True, uid=new_uid),
    _said(False, uid=new_uid),
    _said(True, kind=lambda: "withdrawal"),
    _said(False, sent_at=lambda: "2026-01-01T00:00:00+00:00"),
)


def tampered(place: Place, count: int = TAMPERED, seed: int = 24) -> list[dict[str, Any]]:
    officer = a_night(place.instance)[0]
    held = Held.prepared(place.port, officer)
    rejected, kept_on_phone, wrong = _send_tampered(held, place.port, count, random.Random(seed))
    stored = kept_in(place.instance, officer.operation)
    return [
        exactly("tampered_rejected", rejected, count, f"of {count}, with a receipt that says so"),
        exactly("tampered_kept_on_phone", kept_on_phone, count, f"of {count}"),
        exactly("tampered_stored", stored.versions + sum(stored.states.values()), 0, "contacts or records"),
        *([row("tampered_answered_otherwise", len(wrong), f"first: {wrong[0]}")] if wrong else []),
    ]


def _send_tampered(held: Held, port: int, count: int, chance: random.Random) -> tuple[int, int, list[str]]:
    rejected, kept, wrong = 0, 0, []
    for number in range(count):
        phone = held.at_now()
        whole = phone.seal(phone.content(contact_fields(phone.team, number)))
        bent = WAYS[number % len(WAYS)](phone, whole, chance)
        status, body = exchange(port, held.request_as_it_is(bent, port))
        said = receipt_in(body)
        named = said.get("uid") == bent.uid and said.get("hash") == bent.hashed
        if status == 422 and said.get("state") == "rejected" and said.get("code") == "tampered" and named:
            rejected += 1
        else:
            wrong.append(f"way {number % len(WAYS)}: {status} {body[:120]!r}")
        kept += not phone.knows(said, whole) and not phone.knows(said, bent)
    return rejected, kept, wrong


# --- a backlog --------------------------------------------------------------------------------------------------------


def backlog(place: Place, count: int = BACKLOG) -> list[dict[str, Any]]:
    """Records that came while the private key was away; the key comes back and the command opens them all."""
    people = a_night(place.instance, 2)
    phones = [Held.prepared(place.port, officer) for officer in people]
    away = next(place.instance.rglob(f"phones/{phones[0].phone.key}.key"))
    content = away.read_bytes()
    away.unlink()
    records = seal_many(phones, count, 0)
    sent = send_until_known(place.port, records)
    away.touch(mode=0o600)
    away.write_bytes(content)
    run = watched(place.instance, "unseal", "--progress")
    found = compare(place, people[0].operation, records)
    return [
        exactly("unseal_held", sent.states["held"], count, "records kept for a key that was away"),
        exactly("unseal_backlog", found.once, count, f"of {count} opened and stored once"),
        row("unseal_seconds", run.seconds, "s"),
        row("unseal_per_second", count / run.seconds, "1/s"),
        row("unseal_progress", run.lines, "lines of progress", 2, run.lines >= 2),
        row("unseal_memory_growth", run.grown, "MB between a fifth of the way and the end", 16.0, run.grown <= 16),
        row("unseal_memory_peak", run.peak, "MB"),
    ]


@dataclass(frozen=True)
class Run:
    """A command that ran: seconds, lines or steps it said, MB at its highest and how much it grew on its way."""

    seconds: float
    lines: int
    peak: float
    grown: float


def watched(instance: Path, *words: str) -> Run:
    """Run ``outreach …`` on the instance and look at its memory every tenth of a second."""
    command = [sys.executable, "-m", "outreach", *words]
    environ = {**os.environ, "OUTREACH_INSTANCE_DIR": str(instance)}
    sizes: list[float] = []
    peak = 0.0
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            with suppress(psutil.Error):
                size = seen.memory_info().rss / 1e6
                peak = max(peak, size)
                sizes += (
                    [size] if os.fstat(output.fileno()).st_size else []
                )  # from its first word on, not while it loads
            time.sleep(0.1)
        output.seek(0)
        said = output.read()
    if process.returncode != 0:
        raise RuntimeError(f"outreach {' '.join(words)} failed: {said[-500:]!r}")
    lines = [line for line in re.split(rb"[\r\n]+", said) if line.strip()]
    later = sizes[len(sizes) // 5 :]
    return Run(time.monotonic() - begun, len(lines), peak, max(later) - later[0] if later else 0.0)
