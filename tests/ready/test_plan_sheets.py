"""The sheets Shifts, Kits and Sessions of the plan workbook: round trip, following, refusing at the cell."""

from __future__ import annotations

import datetime as dt
import io
from itertools import pairwise
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from outreach.auth.actors import SYSTEM
from outreach.plan import import_commands, team_commands, workbook, workbook_commands
from outreach.ready import kit_commands
from outreach.storage import db, writing
from outreach.storage.queries import kits, operations, sessions, shifts, teams
from outreach.storage.tables import KitMove, Session, ShiftVersion
from tests.plan.books import filled, saved

CODE = "ONS-2026-WEC"
POLICE = "Alder Bay Police Service"
SHIFTS = [
    {"service": POLICE, "team": "Team 1", "starts_at": "2026-10-10 18:00", "ends_at": "2026-10-11 02:00"},
    {
        "service": POLICE,
        "team": "Team 1",
        "starts_at": "2026-10-11 18:00",
        "ends_at": "2026-10-12 02:00",
        "place": "=1+1",
        "channel": "Channel 4",
        "places": 3,
        "crew": "Ana Roy; ben cote",
    },
]
KITS = [
    {"kit": "Hotline card", "name_fr": "Carte d’aide", "service": POLICE, "sent": 200},
    {"kit": "Hotline card", "service": "Lantern House", "sent": 40},
    {"kit": "Toiletries"},
]
SESSIONS = [
    {
        "kind": "Training",
        "title": "Talking with people",
        "starts_at": "2026-09-20 09:00",
        "ends_at": "2026-09-20 16:00",
        "place": "Town hall",
        "certificate": "Outreach basics",
        "valid_months": 24,
    },
    {"kind": "briefing", "title": "Before the first night", "starts_at": "2026-10-10 16:00", "cancelled": "Yes"},
]


def with_rows(source: bytes | None = None, **sheets: list[dict[str, Any]]) -> bytes:
    """A workbook (the filled template, unless said) whose further sheets hold the rows."""
    book = load_workbook(io.BytesIO(source or filled()))
    by_code = dict(zip(workbook.SHEETS, book.worksheets, strict=False))
    for code, rows in sheets.items():
        sheet = by_code[code.capitalize()]
        columns = [column.code for column in workbook.SHEETS[code.capitalize()][1]]
        sheet.delete_rows(2, sheet.max_row)
        for number, row in enumerate(rows, start=2):
            for name, value in row.items():
                sheet.cell(number, columns.index(name) + 1).value = value
                if isinstance(value, str):
                    sheet.cell(number, columns.index(name) + 1).data_type = "s"
    return saved(book)


def full() -> bytes:
    return with_rows(shifts=SHIFTS, kits=KITS, sessions=SESSIONS)


def follow(content: bytes) -> Any:
    plan, findings = workbook.read(content)
    assert plan is not None, findings
    return import_commands.import_plan(SYSTEM, plan)


def findings(content: bytes) -> dict[str, str]:
    plan, found = workbook.read(content)
    if plan is not None:
        found = import_commands.rehearse(SYSTEM, plan).findings
    return {finding.where: finding.english() for finding in found}


def exported(language: str = "en") -> bytes:
    target = io.BytesIO()
    workbook.write_plan(workbook_commands.plan_of_operation(operations.by_code(CODE)), target, language)
    return target.getvalue()


def lines(sheet: str) -> list[dict[str, Any]]:
    return [dict(line.said) for line in workbook_commands.plan_of_operation(operations.by_code(CODE)).more[sheet]]


def standing() -> list[shifts.ShiftRow]:
    return [row for row in shifts.shifts_of(operations.by_code(CODE).id) if not row.cancelled]


@pytest.mark.any_database
def test_shifts_kits_and_sessions_come_in_by_the_workbook(app: Any) -> None:
    outcome = follow(full())
    added = [step.sheet for step in outcome.steps if step.kind == "add"]
    assert (added.count("Shifts"), added.count("Kits"), added.count("Sessions")) == (2, 2, 2)
    operation = operations.by_code(CODE)
    first, second = standing()
    assert first.starts_at == dt.datetime(2026, 10, 10, 22, 0, tzinfo=dt.UTC) and first.crew is None
    assert (second.place, second.channel, second.places, len(second.crew)) == ("=1+1", "Channel 4", 3, 2)
    assert not any(row.published for row in standing()), "what is imported is a draft"
    stock = kits.stocks_of(operation.id)
    assert sorted(one.sent for one in stock.values()) == [40, 200]
    training, cancelled = sessions.sessions_of(operation.id)
    by_title = {one.title: one for one in (training, cancelled)}
    assert by_title["Talking with people"].valid_months == 24
    assert by_title["Before the first night"].cancelled


@pytest.mark.any_database
@pytest.mark.parametrize("language", ["en", "fr"])
def test_exporting_and_importing_again_changes_nothing(app: Any, language: str) -> None:
    follow(full())
    tables = (ShiftVersion, KitMove, Session)
    counts = [db.session.scalar(select(func.count()).select_from(table)) for table in tables]
    plan = workbook_commands.plan_of_operation(operations.by_code(CODE))
    assert follow(exported(language)).steps == []
    assert [db.session.scalar(select(func.count()).select_from(table)) for table in tables] == counts
    assert workbook_commands.plan_of_operation(operations.by_code(CODE)) == plan


def test_an_hour_that_the_clocks_show_twice_and_a_member_who_left_come_back_unchanged(app: Any) -> None:
    follow(with_rows(filled(operation={"ends_at": "2026-11-03 06:00"}), shifts=SHIFTS))
    operation, shift = operations.by_code(CODE), standing()[1]
    twice = dt.datetime(2026, 11, 1, 6, 30, tzinfo=dt.UTC)  # the second 01:30 of that night in Toronto
    with writing():
        version = shifts.current(shift.shift_id)
        version.starts_at, version.ends_at = twice, twice + dt.timedelta(hours=4)
        for member, staff in teams.members_of(operation.id, shift.team_id):
            if staff.name == "Ben Côté":
                team_commands.remove_member(SYSTEM, operation, teams.team(shift.team_id), member)
    assert follow(exported()).steps == []
    assert shifts.shift(shift.uid).starts_at == twice


def test_two_shifts_may_change_places_and_a_cancelled_one_comes_back(app: Any) -> None:
    follow(full())
    one, two = lines("Shifts")
    one["starts_at"], two["starts_at"] = two["starts_at"], one["starts_at"]
    one["ends_at"], two["ends_at"] = two["ends_at"], one["ends_at"]
    content = with_rows(exported(), shifts=[_as_typed(one | {"cancelled": "yes"}), _as_typed(two)])
    steps = {step.fields for step in follow(content).steps}
    assert steps == {("cancelled",), ("ends_at", "starts_at")}
    assert [row.starts_at.day for row in standing()] == [10]
    back = with_rows(exported(), shifts=[_as_typed(one), _as_typed(two)])
    assert [step.fields for step in follow(back).steps] == [("cancelled", "ends_at", "starts_at")]
    assert len(standing()) == 2


def _as_typed(said: dict[str, Any]) -> dict[str, Any]:
    return said | {"crew": "; ".join(said["crew"])}


def test_what_the_file_does_not_name_stays_and_an_older_file_without_the_sheets_is_read(app: Any) -> None:
    follow(full())
    book = load_workbook(io.BytesIO(exported()))
    for name in ("Shifts", "Kits", "Sessions"):
        del book[name]
    assert follow(saved(book)).steps == []
    assert follow(with_rows(exported(), shifts=[], kits=[], sessions=[])).steps == []
    assert len(standing()) == 2


def test_a_larger_number_of_kits_sends_the_difference_and_a_smaller_one_is_refused(app: Any) -> None:
    follow(full())
    more = [row | ({"sent": 250} if row.get("sent") == 200 else {}) for row in KITS]
    assert [step.fields for step in follow(with_rows(exported(), kits=more)).steps] == [("sent",)]
    operation = operations.by_code(CODE)
    assert sorted(one.sent for one in kits.stocks_of(operation.id).values()) == [40, 250]
    found = findings(with_rows(exported(), kits=KITS))
    assert found == {"Kits!D2": "250 were sent already. Take a sending back on the page of kits."}


@pytest.mark.parametrize(
    ("sheets", "where", "words"),
    [
        ({"shifts": [SHIFTS[0] | {"ends_at": "2026-10-10 17:00"}]}, "Shifts!D2", "must end after it starts"),
        ({"shifts": [SHIFTS[0] | {"ends_at": "2026-10-12 02:00"}]}, "Shifts!D2", "longer than 16 hours"),
        ({"shifts": [SHIFTS[0] | {"team": "Team 9"}]}, "Shifts!B2", "no team that this service leads"),
        ({"shifts": [SHIFTS[0] | {"service": "Nobody"}]}, "Shifts!A2", "not among the services"),
        ({"shifts": [SHIFTS[0] | {"crew": "Zoe Nobody"}]}, "Shifts!H2", "is not in this team"),
        ({"shifts": [SHIFTS[0] | {"places": "many"}]}, "Shifts!G2", "not a whole number"),
        ({"shifts": [SHIFTS[0] | {"uid": "1"}]}, "Shifts!J2", "no ID of Outreach"),
        ({"shifts": [SHIFTS[0], SHIFTS[0] | {"starts_at": "2026-10-10 20:00"}]}, "Shifts!C3", "has a shift from"),
        ({"kits": [KITS[0], KITS[0]]}, "Kits!A3", "The same stands in row 2"),
        ({"kits": [KITS[0] | {"sent": 0.5}]}, "Kits!D2", "not a whole number"),
        ({"sessions": [SESSIONS[0] | {"kind": "Party"}]}, "Sessions!A2", "is not in the list"),
        ({"sessions": [SESSIONS[0] | {"ends_at": "2026-09-20 08:00"}]}, "Sessions!D2", "ends before it starts"),
        ({"sessions": [SESSIONS[0] | {"starts_at": ""}]}, "Sessions!C2", "is missing"),
    ],
)
def test_a_problem_is_named_at_its_cell(app: Any, sheets: Any, where: str, words: str) -> None:
    found = findings(with_rows(**sheets))
    assert words in found.get(where, ""), found
    assert operations.by_code(CODE) is None


def test_a_missing_hour_of_the_clock_change_is_refused_at_its_cell(app: Any) -> None:
    source = filled(operation={"starts_at": "2027-03-10 06:00", "ends_at": "2027-03-16 06:00"})
    rows = [SHIFTS[0] | {"starts_at": "2027-03-14 02:30", "ends_at": "2027-03-14 08:00"}]
    assert "Shifts!C2" in findings(with_rows(source, shifts=rows))


def test_a_kit_that_was_taken_back_counts_no_longer(app: Any) -> None:
    follow(full())
    operation = operations.by_code(CODE)
    move = db.session.scalars(select(KitMove).where(KitMove.count == 200)).one()
    with writing():
        kit_commands.take_back(SYSTEM, operation, move)
    assert [(row["service"], row["sent"]) for row in lines("Kits") if row["kit"] == "Hotline card"] == [
        ("Lantern House", 40)
    ]


def test_shifts_that_all_wait_for_the_next_one_to_leave_are_moved_without_trying_every_order(app: Any) -> None:
    hours = [dt.datetime(2026, 10, 10, 8) + dt.timedelta(minutes=15 * n) for n in range(31)]
    times = [f"{at:%Y-%m-%d %H:%M}" for at in hours]
    team = {"service": POLICE, "team": "Team 1"}
    follow(with_rows(shifts=[team | {"starts_at": a, "ends_at": b} for a, b in pairwise(times[:-1])]))
    before = sorted(standing(), key=lambda row: row.starts_at)
    later = zip(before, times[1:-1], times[2:], strict=True)
    follow(with_rows(shifts=[team | {"uid": row.uid, "starts_at": a, "ends_at": b} for row, a, b in later]))
    after = sorted(standing(), key=lambda row: row.starts_at)
    assert [row.uid for row in after] == [row.uid for row in before]
    assert [row.starts_at for row in after] == [row.starts_at + dt.timedelta(minutes=15) for row in before]


def test_shifts_that_wait_for_each_other_in_a_circle_are_refused_at_their_cells(app: Any) -> None:
    follow(full())
    rows = [{"service": POLICE, "team": "Team 1", "uid": row.uid} for row in standing()]
    swapped = zip(rows, reversed(SHIFTS), strict=True)
    content = with_rows(shifts=[row | {k: there[k] for k in ("starts_at", "ends_at")} for row, there in swapped])
    assert set(findings(content)) == {"Shifts!C2", "Shifts!C3"}
