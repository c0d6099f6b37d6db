"""A world for the naive count, read row by row from the tables: no query, frame or rule of the package is used."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from outreach.storage import db

BEGAN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MINOR = ("under_12", "12_13", "14_15", "16_17")


def rows(table: str) -> list[dict[str, Any]]:
    found = db.session.execute(text(f'select * from "{table}" order by id'))
    return [dict(row._mapping) for row in found]


def standing(table: str) -> list[dict[str, Any]]:
    return [row for row in rows(table) if row["superseded_at"] is None]


def seconds(value: Any) -> int:
    """An instant as the table holds it: microseconds since 1970."""
    return -1 if value is None else int(value) // 1_000_000


def day_of(value: Any, zone: str, starts: int) -> int:
    local = (BEGAN + dt.timedelta(seconds=seconds(value))).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return ((local - dt.timedelta(minutes=starts)).date() - BEGAN.date()).days


def number_of(value: Any) -> int:
    """A day as the table holds it: a date, or its ISO text."""
    if value is None:
        return -1
    if isinstance(value, int):
        return value
    on = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])
    return (on - BEGAN.date()).days


def listed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def world(root: int, now: dt.datetime) -> dict[str, Any]:
    operations = {row["id"]: row for row in rows("operation")}
    zone = {key: (row["time_zone"], row["day_starts_minutes"]) for key, row in operations.items()}

    def window(operation: int, starts: Any, ends: Any) -> tuple[int, int]:
        if starts is None and ends is None:
            return -1, -1
        first = -1 if starts is None else day_of(starts, *zone[operation])
        last = -1 if ends is None else day_of(int(ends) - 1, *zone[operation])
        return first, last

    made: dict[str, Any] = {"root": root, "now": int((now - BEGAN).total_seconds()), "due_hours": 12, "deployed": []}
    made["today"] = day_of((now - BEGAN) / dt.timedelta(microseconds=1), *zone[root])
    made["operations"] = []
    for key, row in operations.items():
        first, last = window(key, row["starts_at"], row["ends_at"])
        made["operations"].append(
            {
                "operation": key,
                "parent": row["parent_id"] or -1,
                "services_known": bool(row["services_known"]),
                "overlap_nil": bool(row["overlap_nil"]),
                "first_day": first,
                "last_day": last,
                "deadline": seconds(row["entry_deadline_at"]),
            }
        )
    _participations(made, window, connected(root, operations))
    made["contacts"] = [
        {
            "contact": r["contact_id"],
            "operation": r["operation_id"],
            "service": r["service_id"],
            "day": number_of(r["day"]),
            "at": seconds(r["met_at"]),
            "result": r["result"],
            "kits": r["kits"],
        }
        for r in standing("contact_version")
        if not r["withdrawn"]
    ]
    same = joined()
    made["meetings"] = [
        {
            "contact": r["contact_id"],
            "operation": r["operation_id"],
            "service": r["service_id"],
            "day": number_of(r["day"]),
            "at": seconds(r["met_at"]),
            "person": same(r["person_key"]),
            **age_of(r),
            "answer": r["answer"],
            "made_safe": bool(r["made_safe"]),
        }
        for r in standing("meeting")
        if r["standing"]
    ]
    made["referrals"] = referrals(same)
    _charges(made, zone)
    made["tallies"] = [
        {
            "operation": r["operation_id"],
            "service": r["service_id"],
            "measure": r["measure"],
            "day": number_of(r["day"]),
            "part": r["part"] or "",
            "state": r["state"],
            "value": r["value"] if r["state"] == "number" else 0,
        }
        for r in standing("tally")
    ]
    made["adjustments"] = [
        {
            "operation": r["operation_id"],
            "service": r["service_id"],
            "measure": r["measure"],
            "day": number_of(r["day"]),
            "amount": r["amount"],
        }
        for r in standing("adjustment")
    ]
    return made


def _participations(made: dict[str, Any], window: Any, tree: set[int]) -> None:
    kinds = {row["id"]: row["kind"] for row in rows("service")}
    parts = {row["id"]: row for row in rows("participation")}
    made["participations"], chosen = [], {}
    for row in sorted(standing("participation_version"), key=lambda one: (one["recorded_at"], one["id"])):
        part = parts[row["participation_id"]]
        first, last = window(part["operation_id"], row["starts_at"], row["ends_at"])
        made["participations"].append(
            {
                "operation": part["operation_id"],
                "service": part["service_id"],
                "kind": kinds[part["service_id"]],
                "status": row["status"],
                "entry_mode": row["entry_mode"],
                "first_day": first,
                "last_day": last,
            }
        )
        where = (listed(row["counted_in"]) or {}) if part["operation_id"] in tree else {}
        for code, operation in where.items():
            chosen[part["service_id"], code] = int(operation)
    made["places"] = [{"service": s, "measure": code, "operation": o} for (s, code), o in chosen.items()]


def _charges(made: dict[str, Any], zone: dict[int, tuple[str, int]]) -> None:
    gone = {r["accused_id"]: r for r in standing("accused_version")}
    made["accused"], made["charges"] = [], []
    for row in rows("accused"):
        now_ = gone.get(row["id"])
        if now_ is None or now_["withdrawn"]:
            continue
        made["accused"].append(
            {
                "accused": row["id"],
                "operation": row["operation_id"],
                "service": row["service_id"],
                "day": day_of(row["created_at"], *zone[row["operation_id"]]),
                "arrested": bool(now_["arrested"]),
                "arrested_day": number_of(now_["arrested_on"]),
            }
        )
    there = {row["accused"] for row in made["accused"]}
    versions = {r["charge_id"]: r for r in standing("charge_version")}
    for row in rows("charge"):
        if row["id"] in versions and row["accused_id"] in there:
            now_ = versions[row["id"]]
            made["charges"].append(
                {
                    "charge": row["id"],
                    "accused": row["accused_id"],
                    "operation": row["operation_id"],
                    "service": row["service_id"],
                    "day": number_of(now_["laid_on"]),
                    "count": now_["counts"],
                    "status": now_["status"],
                }
            )


def connected(root: int, operations: dict[int, dict[str, Any]]) -> set[int]:
    """Every operation that hangs together with this one, up and down."""
    found, before = {root}, set()
    while found != before:
        before = set(found)
        for key, row in operations.items():
            if row["parent_id"] is not None and {key, row["parent_id"]} & found:
                found |= {key, row["parent_id"]}
    return found


def joined() -> Any:
    group: dict[int, int] = {}

    def top(key: int) -> int:
        while group.get(key, key) != key:
            key = group[key]
        return key

    for row in standing("person_merge"):
        group[top(row["person_key"])] = top(row["into_key"])
    return top


def age_of(row: dict[str, Any]) -> dict[str, Any]:
    """Agency confirmed, else person says, else officer believes; under 18 where they lie on both sides of 18."""
    said = [(3, row["age_confirmed"]), (2, row["age_said"]), (1, row["age_believed"])]
    known = [(rank, age) for rank, age in said if age != "not_known"]
    minors = [(rank, age) for rank, age in known if age in MINOR]
    if minors and len(minors) < len(known):
        known = minors
    return {"age": known[0][1], "age_rank": known[0][0]} if known else {"age": "not_known", "age_rank": 0}


def referrals(same: Any) -> list[dict[str, Any]]:
    history: dict[int, list[dict[str, Any]]] = {}
    for row in rows("referral_version"):
        history.setdefault(row["referral_id"], []).append(row)
    keys = {row["id"]: row["join_key"] or row["id"] for row in rows("person")}
    out = []
    for row in rows("referral"):
        past = history.get(row["id"], [])
        now = [one for one in past if one["superseded_at"] is None]
        if row["origin"] != "police" or not now or row["operation_id"] is None:
            continue
        states = {one["state"] for one in past}
        if now[0]["state"] == "withdrawn" and "received" not in states:
            continue
        whose = -row["id"] if row["person_id"] is None else same(keys[row["person_id"]])
        out.append(
            {
                "referral": row["id"],
                "operation": row["operation_id"],
                "service": row["service_id"],
                "person": whose,
                "day": number_of(row["day"]),
                **{s: s in states for s in ("made", "received", "reached", "engaged")},
                "due_7": False,
                "engaged_7": False,
            }
        )
    return out
