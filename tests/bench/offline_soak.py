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
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from outreach.field.sealed_rules import Envelope, send_proof
from outreach.storage.types import new_uid
from tests.bench import load, offline_bench
from tests.bench.fault_proxy import AFTER, BEFORE, DOUBLED, TWICE, FaultProxy, Weather
from tests.bench.sealed_phones import (
    Held,
    Sealed,
    a_site,
    contact_fields,
    exchange,
    kept_in,
    receipt_in,
    seal_many,
    send_until_known,
)
from tests.field.phone import Phone

RECORDS, TWINS, OFFICERS = 10_000, 400, 6
TAMPERED = 1_000
BACKLOG = 10_000
BAD = Weather(before=0.15, after=0.15, doubled=0.1, delay=0.05, again_after=3.0)


def rows() -> list[dict[str, Any]]:
    return [*stored_once(), *tampered(), *offline_bench.rows(), *backlog()]


def row(name: str, value: float, unit: str, goal: float | None = None, met: bool | None = None) -> dict[str, Any]:
    return {"name": f"offline.{name}", "value": value, "unit": unit, "goal": goal, "met": met}


def exactly(name: str, value: float, goal: float, unit: str) -> dict[str, Any]:
    return row(name, value, unit, goal, value == goal)


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


def compare(instance: Path, records: list[Sealed]) -> Count:
    """Every sealed record against the database file: kept once under its UUID, word for word, or lost, or doubled."""
    kept = kept_in(instance)
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


def stored_once(count: int = RECORDS, twins: int = TWINS, officers: int = OFFICERS) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        people = a_site(instance, officers)
        with load.site_server(instance) as port, FaultProxy(port, weather=BAD).running() as proxy:
            phones = [Held.prepared(port, officer) for officer in people]
            records = seal_many(phones, count, twins)
            sent = send_until_known(proxy.port, records, threads=12)
        found = compare(instance, records)
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


def tampered(count: int = TAMPERED, seed: int = 24) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        people = a_site(instance)
        with load.site_server(instance) as port:
            held = Held.prepared(port, people[0])
            rejected, kept_on_phone, wrong = _send_tampered(held, port, count, chance)
        stored = kept_in(instance)
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


def backlog(count: int = BACKLOG) -> list[dict[str, Any]]:
    """Records that came while the private key was away; the key comes back and the command opens them all."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder)
        people = a_site(instance, 2)
        with load.site_server(instance) as port:
            phones = [Held.prepared(port, officer) for officer in people]
            away = [(path, path.read_bytes()) for path in instance.rglob("phones/*.key")]
            for path, _ in away:
                path.unlink()
            records = seal_many(phones, count, 0)
            sent = send_until_known(port, records)
        for path, content in away:
            path.touch(mode=0o600)
            path.write_bytes(content)
        run = watched(instance, "unseal")
        found = compare(instance, records)
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
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "outreach", *words],
        env={**os.environ, "OUTREACH_INSTANCE_DIR": str(instance)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(process.stdout.read()))  # type: ignore[union-attr]  # a pipe
    reader.start()
    sizes: list[float] = []
    seen = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            sizes.append(seen.memory_info().rss / 1e6)
        except psutil.Error:
            break
        time.sleep(0.1)
    reader.join()
    if process.wait() != 0:
        raise RuntimeError(f"outreach {' '.join(words)} failed: {said[0][-500:]!r}")
    lines = [line for line in re.split(rb"[\r\n]+", said[0]) if line.strip()]
    start = sizes[len(sizes) // 5] if sizes else 0.0
    return Run(
        time.monotonic() - begun,
        len(lines),
        max(sizes, default=0.0),
        max(sizes[len(sizes) // 5 :], default=0.0) - start,
    )
