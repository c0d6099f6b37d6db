"""Charges by offence as figures: they make the charges, give no small number away, stand in an order of their own."""

from __future__ import annotations

from outreach.rollup.attack import attack
from outreach.rollup.measures import measure
from outreach.rollup.offences import by_section, code_of, offence_figures, offence_of
from outreach.rollup.protection import Key, Policy, Told, Why
from outreach.rollup.suppression import protect
from outreach.rollup.totals import total
from tests.golden.operation import golden

OFFENCES = {"cc-279.01": (7, 9), "cc-286.2(1)": (6, 8), "cc-286.3(1)": (2, 3), "~told": (None, 6)}
"""Persons and charges."""


def key(code: str) -> Key:
    return (code, None, None)


def the_release() -> dict[Key, int]:
    out = {key("charges"): 26, key("persons_charged"): 13}
    for offence, (persons, charges) in OFFENCES.items():
        out[key(code_of("charges", offence))] = charges
        if persons is not None:
            out[key(code_of("persons_charged", offence))] = persons
    return out


def test_the_lines_make_the_charges_and_what_nobody_gave_an_offence_is_the_rest() -> None:
    found = {figure.measure: figure.value for figure in offence_figures(golden())}
    assert found == {
        "charges@267": 1, "persons_charged@267": 1, "charges@279.01": 2, "persons_charged@279.01": 1,
        "charges@~told": total(golden(), measure("charges")).value - 3}
    assert all(figure.key == {} for figure in offence_figures(golden()))


def test_lines_stand_in_the_order_of_sections_and_never_of_numbers() -> None:
    assert by_section(["~told", "cc-286.1(1)", "cc-279.011", "cc-279.01", "cc-99", "~hand", "cc-²"]) == [
        "cc-99", "cc-279.01", "cc-279.011", "cc-286.1(1)", "cc-²", "~hand", "~told"]
    assert offence_of("charges") is None and offence_of("charges@~told") == "~told"


def test_a_small_offence_takes_another_with_it_because_all_of_them_make_the_charges() -> None:
    true, small = the_release(), {key("charges@cc-286.3(1)"), key("persons_charged@cc-286.3(1)")}
    alone = Told(1, true, dict.fromkeys(small, Why.SMALL))
    assert {leak.key for leak in attack([alone]).leaks} >= {key("charges@cc-286.3(1)")}
    told = protect(true, Policy(), version=1)
    assert set(told.hidden) > small and key("charges") not in told.hidden
    assert attack([told]).safe


def test_nobody_learns_how_few_were_charged_with_something_else() -> None:
    """13 persons charged, 12 of them with one offence: one was not. Both cannot stand there."""
    true = {key("persons_charged"): 13, key("persons_charged@a"): 12, key("persons_charged@b"): 7}
    assert {leak.key for leak in attack([Told(1, true)]).leaks} == {key("persons_charged@a")}
    told = protect(true, Policy(), version=1)
    assert told.hidden and attack([told]).safe


def test_who_has_charges_is_a_person_and_no_person_is_without_one() -> None:
    """Six charges of an offence: not nobody, and no more than six, whatever is printed of persons."""
    true = {key("charges@a"): 1, key("persons_charged@a"): 1, key("charges@b"): 30, key("persons_charged@b"): 9,
            key("charges"): 31, key("persons_charged"): 10}
    told = protect(true, Policy(), version=1)
    assert {key("charges@a"), key("persons_charged@a")} < set(told.hidden)
    assert attack([told]).safe
