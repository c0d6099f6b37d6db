"""The coded card: what is written is read, and no wrong or swapped sign is taken for another card."""

import dataclasses
import datetime as dt
import itertools
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.errors import N_
from outreach.field import radio_card_rules as rules
from outreach.field.rules import AGREEMENTS, CODE_SIGNS, REACH_BY, ContactEntry, PersonEntry, check_sign, make_code
from outreach.storage.types import new_uid
from outreach.vocab import AgeBand, ContactResult, Gender, SupportAnswer
from tests.field.factories import EVENING, a_person, an_entry

SOON = EVENING + dt.timedelta(minutes=40)

ANSWERS = ("accepted", *rules.OTHER_ANSWERS)

codes = st.text(CODE_SIGNS, min_size=7, max_size=7).map(lambda body: body + check_sign(body))
persons = st.builds(
    PersonEntry,
    code=codes,
    claimed=st.booleans(),
    age=st.sampled_from(rules.AGES),
    gender=st.sampled_from(rules.GENDERS),
    answer=st.sampled_from(ANSWERS),
    made_safe=st.booleans(),
    agreed=st.sets(st.sampled_from(AGREEMENTS)).map(lambda some: tuple(a for a in AGREEMENTS if a in some)),
    reach_by=st.sampled_from(rules.REACHES),
    urgent=st.booleans(),
    needs=st.sampled_from([(), ("housing",)]),
)
moments = st.datetimes(dt.datetime(2007, 1, 1), dt.datetime(2037, 1, 1), timezones=st.just(dt.UTC))
entries = st.builds(
    ContactEntry,
    uid=st.uuids(version=4).map(str),
    met_at=moments,
    result=st.sampled_from([r for r in ContactResult.values() if r != "met"]),
    note=st.sampled_from(["", "red door"]),
) | st.builds(
    ContactEntry,
    uid=st.uuids(version=4).map(str),
    met_at=moments,
    result=st.just("met"),
    kits=st.integers(0, 3),
    persons=st.lists(persons, min_size=1, max_size=20, unique_by=lambda p: p.code).map(tuple),
)


def said_by(entry):
    """What a card can say of an entry: the rest comes with the phone's record."""

    def of(person):
        if not person.recorded:
            return PersonEntry()
        accepted = person.answer == "accepted"
        return PersonEntry(
            code=person.code,
            claimed=person.claimed,
            age=person.age,
            gender=person.gender,
            answer=person.answer,
            made_safe=person.made_safe,
            agreed=tuple(a for a in person.agreed if a != "talk"),
            reach_by=person.reach_by if accepted else "",
            urgent=person.urgent and accepted,
        )

    return entry.result, tuple(of(p) for p in entry.kept().persons)


def wrong(text, now=SOON):
    with pytest.raises(rules.WrongSigns) as caught:
        rules.read_card(text, now)
    return caught.value


def where(problem):
    """Line and groups of everything that cannot be right."""
    return [(line.number, *line.wrong) for line in problem.lines if line.wrong]


def three():
    """A card of three persons, the second of whom is only met."""
    return rules.card_of(an_entry(a_person(), a_person(agreed=()), a_person(answer="declined")))


def test_the_card_knows_every_answer_that_there_is():
    assert set(rules.AGES) == set(AgeBand.values()) and set(rules.GENDERS) == set(Gender.values())
    assert {*ANSWERS, "acceptance_withdrawn"} == set(SupportAnswer.values())
    assert {*rules.OTHER_RESULTS, "met"} == set(ContactResult.values())
    assert [*rules.REACHES, "other_way"] == ["", *REACH_BY]  # words are on no card


def test_everything_has_room_in_its_groups():
    assert rules.MARKS * rules.SLOTS * len(CODE_SIGNS) * 2 <= len(CODE_SIGNS) ** 9
    assert len(CODE_SIGNS) ** 3 > rules.NOT_RECORDED


@given(entries, st.timedeltas(dt.timedelta(0), dt.timedelta(days=7, hours=21)))
@settings(max_examples=150, deadline=None)
@example(ContactEntry("ffffffff-ffff-4fff-bfff-ffffffffffff", EVENING, "left"), dt.timedelta(0))
@example(ContactEntry("00000000-0000-4000-8000-000000000000", EVENING, "no_answer", kits=1), dt.timedelta(0))
def test_what_is_written_is_read(entry, later):
    lines = rules.card_of(entry)
    card = rules.read_card("\n".join(lines), entry.met_at + later)
    assert (card.result, card.persons) == said_by(entry)
    assert card.met_at <= entry.met_at < card.met_at + rules.STEP
    assert card.mark == rules.mark_of(entry.uid) and entry.uid.endswith(rules.mark_ending(card.mark))
    assert rules.agree(card.entry(new_uid()), entry.kept())
    assert [len(line.replace("-", "")) for line in lines] == [12, *(12 if p.recorded else 4 for p in entry.persons)]


def test_a_card_says_nothing_of_who_did_not_agree_and_never_a_number():
    uid, agreements, ways = new_uid(), ((), ("talk",), ("refer", "share")), ("", "519-555-0100")
    shown = {
        tuple(rules.card_of(an_entry(a_person(agreed=agreed, age=age, safe_way=way), uid=uid, note="a note")))
        for agreed, age, way in itertools.product(agreements, rules.AGES, ways)
    }
    assert len(shown) == 1
    one = a_person(reach_by="safe_phone", safe_way="519-555-0100")
    other = dataclasses.replace(one, safe_way="416 555 0199")
    assert rules.card_of(an_entry(one, uid=uid)) == rules.card_of(an_entry(other, uid=uid))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, False),
        ({"kits": 2}, True),
        ({"note": "red door"}, True),
        ({"municipality": "Foxton", "place_kind": "hotel", "approach": "walk_in"}, False),
    ],
)
def test_the_card_says_whether_more_was_typed(more, expected):
    card = rules.read_card("\n".join(rules.card_of(an_entry(a_person(), **more))), SOON)
    assert card.more is expected


def test_a_recorded_person_without_a_code_has_no_card():
    with pytest.raises(ValueError, match="without a code"):
        rules.card_of(an_entry(a_person(code="")))


def test_signs_are_read_in_any_case_with_any_spaces_and_hyphens():
    lines = three()
    plain = rules.read_card("\n".join(lines), SOON)
    told = "\r\n\r\n".join(line.lower().replace("-", " \u2011 ").replace("2", "z").replace("6", "G") for line in lines)
    assert rules.read_card(f"\t{told}\u00a0\n", SOON) == plain


def every_single_error(line):
    for at, sign in enumerate(line):
        if sign != "-":
            yield from (line[:at] + other + line[at + 1 :] for other in CODE_SIGNS if other != sign)


def every_adjacent_swap(line):
    """Also across the hyphen between two groups."""
    signs = line.replace("-", "")
    for at in range(len(signs) - 1):
        if signs[at] != signs[at + 1]:
            yield signs[:at] + signs[at + 1] + signs[at] + signs[at + 2 :]


@pytest.mark.parametrize("seed", range(6))
def test_every_wrong_and_every_swapped_sign_is_found_at_its_line(seed):
    chance = random.Random(seed)
    some = [
        a_person(age=chance.choice(rules.AGES), answer=chance.choice(ANSWERS), urgent=chance.random() < 0.5)
        for _ in range(1 + seed % 3)
    ]
    lines = rules.card_of(an_entry(*some, a_person(agreed=())))
    for number, line in enumerate(lines, start=1):
        others = {*every_single_error(line), *every_adjacent_swap(line)}
        assert len(others) >= 4 * 22
        for other in others:
            problem = wrong("\n".join([*lines[: number - 1], other, *lines[number:]]))
            assert {found[0] for found in where(problem)} == {number}, other


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_wrong_sign_names_its_group(data):
    lines = three()
    number = data.draw(st.integers(0, 3))
    groups = lines[number].split("-")
    group, at = data.draw(st.integers(0, len(groups) - 1)), data.draw(st.integers(0, 3))
    old = groups[group]
    sign = data.draw(st.sampled_from([s for s in CODE_SIGNS if s != old[at]]))
    groups[group] = old[:at] + sign + old[at + 1 :]
    problem = wrong("\n".join([*lines[:number], "-".join(groups), *lines[number + 1 :]]))
    code = number > 0 and group > 0
    assert where(problem) == [(number + 1, 2, 3) if code else (number + 1, group + 1)]
    assert [f.where for f in problem.findings] == ["lines"]


def test_groups_and_lines_in_a_wrong_order_are_found():
    lines = rules.card_of(an_entry(*(a_person() for _ in range(20))))
    first, second, third = lines[0].split("-")
    for other in (f"{second}-{first}-{third}", f"{first}-{third}-{second}", f"{third}-{second}-{first}"):
        assert where(wrong("\n".join([other, *lines[1:]])))
    for a, b in itertools.combinations(range(1, 21), 2):
        swapped = list(lines)
        swapped[a], swapped[b] = swapped[b], swapped[a]
        assert where(wrong("\n".join(swapped))) == [(a + 1, 1), (b + 1, 1)]


def test_every_wrong_line_is_told_at_once_and_in_words():
    lines = three()
    found = wrong("\n".join([lines[0][:-1], lines[1].replace(lines[1][0], "B", 1), lines[2], lines[3][:9]]))
    assert [(f.message, f.params["line"]) for f in found.findings] == [
        (N_("Line %(line)d has %(have)d signs instead of %(expected)d. Ask for it again."), 1),
        (N_("Line %(line)d, group %(group)d: %(signs)s cannot be right. Ask for this group again."), 2),
        (N_("Line %(line)d has %(have)d signs instead of %(expected)d. Ask for it again."), 4),
    ]
    assert [line.groups for line in found.lines][2] == (lines[2],)


@pytest.mark.parametrize("typed", ["", "  \n\t\n - \n", "\u2011"])
def test_nothing_typed_says_what_to_type(typed):
    assert [f.message for f in wrong(typed).findings] == [N_("Type the card, a line for each line that is read out.")]


def test_a_line_left_out_or_read_twice_is_found():
    lines = three()
    assert wrong("\n".join(lines[:-1])).findings[-1].params == {"expected": 3, "have": 2}
    problem = wrong("\n".join([*lines, lines[-1]]))
    assert problem.findings[0].params["line"] == 5
    code = make_code()
    twice = rules.card_of(an_entry(a_person(code=code), a_person(code=code)))
    assert "same person code" in wrong("\n".join(twice)).findings[0].message


def test_half_a_line_of_a_recorded_person_is_not_taken_for_one_who_was_only_met():
    lines = three()
    assert "code is missing" in wrong("\n".join([lines[0], lines[1][:4], *lines[2:]])).findings[0].message
    told = wrong("\n".join([*lines[:2], f"{lines[2]}-{make_code()}", lines[3]])).findings[0].message
    assert "did not agree" in told


def test_numbers_that_no_card_has_are_said_to_be_from_another_version():
    digits = rules._digits(len(CODE_SIGNS) ** 9 - 1, 9)
    head = "".join(rules._checked(digits[at * 3 : at * 3 + 3], 0, at) for at in range(3))
    assert "another version" in wrong(head).findings[0].message
    line = rules._checked(rules._digits(rules.NOT_RECORDED + 1, 3), 1, 0)
    assert "another version" in wrong(f"{three()[0]}\n{line}-{make_code()}").findings[0].message


@given(st.text(max_size=200) | st.text(CODE_SIGNS + "\n- ", max_size=200))
@settings(max_examples=200, deadline=None)
def test_whatever_is_typed_is_a_card_or_is_refused_in_words(typed):
    try:
        said = rules.read_card(typed, SOON).text
    except rules.WrongSigns as problem:
        said = problem.findings
    assert said


@given(moments, st.timedeltas(-rules.AHEAD, dt.timedelta(days=7, hours=21)))
@settings(max_examples=100, deadline=None)
def test_the_time_is_the_last_that_fits_also_when_the_phone_is_a_little_fast(at, later):
    slot = (at - rules._EPOCH) // rules.STEP % rules.SLOTS
    assert rules.moment_of(slot, at + later) == at - (at - rules._EPOCH) % rules.STEP


def test_the_same_contact_is_known_by_result_number_and_codes():
    one, two = a_person(), a_person(answer="declined")
    card = an_entry(one, two)
    assert rules.agree(card, an_entry(one, two, note="red door", kits=2))
    assert rules.agree(card, an_entry(one, a_person(agreed=())))
    assert not rules.agree(card, an_entry(two, one)) and not rules.agree(card, an_entry(one))
    assert not rules.agree(an_entry(), an_entry(result="left"))
