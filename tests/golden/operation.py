"""The golden operation as rows, exactly as README.md lists them. Days are numbers: 100 is the first of the window."""

from __future__ import annotations

from typing import Any

from outreach.rollup.facts import Facts

PROVINCE, LOCAL = 1, 2
ASPEN, BIRCH, CEDAR, DOGWOOD, ELM, FIR = 10, 11, 12, 13, 14, 15
A, B, C, D, E, F = 1001, 1002, 1003, 1004, 1005, 1006
X1, X2 = 501, 502
DAY = 86_400
TODAY = 110


def _rows(columns: str, *rows: tuple[Any, ...]) -> dict[str, list[Any]]:
    names = columns.split()
    assert all(len(row) == len(names) for row in rows), columns
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _meetings() -> dict[str, list[Any]]:
    rows = _rows(
        "contact person operation service day age age_rank answer made_safe",
        (1, A, LOCAL, ASPEN, 101, "16_17", 1, "accepted", False),
        (1, B, LOCAL, ASPEN, 101, "19_24", 2, "declined", False),
        (3, A, LOCAL, BIRCH, 102, "19_24", 2, "undecided", False),
        (3, C, LOCAL, BIRCH, 102, "not_known", 0, "not_offered", False),
        (4, D, LOCAL, BIRCH, 103, "14_15", 3, "accepted", True),
        (5, D, LOCAL, ASPEN, 103, "not_known", 0, "acceptance_withdrawn", False),
        (6, E, LOCAL, ASPEN, 104, "25_34", 2, "undecided", False),
        (8, F, PROVINCE, ASPEN, 104, "19_24", 2, "accepted", False))
    size = len(rows["contact"])
    return rows | {
        "team": [-1] * size, "gender": ["woman_girl"] * size, "place_kind": ["hotel"] * size,
        "at": [day * DAY + contact for day, contact in zip(rows["day"], rows["contact"], strict=True)]}


def _contacts() -> dict[str, list[Any]]:
    rows = _rows(
        "contact operation service day result kits",
        (1, LOCAL, ASPEN, 101, "met", 1), (2, LOCAL, ASPEN, 101, "no_answer", 0), (3, LOCAL, BIRCH, 102, "met", 2),
        (4, LOCAL, BIRCH, 103, "met", 0), (5, LOCAL, ASPEN, 103, "met", 1), (6, LOCAL, ASPEN, 104, "met", 0),
        (7, LOCAL, BIRCH, 106, "left", 1), (8, PROVINCE, ASPEN, 104, "met", 5))
    return rows | {"team": [-1] * 8,
                   "at": [day * DAY + contact for day, contact in zip(rows["day"], rows["contact"], strict=True)]}


def _tallies() -> dict[str, list[Any]]:
    days = range(100, 105)
    dogwood: dict[str, tuple[int | None, ...]] = {
        "persons_met": (3, 0, 2, 0, None), "contacts": (4, 0, 2, 0, 0),
        "support_offered": (2, 0, 0, 0, 0), "support_accepted": (1, 0, 0, 0, 0)}
    rows = [(PROVINCE, DOGWOOD, code, day, "", *_said(value))
            for code, values in dogwood.items() for day, value in zip(days, values, strict=True)]
    return _rows(
        "operation service measure day part state value", *rows,
        (PROVINCE, ELM, "persons_met", 100, "", "number", 1),
        (PROVINCE, ELM, "contacts", 100, "", "number", 1), (PROVINCE, ELM, "contacts", 101, "", "number", 1),
        (PROVINCE, DOGWOOD, "personnel", -1, "police", "number", 5),
        (PROVINCE, DOGWOOD, "personnel", -1, "victim_services", "number", 2),
        (PROVINCE, DOGWOOD, "charges", -1, "", "number", 3),
        (PROVINCE, DOGWOOD, "persons_charged", -1, "", "number", 1),
        (PROVINCE, DOGWOOD, "persons_arrested", -1, "", "declined", -1),
        (LOCAL, BIRCH, "persons_arrested", -1, "", "zero", 0),
        (LOCAL, BIRCH, "contacts", 101, "", "zero", 0))


def _said(value: int | None) -> tuple[str, int]:
    return ("declined", -1) if value is None else ("number", value) if value else ("zero", 0)


def golden(root: int = PROVINCE) -> Facts:
    """The facts under ``root``."""
    operations = _rows(
        "operation parent code services_known overlap_nil first_day last_day deadline",
        (PROVINCE, -1, "GOLD-P", True, False, 100, 104, -1), (LOCAL, PROVINCE, "GOLD-L", True, False, 101, 103, -1))
    if root == LOCAL:
        operations = {name: values[1:] for name, values in operations.items()}
    return Facts.of(
        root=root, now=TODAY * DAY + 12 * 3600, today=TODAY, due_hours=12, operations=operations,
        participations=_rows(
            "operation service kind status entry_mode first_day last_day",
            (PROVINCE, ASPEN, "police_municipal", "confirmed", "contacts", -1, -1),
            (LOCAL, ASPEN, "police_municipal", "confirmed", "contacts", -1, -1),
            (LOCAL, BIRCH, "police_municipal", "confirmed", "contacts", -1, -1),
            (LOCAL, CEDAR, "victim_services", "confirmed", "none", -1, -1),
            (PROVINCE, DOGWOOD, "police_provincial", "confirmed", "daily_totals", -1, -1),
            (PROVINCE, ELM, "police_municipal", "confirmed", "daily_totals", 100, 101),
            (PROVINCE, FIR, "police_municipal", "invited", "contacts", -1, -1)),
        places=_rows("service measure operation", (ASPEN, "personnel", PROVINCE)),
        meetings=_meetings(), contacts=_contacts(), tallies=_tallies(),
        deployed=_rows(
            "staff operation service category", (1, PROVINCE, ASPEN, "police"), (2, PROVINCE, ASPEN, "police"),
            (3, LOCAL, ASPEN, "police"), (4, LOCAL, BIRCH, "police"), (5, LOCAL, BIRCH, "support"),
            (6, LOCAL, CEDAR, "victim_services")),
        referrals=_rows(
            "referral person operation service agency day made received reached engaged waited "
            "due_7 engaged_7 due_30 engaged_30 due_90 engaged_90",
            (1, A, LOCAL, ASPEN, CEDAR, 101, True, True, True, False, 180, True, False, False, False, False, False),
            (2, B, LOCAL, BIRCH, CEDAR, 102, True, False, False, False, -1, False, False, False, False, False, False),
            (3, -3, LOCAL, ASPEN, CEDAR, 103, True, True, True, True, 600, True, True, False, False, False, False)),
        direct=_rows("referral operation service day", (4, LOCAL, CEDAR, 104)),
        outcomes=_rows(
            "referral operation service agency day outcome",
            (3, LOCAL, ASPEN, CEDAR, 110, "safe_housing"), (3, LOCAL, ASPEN, CEDAR, 110, "school")),
        accused=_rows(
            "accused operation service day arrested arrested_day",
            (X1, LOCAL, ASPEN, 102, True, 102), (X2, LOCAL, ASPEN, 103, False, -1)),
        charges=_rows(
            "charge accused operation service day offence label count status",
            (1, X1, LOCAL, ASPEN, 102, "279.01", "", 2, "laid"),
            (2, X1, LOCAL, ASPEN, 102, "286.2", "", 1, "withdrawn"),
            (3, X2, LOCAL, ASPEN, 103, "266", "", 1, "substituted"), (4, X2, LOCAL, ASPEN, 104, "267", "", 1, "laid")))
