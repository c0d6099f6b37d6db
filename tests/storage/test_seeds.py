"""The lists that a site starts with, and asking them for a day."""

import datetime as dt
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from outreach import assets
from outreach.storage import db, writing
from outreach.storage.queries import lists
from outreach.storage.seeds import CRIMINAL_CODE, LISTS, seed
from outreach.storage.tables import ListItem, Offence, RegionSetting


@pytest.mark.any_database
def test_a_new_site_has_its_lists_and_seeding_again_adds_and_changes_nothing(app):
    with writing():
        db.session.query(ListItem).filter_by(list_name="needs", code="shelter").update({"label_en": "A safe bed"})
    before = [db.session.query(table).count() for table in (ListItem, Offence, RegionSetting)]
    assert before[1] == len(CRIMINAL_CODE) and before[2] == 4
    with writing():
        seed()
    assert [db.session.query(table).count() for table in (ListItem, Offence, RegionSetting)] == before
    assert lists.choices("needs", "en")[0] == ("shelter", "A safe bed")


def test_lists_start_in_the_order_and_the_words_of_the_closed_lists_in_both_languages(app):
    with Path(assets.translations() / "fr" / "vocab.po").open("rb") as file:
        french = {message.id: message.string for message in read_po(file, locale="fr")}
    for name, (vocabulary, _) in LISTS.items():
        assert lists.choices(name, "en") == [(item.value, item.label) for item in vocabulary]
        assert lists.choices(name, "fr") == [(item.value, french[item.label]) for item in vocabulary]


def test_a_retired_choice_is_offered_no_more_but_stood_on_its_days_and_keeps_its_label(app):
    with writing():
        db.session.query(ListItem).filter_by(list_name="needs", code="income").update({"used_to": dt.date(2020, 1, 1)})
    assert "income" not in dict(lists.choices("needs", "en"))
    assert "income" in dict(lists.choices("needs", "en", dt.date(2019, 12, 31)))
    assert "income" not in dict(lists.choices("needs", "en", dt.date(2020, 1, 1)))
    assert lists.labels("needs", "fr")["income"] == "Revenu"


def test_procuring_is_section_212_until_december_2014_and_286_3_from_then_on(app):
    before, after = (dict(lists.offences(day, "en")) for day in (dt.date(2014, 12, 5), dt.date(2014, 12, 6)))
    assert {"cc-212", "cc-210"} <= set(before) and "cc-286.3(1)" not in before
    assert "cc-286.3(1)" in after and not {"cc-212", "cc-210"} & set(after)
    assert dict(lists.offences(None, "fr"))["cc-279.01"] == "279.01 Traite des personnes"
    assert all(len(row[1]) <= 200 and len(row[2]) <= 200 for row in CRIMINAL_CODE)


def test_the_duty_to_report_text_is_the_regions_own_or_the_general_one(app):
    assert "section 125" in lists.duty_to_report("Ontario", "en")
    assert lists.duty_to_report("Yukon", "fr").startswith("Cette personne")
