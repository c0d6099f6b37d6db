"""The screens of a contact without script, as a thumb meets them."""

import re

import pytest

from outreach.field import rules
from outreach.storage import db, writing
from outreach.storage.tables import (
    AuditEntry,
    Contact,
    ContactDraft,
    ContactVersion,
    Meeting,
    Operation,
    Person,
    Referral,
)
from outreach.storage.types import new_uid
from outreach.vocab import OperationStatus, Role
from tests.conftest import token_of
from tests.factories import a_participation, a_service, a_team, a_user
from tests.field.factories import a_night, a_person, an_entry, form_of


class Thumb:
    """A phone without script: follows redirects, presses buttons that are on the page, counts the taps."""

    def __init__(self, client, path="/field"):
        self.client, self.taps = client, 0
        self.page = client.get(path)
        assert self.page.status_code == 200

    def _fields(self, form):
        fields = {}
        for tag in re.findall(r"<input[^>]*>", form):
            name = re.search(r'\bname="([^"]*)"', tag)
            kind = re.search(r'\btype="([^"]*)"', tag)
            value = re.search(r'\bvalue="([^"]*)"', tag)
            if name and (not kind or kind[1] not in ("checkbox", "radio") or "checked" in tag):
                fields.setdefault(name[1], []).append(value[1] if value else "")
        for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
            chosen = re.search(r'<option selected[^>]*value="([^"]*)"', body) or re.search(r'value="([^"]*)"', body)
            fields[name] = [chosen[1]]
        for name, body in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
            fields[name] = [body.strip()]
        return fields

    def tap(self, label, **typed):
        """Press the submit button that says ``label``."""
        self.taps += 1
        wanted = (
            r"<button(?![^>]*aria-hidden)[^>]*>(?:(?!</button>).)*?"
            + re.escape(label)
            + r"(?:(?!</button>).)*</button>"
        )
        outside = re.search(wanted, self.page.text, re.S)
        assert outside, f"no button {label!r}"
        button = outside[0]
        form_id = re.search(r'\bform="([^"]*)"', button)
        for form in re.findall(r"<form.*?</form>", self.page.text, re.S):
            if (form_id and f'id="{form_id[1]}"' in form.split(">")[0]) or (not form_id and button in form):
                break
        else:
            raise AssertionError(f"{label!r} stands in no form")
        fields = self._fields(form)
        name, value = (re.search(rf'\b{a}="([^"]*)"', button.split(">")[0]) for a in ("name", "value"))
        if name:
            fields[name[1]] = [value[1]]
        fields |= {key.replace("__", "-"): value for key, value in typed.items()}
        action = re.search(r'formaction="([^"]*)"', button) or re.search(r'action="([^"]*)"', form)
        answer = self.client.post(action[1], data=fields)
        if answer.status_code == 303:
            self.page = self.client.get(answer.location)
            if self.page.status_code == 303:
                self.page = self.client.get(self.page.location)
        else:
            self.page = answer
        return self.page

    def title(self):
        return re.search(r"<h1[^>]*>(.*?)</h1>", self.page.text, re.S)[1].strip()


def bodies(answers):
    """What the pages say, without the one-time part of their tokens."""
    return {re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text) for answer in answers}


def all_of(table):
    db.session.expire_all()
    return db.session.query(table).order_by(table.id).all()


@pytest.fixture
def night(app):
    return a_night()


@pytest.fixture
def phone(night, signed_in):
    return Thumb(signed_in(night.officer))


def test_one_person_who_accepts_takes_eight_taps(night, phone):
    for label in (
        "Log a contact",
        "Met one person",
        "25–34",
        "Woman or girl",
        "Yes, accepted",
        "They will call",
        "Not urgent",
    ):
        phone.tap(label)
    assert phone.title() == "Check, then save"
    shown = re.search(r'class="ticket__code"[^>]*>([^<]+)<', phone.page.text)[1]
    phone.tap("Save")
    assert phone.taps == 8
    assert phone.title() == "Contact saved" and shown in phone.page.text
    (meeting,) = all_of(Meeting)
    assert (meeting.age_believed, meeting.gender_believed, meeting.answer) == ("25_34", "woman_girl", "accepted")
    assert meeting.agreed_record_at and meeting.agreed_refer_at
    assert len(all_of(Referral)) == 1 and db.session.query(ContactDraft).count() == 0


@pytest.mark.parametrize("answer", ["No, declined", "Not decided yet", "Not offered", "Not known"])
def test_without_acceptance_the_card_comes_after_support(phone, answer):
    for label in ("Log a contact", "Met one person", "18", "Man or boy", answer):
        phone.tap(label)
    assert phone.title() == "Check, then save"
    phone.tap("Save")
    assert phone.taps == 6 and all_of(Referral) == []


@pytest.mark.parametrize("result", ["No answer", "Nobody there", "Left before we spoke"])
def test_nobody_met_takes_three_taps(phone, result):
    for label in ("Log a contact", result, "Save"):
        phone.tap(label)
    assert phone.taps == 3 and all_of(Person) == [] and len(all_of(Contact)) == 1


def test_every_question_about_a_person_has_not_known(phone):
    for label in ("Log a contact", "Met one person", "Not known", "Not known", "Not known"):
        phone.tap(label)
    assert phone.title() == "Check, then save"


def test_under_18_shows_the_duty_card_of_the_region(phone):
    phone.tap("Log a contact")
    phone.tap("Met one person")
    phone.tap("16–17")
    assert phone.title() == "Under 18: your duty to report"
    phone.tap("I have read this")
    assert phone.title() == "What is their gender?"


def test_several_persons_are_asked_one_after_the_other(phone):
    phone.tap("Log a contact")
    phone.tap("Met several")
    phone.tap(">2<")
    for _ in range(2):
        for label in ("25–34", "Woman or girl", "No, declined"):
            phone.tap(label)
    assert len(re.findall("ticket__code", phone.page.text)) == 2
    phone.tap("Save")
    assert [m.position for m in all_of(Meeting)] == [1, 2] and len({p.code_mark for p in all_of(Person)}) == 2


@pytest.mark.parametrize("count", ["1", "21", "many", ""])
def test_an_impossible_number_of_persons_is_refused_and_kept(phone, count):
    phone.tap("Log a contact")
    phone.tap("Met several")
    page = phone.tap("Continue", answer=count)
    assert page.status_code == 422 and "Enter how many persons, 2 to 20." in page.text
    assert "<title>Error:" in page.text and f'value="{count}"' in page.text


def test_the_safe_number_is_asked_once_and_shown_nowhere(phone):
    for label in ("Log a contact", "Met one person", "25–34", "Woman or girl", "Yes, accepted", "A phone that is safe"):
        phone.tap(label)
    assert phone.tap("Continue", answer="12").status_code == 422
    phone.tap("Continue", answer="519-555-0100 after 9")
    phone.tap("Not urgent")
    card = re.sub(r"<input[^>]*>", "", phone.page.text)
    assert "519-555" not in card and "sealed to the agency" in card
    phone.tap("Save")
    assert "519-555" not in phone.page.text and len(all_of(Referral)) == 1


def test_a_phone_call_resumes_the_same_question_and_back_keeps_answers(night, phone, signed_in):
    for label in ("Log a contact", "Met one person", "25–34"):
        phone.tap(label)
    again = signed_in(night.officer)
    shift = again.get("/field")
    link = re.search(r'href="([^"]+)">Continue the contact you began at', shift.text)[1]
    resumed = again.get(again.get(link).location)
    assert "What is their gender?" in resumed.text
    back = again.get(re.search(r'href="([^"]+)"><svg class="icon icon--back"', resumed.text)[1])
    assert re.search(r'value="25_34"[^>]*aria-pressed="true"', back.text)


def test_change_asks_again_keeps_what_is_typed_and_comes_back(phone):
    for label in ("Log a contact", "Met one person", "25–34", "Woman or girl", "No, declined"):
        phone.tap(label)
    phone.tap('Change <span class="visually-hidden">Age band', note="tall", kits="2", municipality="Port Linden")
    assert phone.title() == "How old is the person?"
    phone.tap("35–44")
    assert phone.title() == "Check, then save" and "35–44" in phone.page.text and "Port Linden" in phone.page.text
    phone.tap("Save")
    (version,), (meeting,) = all_of(ContactVersion), all_of(Meeting)
    assert (version.kits, version.municipality, meeting.age_believed) == (2, "Port Linden", "35_44")
    assert version.note_sealed


def test_a_declined_answer_changed_to_accepted_asks_for_the_referral_and_ticks_it(phone):
    for label in ("Log a contact", "Met one person", "25–34", "Woman or girl", "No, declined"):
        phone.tap(label)
    phone.tap('Change <span class="visually-hidden">Support')
    for label in ("Yes, accepted", "The agency is here", "The agency is needed tonight", "Save"):
        phone.tap(label)
    assert len(all_of(Referral)) == 1


def test_the_next_contact_takes_place_and_way_from_the_last_and_says_so(phone):
    phone.tap("Log a contact")
    phone.tap("No answer")
    phone.tap("Save", place_kind="hotel", municipality="Port Linden", approach="tip", met_at="2017-10-16 21:10")
    phone.tap("Log another")
    phone.tap("Nobody there")
    assert "Hotel, Port Linden" in phone.page.text and "from your 21:10 contact" in phone.page.text
    phone.tap("Save")
    assert all_of(ContactVersion)[1].municipality == "Port Linden"


def test_unticking_recorded_keeps_only_the_meeting(phone):
    for label in ("Log a contact", "Met one person", "16–17", "I have read this", "Woman or girl", "No, declined"):
        phone.tap(label)
    phone.tap("Save", agreed__1=[])
    (meeting,), (person,) = all_of(Meeting), all_of(Person)
    assert meeting.age_believed == "not_known" and person.code_sealed is None
    assert "ticket__code" not in phone.page.text


def test_a_mistyped_code_is_refused_at_its_field_with_everything_kept(phone):
    for label in ("Log a contact", "Met one person", "25–34", "Woman or girl", "No, declined"):
        phone.tap(label)
    page = phone.tap("Save", met_before__1="K7QM-4R2Y", note="tall", municipality="Port Linden")
    assert page.status_code == 422 and '<a href="#met_before-1">This is no code of ours' in page.text
    assert "K7QM-4R2Y" in page.text and "Port Linden" in page.text and "tall" in page.text
    assert all_of(Contact) == []
    phone.tap("Save", met_before__1="")
    assert phone.title() == "Contact saved"


def test_a_known_and_an_unknown_code_get_the_same_page(night, phone):
    known = a_person()
    phone.client.post("/field/contacts", data=form_of(night, an_entry(known)) | {"csrf_token": token_of(phone.page)})
    pages = []
    for code in (known.code, rules.make_code()):
        fields = form_of(night, an_entry(a_person(code=""))) | {"met_before-1": code.lower()}
        answer = phone.client.post("/field/contacts", data=fields | {"csrf_token": token_of(phone.page)})
        receipt = phone.client.get(answer.location)
        page = receipt.text
        # The token is read from this very page: asked for again, it may be signed a second later and be another.
        for own in (rules.shown_code(code), answer.location.split("/")[-2], token_of(receipt)):
            page = page.replace(own, "X")
        page = re.sub(r"Sent <b>\d</b>", "", page)
        pages.append(re.sub(r"\d\d:\d\d", "T", page))
    assert pages[0] == pages[1]


# --- the final submission by itself -----------------------------------------------------------------------------------


def send(client, fields, **headers):
    return client.post(
        "/field/contacts", data=fields | {"csrf_token": token_of(client.get("/account"))}, headers=headers
    )


def test_the_same_form_twice_gives_the_same_receipt_and_one_contact(night, phone):
    fields = form_of(night, an_entry(a_person()))
    first, second = (send(phone.client, fields, Accept="application/json") for _ in range(2))
    assert first.status_code == second.status_code == 200 and first.json == second.json
    assert first.json["uid"] == fields["uid"] == first.json["stored_as"]
    assert len(all_of(Contact)) == 1


def test_the_same_uuid_with_other_answers_says_so(night, phone):
    entry = form_of(night, an_entry(a_person()))
    send(phone.client, entry)
    answer = send(phone.client, entry | {"kits": "3"})
    page = phone.client.get(answer.location).text
    assert "This phone had sent this contact before" in page and len(all_of(Contact)) == 2


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("uid", "not-a-uuid", "no valid number"),
        ("uid", "", "no valid number"),
        ("met_at", "yesterday", "Enter when it was"),
        ("result", "abducted", "Choose what happened"),
        ("kits", "-4", "Enter how many kits"),
        ("age-1", "99", "Choose an age band"),
        ("place_kind", "castle", "Choose from the list"),
        ("persons", "0", "Enter how many persons"),
        ("persons", "99999999999999999999", "Enter how many persons"),
        ("note", "x" * 4001, "4000 characters or fewer"),
        ("agency-1", "999999", "Choose a support agency"),
    ],
)
def test_bad_input_is_422_at_its_field_and_nothing_is_saved(night, phone, field, value, says):
    answer = send(phone.client, form_of(night, an_entry(a_person())) | {field: value})
    assert answer.status_code == 422 and says in answer.text
    assert all_of(Contact) == []


def test_control_characters_and_lone_surrogates_are_dropped_and_html_stays_text(night, phone):
    fields = form_of(night, an_entry()) | {"municipality": "Po\x00rt <b>Linden</b>\x1b"}
    send(phone.client, fields)
    assert all_of(ContactVersion)[0].municipality == "Port <b>Linden</b>"
    page = phone.client.get(f"/field/contacts/{fields['uid']}").text
    assert "<b>Linden" not in page and "&lt;b&gt;Linden" in page


def test_a_foreign_team_answers_as_one_that_does_not_exist(night, phone):
    other = a_night()
    fields = form_of(night, an_entry())
    answers = [send(phone.client, fields | {"team": team}) for team in (other.team.uid, new_uid(), "", "x" * 500)]
    assert {a.status_code for a in answers} == {404} and len(bodies(answers)) == 1


def test_without_a_token_or_with_a_closed_operation_nothing_is_saved(night, phone, signed_in):
    assert phone.client.post("/field/contacts", data=form_of(night, an_entry())).status_code == 400
    quiet = a_night(status=OperationStatus.CLOSED)
    assert send(signed_in(quiet.officer), form_of(quiet, an_entry())).status_code == 403
    assert all_of(Contact) == []


def test_a_contact_sent_again_after_closing_leads_to_its_receipt_and_another_one_is_refused(night, phone):
    fields = form_of(night, an_entry(a_person()))
    first = send(phone.client, fields)
    with writing():
        db.session.get(Operation, night.operation.id).status = OperationStatus.CLOSED.value
    again = send(phone.client, fields)
    assert (again.status_code, again.location) == (303, first.location)
    assert send(phone.client, form_of(night, an_entry())).status_code == 403
    assert send(phone.client, fields | {"kits": "3"}).status_code == 403
    assert len(all_of(Contact)) == 1


def test_an_expired_session_in_the_middle_loses_no_answer(night, phone, signed_in):
    from outreach.storage.queries import accounts

    for label in ("Log a contact", "Met one person", "25–34"):
        phone.tap(label)
    with writing():
        accounts.revoke_all_sessions(night.officer.id)
    page = phone.tap("Woman or girl")
    assert page.status_code == 200 and "25–34" not in page.text
    again = Thumb(signed_in(night.officer))
    assert "Continue the contact you began at" in again.page.text


# --- contacts that exist ----------------------------------------------------------------------------------------------


def test_undo_on_my_shift_withdraws_and_keeps_the_record(phone):
    for label in ("Log a contact", "No answer", "Save"):
        phone.tap(label)
    phone.page = phone.client.get("/field")
    phone.tap("Undo")
    assert "Withdrawn" in phone.page.text and phone.title() == "Team 1"
    assert [v.withdrawn for v in all_of(ContactVersion)] == [False, True]


def test_a_foreign_contact_answers_as_one_that_does_not_exist_on_every_address(night, phone, signed_in):
    fields = form_of(night, an_entry(a_person()))
    send(phone.client, fields)
    colleague = a_user(Role.FIELD_OFFICER, night.service)
    strangers = [a_night().officer, a_night().coordinator, a_user(Role.OPERATION_COORDINATOR), colleague]
    for user in strangers:
        client = signed_in(user)
        token = token_of(client.get("/account"))
        for path in ("", "/saved", "/edit"):
            answers = [client.get(f"/field/contacts/{uid}{path}") for uid in (fields["uid"], new_uid(), "nonsense")]
            assert {a.status_code for a in answers} == {404} and len(bodies(answers)) == 1
        for path in ("/edit", "/withdraw"):
            answers = [
                client.post(f"/field/contacts/{uid}{path}", data={"csrf_token": token})
                for uid in (fields["uid"], new_uid())
            ]
            assert {a.status_code for a in answers} == {404} and len(bodies(answers)) == 1


def test_a_foreign_draft_answers_as_one_that_does_not_exist(phone, signed_in):
    phone.tap("Log a contact")
    uid = db.session.query(ContactDraft).one().uid
    client = signed_in(a_night().officer)
    answers = [client.get(f"/field/log/{u}/what") for u in (uid, new_uid())]
    assert {a.status_code for a in answers} == {404} and len(bodies(answers)) == 1


def test_reading_a_contact_and_the_list_is_entered_in_the_journal_and_never_cached(night, phone, signed_in):
    fields = form_of(night, an_entry(a_person()))
    send(phone.client, fields)
    page = phone.client.get(f"/field/contacts/{fields['uid']}")
    assert page.headers["Cache-Control"] == "no-store"
    coordinator = signed_in(night.coordinator)
    page = coordinator.get(f"/operations/{night.operation.code}/services/{night.service.id}/contacts")
    assert page.headers["Cache-Control"] == "no-store" and "Accepted" in page.text
    tags = [tag for (tag,) in db.session.query(AuditEntry.tag)]
    assert tags.count("field.contact.read") == 1 and tags.count("field.contacts.list") == 1


def test_a_change_shows_what_stood_before(night, phone):
    fields = form_of(night, an_entry(a_person()))
    send(phone.client, fields)
    phone.page = phone.client.get(f"/field/contacts/{fields['uid']}/edit")
    page = phone.tap("Save the change", age__1="35_44", kits="4")
    assert "Age band: 25 to 34 → 35 to 44" in page.text and "Kits: 0 → 4" in page.text
    assert all_of(Meeting)[-1].agreed_record_at is not None


def test_a_change_that_came_second_shows_both_and_can_be_saved_then(night, phone, signed_in):
    fields = form_of(night, an_entry(a_person()))
    send(phone.client, fields)
    other = Thumb(signed_in(night.coordinator), f"/field/contacts/{fields['uid']}/edit")
    phone.page = phone.client.get(f"/field/contacts/{fields['uid']}/edit")
    other.tap("Save the change", kits="9")
    page = phone.tap("Save the change", kits="4")
    assert (
        page.status_code == 409 and "What stands now" in page.text and ">9<" in page.text and 'value="4"' in page.text
    )
    phone.tap("Save the change")
    assert [v.kits for v in all_of(ContactVersion)] == [0, 9, 4]


def test_a_change_refused_keeps_what_was_typed(night, phone):
    fields = form_of(night, an_entry(a_person()))
    send(phone.client, fields)
    phone.page = phone.client.get(f"/field/contacts/{fields['uid']}/edit")
    page = phone.tap("Save the change", met_at="soon", municipality="Port Linden")
    assert page.status_code == 422 and "soon" in page.text and "Port Linden" in page.text
    assert len(all_of(ContactVersion)) == 1


def test_the_list_filters_by_what_the_address_says(night, phone, signed_in):
    for day, result in ((16, "no_answer"), (16, "left"), (30, "no_answer")):
        send(phone.client, form_of(night, an_entry(result=result)) | {"met_at": f"2017-10-{day} 21:00"})
    client = signed_in(night.coordinator)
    here = f"/operations/{night.operation.code}/services/{night.service.id}/contacts"

    def found(query):
        return int(re.search(r"(\d+) contacts?</p>", client.get(here + query).text)[1])

    asked = ("", "?day=2017-10-16", "?result=left", "?timing=late", f"?team={night.team.uid}", "?flagged=1", "?day=x")
    assert [found(q) for q in asked] == [3, 2, 1, 1, 3, 0, 3]


def test_the_coordinator_of_the_service_sees_that_contacts_raise_questions(night, phone, signed_in):
    client = signed_in(night.coordinator)
    assert "with a question" not in client.get("/field").text
    person = a_person(code=rules.make_code())
    first = an_entry(person)
    send(phone.client, form_of(night, first))
    send(phone.client, form_of(night, first) | {"kits": "3"})
    send(phone.client, form_of(night, an_entry(person)))
    here = f"/operations/{night.operation.code}/services/{night.service.id}/contacts?flagged=1"
    page = client.get("/field").text
    assert f'href="{here}">2 contacts with a question</a>' in page
    listed = client.get(here).text
    assert "Sent twice" in listed and "Code issued twice" in listed
    assert "with a question" not in phone.client.get("/field").text


def test_the_list_of_another_service_is_not_found(night, signed_in):
    other = a_night(night.operation)
    client = signed_in(other.coordinator)
    foreign = client.get(f"/operations/{night.operation.code}/services/{night.service.id}/contacts")
    nothing = client.get(f"/operations/{night.operation.code}/services/99999/contacts")
    assert foreign.status_code == 404 and len(bodies([foreign, nothing])) == 1


def test_my_shift_without_a_team_says_whom_to_call(app, signed_in):
    page = signed_in(a_user(Role.FIELD_OFFICER, a_service())).get("/field")
    assert "Call your coordinator" in page.text and "Log a contact" not in page.text


def test_an_officer_of_two_teams_chooses(night, phone):
    a_team(a_participation(night.operation, a_service()), name="Elsewhere")
    second = a_team(night.participation, name="Second")
    from outreach.storage.tables import Staff, TeamMember
    from outreach.storage.types import utc_now

    with writing():
        staff = db.session.query(Staff).one()
        db.session.add(TeamMember(team_id=second.id, staff_id=staff.id, category="police", recorded_at=utc_now()))
    page = phone.client.get(f"/field?team={second.uid}")
    assert "Elsewhere" not in page.text and "Team 1" in page.text and f'name="team" value="{second.uid}"' in page.text


def test_hide_shows_nothing_of_the_work(phone):
    page = phone.client.get("/field/hidden").text
    assert "Team" not in page and "contact" not in page.lower()
