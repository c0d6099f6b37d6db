"""Many invented tables and sequences of releases, each withheld and then attacked over everything that left.

``python -m tests.bench.disclosure_soak --tables 2000 --sequences 500`` prints what an attacker recovered, how much was
withheld against primary suppression alone, what primary suppression alone would have leaked, and the time of each.
Counts are those of small operations: services of different size, evenings of different weight, mostly a few a day.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from outreach.rollup.attack import attack
from outreach.rollup.protection import Key, Policy, Told, Why, is_protected
from outreach.rollup.relations import is_small
from outreach.rollup.suppression import protect

Figures = dict[Key, int]
SERVICES, DAYS = 5, 6
STARTS = 1000
"""Seeds of sequences begin here."""
_OFFERED, _ACCEPTED, _DECLINED = 0.85, 0.5, 0.3


def day(number: int) -> str:
    return f"2026-10-{13 + number:02}"


def a_count(random: Random, mean: float) -> int:
    """A number of events that come by chance (Poisson)."""
    left, found = random.random(), 0
    step = total = math.exp(-mean)
    while left > total and found < 400:
        found += 1
        step *= mean / found
        total += step
    return found


def totals(cells: Mapping[Key, int]) -> Figures:
    """The cells with the totals of services, of days and of all. Persons of these tables meet one service only."""
    out = dict(cells)
    for (measure, service, on), number in cells.items():
        for key in ((measure, service, None), (measure, None, on), (measure, None, None)):
            out[key] = out.get(key, 0) + number
    return out


def a_table(random: Random, services: int = SERVICES, days: int = DAYS) -> Figures:
    """Contacts of each service on each day, with all totals."""
    scale = random.choice([0.5, 1, 2, 4])
    sizes = [random.choice([0.3, 0.6, 1, 2, 3]) for _ in range(services)]
    evenings = [random.choice([0.5, 1, 1, 2, 4]) for _ in range(days)]
    return totals({
        ("contacts", service, day(on)): a_count(random, scale * size * weight)
        for service, size in enumerate(sizes, 1) for on, weight in enumerate(evenings)})


def an_operation(random: Random, services: int, days: int) -> Figures:
    """Cells of several measures that lie within each other, by service and day."""
    cells: Figures = {}
    scale = random.choice([0.5, 1, 2, 4])
    for service in range(1, services + 1):
        for on in range(days):
            entry(random, cells, service, on, a_count(random, scale * random.choice([0.5, 1, 3])))
    return cells


def entry(random: Random, cells: Figures, service: int, on: int, contacts: int) -> None:
    """Contacts, each with one person met and what she said."""
    answers = ("support_accepted", "support_declined", "support_undecided")
    for code in ("contacts", "persons_met", "support_offered", *answers):
        cells.setdefault((code, service, day(on)), 0)
    for _ in range(contacts):
        cells["contacts", service, day(on)] += 1
        cells["persons_met", service, day(on)] += 1
        if random.random() < _OFFERED:
            cells["support_offered", service, day(on)] += 1
            said = random.random()
            answer = answers[0 if said < _ACCEPTED else 1 if said < _ACCEPTED + _DECLINED else 2]
            cells[answer, service, day(on)] += 1


def scoped(random: Random, figures: Figures) -> Figures:
    """What one release holds: headlines, and perhaps services or days of some measures."""
    codes = {code for code, _, _ in figures}
    chosen = {code for code in sorted(codes) if random.random() < 0.7} or codes
    by = random.choice(["all", "service", "day", "both"])
    return {
        (code, service, on): number for (code, service, on), number in figures.items()
        if (service is None and on is None) or (code in chosen and (
            by == "both" or (by == "service" and on is None) or (by == "day" and service is None)))}


def a_sequence(random: Random, services: int = 4, days: int = 3) -> tuple[list[Told], int]:
    """Some releases of one operation: revisions, late entries, another scope, an erratum, another threshold.

    What the attack does not find safe is not published: the headlines alone are tried then. Also how often it was so.
    """
    cells = an_operation(random, services, days)
    told: list[Told] = []
    version, policy, blocked = 1, Policy(), 0
    for _ in range(random.randint(2, 4)):
        figures = totals(cells)
        wanted = scoped(random, figures)
        if told and random.random() < 0.25:  # an erratum: what changed of the release before
            before = told[-1].true
            wanted = {key: figures[key] for key in before if figures.get(key) != before[key]} or wanted
        for scope in (wanted, {key: number for key, number in wanted.items() if key[1:] == (None, None)}):
            made = protect(scope, policy, tuple(told), version=version)
            if attack([*told, made]).safe:
                told.append(made)
                break
            blocked += 1
        happens = random.choice(["late", "revised", "nothing", "threshold"])
        if happens == "late":
            entry(random, cells, random.randint(1, services), random.randint(0, days - 1), random.randint(1, 9))
        elif happens == "revised":
            key = random.choice(sorted(key for key in cells if key[0] == "contacts"))
            cells[key] = max(cells[key] + random.choice([-2, -1, 1, 2, 7]), cells["persons_met", key[1], key[2]])
        elif happens == "threshold":
            policy = Policy(random.choice([4, 5, 8, 11]))
        version += happens in ("late", "revised")
    return told, blocked


@dataclass
class Tally:
    """What a soak has seen so far."""

    runs: int = 0
    broken: list[int] = field(default_factory=list)
    unfinished: int = 0
    blocked: int = 0
    cells: int = 0
    primary: int = 0
    withheld: int = 0
    zeros: int = 0
    leaking: int = 0
    exact: int = 0
    told: int = 0
    choosing: float = 0.0
    attacking: float = 0.0

    def lines(self, name: str) -> Iterator[str]:
        each = max(self.runs, 1)
        yield (f"{name}: {self.runs} runs, {len(self.broken)} recoverable {self.broken[:10]}, "
               f"{self.unfinished} unfinished, {self.blocked} releases blocked; "
               f"{self.choosing / each:.3f} s to choose, {self.attacking / each:.3f} s to attack each")
        if self.cells:
            yield (f"  withheld {self.withheld / self.cells:.1%} of the numbers (zeros {self.zeros / self.cells:.1%}), "
                   f"primary alone {self.primary / self.cells:.1%}: {self.withheld / max(self.primary, 1):.2f} times")
        if self.told:
            yield (f"  primary alone: {self.leaking / each:.1%} of runs leak, {self.told / max(self.primary, 1):.1%} "
                   f"of its numbers told too closely, {self.exact / max(self.primary, 1):.1%} exactly")


def look(tally: Tally, seed: int, make: Callable[[], tuple[list[Told], int]]) -> None:
    """One run: make releases, attack them, and attack what primary suppression alone would have left."""
    began = time.perf_counter()
    releases, blocked = make()
    chosen = time.perf_counter()
    verdict = attack(releases)
    tally.attacking += time.perf_counter() - chosen
    tally.choosing += chosen - began
    tally.runs += 1
    tally.blocked += blocked
    tally.unfinished += not verdict.finished
    if not verdict.safe:
        tally.broken.append(seed)
    bare = []
    for told in releases:
        small = {
            key: Why.SMALL for key, number in told.true.items()
            if is_protected(key[0]) and is_small(number, told.policy)}
        bare.append(Told(told.version, told.true, small, policy=told.policy))
        tally.cells += len(told.true)
        tally.primary += len(small)
        tally.withheld += len(told.hidden)
        tally.zeros += sum(not told.true[key] for key in told.hidden)
    leaks = attack(bare).leaks
    tally.leaking += bool(leaks)
    tally.told += len({(leak.release, leak.key) for leak in leaks if leak.beside is None})
    tally.exact += len({(leak.release, leak.key) for leak in leaks if leak.beside is None and leak.low == leak.high})


def tables(count: int, first: int = 0, services: int = SERVICES, days: int = DAYS) -> Tally:
    out = Tally()
    for seed in range(first, first + count):
        look(out, seed, lambda: ([protect(a_table(Random(seed), services, days), Policy())], 0))  # noqa: B023 - at once
        _say(out, "tables", count)
    return out


def sequences(count: int, first: int = STARTS, services: int = 4, days: int = 3) -> Tally:
    out = Tally()
    for seed in range(first, first + count):
        look(out, seed, lambda: a_sequence(Random(seed), services, days))  # noqa: B023 - called at once
        _say(out, "sequences", count)
    return out


def _say(tally: Tally, name: str, count: int) -> None:
    if count > 40 and tally.runs % 50 == 0:
        print(*tally.lines(name), sep="\n", flush=True)


def rows() -> list[dict[str, Any]]:
    """What `make soak` keeps."""
    return [*counted("tables", tables(2000)), *counted("sequences", sequences(500))]


def counted(name: str, found: Tally) -> list[dict[str, Any]]:
    """A tally as rows of a measurement."""
    safe = not found.broken and not found.unfinished
    told = {"recoverable": len(found.broken), "withheld_to_primary": found.withheld / max(found.primary, 1),
            "withheld": found.withheld / max(found.cells, 1), "primary_alone_leaks": found.leaking / max(found.runs, 1),
            "primary_alone_exact": found.exact / max(found.primary, 1), "seconds": found.choosing / max(found.runs, 1)}
    return [
        {"name": f"report.disclosure_{name}_{part}", "value": value, "unit": name if part == "recoverable" else "",
         "goal": 0 if part == "recoverable" else None, "met": safe if part == "recoverable" else None}
        for part, value in told.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=2000)
    parser.add_argument("--sequences", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    for found, name in ((tables(asked.tables, asked.first), "tables"),
                        (sequences(asked.sequences, STARTS + asked.first), "sequences")):
        print(*found.lines(name), sep="\n", flush=True)


if __name__ == "__main__":
    main()
