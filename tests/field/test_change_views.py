"""Changing and withdrawing as the phone's script posts them: the same, with an answer that a portal cannot give."""

from __future__ import annotations

import pytest

from outreach.field.commands import log_contact
from outreach.storage import writing
from outreach.storage.queries import contacts
from tests.conftest import token_of
from tests.field.factories import a_night, actor_of, an_entry

JSON = {"Accept": "application/json"}


@pytest.fixture
def night(app):
    return a_night(code="NIGHT")


@pytest.fixture
def contact(night):
    entry = an_entry()
    with writing():
        log_contact(actor_of(night.officer), night.place, entry)
    return entry.uid


def sent(client, url, **fields):
    return client.post(url, data={**fields, "csrf_token": token_of(client.get("/account"))}, headers=JSON)


FIELDS = {"version": "1", "result": "no_answer", "met_at": "2017-10-16 21:38", "municipality": "LaSalle"}


def test_what_is_done_says_where_to_go_on_and_tells_it_there(night, contact, signed_in):
    client = signed_in(night.officer)
    answer = sent(client, f"/field/contacts/{contact}/edit", **FIELDS)
    assert answer.status_code == 200 and answer.get_json() == {"go": f"/field/contacts/{contact}"}
    assert "The change is saved" in client.get(answer.get_json()["go"]).text
    undone = sent(client, f"/field/contacts/{contact}/withdraw", version="2", **{"from": "shift"})
    assert undone.get_json() == {"go": "/field"}
    assert contacts.contact_record(contact).version.withdrawn


def test_what_is_wrong_and_what_was_changed_meanwhile_come_as_the_page_itself(night, contact, signed_in):
    client = signed_in(night.officer)
    wrong = sent(client, f"/field/contacts/{contact}/edit", **FIELDS | {"met_at": "then"})
    assert wrong.status_code == 422 and wrong.mimetype == "text/html"
    late = sent(client, f"/field/contacts/{contact}/edit", **FIELDS | {"version": "7"})
    assert late.status_code == 409 and "What stands now" in late.text
    assert f'data-correct="correction" data-contact="{contact}" data-team="{night.team.uid}"' in late.text


def test_a_refusal_is_said_in_words_and_a_stranger_learns_nothing(night, contact, signed_in):
    client = signed_in(night.officer)
    changed = sent(client, f"/field/contacts/{contact}/withdraw", version="9")
    assert changed.status_code == 409 and changed.get_json()["fix"]
    stranger = signed_in(a_night(code="ELSEWHERE").officer)
    answer = sent(stranger, f"/field/contacts/{contact}/edit", **FIELDS)
    assert answer.status_code == 404 and answer.get_json()["code"] == "not_found"


def test_the_pages_mark_their_forms_for_the_phone_and_name_nobody(night, contact, signed_in):
    client = signed_in(night.officer)
    for path in ("/field", f"/field/contacts/{contact}", f"/field/contacts/{contact}/edit"):
        page = client.get(path).text
        assert f'data-contact="{contact}" data-team="{night.team.uid}" data-owner="' in page
        assert page.count('id="correct-words"') == 1 and "/correct.js" in page
        owner = page.split('data-owner="')[1].split('"')[0]
        assert owner and night.officer.name not in owner
