"""The texts of a release against its figures: numbers of the wrong thing, in words, in Roman letters, as shares; and

everything that only looks like one.
"""

import datetime as dt
from types import SimpleNamespace as Row

import pytest

from outreach.report import release_rules as rules
from outreach.report.release_contents import Source
from outreach.report.release_noun_rules import said_of
from outreach.report.release_number_rules import numbers_in
from outreach.report.release_work import text_findings, text_warnings, texts_for

SCOPE = rules.Scope(("services", "persons_met", "persons_charged", "charges", "persons_made_safe"),
                    by_offence=("charges",))  # fmt: skip


def a_source(**more):
    signed = {"1": {"service": 1, "name": "7 Lakes Police", "version": 1, "hash": "a", "state": "signed"}}
    found = Row(
        named={"name": "Northern Spotlight 2017", "time_zone": "America/Toronto",
               "starts_at": "2017-10-10T10:00:00+00:00", "ends_at": "2017-10-17T10:00:00+00:00"},
        definitions={"@cc-279.01": {"section": "279.01", "en": "Trafficking in persons", "fr": "Traite des personnes"}},
        signed=signed, kind="signed", reported=44, expected=46, version=3, hash="b" * 64,
        as_of=dt.datetime(2017, 10, 18, 12, tzinfo=dt.UTC),
    )  # fmt: skip
    numbers = {"services": 46, "persons_met": 198, "persons_charged": 12, "charges": 21}
    numbers |= {"charges@cc-279.01": 14, **more}
    cells = [rules.Cell(code, None, None, number) for code, number in numbers.items()]
    cells.append(rules.Cell("persons_made_safe", None, None, None, "small"))
    release = Row(
        kind="release", number=1, texts={}, policy={"least": 6}, scope=SCOPE.as_json(),
        cells=[cell.as_json() for cell in cells],
    )  # fmt: skip
    return Source(release, found, "ONS-2017-ON", {1: "7 Lakes Police"})


def wrong(language, text):
    texts = {lang: {"title": "A title", "text": "A text."} for lang in ("en", "fr")}
    texts[language]["text"] = text
    return [(one.message.partition(" ")[0], one.params) for one in text_findings(a_source(), texts)]


@pytest.mark.parametrize(
    ("language", "text", "phrase", "figures"),
    [
        ("en", "The teams spoke with many: 12 persons met.", "12 persons met", "Persons charged"),
        ("en", "Twelve people were interviewed.", "Twelve people were interviewed", "Persons charged"),
        ("en", "In all 198 charges were laid.", "198 charges", "Persons met"),
        ("en", "A dozen contacts were made.", "dozen contacts", "Persons charged"),
        ("en", "Twenty-one persons were charged.", "Twenty-one persons were charged", "Charges"),
        ("en", "XIV persons charged.", "XIV persons charged", "Charges"),
        ("fr", "Au total, 12 personnes ont été rencontrées.", "12 personnes ont été rencontrées", "Personnes accusées"),
        ("fr", "Une douzaine de contacts.", "Une douzaine de contacts", "Personnes accusées"),
        ("fr", "Vingt et une accusations et douze trousses.", "douze trousses", "Personnes accusées"),
        ("fr", "Cent quatre-vingt-dix-huit accusations.", "Cent quatre-vingt-dix-huit accusations",
         "Personnes rencontrées"),
    ],
)  # fmt: skip
def test_a_true_number_beside_the_wrong_noun_is_refused_with_the_figure_that_has_it(language, text, phrase, figures):
    ((word, params),) = [one for one in wrong(language, text) if "phrase" in one[1]]
    assert word == "“%(phrase)s”" and (params["phrase"], params["figures"]) == (phrase, figures)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "From 10 to 16 October 2017, 46 services met 198 persons; 12 persons were charged with 21 charges."),
        ("en", "Among the 21 charges, 14 charges are of trafficking (279.01). In October 2017 charges rose."),
        ("en", "The 2017 charges of Northern Spotlight 2017 and 7 Lakes Police; 44 of 46 services in."),
        ("en", "Twelve were charged. One hundred and ninety-eight people were met in 46 services."),
        ("en", "Media: 519-555-0100, poste 21, (519) 555-0100, 1-833-900-1010, media@police21.example, https://a.b/33?x=4."),
        ("en", "In an emergency call 911. The office opens at 8:30 and closes at 16:30 on 2017-10-19."),
        ("fr", "Du 10 au 16 octobre 2017, 46 services de police ont rencontré 198 personnes; 12 ont été accusées."),
        ("fr", "Vingt et une accusations, dont 14 accusations de traite (279.01). En 2017, plus d’accusations."),
        ("fr", "Médias : 514 555-0100, poste 21. Composez le 911 à 21 h 30."),
        ("fr", "Une personne sur place répond : douze personnes accusées, cent quatre-vingt-dix-huit rencontrées."),
    ],
)  # fmt: skip
def test_dates_names_sections_addresses_and_numbers_of_the_right_figure_are_left_alone(language, text):
    assert [one for one in wrong(language, text) if "phrase" in one[1]] == []
    said = [number for _, params in wrong(language, text) for number in params.get("numbers", "").split(", ") if number]
    assert [one for one in said if one not in ("“Une”", "“One”")] == []


def test_what_the_figures_say_by_themselves_is_never_refused():
    answers = {"support_offered": 21, "support_accepted": 12}
    for more in ({}, {"persons_met": 12}, {"charges": 12, "services": 12}, answers):
        source = a_source(**more)
        assert text_findings(source, texts_for(source)) == []


@pytest.mark.parametrize(
    ("language", "text", "numbers"),
    [
        ("en", "Some 12 % accepted, or twelve per cent.", ["12 %", "twelve per cent"]),
        ("fr", "Environ 12 % ou douze pour cent.", ["12 %", "douze pour cent"]),
        ("en", "XV persons, 2016 people and three hundred kits.", ["three hundred", "2016", "XV"]),
        ("fr", "XV personnes, 2016 personnes et une trentaine de trousses.", ["une trentaine", "2016", "XV"]),
        ("en", "Half a dozen men, two dozen kits.", ["six", "two dozen"]),
    ],
)
def test_shares_roman_letters_years_that_count_and_words_are_numbers(language, text, numbers):
    (found,) = [params for _, params in wrong(language, text) if "numbers" in params]
    assert found["numbers"].split(", ") == [f"“{one}”" for one in numbers]


def test_words_that_may_stand_for_a_withheld_number_are_shown_to_who_approves_and_refuse_nothing():
    texts = {
        "en": {"title": "T", "text": "A few persons were made safe; several charges; some hope; a few days."},
        "fr": {"title": "T", "text": "Quelques victimes secourues, plusieurs accusations et quelques jours."},
    }
    found = [(one.where, one.params["phrase"], one.params["figures"]) for one in text_warnings(a_source(), texts)]
    assert found == [
        ("text_en", "A few persons were made safe", "Persons made safe"),
        ("text_fr", "Quelques victimes secourues", "Personnes mises en sécurité"),
    ]
    assert text_findings(a_source(), texts) == []


def test_a_number_is_read_with_the_words_around_it():
    assert [(one.phrase, one.number) for one in said_of("two persons under 18; 18 years; aged 12 persons", "en")] == [
        ("two persons under 18", 2)
    ]
    assert [number for _, number in numbers_in("deux douzaines, trois centaines, demi-douzaine, ninety-nine")] == [
        24, 300, 6, 99
    ]  # fmt: skip
    assert said_of("MIX of persons, CIVIL persons, IC charges, 12\npersons", "en") == []
