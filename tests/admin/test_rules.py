"""Rules of accounts and lists on plain values."""

import datetime as dt

import pytest

from outreach.admin.rules import Wording, code_of, dates_finding, grant_findings
from outreach.auth.passwords import findings
from outreach.vocab import Role


@pytest.mark.parametrize("role", [Role.SERVICE_COORDINATOR, Role.FIELD_OFFICER, Role.LIAISON])
def test_roles_of_a_service_need_one(role):
    assert [f.where for f in grant_findings(role, None)] == ["service"]
    assert grant_findings(role, 3) == []


def test_an_administrator_has_no_service():
    assert [f.where for f in grant_findings(Role.ADMINISTRATOR, 3)] == ["service"]
    assert grant_findings(Role.ADMINISTRATOR, None) == []


def test_codes_are_plain_letters_of_the_english_label():
    assert code_of("Safety plan") == "safety_plan"
    assert code_of("  Élan – “north”! ") == "elan_north"
    assert code_of("¡!") == ""
    assert len(code_of("x" * 99)) == 40


def test_wording_needs_both_languages():
    assert [f.where for f in Wording(" ", "").findings("label")] == ["label_en", "label_fr"]
    assert Wording("a", "b").findings("label") == []


def test_an_end_on_or_before_the_beginning_is_refused():
    day = dt.date(2020, 1, 1)
    assert dates_finding(day, day, "x") and not dates_finding(day, None, "x")
    assert not dates_finding(None, day, "x") and not dates_finding(day, day + dt.timedelta(days=1), "x")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "éléphant kiwi tambour neige", "Zq8#vL2!mR5@xT9", "w" + "9f" * 3 + "kpzrb4xnqt"],
)
def test_long_passwords_that_nobody_would_try_are_taken(password):
    assert findings(password, "Nadia Roy", "nadia@example.org") == []


@pytest.mark.parametrize(
    "password",
    ["qwertyuiopasdfgh", "123456789012345", "motdepassemotdepasse", "nadia roy nadia roy", "abcdefghijklmnopqrst"],
)
def test_what_anybody_would_try_first_is_refused(password):
    assert [f.where for f in findings(password, "Nadia Roy", "nadia@example.org")] == ["password"]
