"""A small operation put together row by row, with everything else left at its most ordinary."""

from __future__ import annotations

from typing import Any

from outreach.rollup.facts import COLUMNS, Facts

DAY = 86_400
FIRST, LAST = 100, 102
ORDINARY: dict[str, dict[str, Any]] = {
    "meetings": {
        "person": 1, "team": -1, "age": "not_known", "age_rank": 0, "gender": "not_known", "answer": "not_known",
        "made_safe": False, "place_kind": "hotel"},
    "contacts": {"team": -1, "result": "met", "kits": 0},
    "referrals": {"person": -1, "agency": 99, "day": FIRST, "made": True, "received": False, "reached": False,
                  "engaged": False, "waited": -1, "due_7": False, "engaged_7": False, "due_30": False,
                  "engaged_30": False, "due_90": False, "engaged_90": False},
    "direct": {"day": FIRST},
    "outcomes": {"agency": 99, "day": FIRST, "outcome": "school"},
    "accused": {"day": FIRST, "arrested": True, "arrested_day": -1},
    "charges": {"day": FIRST, "offence": "266", "label": "", "count": 1, "status": "laid"},
    "deployed": {"category": "police"},
    "tallies": {"day": -1, "part": "", "state": "number", "value": 0},
    "participations": {"kind": "police_municipal", "status": "confirmed", "entry_mode": "contacts", "first_day": -1,
                       "last_day": -1},
    "operations": {"parent": -1, "code": "SMALL", "services_known": True, "overlap_nil": False, "first_day": FIRST,
                   "last_day": LAST, "deadline": -1},
    "places": {}, "joint": {}, "adjustments": {"day": -1}, "overlaps": {"measure": "persons_met"}}


class Small:
    """Rows added one by one; ``facts()`` makes them frames. Service 10 takes part in operation 1 and logs contacts."""

    def __init__(self, *, now: int = 200 * DAY, due_hours: int = 12, **operation: Any) -> None:
        self.now, self.due_hours = now, due_hours
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
        self.add("operations", **operation)
        self.add("participations", service=10)

    def add(self, frame: str, **row: Any) -> Small:
        """One row of ``frame``; what is not said is ordinary: operation 1, service 10, the next id."""
        columns = COLUMNS[frame]
        number = {next(iter(columns)): len(self.rows[frame]) + 1}
        place = {name: value for name, value in (("operation", 1), ("service", 10)) if name in columns}
        if frame == "operations":
            place = {}
        self.rows[frame].append({**number, **place, **ORDINARY[frame], **row})
        return self

    def contact(self, day: int = FIRST, *people: dict[str, Any], second: int = 0, **row: Any) -> Small:
        """A contact on ``day`` with the people met, one dictionary each (person, age, answer ...)."""
        number = len(self.rows["contacts"]) + 1
        shared = {"contact": number, "day": day, "at": day * DAY + second or number}
        where = {name: row[name] for name in ("operation", "service", "team") if name in row}
        self.add("contacts", **shared, **{"result": "met" if people else "no_answer"} | row)
        for person in people:
            self.add("meetings", **shared, **where, **person)
        return self

    def facts(self, root: int = 1) -> Facts:
        frames = {name: {column: [row[column] for row in self.rows[name]] for column in columns}
                  for name, columns in COLUMNS.items()}
        return Facts.of(root=root, now=self.now, today=self.now // DAY, due_hours=self.due_hours, **frames)
