"""Open or not on any clock, whom an agency serves, who is called first; hours and ages as people write them."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest

from outreach.errors import Invalid
from outreach.plan import agency_rules as rules
from outreach.plan import agency_text_rules as text
from outreach.plan.agency_rules import Agency, Span, next_opening, open_now, open_until, ranked

TORONTO = "America/Toronto"


def at(local: str, zone: str = TORONTO, fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(dt.UTC)


def agency(hours: str = "", id: int = 1, **more) -> Agency:  # noqa: A002 - the field is called so
    always, spans = text.read_hours(hours)
    return Agency(id, f"Agency {id}", **{"zone": TORONTO, "always": always, "hours": spans, **more})


OFFICE, NIGHTS = "Mon-Fri 09:00-17:00", "Fri-Sat 22:00-06:00"


@pytest.mark.parametrize(
    ("hours", "local", "is_open", "until"),
    [
        (OFFICE, "2017-10-11 09:00", True, 17 * 60),
        (OFFICE, "2017-10-11 08:59", False, None),
        (OFFICE, "2017-10-11 17:00", False, None),
        (OFFICE, "2017-10-14 12:00", False, None),
        (NIGHTS, "2017-10-13 23:59", True, 6 * 60),
        (NIGHTS, "2017-10-14 00:00", True, 6 * 60),
        (NIGHTS, "2017-10-15 05:59", True, 6 * 60),
        (NIGHTS, "2017-10-15 06:00", False, None),
        (NIGHTS, "2017-10-13 05:00", False, None),
        ("Sun 20:00-04:00", "2017-10-16 03:00", True, 4 * 60),
        ("24/7", "2017-10-11 03:00", True, None),
        ("Mon 00:00-24:00", "2017-10-09 23:59", True, 0),
        ("", "2017-10-11 12:00", None, None),
    ],
)
def test_an_agency_is_open_by_the_clock_on_its_own_wall(hours, local, is_open, until):
    one = agency(hours)
    assert open_now(one, at(local)) is is_open and open_until(one, at(local)) == until


def test_clocks_that_change_need_no_rule_of_their_own():
    early = agency("Sun 01:00-02:00; Sun 02:30-03:30")
    assert open_now(early, at("2017-11-05 01:30")) and open_now(early, at("2017-11-05 01:30", fold=1)), "twice"
    assert open_now(early, at("2017-03-12 03:15")), "02:30 never came; 03:15 did"
    assert not open_now(early, at("2017-03-12 03:30"))
    night = agency("Sat 22:00-06:00")
    for year, month, day, hours in ((2017, 11, 5, 9), (2017, 3, 12, 7)):
        begin = at(f"{year}-{month:02d}-{day - 1:02d} 22:00")
        minutes = range(-60, 12 * 60, 10)
        held = sum(bool(open_now(night, begin + dt.timedelta(minutes=n))) for n in minutes)
        assert held == hours * 6, "as long as the night was"


def test_a_closed_day_is_closed_whole_and_the_night_that_would_begin_on_it_does_not():
    one = agency(NIGHTS, closed_on=("2017-10-14",))
    assert open_now(one, at("2017-10-13 23:00"))
    assert not any(open_now(one, at(moment)) for moment in ("2017-10-14 02:00", "2017-10-14 23:00", "2017-10-15 02:00"))
    assert next_opening(one, at("2017-10-14 00:30")) == rules.Wall(dt.date(2017, 10, 20), 22 * 60)
    always = agency("24/7", closed_on=("2017-12-25",))
    assert not open_now(always, at("2017-12-25 12:00"))
    assert next_opening(always, at("2017-12-25 12:00")) == rules.Wall(dt.date(2017, 12, 26), 0)


def test_a_time_in_another_zone_is_the_agencys_own():
    west = agency(OFFICE, zone="America/Vancouver")
    assert not open_now(west, at("2017-10-11 11:30")) and open_now(west, at("2017-10-11 12:00"))
    assert next_opening(west, at("2017-10-11 11:30")) == rules.Wall(dt.date(2017, 10, 11), 540)
    assert not rules.same_clock("America/Vancouver", TORONTO, at("2017-10-11 12:00"))
    assert rules.same_clock("America/Detroit", TORONTO, at("2017-10-11 12:00"))


def some_hours(dice: random.Random) -> tuple[Span, ...]:
    """Spans that begin after the hours in which clocks change, so that every opening comes once."""
    found = {(dice.randrange(7), dice.randrange(4 * 60, 1440, 15)) for _ in range(dice.randrange(1, 5))}
    return tuple(Span(day, start, dice.randrange(0, 1440, 15)) for day, start in found)


def test_the_next_opening_is_the_first_minute_at_which_it_is_open():
    dice = random.Random(5)
    for _ in range(40):
        hours = some_hours(dice)
        closed = tuple(f"2017-11-{day:02d}" for day in dice.sample(range(1, 20), 2))
        one = Agency(1, "A", zone=TORONTO, hours=hours, closed_on=closed)
        start = at(f"2017-11-{dice.randrange(1, 12):02d} {dice.randrange(4, 24):02d}:07")
        if open_now(one, start):
            continue
        opening = next_opening(one, start)
        steps = (start + dt.timedelta(minutes=n) for n in range(8, 15 * 1440, 15))
        first = next((moment for moment in steps if open_now(one, moment)), None)
        assert (opening is None) == (first is None)
        if opening is not None and first is not None:
            assert rules.wall(first, TORONTO) == opening


@pytest.mark.parametrize(
    ("youngest", "oldest", "serves"),
    [
        (18, None, {"18", "19_24", "45_over", "not_known"}),
        (None, 17, {"under_12", "16_17", "not_known"}),
        (16, 24, {"16_17", "18", "19_24", "not_known"}),
        (17, 17, {"16_17", "not_known"}),
        (None, None, {"under_12", "16_17", "18", "19_24", "45_over", "not_known"}),
    ],
)
def test_an_age_band_is_served_when_an_age_in_it_may_be(youngest, oldest, serves):
    one = Agency(1, "A", age_from=youngest, age_to=oldest)
    bands = ("under_12", "16_17", "18", "19_24", "45_over", "not_known")
    assert {band for band in bands if rules.serves_age(one, band)} == serves


def test_who_may_help_comes_before_who_is_open_and_each_says_why():
    night = at("2017-10-11 23:00")
    found = ranked(
        [
            agency("24/7", 1, taking=False),
            agency("24/7", 2, age_from=18),
            agency("24/7", 3, needs=("legal",)),
            agency("24/7", 4, areas=("Sudbury",)),
            agency(OFFICE, 5),
            agency("", 6),
            agency("24/7", 7, room=False),
            agency("24/7", 8, call_order=2),
            agency("24/7", 9, call_order=1),
            agency("24/7", 10, areas=("Saint-Jean", "Windsor"), call_order=900),
            agency("Wed 20:00-02:00", 11, call_order=1, languages=("fr",)),
        ],
        night,
        band="16_17",
        needs=("shelter",),
        area="windsor",
        language="fr",
    )
    assert [choice.agency.id for choice in found] == [10, 11, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    said = {choice.agency.id: [code for code, _ in choice.reasons] for choice in found}
    assert said[10] == ["always_open", "names_place"] and said[11] == ["open_until"]
    assert said[7] == ["always_open", "full"] and said[6] == ["hours_not_said"] and said[5] == ["opens_on"]
    assert [said[n][0] for n in (4, 3, 2, 1)] == ["other_area", "lacks_need", "other_age", "not_taking"]
    assert [choice.agency.id for choice in found if choice.can_be_called] == [10, 11, 9, 8, 7, 6]


def test_agencies_alike_stay_in_order_and_of_closed_ones_the_first_to_open_leads():
    same = [agency("24/7", n) for n in (3, 1, 2)]
    assert [choice.agency.id for choice in ranked(same, at("2017-10-11 12:00"))] == [3, 1, 2]
    shut = [agency("Fri 09:00-12:00", 1), agency("Thu 13:00-14:00", 2), agency("Thu 08:00-09:00", 3), agency("24/7", 4)]
    shut[3] = agency("Wed 01:00-02:00", 4, closed_on=("2017-10-18",))
    found = ranked(shut, at("2017-10-11 12:00"))
    assert [choice.agency.id for choice in found] == [3, 2, 1, 4]
    assert found[-1].reasons[0] == ("opens_on", {"day": "2017-10-25", "minute": 60})


def test_room_is_what_the_capacity_leaves():
    assert [rules.room_left(*pair) for pair in ((None, 5), (5, 2), (5, 9), (0, 0))] == [None, 3, 0, 0]


# --- as people write it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon-Fri 9:00-17:00; Sat 10:00-14:00", "Mon-Fri 09:00-17:00; Sat 10:00-14:00"),
        ("lun-ven 9 h-17 h", "Mon-Fri 09:00-17:00"),
        ("du lundi au vendredi de 8 h 30 à 16 h 30", "Mon-Fri 08:30-16:30"),
        ("lun. au ven. 9h00–17h00, sam. fermé", "Mon-Fri 09:00-17:00"),
        ("Mon, Wed: 9-12, 13-17", "Mon 09:00-12:00, 13:00-17:00; Wed 09:00-12:00, 13:00-17:00"),
        ("Mon-Fri 9am-5pm", "Mon-Fri 09:00-17:00"),
        ("weekdays 9:00 to 17:00\nweekend noon-16:00", "Mon-Fri 09:00-17:00; Sat-Sun 12:00-16:00"),
        ("tous les jours 22 h à 6 h", "Mon-Sun 22:00-06:00"),
        ("fri to mon 20-2", "Mon 20:00-02:00; Fri-Sun 20:00-02:00"),
        ("Fri-Mon 20:00-02:00", "Mon 20:00-02:00; Fri-Sun 20:00-02:00"),
        ("Sat midnight-6:00", "Sat 00:00-06:00"),
        ("Sat 18:00-midnight", "Sat 18:00-24:00"),
        ("24/7", "24/7"),
        ("24 h/24, 7 j/7", "24/7"),
        ("7j/7 24h/24", "24/7"),
        ("toujours ouvert", "24/7"),
        ("daily 00:00-24:00", "24/7"),
        ("", ""),
    ],
)
def test_hours_are_read_as_they_are_written_and_written_out_to_read_back(written, read):
    found = text.read_hours(written)
    assert text.hours_text(*found) == read
    assert all(text.read_hours(text.hours_text(*found, language)) == found for language in ("en", "fr"))


@pytest.mark.parametrize(
    "nonsense",
    [
        "25:00-26:00",
        "Mon 9:60-10:00",
        "whenever",
        "Mon-Fri",
        "Mon 9-5",
        "Mon 09:00-09:00",
        "9:00",
        "Mon 9:00-",
        "13 pm-14 pm",
    ],
)
def test_hours_in_nonsense_are_refused_with_what_to_write(nonsense):
    with pytest.raises(Invalid) as refused:
        text.read_hours(nonsense)
    (finding,) = refused.value.findings
    assert finding.where == "hours" and ("Write" in finding.english() or "write" in finding.english())


def test_any_hours_that_can_be_kept_read_back_in_both_languages():
    dice = random.Random(7)
    for _ in range(150):
        found = {(dice.randrange(7), dice.randrange(0, 1440, 5)) for _ in range(dice.randrange(1, 6))}
        spans = [Span(day, start, dice.randrange(0, 1440, 5)) for day, start in found]
        kept = tuple(sorted((s for s in spans if s.start != s.end), key=lambda s: (s.weekday, s.start, s.end)))
        for language in ("en", "fr"):
            assert text.read_hours(text.hours_text(False, kept, language)) == (False, kept)


@pytest.mark.parametrize(
    ("written", "ages"),
    [
        ("18+", (18, None)),
        ("16-24", (16, 24)),
        ("12 à 17 ans", (12, 17)),
        ("under 18", (None, 17)),
        ("moins de 18 ans", (None, 17)),
        ("0-17", (None, 17)),
        ("18 ans et plus", (18, None)),
        ("jusqu’à 24 ans", (None, 24)),
        ("all ages", (None, None)),
        ("tous", (None, None)),
    ],
)
def test_ages_are_read_as_they_are_written(written, ages):
    assert text.read_ages(written) == ages == text.read_ages(text.ages_text(*ages))


@pytest.mark.parametrize("nonsense", ["18", "24-16", "0-300", "young", "1-2-3"])
def test_ages_in_nonsense_are_refused(nonsense):
    with pytest.raises(Invalid):
        text.read_ages(nonsense)


def test_a_telephone_is_dialled_without_its_extension():
    assert text.dial("+1 (519) 555-0142 poste 3") == "+15195550142" and text.dial("519 555 0142 x12") == "5195550142"
    for wrong in ("call Jo", "12", "javascript:alert(1)", "5" * 41):
        with pytest.raises(Invalid):
            text.read_telephone(wrong)


def test_a_phone_is_given_what_the_rules_need_and_nothing_else():
    one = agency(OFFICE, needs=("legal",), closed_on=("2017-01-01", "2017-12-25"), telephone="519 555 0142 x3")
    facts = text.carried_facts(one, dt.date(2017, 12, 1))
    assert facts == {
        "zone": TORONTO,
        "hours": [[day, 540, 1020] for day in range(5)],
        "closed": ["2017-12-25"],
        "needs": ["legal"],
        "order": 100,
        "telephone": "519 555 0142 x3",
        "dial": "5195550142",
    }
    assert text.carried_facts(Agency(1, "A", room=False, taking=False), dt.date(2017, 12, 1)) == {
        "zone": "UTC",
        "order": 100,
        "room": False,
        "taking": False,
    }
