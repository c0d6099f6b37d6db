"""The sentences of the page, word for word in both languages, and what holds for any numbers."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.report.sentence_rules import Facts, Number, sentences, text, window
from outreach.vocab import Bound

FIRST, LAST = dt.date(2017, 10, 10), dt.date(2017, 10, 16)


def n(value: int | None, bound: Bound = Bound.EXACT, least: int | None = None) -> Number:
    return Number(value, bound, least)


def least(value: int) -> Number:
    return n(value, Bound.AT_LEAST)


def most(value: int) -> Number:
    return n(value, Bound.AT_MOST)


def some(value: int, services: int) -> Number:
    return Number(value, Bound.PARTIAL, None, (services, 46))


def between(low: int, high: int) -> Number:
    return n(high, Bound.AT_MOST, low)


@pytest.mark.parametrize(
    ("first", "last", "english", "french"),
    [
        (FIRST, LAST, "From 10 to 16 October 2017", "Du 10 au 16 octobre 2017"),
        (FIRST, FIRST, "On 10 October 2017", "Le 10 octobre 2017"),
        (dt.date(2017, 10, 1), dt.date(2017, 10, 11), "From 1 to 11 October 2017", "Du 1er au 11 octobre 2017"),
        (dt.date(2017, 9, 28), dt.date(2017, 10, 1), "From 28 September to 1 October 2017",
         "Du 28 septembre au 1er octobre 2017"),
        (dt.date(2017, 12, 28), dt.date(2018, 1, 3), "From 28 December 2017 to 3 January 2018",
         "Du 28 décembre 2017 au 3 janvier 2018"),
        (dt.date(2017, 8, 1), dt.date(2017, 8, 1), "On 1 August 2017", "Le 1er août 2017"),
        (FIRST, None, "Since 10 October 2017", "Depuis le 10 octobre 2017"),
        (None, LAST, "Until 16 October 2017", "Jusqu’au 16 octobre 2017"),
        (None, None, "", ""),
    ],
)  # fmt: skip
def test_the_window_is_said(first, last, english, french):
    assert (window(first, last, "en"), window(first, last, "fr")) == (english, french)


def test_an_open_window_is_said_from_its_beginning_on():
    assert window(FIRST, LAST, "en", open_=True) == "Since 10 October 2017"
    assert window(None, LAST, "fr", open_=True) == ""


PUBLISHED = Facts(FIRST, LAST, services=n(46), met=n(198), offered=n(176), accepted=n(118))
TABLE = [
    (PUBLISHED,
     "From 10 to 16 October 2017, 46 services took part and met 198 persons. 176 were offered support; "
     "118 accepted it.",
     "Du 10 au 16 octobre 2017, 46 services ont rencontré 198 personnes. Du soutien a été offert à 176 d’entre elles; "
     "118 l’ont accepté."),
    (Facts(services=n(46), met=n(198), offered=n(176), accepted=n(118), made_safe=n(6), charged=n(12), charges=n(21),
           missing=2),
     "46 services took part and met 198 persons. 176 were offered support; 118 accepted it. 6 persons were made safe. "
     "12 persons were charged; 21 charges were laid. Figures of 2 services are still to come.",
     "46 services ont rencontré 198 personnes. Du soutien a été offert à 176 d’entre elles; 118 l’ont accepté. "
     "6 personnes ont été mises en sécurité. 12 personnes ont été accusées; 21 accusations ont été déposées. "
     "Les chiffres de 2 services sont encore à venir."),
    (Facts(FIRST, FIRST, services=n(1), met=n(1), offered=n(1), accepted=n(1), made_safe=n(1), charged=n(1),
           charges=n(1), missing=1),
     "On 10 October 2017, one service took part and met one person. That person was offered support; the person "
     "accepted it. One person was made safe. One person was charged; one charge was laid. Figures of one service are "
     "still to come.",
     "Le 10 octobre 2017, un service a rencontré une personne. Du soutien lui a été offert; cette personne l’a "
     "accepté. "
     "Une personne a été mise en sécurité. Une personne a été accusée; une accusation a été déposée. Les chiffres d’un "
     "service sont encore à venir."),
    (Facts(services=n(2), met=n(1), offered=n(1), accepted=n(0)),
     "2 services took part and met one person. That person was offered support; the person did not accept it.",
     "2 services ont rencontré une personne. Du soutien lui a été offert; cette personne ne l’a pas accepté."),
    (Facts(services=n(2), met=n(3), offered=n(1), accepted=n(1)),
     "2 services took part and met 3 persons. One of them was offered support; one accepted it.",
     "2 services ont rencontré 3 personnes. Du soutien a été offert à l’une d’entre elles; une l’a accepté."),
    (Facts(services=n(2), met=n(3), offered=least(1), accepted=least(1)),
     "2 services took part and met 3 persons. At least one was offered support; at least one accepted it.",
     "2 services ont rencontré 3 personnes. Du soutien a été offert à au moins une d’entre elles; au moins une l’a "
     "accepté."),
    (Facts(services=n(46), met=n(0), offered=n(0), accepted=n(0), made_safe=n(0), charged=n(0), charges=n(0)),
     "46 services took part and met nobody. Nobody was offered support. Nobody was made safe. Nobody was charged.",
     "46 services ont participé et n’ont rencontré personne. Aucun soutien n’a été offert. Personne n’a été mis en "
     "sécurité. Personne n’a été accusé."),
    (Facts(services=n(1), met=n(0)), "One service took part and met nobody.",
     "Un service a participé et n’a rencontré personne."),
    (Facts(services=n(0), met=n(0)), "No service took part; nobody was met.",
     "Aucun service n’a participé; personne n’a été rencontré."),
    (Facts(FIRST, LAST, services=n(0)), "From 10 to 16 October 2017, no service took part.",
     "Du 10 au 16 octobre 2017, aucun service n’a participé."),
    (Facts(FIRST, LAST, services=n(46), met=Number(13, Bound.PARTIAL, 11, (5, 46)), accepted=some(1, 5), missing=41,
           charged=Number(2, Bound.PARTIAL, 1, (5, 46)), told=(5, 46)),
     "From 10 to 16 October 2017, 46 services took part and met between 11 and 13 persons. One person accepted "
     "support. Between 1 and 2 persons were charged. Figures of 41 services are still to come.",
     "Du 10 au 16 octobre 2017, 46 services ont rencontré entre 11 et 13 personnes. Une personne a accepté du soutien. "
     "Entre 1 et 2 personnes ont été accusées. Les chiffres de 41 services sont encore à venir."),
    (Facts(services=n(2), met=Number(1, Bound.PARTIAL, 0, (2, 2)), charges=Number(7, Bound.PARTIAL, None, (2, 2)),
           told=(2, 2)),
     "2 services took part. By what is known so far, at most one person was met. By what is known so far, 7 charges "
     "were laid.",
     "2 services ont participé. Selon ce qui est connu, au plus une personne a été rencontrée. Selon "
     "ce qui est connu, 7 accusations ont été déposées."),
    (Facts(FIRST, LAST, open=True, services=n(46), met=between(196, 205), offered=between(11, 13)),
     "Since 10 October 2017, 46 services took part and met between 196 and 205 persons. Between 11 and 13 were offered "
     "support.",
     "Depuis le 10 octobre 2017, 46 services ont rencontré entre 196 et 205 personnes. Entre 11 et 13 d’entre elles "
     "se sont vu offrir du soutien."),
    (Facts(services=n(1234), met=n(1234567), charged=most(12), charges=least(2)),
     "1,234 services took part and met 1,234,567 persons. At most 12 persons were charged; at least 2 charges were "
     "laid.",
     "1\u202f234 services ont rencontré 1\u202f234\u202f567 personnes. Au plus 12 personnes ont été accusées; au moins "
     "2 accusations ont été déposées."),
    (Facts(met=n(1)), "One person was met.", "Une personne a été rencontrée."),
    (Facts(met=least(2)), "At least 2 persons were met.", "Au moins 2 personnes ont été rencontrées."),
    (Facts(services=n(46)), "46 services took part.", "46 services ont participé."),
    (Facts(offered=between(3, 5)), "Between 3 and 5 persons were offered support.",
     "Entre 3 et 5 personnes se sont vu offrir du soutien."),
    (Facts(offered=n(3), accepted=n(0)), "3 persons were offered support; nobody accepted it.",
     "Du soutien a été offert à 3 personnes; personne ne l’a accepté."),
    (Facts(accepted=n(1)), "One person accepted support.", "Une personne a accepté du soutien."),
    (Facts(accepted=n(0)), "Nobody accepted support.", "Personne n’a accepté de soutien."),
    (Facts(charges=between(1, 3)), "Between 1 and 3 charges were laid.", "Entre 1 et 3 accusations ont été déposées."),
    (Facts(charges=most(1)), "At most one charge was laid.", "Au plus une accusation a été déposée."),
    (Facts(charges=n(0)), "No charge was laid.", "Aucune accusation n’a été déposée."),
    (Facts(charged=n(0), charges=n(2)), "Nobody was charged; 2 charges were laid.",
     "Personne n’a été accusé; 2 accusations ont été déposées."),
    # What fewer services told than are in says so, or it would be taken for a figure of all.
    (Facts(FIRST, LAST, services=n(46), met=n(198), offered=some(13, 5), accepted=some(11, 5), made_safe=some(0, 5),
           charged=n(12), charges=n(21), missing=0, told=(46, 46)),
     "From 10 to 16 October 2017, 46 services took part and met 198 persons. In 5 of 46 services, 13 were offered "
     "support; 11 accepted it. In 5 of 46 services, nobody was made safe. 12 persons were charged; 21 charges were "
     "laid.",
     "Du 10 au 16 octobre 2017, 46 services ont rencontré 198 personnes. Dans 5 services sur 46, du soutien a été "
     "offert à 13 d’entre elles; 11 l’ont accepté. Dans 5 services sur 46, personne n’a été mis en sécurité. 12 "
     "personnes ont été accusées; 21 accusations ont été déposées."),
    (Facts(FIRST, LAST, services=n(46), met=some(120, 30), offered=some(13, 5), accepted=some(11, 1), told=(46, 46)),
     "From 10 to 16 October 2017, 46 services took part. In 30 of 46 services, 120 persons were met. In 5 of 46 "
     "services, 13 were offered support. In 1 of 46 services, 11 persons accepted support.",
     "Du 10 au 16 octobre 2017, 46 services ont participé. Dans 30 services sur 46, 120 personnes ont été rencontrées. "
     "Dans 5 services sur 46, du soutien a été offert à 13 d’entre elles. Dans 1 service sur 46, 11 personnes ont "
     "accepté du soutien."),
    (Facts(services=n(46), met=some(198, 44), offered=some(176, 44), accepted=some(118, 44), missing=2, told=(44, 46)),
     "46 services took part and met 198 persons. 176 were offered support; 118 accepted it. Figures of 2 services are "
     "still to come.",
     "46 services ont rencontré 198 personnes. Du soutien a été offert à 176 d’entre elles; 118 l’ont accepté. Les "
     "chiffres de 2 services sont encore à venir."),
    (Facts(met=n(198, Bound.PARTIAL), missing=2),
     "By what is known so far, 198 persons were met. Figures of 2 services are still to come.",
     "Selon ce qui est connu, 198 personnes ont été rencontrées. Les chiffres de 2 services sont encore à venir."),
    (Facts(met=between(13, 13)), "13 persons were met.", "13 personnes ont été rencontrées."),
    # Not known, below nothing, “at least 0”: nothing is said, and nothing is guessed.
    (Facts(FIRST, LAST, met=n(-2), made_safe=least(0), charged=n(None, Bound.UNKNOWN)), "", ""),
    (Facts(FIRST, LAST), "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "english", "french"), TABLE)
def test_the_sentences_word_for_word(facts, english, french):
    assert text(facts, "en") == english
    assert text(facts, "fr") == french


NUMBERS = st.builds(
    Number,
    st.one_of(st.none(), st.integers(-3, 4), st.integers(0, 20_000)),
    st.sampled_from(list(Bound)),
    st.one_of(st.none(), st.integers(0, 5)),
    st.one_of(st.none(), st.tuples(st.integers(2, 5), st.integers(5, 7))),
)
DAYS = st.one_of(st.none(), st.dates(dt.date(2014, 1, 1), dt.date(2030, 1, 1)))
TOLD = st.one_of(st.none(), st.tuples(st.integers(2, 5), st.integers(5, 7)))
FACTS = st.builds(Facts, DAYS, DAYS, st.booleans(), *[NUMBERS] * 7, st.one_of(st.none(), st.integers(-1, 400)), TOLD)


def said_numbers(words: str) -> set[int]:
    return {int(re.sub(r"\D", "", found)) for found in re.findall(r"\d[\d,\u202f]*", words)}


@given(FACTS)
@settings(deadline=None)
def test_any_facts_give_whole_sentences_that_say_no_number_that_is_not_theirs(facts):
    given_ = [facts.services, facts.met, facts.offered, facts.accepted, facts.made_safe, facts.charged, facts.charges]
    known = {number.value for number in given_} | {number.least for number in given_} | {facts.missing}
    days = {part for day in (facts.first, facts.last) if day for part in (day.day, day.year)}
    known |= {part for number in given_ for part in number.told or ()}
    made = {language: sentences(facts, language) for language in ("en", "fr")}
    assert len(made["en"]) == len(made["fr"])
    for language, parts in made.items():
        for said in parts:
            assert said.endswith(".") and not said[0].islower() and "%" not in said and "None" not in said
            assert "  " not in said and ";." not in said and "-" not in said
            assert said_numbers(said) <= known | days, (language, said)
            assert language == "en" or not re.search(r"\b1 (?!\w+ 20)personne|\b0 ", said)


@given(FACTS)
@settings(deadline=None)
def test_what_is_not_known_is_not_said(facts):
    if not facts.made_safe.known:
        assert not any("safe" in said for said in sentences(facts, "en"))
    if not facts.charges.known:
        assert not any("laid" in said for said in sentences(facts, "en"))
    if not (facts.offered.known or facts.accepted.known):
        assert not any("support" in said for said in sentences(facts, "en"))
    if not (facts.services.known or facts.met.known):
        assert not any("met" in said or "took part" in said for said in sentences(facts, "en"))
