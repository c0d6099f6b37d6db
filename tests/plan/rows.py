"""Rows of services as somebody would paste them, and operations to paste them into. All invented."""

from __future__ import annotations

from typing import Any

FIRST = ("Alder", "Amber", "Aspen", "Birch", "Cedar", "Clear", "Elm", "Ferry", "Granite", "Harrow", "Iron", "Juniper")
LAST = ("Bay", "Falls", "Grove", "Hollow")


def forty_six() -> list[list[str]]:
    """46 services: 42 that are new, one saved under another spelling, one letter's difference, one other accent."""
    names = [f"{first} {last}" for first in FIRST for last in LAST][:42]
    rows = [[name, "Municipal police", "West", f"desk@{name.split()[0].lower()}.example"] for name in names]
    rows.insert(20, ["Port Linden", "Municipal police", "Central", "duty@portlinden.example"])
    rows.insert(21, ["Port Lindon", "Municipal police", "Central", "duty@portlindon.example"])
    rows.insert(30, ["Riviere aux Aulnes PS", "Police municipale", "North East", "desk@riviere.example"])
    rows.append(["WINDSOR POLICE SERVICES", "Regional police", "West", "desk@windsor.example"])
    return rows


def text_of(rows: list[list[str]], *, heading: tuple[str, ...] = ("Service", "Kind", "Region", "Contact desk")) -> str:
    return "\n".join("\t".join(row) for row in [list(heading), *rows])


def typed(**more: Any) -> dict[str, str]:
    """The fields of a new operation as they are typed."""
    return {
        "code": "ONS-2026-ON",
        "name": "Northern Spotlight, Ontario",
        "level": "provincial",
        "parent": "",
        "lead_service": "",
        "time_zone": "America/Toronto",
        "starts_on": "2026-10-13",
        "starts_at": "18:00",
        "ends_on": "2026-10-19",
        "ends_at": "24:00",
        "day_starts": "06:00",
        "services_known": "y",
        **more,
    }
