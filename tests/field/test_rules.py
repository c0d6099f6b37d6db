"""Person codes, operational days, timing, the order of the questions, what a form may say."""

import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from outreach.errors import Invalid
from outreach.field import rules
from outreach.storage.days import operational_day
from outreach.storage.types import new_uid

codes = st.text(rules.CODE_SIGNS, min_size=7, max_size=7).map(lambda body: body + rules.check_sign(body))


@given(codes, st.integers(0, 7), st.sampled_from(rules.CODE_SIGNS))
def test_every_single_wrong_sign_is_noticed(code, place, sign):
    assume(code[place] != sign)
    assert rules.read_code(code[:place] + sign + code[place + 1 :]) is None


@given(codes, st.integers(0, 6))
def test_every_swap_of_neighbours_is_noticed(code, place):
    assume(code[place] != code[place + 1])
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert rules.read_code(swapped) is None


@given(codes)
def test_a_code_is_read_in_any_case_with_spaces_and_without_its_hyphen(code):
    shown = rules.shown_code(code)
    for typed in (shown, shown.lower(), code, f" {code[:4]} {code[4:]} ", shown.replace("2", "Z").replace("6", "g")):
        assert rules.read_code(typed) == code


@pytest.mark.parametrize("typed", ["", "K7QM", "K7QM-4R2XA", "O0I1-LSBU", "😀", "ⓀⓀⓀⓀⓀⓀⓀⓀ"])
def test_what_cannot_be_a_code_is_none(typed):
    assert rules.read_code(typed) is None


def test_made_codes_fit_and_differ():
    made = {rules.make_code() for _ in range(200)}
    assert len(made) == 200
    assert all(rules.read_code(code) == code for code in made)
    assert not set("".join(made)) & set("0O1IL5S8BUVZG")


def test_a_contact_at_half_past_one_belongs_to_the_evening_before():
    at = dt.datetime(2017, 10, 17, 5, 30, tzinfo=dt.UTC)  # 01:30 in Toronto
    assert operational_day(at, "America/Toronto", 360) == dt.date(2017, 10, 16)
    assert operational_day(at, "America/Toronto", 0) == dt.date(2017, 10, 17)
    assert operational_day(at + dt.timedelta(hours=5), "America/Toronto", 360) == dt.date(2017, 10, 17)


def test_the_day_starts_at_six_by_the_clock_when_the_clocks_were_put_back():
    before = dt.datetime(2017, 11, 5, 10, 59, tzinfo=dt.UTC)  # 05:59 EST, the hour came twice
    assert operational_day(before, "America/Toronto", 360) == dt.date(2017, 11, 4)
    assert operational_day(before + dt.timedelta(minutes=1), "America/Toronto", 360) == dt.date(2017, 11, 5)


def test_timing_against_a_window_and_against_none():
    start, end = dt.datetime(2017, 10, 10, tzinfo=dt.UTC), dt.datetime(2017, 10, 17, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)
    assert [rules.timing(at, start, end) for at in (start - hour, start, end - hour, end)] == [
        "early",
        "inside",
        "inside",
        "late",
    ]
    assert rules.timing(start, None, None) == "inside"


@given(st.text(max_size=30))
def test_no_text_whatever_breaks_the_reading_of_a_moment_or_a_uuid(text):
    moment = rules.read_moment(text, "America/Toronto")
    assert moment is None or moment.tzinfo is dt.UTC
    assert rules.read_uid(text) is None or len(rules.read_uid(text)) == 36


def test_moments_are_local_unless_they_say_otherwise():
    assert rules.read_moment("2017-10-16 21:38", "America/Toronto") == dt.datetime(2017, 10, 17, 1, 38, tzinfo=dt.UTC)
    assert rules.read_moment("2017-10-16T21:38:00Z", "America/Toronto").hour == 21
    for wrong in ("2017-10-16", "16/10/2017 21:38", "21:38", "", "2017-13-01 10:00"):
        assert rules.read_moment(wrong, "America/Toronto") is None


def path_of(**answers):
    return list(rules.steps(answers))


def test_the_accepted_path_asks_what_age_gender_support_reach_urgent_check():
    answers = {"what": "met", "age-1": "25_34", "support-1": "accepted", "reach-1": "here"}
    assert list(rules.steps(answers)) == ["what", "age-1", "gender-1", "support-1", "reach-1", "urgent-1", "check"]


@pytest.mark.parametrize("answer", ["declined", "not_offered", "undecided", "not_known"])
def test_other_answers_skip_how_to_reach_and_urgent(answer):
    steps = list(rules.steps({"what": "met", "support-1": answer}))
    assert steps == ["what", "age-1", "gender-1", "support-1", "check"]


@pytest.mark.parametrize("what", ["no_answer", "nobody_there", "left"])
def test_without_anybody_met_the_check_card_comes_at_once(what):
    assert path_of(what=what) == ["what", "check"]


@pytest.mark.parametrize("age", ["under_12", "12_13", "14_15", "16_17"])
def test_the_duty_card_comes_for_whoever_is_under_18(age):
    assert "duty-1" in rules.steps({"what": "met", "age-1": age})


@pytest.mark.parametrize("age", ["18", "45_over", "not_known"])
def test_the_duty_card_does_not_come_otherwise(age):
    assert "duty-1" not in rules.steps({"what": "met", "age-1": age})


def test_several_persons_repeat_the_questions_and_an_answer_changed_later_asks_only_what_is_new():
    answers = {"what": "several", "count": "2"}
    assert [s for s in rules.steps(answers) if s.startswith("age")] == ["age-1", "age-2"]
    full = answers | {f"{q}-{n}": "x" for q in ("age", "gender", "support") for n in (1, 2)}
    assert rules.next_step(full) == "check"
    assert rules.next_step(full | {"support-2": "accepted"}) == "reach-2"
    assert rules.step_before(full, "age-2") == "support-1"
    assert rules.step_before(full, "what") is None


def known(list_name, code):
    return code in ("hotel", "tip", "shelter", "threats", "not_wanted")


def read(**fields):
    base = {"uid": new_uid(), "met_at": "2017-10-16 21:38", "result": "met", "persons": "1"}
    given_fields = {k: v if isinstance(v, list) else [v] for k, v in (base | fields).items()}
    return rules.read_entry(given_fields, "America/Toronto", known)


def refused(**fields):
    with pytest.raises(Invalid) as caught:
        read(**fields)
    return {finding.where for finding in caught.value.findings}


def test_a_whole_form_is_read():
    entry = read(
        **{"place_kind": "hotel", "kits": "2", "age-1": "18", "gender-1": "man_boy", "answer-1": "accepted"},
        **{"agreed-1": ["record", "refer", "nonsense"], "needs-1": ["shelter"], "urgent-1": "yes", "agency-1": "7"},
    )
    person = entry.persons[0]
    assert (entry.kits, entry.place_kind) == (2, "hotel")
    assert person.referred and person.urgent and person.needs == ("shelter",) and person.agency_id == 7
    assert person.agreed == ("record", "refer")


def test_everything_wrong_is_found_at_its_field_at_once():
    assert refused(
        **{
            "uid": "abc",
            "met_at": "yesterday",
            "kits": "-1",
            "place_kind": "castle",
            "age-1": "7",
            "answer-1": "maybe",
        },
        **{"met_before-1": "K7QM-4R2Y-", "reach_by-1": "safe_phone", "safe_way-1": "12", "note": "x" * 5000},
    ) == {"uid", "met_at", "kits", "place_kind", "age-1", "answer-1", "met_before-1", "safe_way-1", "note"}


@pytest.mark.parametrize("count", ["0", "21", "two", "-1", "٣"])
def test_the_number_of_persons_is_one_to_twenty(count):
    assert refused(persons=count) == {"persons"}


def test_two_persons_cannot_have_one_code():
    code = rules.make_code()
    assert refused(**{"persons": "2", "code-1": code, "code-2": code}) == {"persons"}


def test_without_agreement_to_be_recorded_only_the_meeting_is_kept():
    entry = read(**{"age-1": "16_17", "answer-1": "accepted", "agreed-1": ["talk", "refer"], "note": "red door"}).kept()
    assert entry.persons == (rules.PersonEntry(agreed=("talk",)),)
    assert not entry.persons[0].referred and entry.note == ""


def test_the_hash_tells_content_from_uuid():
    fields = {"age-1": "18", "note": "one"}
    first, second, other = read(**fields), read(**fields), read(**fields | {"note": "two"})
    assert rules.content_hash(first, "t", 1) == rules.content_hash(second, "t", 1)
    assert rules.content_hash(first, "t", 1) != rules.content_hash(other, "t", 1)
    assert rules.content_hash(first, "t", 1) != rules.content_hash(first, "t", 2)


@given(
    st.dictionaries(
        st.sampled_from(["result", "persons", "kits", "age-1", "note", "code-1", "met_before-1"]), st.text()
    )
)
def test_no_form_whatever_is_more_than_refused(fields):
    try:
        entry = read(**fields)
    except Invalid:
        return
    assert entry.result


@pytest.mark.parametrize("count", ["00029999999999", "0002" + "9" * 5000, "²", "٣", "13000", "-2", ""])
def test_a_count_of_persons_that_is_none_asks_about_nobody(count):
    answers = {"what": "several", "count": count}
    assert rules.count_of(answers) == 0
    assert len(list(rules.steps(answers))) == 3
