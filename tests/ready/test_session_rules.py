"""Sessions, calendar months of certificates, and pasted delegates as plain functions."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.errors import Invalid
from outreach.ready.delegate_rules import Known, KnownService, WrongColumns, fixed, preview
from outreach.ready.session_rules import (
    SessionDraft,
    by_urgency,
    check_session,
    earned_by,
    expiry,
    has_begun,
    read_months,
    standing,
)

AT = dt.datetime(2017, 9, 20, 13, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("draft", "where"),
    [
        (SessionDraft("party", "Course", AT), "kind"),
        (SessionDraft("training", "  ", AT), "title"),
        (SessionDraft("training", "x" * 161, AT), "title"),
        (SessionDraft("training", "Course", None), "starts_on"),
        (SessionDraft("training", "Course", AT, AT), "ends_on"),
        (SessionDraft("training", "Course", AT, AT + dt.timedelta(days=15)), "ends_on"),
        (SessionDraft("training", "Course", AT, valid_months=12), "certificate"),
        (SessionDraft("training", "Course", AT, certificate="C", valid_months=0), "valid_months"),
        (SessionDraft("training", "Course", AT, certificate="C", valid_months=121), "valid_months"),
    ],
)
def test_a_wrong_session_is_refused_at_its_field(draft, where):
    assert [finding.where for finding in check_session(draft)] == [where]


def test_a_right_session_has_no_findings_and_months_are_read_strictly():
    assert check_session(SessionDraft("training", "Course", AT, AT + dt.timedelta(hours=2), "Hall", "C", 24)) == []
    assert read_months(" 12 ") == 12 and read_months("") is None
    for text in ("-1", "1.5", "٣", "twelve", "99999"):
        with pytest.raises(Invalid):
            read_months(text)


def test_months_are_calendar_months_and_a_short_month_ends_them():
    assert expiry(dt.date(2016, 1, 31), 1) == dt.date(2016, 2, 29)
    assert expiry(dt.date(2017, 1, 31), 1) == dt.date(2017, 2, 28)
    assert expiry(dt.date(2017, 10, 31), 24) == dt.date(2019, 10, 31)
    assert expiry(dt.date(2017, 12, 15), 1) == dt.date(2018, 1, 15)
    assert expiry(dt.date(2017, 12, 15), None) is None


@given(st.dates(dt.date(2000, 1, 1), dt.date(2080, 1, 1)), st.integers(1, 120))
def test_a_certificate_ends_in_the_right_month_and_never_after_its_day(day, months):
    end = expiry(day, months)
    assert end is not None
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == min(day.day, calendar.monthrange(end.year, end.month)[1])


def test_a_certificate_is_good_for_the_whole_of_its_last_day_and_through_the_window():
    today, until = dt.date(2017, 10, 1), dt.date(2017, 10, 17)
    assert standing(dt.date(2017, 9, 30), False, today=today, until=until) == "expired"
    assert standing(dt.date(2017, 10, 1), False, today=today, until=until) == "expiring"
    assert standing(dt.date(2017, 10, 16), False, today=today, until=until) == "expiring"
    assert standing(dt.date(2017, 10, 17), False, today=today, until=until) == "valid"
    assert standing(None, False, today=today, until=until) == "valid"
    assert standing(None, True, today=today, until=until) == "revoked"
    assert standing(dt.date(2017, 10, 1), False, today=today, until=None) == "valid"


def test_what_ended_comes_first_then_what_ends_too_early():
    rows = [
        ("valid", None, "Ana", "ana"),
        ("revoked", None, "Bo", "bo"),
        ("expiring", dt.date(2017, 10, 3), "Cy", "cy"),
        ("expired", dt.date(2017, 9, 3), "Di", "di"),
        ("expired", dt.date(2017, 8, 3), "Ed", "ed"),
    ]
    assert by_urgency(rows) == ["ed", "di", "cy", "ana", "bo"]


def test_a_session_gives_by_its_local_day_and_nothing_without_a_certificate():
    late = dt.datetime(2017, 9, 21, 2, tzinfo=dt.UTC)  # still the 20th in Toronto
    earned = earned_by([7], certificate=" Outreach  course ", months=12, starts_at=late, zone="America/Toronto")
    assert (earned[7].name, earned[7].issued_on) == ("Outreach course", dt.date(2017, 9, 20))
    assert earned[7].expires_on == dt.date(2018, 9, 20)
    assert earned_by([7], certificate=" ", months=12, starts_at=late, zone="America/Toronto") == {}


def test_people_may_be_said_to_be_there_from_the_first_minute_of_the_day():
    assert not has_begun(AT, "America/Toronto", dt.datetime(2017, 9, 20, 3, 59, tzinfo=dt.UTC))
    assert has_begun(AT, "America/Toronto", dt.datetime(2017, 9, 20, 4, 0, tzinfo=dt.UTC))


# --- pasted delegates ------------------------------------------------------------------------------------------------

WINDSOR = KnownService(1, "Windsor Police Service", "Windsor", "police_municipal")
ESSEX = KnownService(2, "Essex County Police", "Essex", "police_municipal")
HARBOUR = KnownService(3, "Bright Harbour", "", "victim_services")
KNOWN = Known((WINDSOR, ESSEX, HARBOUR), staff={(1, "ana roy"): 11}, delegates={(1, "ana roy"): "invited"})


def states(text: str, known: Known = KNOWN, **more) -> list[str]:
    return [row.state for row in preview(text, known, **more).rows]


def test_headings_in_english_french_or_none_give_the_same_rows():
    texts = (
        "Service\tName\tAttended\nWindsor\tAna Roy\tyes\nEssex\tBo Li\tno",
        "Nom complet\tPrésence\tOrganisme\nAna Roy\toui\tWindsor Police Service\nBo Li\tnon\tEssex County Police",
        "Windsor;Ana Roy;attended\nESSEX;Bo Li;did not come",
    )
    for text in texts:
        rows = preview(text, KNOWN).rows
        assert [(r.service.id, r.key, r.comes, r.state) for r in rows] == [
            (1, "ana roy", "attended", "match"),
            (2, "bo li", "absent", "new"),
        ]


def test_one_service_needs_no_column_and_names_nobody_elses():
    own = Known((WINDSOR,))
    assert [r.service.id for r in preview("Ana Roy\nBo Li", own).rows] == [1, 1]
    [row] = preview("Service,Name\nEssex County Police,Bo Li", own).rows
    assert row.state == "problem" and row.fix == ("service",)


def test_a_blank_state_leaves_who_is_listed_as_she_is():
    known = Known((WINDSOR,), staff={(1, "ana roy"): 11}, delegates={(1, "ana roy"): "attended"})
    [ana, bo] = preview("Name\tState\nAna Roy\t\nBo Li\t", known).rows
    assert (ana.comes, ana.changes, bo.comes, bo.changes) == ("attended", False, "invited", True)


def test_nobody_can_have_come_before_the_day():
    known = Known((WINDSOR,), begun=False)
    [row, other] = preview("Name\tState\nAna\tattended\nBo\tinvited", known).rows
    assert (row.state, row.fix, other.state) == ("problem", ("state",), "new")


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("Nowhere Police\tAna\tOfficer\tyes", "service"),
        ("\tAna\tOfficer\tyes", "service"),
        ("Windsor\t\tOfficer\tyes", "name"),
        ("Windsor\t" + "x" * 121 + "\tOfficer\tyes", "name"),
        ("Windsor\tA\u202ena\tOfficer\tyes", "name"),
        ("Windsor\tAna\tAstronaut\tyes", "category"),
        ("Windsor\tAna\tOfficer\tperhaps", "state"),
    ],
)
def test_a_fault_stands_at_the_cell_where_it_is_fixed(line, fix):
    [row] = preview(f"Service\tName\tCategory\tState\n{line}", KNOWN).rows
    assert row.state == "problem" and row.fix == (fix,) and row.reasons


def test_the_same_person_twice_is_asked_about_and_can_be_skipped_at_once():
    found = preview("Service\tName\nWindsor\tBo Li\nWindsor\tBO LI\nEssex\tBo Li", KNOWN)
    assert [r.state for r in found.rows] == ["new", "problem", "new"] and found.repeated == [2]
    assert states("Service\tName\nWindsor\tBo Li\nWindsor\tBO LI", skipped=frozenset({2})) == ["new", "skipped"]


def test_who_does_what_follows_the_kind_of_service_unless_said():
    rows = preview("Service\tName\tCategory\nWindsor\tA\t\nBright Harbour\tB\t\nWindsor\tC\tinterprète", KNOWN).rows
    assert [r.category for r in rows] == ["police", "victim_services", "interpreter"]


def test_a_wrong_service_is_offered_its_look_alike_and_fixed_for_every_row_that_says_it():
    text = "Service\tName\nWindsr Police Service\tA\nWindsr Police Service\tB\nNowhere\tC"
    found = preview(text, KNOWN)
    assert [r.like.id if r.like else None for r in found.rows] == [1, 1, None]
    cells = fixed(found, {(1, "service"): "1"}, KNOWN.services)
    again = preview("\n".join("\t".join(row) for row in cells), KNOWN, columns=found.columns)
    assert [r.state for r in again.rows] == ["new", "new", "problem"]


def test_a_fix_makes_a_column_that_was_not_there_and_ignores_what_is_not_on_the_page():
    found = preview("Name\tState\nAna\tperhaps\n\t", KNOWN, service=1)
    cells = fixed(
        found, {(1, "category"): "ngo", (1, "state"): "attended", (99, "name"): "X", (1, "service"): "77"}, [WINDSOR]
    )
    assert found.columns == ["name", "state", "category", "service"]
    assert [row[:3] for row in cells] == [["Name", "State", "What the person does"], ["Ana", "attended", "ngo"]]


def test_columns_that_cannot_be_right_are_asked_for_and_texts_that_are_no_list_refused():
    for columns in (["name", "name"], ["service", "state"], ["", ""]):
        with pytest.raises(WrongColumns):
            preview("Windsor\tAna", KNOWN, columns=columns)
    with pytest.raises(WrongColumns):
        preview("Name\nAna", KNOWN)
    for text in ("", "Service\tName", "x\n" * 5002, "a\t" * 30):
        with pytest.raises(Invalid):
            preview(text, KNOWN)


def test_the_rows_that_are_left_keep_their_heading():
    found = preview("Service\tName\nWindsor\tAna\nNowhere\tBo", KNOWN)
    assert found.left() == [["Service", "Name"], ["Nowhere", "Bo"]]


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    try:
        found = preview(text, KNOWN)
    except Invalid:
        return
    assert all(row.reasons for row in found.rows if row.state == "problem")


def test_four_times_the_rows_take_four_times_the_steps():
    def steps(count: int) -> int:
        """Function calls, Python's and C's: what a clock would say on a machine with nothing else to do."""
        services = tuple(KnownService(i, f"Police of town {i}", "", "police_municipal") for i in range(1, 47))
        lines = [f"Police of town {i % 46 + 1}\tPerson number {i} of many\tinvited" for i in range(count)]
        lines[3::100] = [f"Polce of twn {i}\tPerson wrong {i}\tinvited" for i in range(len(lines[3::100]))]
        text = "Service\tName\tState\n" + "\n".join(lines)
        counted = itertools.count()
        sys.setprofile(lambda *_event: next(counted))
        try:
            found = preview(text, Known(services))
        finally:
            sys.setprofile(None)
        assert found.count() == count
        return next(counted)

    steps(50)
    small, large = steps(500), steps(2000)
    assert large < 5 * small, (small, large)


@pytest.mark.parametrize("text", ['"', '""', ",", "\t;\t", '"\n"', "\x00"])
def test_signs_between_cells_with_nothing_in_them_are_no_row(text):
    with pytest.raises(Invalid):
        preview(text, KNOWN)
