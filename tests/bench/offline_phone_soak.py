"""Logging without signal, at the phone's end: real kills, hostile answers, words left behind, and how soon it says so.

A real Chromium on a profile of its own, behind a network that can go away; the site is two real workers.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserType, Error

from tests.bench import offline_words
from tests.bench.fault_proxy import FaultProxy
from tests.bench.field_app import FieldApp, kill_after, moments
from tests.bench.hostile import HOSTILE
from tests.bench.real_browser import real_browser, slowed
from tests.bench.sealed_phones import Kept, Place, a_night, a_running_site, kept_in
from tests.bench.table import exactly, row

CONTACTS, KILLS = 200, 20
SLOWED, SAVES, SAVED_GOAL = 4, 40, 300.0
SENT_GOAL = 10.0
UNNOTICED = "s, where the browser never noticed that signal was gone"
FIRST_GOAL, ALL_GOAL = 60.0, 200.0  # KB on the wire


def rows() -> list[dict[str, Any]]:
    with a_running_site() as site:
        return [one for measure in (sizes, speed, hostile, kills, offline_words.rows) for one in measure(site)]


@dataclass(frozen=True)
class Night:
    """One officer of a running site, her browser and the network between them."""

    place: Place
    operation: int
    proxy: FaultProxy
    app: FieldApp

    def kept(self) -> Kept:
        return kept_in(self.place.instance, self.operation)


@contextmanager
def a_phone(place: Place, kind: BrowserType | None = None) -> Iterator[Night]:
    officer = a_night(place.instance)[0]
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        FaultProxy(place.port).running() as proxy,
        real_browser(Path(profile), kind) as browser,
    ):
        yield Night(place, officer.operation, proxy, FieldApp(browser, proxy, officer.email))


# --- kilobytes --------------------------------------------------------------------------------------------------------


def sizes(place: Place, kind: BrowserType | None = None) -> list[dict[str, Any]]:
    """What comes on the first opening, up to the page's own ``load``, and over the wire until all is kept."""
    with a_phone(place, kind) as night:
        app, carried = night.app, night.proxy.carried
        app.start()
        app.sign_in()
        wire = app.page.context.new_cdp_session(app.page)
        app.page.goto("about:blank")
        wire.send("Storage.clearDataForOrigin", {"origin": app.url, "storageTypes": "service_workers,cache_storage"})
        wire.send("Network.enable")
        wire.send("Network.clearBrowserCache")
        heads: dict[str, float] = {}
        answers: list[tuple[float, float]] = []  # bytes of head and body, of the body alone

        def finished(event: dict[str, Any]) -> None:
            size = event["encodedDataLength"]
            answers.append((size, size - heads.get(event["requestId"], 0)))

        wire.on(
            "Network.responseReceived",
            lambda event: heads.update({event["requestId"]: event["response"]["encodedDataLength"]}),
        )
        wire.on("Network.loadingFinished", finished)
        app.page.wait_for_timeout(500)
        carried.clear()
        app.page.goto(f"{app.url}/field/app")
        whole, bodies = (sum(parts) / 1000 for parts in zip(*answers, strict=True))
        unit = f"KB of {len(answers)} answers, compressed"
        app.kept_for_later()
        app.page.wait_for_timeout(2000)
        everything = sum(carried.values()) / 1000
    kept = f"KB on the wire, heads and whatever came twice with it, {len(carried)} addresses"
    return [
        row("first_load_kb", bodies, unit, FIRST_GOAL, bodies <= FIRST_GOAL),
        row("first_load_wire_kb", whole, "KB on the wire, with their heads"),
        row("all_kb", everything, kept, ALL_GOAL, everything <= ALL_GOAL),
    ]


# --- how soon ---------------------------------------------------------------------------------------------------------


def speed(place: Place, kind: BrowserType | None = None, saves: int = SAVES, returns: int = 5) -> list[dict[str, Any]]:
    """From the tap on Save to "Saved" as drawn on a slow phone; from the signal's return to the site."""
    with a_phone(place, kind) as night:
        app = night.app
        app.start()
        app.sign_in()
        app.kept_for_later()
        held = slowed(app.page, SLOWED)
        for number in range(saves):
            night.proxy.signal = number % 2 == 0  # with signal it is also being sent meanwhile
            app.open()
            app.begin()
            app.answer_all("met", support="accepted")
            app.write_note(f"Room {number}, asked for the card twice, speaks some French.")
            app.save()
            app.page.wait_for_timeout(150)
        held.detach()
        night.proxy.signal = True
        app.send_all()
        drawn = sorted(app.drawn)
        after_signal = [_sent_after(night, event=True) for _ in range(returns)]
        unnoticed = _sent_after(night, event=False)
    middle, slow, sent = statistics.median(drawn), drawn[int(len(drawn) * 0.95) - 1], max(after_signal)
    return [
        row("saved_ms_throttled", middle, f"ms, median of {len(drawn)}, 1/{SLOWED}", SAVED_GOAL, middle <= SAVED_GOAL),
        row("saved_ms_throttled_p95", slow, "ms", SAVED_GOAL, slow <= SAVED_GOAL),
        row("sent_after_signal_s", sent, f"s, slowest of {returns}", SENT_GOAL, sent <= SENT_GOAL),
        row("sent_after_unnoticed_s", unnoticed, UNNOTICED, SENT_GOAL, unnoticed <= SENT_GOAL),
    ]


def _sent_after(night: Night, *, event: bool) -> float:
    """Save without signal; seconds from its return until the record is in the database file."""
    app, context = night.app, night.app.page.context
    night.proxy.signal = False
    if event:
        context.set_offline(True)
    app.open()
    uid = app.begin()
    app.answer_all()
    app.save()
    app.page.wait_for_timeout(1500)  # it tries in vain first
    night.proxy.signal = True
    begun = time.monotonic()
    if event:
        context.set_offline(False)
    while uid not in night.kept().contents and time.monotonic() - begun < 100:
        app.page.wait_for_timeout(100)
    return time.monotonic() - begun


# --- hostile answers --------------------------------------------------------------------------------------------------


def hostile(place: Place, kind: BrowserType | None = None, records: int = 5) -> list[dict[str, Any]]:
    """Saved without signal, answered by everything but the site, then by the site."""
    with a_phone(place, kind) as night:
        app, proxy = night.app, night.proxy
        app.start()
        app.sign_in()
        proxy.signal = False
        saved = [app.log_one() for _ in range(records)]
        proxy.signal = True
        gone: list[str] = []
        for name, answer in HOSTILE.items():
            proxy.answers = lambda head, body, answer=answer: (
                answer(body) if head.startswith(b"POST /field/sealed") else None
            )
            app.send_now()
            counts = app.counts()
            if counts["waiting"] + counts["needsYou"] != records:
                gone.append(name)
        proxy.answers = lambda head, body: None
        left = app.send_all()
        stored = night.kept().contents
    lost = [uid for uid in saved if len(stored.get(uid, [])) != 1]
    for name in gone:
        print(f"a record left the phone on: {name}", file=sys.stderr)
    lost_in_all = len(lost) + len(gone) + left
    return [
        exactly("hostile_answers_lost", lost_in_all, 0, f"of {records} records, {len(HOSTILE)} hostile answers each"),
        row("hostile_answers", len(HOSTILE), "kinds", 50, len(HOSTILE) >= 50),
    ]


# --- kills ------------------------------------------------------------------------------------------------------------


@dataclass
class Struck:
    """What happened around the kills."""

    chance: random.Random
    kills: int = 0
    between: int = 0
    continued: int = 0
    signed_in: int = 0


def kills(
    place: Place, kind: BrowserType | None = None, contacts: int = CONTACTS, count: int = KILLS, seed: int = 7
) -> list[dict[str, Any]]:
    """Contacts logged with signal and without, the browser killed at any moment; what said "Saved" is at the site."""
    with a_phone(place, kind) as night:
        app, struck = night.app, Struck(random.Random(seed))
        app.start()
        app.sign_in()
        app.kept_for_later()
        strikes = moments(count, contacts, seed)
        for number in range(contacts):
            night.proxy.signal = (number // 7) % 3 != 1
            _log_one(app, struck, number, strike=number in strikes)
        night.proxy.signal = True
        app.sign_in()
        left = app.send_all()
        stored = night.kept()
    shown = set(app.shown)
    lost = shown - stored.contents.keys()
    doubled = [uid for uid, contents in stored.contents.items() if len(contents) > 1]
    for what in app.wrong:
        print(what, file=sys.stderr)
    unsaid = len(stored.contents.keys() - shown)
    return [
        exactly("kills_lost", len(lost) + left, 0, f"of {len(shown)} contacts that said “Saved”"),
        exactly("kills_doubled", len(doubled) + stored.flagged, 0, "contacts"),
        row("kills", struck.kills, f"SIGKILLs, {struck.between} between tap and “Saved”", count, struck.kills >= count),
        row("kills_continued", struck.continued, "contacts begun before a kill and finished after it"),
        row("kills_stored_unsaid", unsaid, "contacts stored whose “Saved” was cut off by a kill"),
        row("kills_signed_in_again", struck.signed_in, "times"),
    ]


def _log_one(app: FieldApp, struck: Struck, number: int, *, strike: bool) -> None:
    """One contact; with ``strike`` the browser dies somewhere on the way, every second time around the tap on Save."""
    at_save = strike and struck.chance.random() < 0.5
    timer = kill_after(app.browser, struck.chance.random() * 1.5) if strike and not at_save else None
    saving = ""
    try:
        app.open()
        uid = app.begin()
        app.answer_all("met" if number % 3 == 0 else "no_answer")
        if at_save:
            timer = kill_after(app.browser, struck.chance.random() * 0.12)
        saving = uid
        app.save()
    except Error:
        if not strike:
            raise
    if timer is not None:
        timer.join()
        struck.kills, struck.between = struck.kills + 1, struck.between + bool(saving and saving not in app.shown)
        _back(app, struck)


def _back(app: FieldApp, struck: Struck) -> None:
    """Start again after a kill, every second time with the session of before, and go on with what was begun."""
    app.browser.kill()
    app.start(restore=struck.chance.random() < 0.5)
    signed_in = app.proxy.asked.count("POST /sign-in")
    app.open()
    struck.signed_in += app.proxy.asked.count("POST /sign-in") - signed_in
    while app.go_on():
        app.answer_all()
        app.save()
        struck.continued += 1
        app.open()
