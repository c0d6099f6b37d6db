"""Random sequences of edited workbooks that are sent one after the other: what stands is what the last one says."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from outreach.auth.actors import SYSTEM
from outreach.field.rules import make_code
from outreach.returns import take_commands
from outreach.returns.take_row_rules import contact_key
from outreach.returns.take_rules import Kind
from outreach.storage import db
from outreach.storage.queries import return_files
from outreach.storage.tables import Contact, Operation, ReturnRow
from tests.factories import a_participation, a_service
from tests.returns.books import Said

LINES = 5
CODES = tuple(make_code() for _ in range(2))

a_row = st.fixed_dictionaries(
    {"no": st.sampled_from(["", "1", "2"]), "kits": st.integers(0, 2), "code": st.sampled_from([None, *range(2)]),
     "agreed": st.booleans()}
)  # fmt: skip
a_file = st.fixed_dictionaries(
    {
        "anew": st.booleans(),
        "left": st.sampled_from([(), ("1",), ("2",)]),
        "rows": st.lists(st.none() | a_row, min_size=LINES, max_size=LINES),
    }
)
files = st.lists(a_file, min_size=2, max_size=4)


def send(operation: Operation, sequence: list[dict[str, Any]]) -> None:
    """A service of its own sends the files one after the other; raises where what stands is not what the last says."""
    participation = a_participation(operation, a_service())
    said, before, joined = Said(operation, participation), {}, False
    for one in sequence:
        said = Said(operation, participation) if one["anew"] else said
        _edit(said, one)
        taken = take_commands.take(SYSTEM, said.file())
        assert taken.whole and not taken.done.newer, taken.done
        db.session.rollback()
        rows = {row.row_id: row for row in return_files.rows_of(participation.id, "contacts").values()}
        people = {row_id: (said_of(said, row_id), row.person_id) for row_id, row in rows.items()}
        both = people.keys() & before.keys()
        # Who takes her agreement back stays joined with whomever her code had joined her: it is not known any more.
        joined = joined or any(before[one][0][1] and not people[one][0][1] for one in both)
        _compare(said, rows, participation.service_id, joined=joined)
        for row_id in both:
            if people[row_id][0] == before[row_id][0]:
                assert people[row_id][1] == before[row_id][1], "another person"
        before = people
        changes = db.session.get_one(Operation, operation.id).changes
        again = take_commands.take(SYSTEM, said.file())
        db.session.rollback()
        assert again.done.count(Kind.SAME) == len(rows) == len(again.done.steps)
        assert db.session.get_one(Operation, operation.id).changes == changes, "the same again changed something"


def _edit(said: Said, one: dict[str, Any]) -> None:
    said.rows["contacts"].clear()
    seen = set()
    for line, row in enumerate(one["rows"], start=1):
        if row is None:
            continue
        values: dict[str, Any] = {"result": "left" if row["no"] in one["left"] and row["no"] else "met"}
        if row["no"]:
            values["no"] = row["no"]
        if row["kits"]:
            values["kits"] = row["kits"]
        if values["result"] == "met" and row["agreed"]:
            values["agreed"] = "yes"
            mark = (row["no"] or line, row["code"])
            if row["code"] is not None and mark not in seen:
                values["code"] = CODES[row["code"]]
                seen.add(mark)
        said.contact(line, **values)


def said_of(said: Said, row_id: str) -> tuple[Any, ...]:
    """Whom a row speaks of: what must be the same for her to be the same person."""
    values = said.rows["contacts"][said.numbers["contacts"].index(row_id) + 1]
    return values["result"], values.get("agreed"), values.get("code")


def _compare(said: Said, rows: dict[str, ReturnRow], service_id: int, *, joined: bool) -> None:
    returned = said.returned().contacts
    assert set(rows) == {row.row_id for row in returned}
    wanted: dict[str, list[Any]] = {}
    for row in returned:
        wanted.setdefault(contact_key(row), []).append(row.values)
    expected = Counter(
        (group[0]["result"], sum(v.get("kits", 0) for v in group), len(group) if group[0]["result"] == "met" else 0)
        for group in wanted.values()
    )
    uids = [uid for (uid,) in db.session.query(Contact.uid).filter_by(service_id=service_id)]
    operation = db.session.get_one(Operation, said.operation.id)
    records = return_files.records_of(operation, service_id, uids).values()
    standing = [record for record in records if not record.version.withdrawn]
    found = Counter((one.version.result, one.version.kits, len(one.meetings)) for one in standing)
    assert found == expected
    keys = {meeting.person_key for record in standing for meeting, _ in record.meetings}
    met = [row.values for row in returned if row.values["result"] == "met"]
    codes = {values["code"] for values in met if "code" in values}
    distinct = len(codes) + sum("code" not in values for values in met)
    assert len(keys) <= distinct if joined else len(keys) == distinct
