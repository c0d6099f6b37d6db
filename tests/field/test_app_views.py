"""The field app's shell: the same for everybody who reads the same language, so that a phone may keep it."""

from __future__ import annotations

import re

from outreach.field import forms, rules
from outreach.storage import writing
from outreach.vocab import Role
from tests.factories import a_user
from tests.field.factories import a_night


def shell(client):
    answer = client.get("/field/app")
    assert answer.status_code == 200
    return answer


def test_the_shell_is_byte_for_byte_the_same_for_two_persons_of_two_services(night, signed_in):
    with writing():
        other = a_night(code="OTHER-NIGHT")
    assert shell(signed_in(night.officer)).data == shell(signed_in(other.coordinator)).data


def test_nothing_of_a_person_a_team_or_a_session_stands_in_it(night, signed_in):
    text = shell(signed_in(night.officer)).text
    secrets = (night.officer.name, night.officer.email, night.team.uid, night.operation.code, night.service.name)
    assert not [secret for secret in (*secrets, "csrf") if secret in text]


def test_it_may_be_kept_by_the_worker_and_is_asked_for_again(night, signed_in):
    assert shell(signed_in(night.officer)).headers["Cache-Control"] == "private, no-cache"


def test_every_question_is_a_template_with_the_buttons_of_the_servers_page(night, signed_in):
    client = signed_in(night.officer)
    page = client.get("/field").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    begun = client.post("/field/log", data={"team": night.team.uid, "csrf_token": token})
    asked = client.get(begun.location).text
    buttons = re.compile(r'<div class="answers".*?</div>', re.DOTALL)
    assert buttons.search(asked)[0] in shell(client).text
    for kind, (_words, _hint, answers) in forms.QUESTIONS.items():
        part = shell(client).text.split(f'<template id="q-{kind}">')[1].split("</template>")[0]
        assert re.findall(r'name="answer" value="(\w+)"', part) == list(answers)


def test_it_speaks_the_readers_language(night, signed_in):
    client = signed_in(night.officer)
    with client.session_transaction() as session:
        session["lang"] = "fr"
    assert "Enregistrer sur ce téléphone" in shell(client).text


def test_who_has_no_field_work_is_not_given_it(night, signed_in):
    with writing():
        liaison = a_user(Role.LIAISON, night.agency)
    assert signed_in(liaison).get("/field/app").status_code == 403


def test_who_is_not_signed_in_is_sent_to_sign_in(night, client):
    assert client.get("/field/app").status_code == 303


def test_limits_stand_in_the_words_as_the_rules_have_them(night, signed_in):
    text = shell(signed_in(night.officer)).text
    for most in (rules.MOST_PERSONS, rules.MOST_KITS, rules.LONGEST_NOTE):
        assert str(most) in text.split('<template id="words">')[1]
