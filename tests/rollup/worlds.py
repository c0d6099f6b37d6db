"""Random worlds for the property tests: nested operations, joint teams, tallies, chosen places, repeated meetings."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from outreach.rollup.facts import COLUMNS, Facts
from outreach.vocab import AgeBand, ServiceKind, SupportAnswer
from tests.rollup.naive import CONTACTS, ENFORCEMENT, World

FIRST, LAST = 100, 103
MEASURES = (*CONTACTS, *ENFORCEMENT, "personnel")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small world; sizes are drawn so that a failure shrinks to few services, contacts and tallies."""
    random = Random(draw(st.integers(0, 2**32)))
    world = _tree(random, draw(st.integers(1, 4)))
    _participations(random, world, draw(st.integers(1, 4)))
    for _ in range(draw(st.integers(0, 12))):
        _contact(random, world)
    for _ in range(draw(st.integers(0, 5))):
        _other_facts(random, world)
    _tallies(random, world, draw(st.integers(0, 40)))
    _adjustments(random, world, draw(st.integers(0, 6)))
    random.shuffle(world["meetings"])
    return world


def facts(world: World) -> Facts:
    """The world as frames."""
    frames = {name: {column: [row[column] for row in world[name]] for column in columns}
              for name, columns in COLUMNS.items()}
    return Facts.of(root=world["root"], now=world["now"], today=world["today"], due_hours=world["due_hours"], **frames)


def with_places(given: Facts, kinds: list[str]) -> Facts:
    """The facts with the kind of place of each contact, a column that contacts may have."""
    return replace(given, contacts=given.contacts.assign(place_kind=kinds), remembered={})


def _tree(random: Random, size: int) -> World:
    rows: list[dict[str, Any]] = []
    for number in range(1, size + 1):
        known = random.random() < 0.8
        rows.append({
            "operation": number, "parent": random.randint(1, number - 1) if number > 1 else -1, "code": f"OP-{number}",
            "services_known": random.random() < 0.95, "overlap_nil": random.random() < 0.3,
            "first_day": FIRST + random.randint(-1, 1) if known else -1, "last_day": LAST + random.randint(-1, 1)
            if known else -1, "deadline": random.choice([-1, -1, 102 * 86400, 120 * 86400])})
    now = random.choice([99, 101, 102, 104, 130]) * 86400 + random.choice([0, 3600, 50_000])
    world: World = {name: [] for name in COLUMNS}
    return world | {"root": 1 if random.random() < 0.8 else random.randint(1, size), "now": now, "today": now // 86400,
                    "due_hours": random.choice([4, 12]), "operations": rows}


def _participations(random: Random, world: World, services: int) -> None:
    for service in range(10, 10 + services):
        kind = random.choice([*ServiceKind.values()[:5], "police_municipal", "victim_services", "advocacy"])
        for row in random.sample(world["operations"], min(len(world["operations"]), random.choice([1, 1, 2]))):
            known = random.random() < 0.3
            world["participations"].append({
                "operation": row["operation"], "service": service, "kind": kind,
                "status": random.choice(["confirmed"] * 9 + ["invited", "declined", "withdrawn"]),
                "entry_mode": random.choice(["contacts"] * 4 + ["daily_totals"] * 3 + ["none"]),
                "first_day": random.randint(FIRST, FIRST + 1) if known else -1,
                "last_day": random.randint(LAST - 1, LAST) if known else -1})
        for measure in random.sample(MEASURES, random.choice([0, 0, 2, 8])):
            world["places"].append({"service": service, "measure": measure, "operation": random.choice(
                [row["operation"] for row in world["participations"] if row["service"] == service])})


def _somewhere(random: Random, world: World) -> dict[str, Any]:
    part = random.choice(world["participations"])
    return {"operation": part["operation"], "service": part["service"]}


def _contact(random: Random, world: World) -> None:
    number, day = len(world["contacts"]) + 1, random.randint(FIRST - 2, LAST + 2)
    shared = {**_somewhere(random, world), "contact": number, "team": random.choice([-1, 1, 2]), "day": day,
              "at": day * 86400 + random.choice([0, 0, 600])}
    result = random.choice(["met", "met", "met", "no_answer", "nobody_there", "left"])
    world["contacts"].append({**shared, "result": result, "kits": random.choice([0, 0, 1, 3])})
    if result == "met":
        for person in random.sample(range(1, 7), random.choice([1, 1, 2, 3])):
            world["meetings"].append({
                **shared, "person": person, "age": random.choice(AgeBand.values()), "age_rank": random.randint(0, 3),
                "gender": "not_known", "answer": random.choice(SupportAnswer.values()),
                "made_safe": random.random() < 0.2, "place_kind": "hotel"})


def _other_facts(random: Random, world: World) -> None:
    number, day = len(world["referrals"]) + 1, random.randint(FIRST - 1, LAST + 1)
    world["referrals"].append({
        **_somewhere(random, world), "referral": number, "person": random.choice([1, 2, -number]), "agency": 99,
        "day": day, "made": random.random() < 0.9,
        **{state: random.random() < 0.5 for state in (
            "received", "reached", "engaged", "due_7", "engaged_7", "due_30", "engaged_30", "due_90", "engaged_90")},
        "waited": random.choice([-1, 0, 30, 600])})
    world["deployed"].append({**_somewhere(random, world), "staff": number, "category": "police"})
    if random.random() < 0.4:
        world["deployed"].append({**world["deployed"][-1], "category": "support"})
    if random.random() < 0.5:
        return
    where, accused = _somewhere(random, world), 100 + len(world["accused"])
    arrested = random.random() < 0.6
    world["accused"].append({**where, "accused": accused, "day": day, "arrested": arrested,
                             "arrested_day": random.choice([-1, day, day + 1]) if arrested else -1})
    for _ in range(random.choice([0, 1, 2])):
        world["charges"].append({
            **where, "charge": len(world["charges"]) + 1, "accused": accused, "day": random.randint(day, LAST + 1),
            "offence": "266", "label": "", "count": random.choice([1, 1, 2]),
            "status": random.choice(["laid", "laid", "withdrawn", "substituted"])})


def _tallies(random: Random, world: World, size: int) -> None:
    taken = set()
    asked = random.sample(MEASURES, 3)
    for _ in range(size):
        where, measure = _somewhere(random, world), random.choice([*asked, "contacts", "persons_met"])
        once = random.random() < (0.8 if measure in (*ENFORCEMENT, "personnel") else 0.1)
        day = -1 if once else random.randint(FIRST - 1, LAST)
        part = random.choice(["", "police", "support"]) if measure == "personnel" else ""
        key = (*where.values(), measure, day, part)
        if key in taken:
            continue
        taken.add(key)
        state = random.choice(["number"] * 4 + ["zero"] * 4 + ["declined"])
        value = {"number": random.choice([0, 1, 4]), "zero": 0, "declined": -1}[state]
        world["tallies"].append({**where, "measure": measure, "day": day, "part": part, "state": state, "value": value})


def _adjustments(random: Random, world: World, size: int) -> None:
    asked = [row["measure"] for row in world["tallies"]] + ["persons_met", "persons_under_18", "personnel", "contacts"]
    for _ in range(size):
        world["adjustments"].append({
            **_somewhere(random, world), "measure": random.choice(asked), "amount": random.choice([-2, -1, 1, 3]),
            "day": -1 if random.random() < 0.4 else random.randint(FIRST - 1, LAST)})
