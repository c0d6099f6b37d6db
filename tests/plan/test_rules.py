"""Rules of a plan on plain values: names, windows, the life of an operation, tasks, look-alikes, pasted rows."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.errors import Invalid
from outreach.plan import operation_rules, paste_rules, rules, similar_rules
from outreach.plan.operation_rules import Draft, findings_of, instant, local_moment, parent_allowed, zone_name
from outreach.plan.paste_rules import Saved, preview
from outreach.plan.rules import Count, blocks, move_between, name_key, needs_reason, tasks
from outreach.plan.similar_rules import Names, distance
from outreach.rollup.measures import CATALOGUE
from outreach.vocab import OperationStatus
from tests.plan.rows import forty_six, text_of

# --- names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rivière-aux-Aulnes", "RIVIERE AUX AULNES"),
        ("Windsor Police Service", "Windsor  Police Services"),
        ("St. Thomas Police", "Saint Thomas Police"),
        ("Chatham–Kent Police", "Chatham Kent Police"),
        ("Sœurs du Nord", "Soeurs Nord"),
        ("O.P.P. Essex", "OPP Essex"),
        ("Côte-Saint-Luc", "Co\u0302te St Luc"),
        ("Alder Bay PS", "Alder Bay Police Service"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_numbers_keep_services_apart():
    assert name_key("Service 06 (invented)") != name_key("Service 16 (invented)")


@given(st.text(max_size=60))
def test_any_text_has_a_key_that_is_its_own_key_and_fits_the_column(text):
    assert len(name_key(text)) <= 160
    assert name_key(text.upper()) == name_key(text.upper().casefold())


def test_a_search_ignores_accents_hyphens_and_the_order_of_words():
    assert rules.matches("aulnes riviere", "Rivière-aux-Aulnes")
    assert rules.matches("", "Anything")
    assert not rules.matches("port", "Rivière-aux-Aulnes")


def test_look_alikes_are_near_in_letters_or_one_holds_the_words_of_the_other():
    names = Names([(1, "Port Linden", ""), (2, "Rivière-aux-Aulnes", "police_municipal"), (3, "Service 16", "")])
    assert [a.id for a in names.like("Port Lindon")] == [1]
    assert names.like("Port Lindon")[0].by_letters
    assert [a.id for a in names.like("Riviere aux Aulnes PS", "police_municipal")] == [2]
    assert names.like("Rivière-aux-Aulnes Victim Aid", "victim_services") == []
    assert names.like("Service 06") == []
    assert names.like("Alder Bay") == []


@given(st.text("abcd", max_size=9), st.text("abcd", max_size=9))
def test_the_distance_of_two_words_is_symmetric_and_zero_only_for_equal_ones(one, other):
    assert distance(one, other, 2) == distance(other, one, 2)
    assert (distance(one, other, 2) == 0) == (one == other)


def test_a_swap_of_two_letters_is_one_step():
    assert distance("linden", "lidnen", 2) == 1


# --- windows


def test_a_time_that_the_clocks_skip_is_refused_with_the_next_that_exists():
    with pytest.raises(Invalid) as refused:
        instant(dt.date(2026, 3, 8), 150, "America/Toronto", "starts_at")
    [finding] = refused.value.findings
    assert finding.where == "starts_at" and finding.params["next"] == "03:30"


def test_a_time_that_the_clocks_show_twice_is_asked_and_either_answer_is_kept():
    with pytest.raises(Invalid) as asked:
        instant(dt.date(2026, 11, 1), 90, "America/Toronto", "starts_at")
    assert asked.value.findings[0].where == "starts_which"
    earlier, later = (instant(dt.date(2026, 11, 1), 90, "America/Toronto", "x", w) for w in ("earlier", "later"))
    assert later - earlier == dt.timedelta(hours=1)


@given(
    st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2035, 1, 1)),
    st.sampled_from(["America/Toronto", "America/St_Johns", "America/Regina", "Asia/Bangkok", "Australia/Lord_Howe"]),
)
def test_every_moment_that_is_accepted_shows_the_time_that_was_typed(when, zone):
    try:
        at = instant(when.date(), when.hour * 60 + when.minute, zone, "starts_at", "earlier")
    except Invalid:
        return
    shown = at.astimezone(ZoneInfo(zone))
    assert (shown.date(), shown.hour, shown.minute) == (when.date(), when.hour, when.minute)


def test_24_00_is_the_end_of_the_day():
    assert local_moment("ends", "2026-10-19", "24:00", "UTC") == dt.datetime(2026, 10, 20, tzinfo=dt.UTC)


@pytest.mark.parametrize("zone", ["", "Toronto", "../../etc/passwd", "America", "\x00", "America/Toronto\n/x"])
def test_only_zones_of_the_database_are_known(zone):
    with pytest.raises(Invalid):
        zone_name(zone)


def test_a_zone_is_found_whatever_its_case():
    assert zone_name("america/toronto") == "America/Toronto"


@pytest.mark.parametrize("text", ["03/04/2026", "2026-13-01", "2026-02-30", "1026-01-01", "tomorrow", "２０２６-01-0x"])
def test_a_day_is_never_guessed(text):
    with pytest.raises(Invalid):
        operation_rules.read_day(text, "starts_on")


def test_a_window_may_be_unknown_for_a_draft_or_a_parent_only():
    draft = Draft(name="Canada", code="ONS-CA")
    assert findings_of(draft) == []
    assert findings_of(draft, status="active", parent=True) == []
    assert [f.where for f in findings_of(draft, status="planned")] == ["starts_on"]


def test_an_operation_never_stands_above_itself():
    parents = {1: None, 2: 1, 3: 2}
    assert parent_allowed(3, 1, parents) and parent_allowed(None, 3, parents)
    assert not parent_allowed(1, 3, parents) and not parent_allowed(1, 1, parents)


# --- the life of an operation


def test_every_state_is_in_the_table_and_every_way_back_needs_a_reason():
    assert set(rules.STATES) == set(OperationStatus)
    order = list(OperationStatus)
    for status, state in rules.STATES.items():
        for move in state.moves:
            assert move.back == (order.index(move.to) < order.index(status))
            assert needs_reason(move, Count(window_ended=True)) == move.back
            early = order.index(move.to) <= 2 and order.index(status) <= 2
            opens = (status, move.to) == (OperationStatus.PLANNED, OperationStatus.ACTIVE)
            assert move.room == ("ready" if opens else "plan" if early else "returns")
    assert needs_reason(move_between("active", "reporting"), Count(window_ended=False))
    assert move_between("draft", "active") is None and move_between("draft", "archived") is None


def test_only_open_states_take_entries_and_an_archived_operation_allows_nothing():
    takes = {s for s, state in rules.STATES.items() if "entries" in state.allows}
    assert takes == {OperationStatus.ACTIVE, OperationStatus.REPORTING}
    assert not rules.STATES[OperationStatus.ARCHIVED].allows


def test_what_blocks_a_move():
    assert [r.text for r in blocks("planned", Count())] == ["the window is not known", "no service is confirmed"]
    ready = Count(window_known=True, confirmed=1, logging=1)
    assert blocks("planned", ready) == []
    assert blocks("active", ready)
    assert blocks("active", Count(window_known=True, confirmed=1, totals=1)) == []
    assert blocks("active", Count(window_known=True, confirmed=1, logging=1, crewed=1)) == []
    assert blocks("active", Count(children=2)) == []


def test_the_task_list_has_one_next_task_and_says_why_others_cannot_start():
    empty = tasks(Count())
    assert (empty.done, empty.total, empty.next.place) == (0, 9, "window")
    found = tasks(Count(window_known=True, confirmed=5, logging=5, crewed=3, members=6, with_account=6))
    assert found.next.place == "teams" and found.next.note.params == {"missing": 2}
    states = [t.state for _, tasks_ in found.sections for t in tasks_]
    assert states.count("next") == 1
    assert all(t.note for _, tasks_ in found.sections for t in tasks_ if t.state == "blocked")


def test_a_closed_operation_has_everything_done():
    closed = Count(
        status="closed", window_known=True, window_ended=True, confirmed=1, logging=1, crewed=1, members=1,
        with_account=1,
    )  # fmt: skip
    assert tasks(closed).done == 9 and tasks(closed).next is None


def test_signatures_and_the_locked_version_are_tasks_once_reporting_has_started():
    reporting = Count(status="reporting", window_known=True, window_ended=True, confirmed=2, totals=2, heard=2, owing=2)
    assert tasks(reporting).next.place == "closed" and tasks(reporting).total == 9
    unsigned = tasks(replace(reporting, signing=2, signed=1))
    assert (unsigned.next.place, unsigned.next.note.params, unsigned.total) == ("signatures", {"missing": 1}, 11)
    assert tasks(replace(reporting, signing=2, signed=2)).next.place == "locked"
    assert tasks(replace(reporting, signing=2, signed=2, locked=True)).next.place == "closed"


def test_while_an_operation_runs_accounts_are_not_what_comes_next():
    count = Count(
        status="active",
        window_known=True,
        confirmed=2,
        logging=2,
        crewed=2,
        members=4,
        with_account=3,
        owing=2,
        heard=1,
    )
    assert tasks(count).next.place == "hear"


def test_hearing_from_every_service_is_done_when_all_that_owe_are_in():
    running = {"status": "active", "window_known": True, "confirmed": 2, "totals": 2}
    assert tasks(Count(**running, heard=1, owing=2)).next.place == "hear"
    assert tasks(Count(**running, heard=2, owing=2)).next is None, "the window is still open"


def test_reporting_places_cover_every_measure_that_has_one_and_no_other():
    placed = {code for family in rules.PLACED for code in rules.measures_placed_as(family)}
    assert placed == {m.place_code for m in CATALOGUE if m.family.owed}
    chosen = dict.fromkeys(rules.measures_placed_as("contacts"), 7)
    assert rules.places_chosen(chosen) == {"contacts": 7}


# --- pasted rows

SAVED = [Saved(1, "Rivière-aux-Aulnes", "police_municipal", {"kind": "police_municipal"})]


def test_headings_in_english_french_or_none_give_the_same_columns():
    row = ["Alder Bay Police", "Police municipale", "desk@alder.example"]
    english = preview(text_of([row], heading=("Service name", "Kind", "E-mail")), [])
    french = preview(text_of([row], heading=("Nom du service", "Catégorie", "Courriel")), [])
    bare = preview("\t".join(row) + "\n" + "\t".join(["Elm Grove", "opp", "x@y.example"]), [])
    assert english.columns == french.columns == bare.columns == ["name", "kind", "contact_desk"]
    assert english.rows[0].values == french.rows[0].values == bare.rows[0].values


@pytest.mark.parametrize("text", ["Service;Kind\nAlder Bay;opp\n", 'Service,Kind\n"Bay, Alder",opp\n', "Alder Bay"])
def test_semicolons_commas_quotes_and_single_names_are_read(text):
    found = preview(text, [], kind="police_provincial")
    assert [r.state for r in found.rows] == ["new"]
    assert found.rows[0].values["kind"] == "police_provincial"


def test_46_rows_have_their_problems_first_and_answers_settle_them():
    found = preview(text_of(forty_six()), SAVED)
    assert (found.count(), found.count("problem")) == (46, 2)
    assert [r.state for r in found.shown()][:2] == ["problem", "problem"]
    settled = preview(text_of(forty_six()), SAVED, answers={"same-31": "yes", "same-22": "yes"})
    assert settled.ready and settled.rows[30].same.id == 1
    assert settled.rows[21].state == "skipped" and settled.adding == 45


def test_two_rows_that_are_the_same_saved_service_are_added_once():
    rows = [["Riviere aux Aulnes PS", "Police"], ["Rivière aux Aulnes", "Police"]]
    found = preview(text_of(rows), SAVED, answers={"same-1": "yes"})
    assert found.adding == 1 and found.rows[1].state == "problem"


def test_changes_of_a_saved_service_are_told_before_they_are_made():
    saved = [Saved(1, "Alder Bay", "police_municipal", {"kind": "police_municipal", "contact_desk": "old@a.example"})]
    [row] = preview(text_of([["ALDER-BAY", "", "", "new@a.example"]]), saved).rows
    assert row.state == "match" and row.changes == [("contact_desk", "old@a.example", "new@a.example")]


@given(st.text(max_size=300))
def test_no_pasted_text_breaks_the_preview(text):
    try:
        found = preview(text, SAVED, kind="other")
    except Invalid:
        return
    for row in found.rows:
        assert row.state in ("problem", "match", "new", "skipped")
        assert not any(paste_rules.has_control(value) for value in row.values.values())


def test_a_thousand_hostile_rows_are_compared_in_bounded_time():
    rows = [
        [f"Serviceville{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}x", "opp"] for i in range(1000)
    ]
    assert preview(text_of(rows), []).count() == 1000
    assert similar_rules._MOST <= 20
