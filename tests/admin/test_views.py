"""Pages of the administration as an administrator and others see them."""

import datetime as dt
import re

import pytest
import time_machine

from outreach.app import create_app
from outreach.storage import db, writing
from outreach.storage.queries import accounts
from outreach.storage.tables import AccountLink, AuditEntry, Grant, KeptForm, ListItem, Offence, SessionRecord, User
from outreach.vocab import Role
from tests.conftest import settings, token_of
from tests.factories import PASSWORD, a_service, a_user, an_operation

NEW = "violet kettle orbit sandwich"
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def admin(signed_in):
    return signed_in(a_user(Role.ADMINISTRATOR))


def link_on(page):
    return re.search(r"(/welcome/[\w-]+)", page.text).group(1)


def tags(user=None):
    query = db.session.query(AuditEntry.tag).order_by(AuditEntry.id)
    if user is not None:
        query = query.filter_by(kind="user", object_id=str(user.id))
    return [tag for (tag,) in query]


def invite(client, post, **more):
    data = {"name": "Nadia Roy", "email": "Nadia.Roy@example.org", "role": "analyst", "service": "", "operation": ""}
    return post(client, "/people/new", {**data, **more}, page="/people/new")


def set_password(client, address, password=NEW):
    return client.post(address, data={"password": password, "csrf_token": token_of(client.get(address))})


# --- invitations and links


def test_an_invited_person_sets_a_password_once_and_signs_in(app, admin, post, client):
    page = invite(admin, post)
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    address = link_on(page)
    shown = client.get(address)
    assert "Nadia Roy" in shown.text and shown.headers["Cache-Control"] == "no-store"
    answer = set_password(client, address)
    assert answer.status_code == 303 and answer.headers["Location"] == "/sign-in"
    user = accounts.by_email("nadia.roy@example.org")
    assert tags(user) == [
        "admin.user.add",
        "admin.grant.add",
        "account.link.make",
        "account.link.use",
        "account.password.set",
    ]
    page = client.get("/sign-in")
    assert "Your password is set" in page.text
    answer = client.post("/sign-in", data={"email": user.email, "password": NEW, "csrf_token": token_of(page)})
    assert answer.status_code in (302, 303)
    assert db.session.query(AccountLink.token_hash).scalar() not in address


def test_unknown_used_expired_and_disabled_links_get_one_answer(app, post):
    def bare(page):
        return page.status_code, re.sub(r'value="[^"]{40,}"', "", page.text)

    unknown = bare(app.test_client().get("/welcome/nobody-made-this"))
    assert unknown[0] == 404
    with time_machine.travel(NOON, tick=False) as clock:
        client = app.test_client()
        used = link_on(_invited(app, post, "a@example.org"))
        set_password(client, used)
        assert bare(app.test_client().get(used)) == unknown
        disabled = link_on(_invited(app, post, "b@example.org"))
        with writing():
            accounts.by_email("b@example.org").active = False
        assert bare(app.test_client().get(disabled)) == unknown
        expired = link_on(_invited(app, post, "c@example.org"))
        form = app.test_client()
        token = token_of(form.get(expired))
        clock.shift(dt.timedelta(hours=72, seconds=1))
        assert bare(app.test_client().get(expired)) == unknown
        late = form.post(expired, data={"password": NEW, "csrf_token": token})
        assert bare(late) == unknown


def _invited(app, post, email):
    user = a_user(Role.ADMINISTRATOR)
    client = app.test_client()
    page = client.get("/sign-in")
    client.post("/sign-in", data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)})
    return invite(client, post, email=email)


def test_a_reset_link_works_for_an_hour_and_ends_every_session(app, admin, signed_in, post):
    user = a_user(Role.ANALYST)
    phone = signed_in(user)
    address = link_on(post(admin, f"/people/{user.id}/link", page=f"/people/{user.id}"))
    ends = db.session.query(AccountLink).filter_by(user_id=user.id).one()
    assert abs(ends.ends_at - ends.created_at - dt.timedelta(hours=1)) < dt.timedelta(seconds=1)
    assert ends.purpose == "reset"
    assert set_password(app.test_client(), address).status_code == 303
    assert phone.get("/account").status_code == 303


def test_a_new_link_ends_the_earlier_one(app, admin, post, client):
    first = link_on(invite(admin, post))
    user = accounts.by_email("nadia.roy@example.org")
    second = link_on(post(admin, f"/people/{user.id}/link", page=f"/people/{user.id}"))
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "use 15 to 128"),
        ("x" * 129, "use 15 to 128"),
        ("passwordpassword", "easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("nadia.roy@example.org", "easy to guess"),
        ("outreach outreach outreach", "easy to guess"),
        ("", "Enter a password"),
    ],
)
def test_a_weak_password_is_refused_at_its_field_and_the_link_still_works(app, admin, post, client, password, words):
    address = link_on(invite(admin, post))
    answer = set_password(client, address, password)
    assert answer.status_code == 422 and words in answer.text
    assert accounts.by_email("nadia.roy@example.org").password is None
    assert set_password(client, address).status_code == 303


def test_a_password_of_128_characters_with_spaces_around_it_signs_in_as_typed(app, admin, post, client):
    address = link_on(invite(admin, post))
    password = " " + "violet kettle orbit sandwich é " * 4
    assert set_password(client, address, password).status_code == 303
    page = client.get("/sign-in")
    data = {"email": "nadia.roy@example.org", "password": password, "csrf_token": token_of(page)}
    assert client.post("/sign-in", data=data).status_code in (302, 303)


def test_an_address_that_has_an_account_is_refused_and_what_was_typed_is_kept(app, admin, post):
    a_user()
    existing = db.session.query(User.email).order_by(User.id.desc()).first()[0]
    answer = invite(admin, post, email=existing.upper())
    assert answer.status_code == 422
    assert "has an account already" in answer.text and "Nadia Roy" in answer.text


def test_a_role_that_belongs_to_a_service_needs_one(app, admin, post):
    answer = invite(admin, post, role="field_officer")
    assert answer.status_code == 422 and "name the service" in answer.text
    assert accounts.by_email("nadia.roy@example.org") is None


def test_a_new_account_starts_in_the_language_of_its_first_page(app, admin, post):
    address = link_on(invite(admin, post))
    french = app.test_client()
    page = french.get(address, headers={"Accept-Language": "fr"})
    data = {"password": NEW, "csrf_token": token_of(page)}
    assert "Choisissez un mot de passe" in page.text
    assert french.post(address, data=data, headers={"Accept-Language": "fr"}).status_code == 303
    assert accounts.by_email("nadia.roy@example.org").language == "fr"


def test_an_invitation_is_french_for_who_reads_french(app, admin, post):
    post(admin, "/language", {"lang": "fr"})
    assert "Inviter une personne" in admin.get("/people").text


# --- one account


def test_roles_are_added_and_removed_and_journalled(app, admin, post):
    user, service, operation = a_user(Role.ANALYST), a_service("Fox River Police"), an_operation()
    page = f"/people/{user.id}"
    data = {"role": "service_coordinator", "service": str(service.id), "operation": str(operation.id)}
    assert post(admin, f"{page}/grants", data, page=page).status_code == 303
    assert "Fox River Police" in admin.get(page).text
    grant = db.session.query(Grant).filter_by(user_id=user.id, role="service_coordinator").one()
    assert post(admin, f"{page}/grants/{grant.id}/remove", page=page).status_code == 303
    assert tags(user) == ["admin.grant.add", "admin.grant.remove"]


def test_a_role_of_somebody_else_is_not_found(app, admin, post):
    one, other = a_user(Role.ANALYST), a_user(Role.ANALYST)
    address = f"/people/{one.id}/grants/{other.roles[0].id}/remove"
    assert post(admin, address, page=f"/people/{one.id}").status_code == 404


def test_a_disabled_person_is_out_at_once_and_can_come_back(app, admin, signed_in, post):
    user = a_user(Role.ANALYST)
    phone = signed_in(user)
    page = f"/people/{user.id}"
    assert post(admin, f"{page}/disable", page=page).status_code == 303
    assert phone.get("/account").status_code == 303
    assert post(admin, f"{page}/link", page=page).status_code == 422
    assert post(admin, f"{page}/enable", page=page).status_code == 303
    assert signed_in(user).get("/account").status_code == 200
    assert tags(user).count("admin.user.disable") == tags(user).count("admin.user.enable") == 1


def test_the_last_administrator_stays(app, admin, post):
    (me,) = db.session.query(User).all()
    page = f"/people/{me.id}"
    for address in (f"{page}/disable", f"{page}/grants/{me.roles[0].id}/remove"):
        answer = post(admin, address, page=page)
        assert answer.status_code == 422 and "last administrator" in answer.text
    db.session.expire_all()
    assert me.active and me.roles


def test_sign_out_everywhere_by_the_administrator_ends_every_session(app, admin, signed_in, post):
    user = a_user(Role.ANALYST)
    phone, desk = signed_in(user), signed_in(user)
    post(admin, f"/people/{user.id}/sign-out", page=f"/people/{user.id}")
    assert phone.get("/account").status_code == desk.get("/account").status_code == 303


def test_what_an_administrator_takes_away_counts_at_the_next_request_to_another_server(
    app, instance, admin, signed_in, post
):
    user = a_user(Role.ADMINISTRATOR)
    cookie = signed_in(user).get_cookie("outreach").value
    other = create_app(settings(instance, app.config["SQLALCHEMY_DATABASE_URI"]))
    elsewhere = other.test_client()
    elsewhere.set_cookie("outreach", cookie)
    assert elsewhere.get("/people").status_code == 200
    page = f"/people/{user.id}"
    post(admin, f"{page}/grants/{user.roles[0].id}/remove", page=page)
    assert elsewhere.get("/people").status_code == 403
    post(admin, f"{page}/sign-out", page=page)
    assert elsewhere.get("/people").status_code == 303
    with other.app_context():
        db.engine.dispose()


def test_people_are_found_by_name_address_and_role(app, admin):
    with writing():
        a_user(Role.LIAISON, a_service()).name = "Ève Tremblay"
        db.session.flush()
    assert "Ève Tremblay" in admin.get("/people?q=tremb").text
    assert "Ève Tremblay" in admin.get("/people?role=liaison").text
    assert "Ève Tremblay" not in admin.get("/people?role=analyst").text
    assert "Nobody of that name" in admin.get("/people?q=%25").text


@pytest.mark.parametrize("address", ["/people", "/people/new", "/journal", "/lists", "/offences/new"])
def test_others_are_not_let_in(app, signed_in, address):
    assert signed_in(a_user(Role.OPERATION_COORDINATOR)).get(address).status_code == 403


# --- one's own account


def test_name_language_and_theme_are_ones_own(app, signed_in, post):
    user = a_user(Role.ANALYST)
    client = signed_in(user)
    answer = post(client, "/account", {"name": "Zoé Roy", "language": "fr", "theme": "night"})
    assert answer.status_code == 303
    page = client.get("/account").text
    assert 'lang="fr" class="night"' in page and "Zoé Roy" in page and "Enregistré." in page
    assert tags(user) == ["account.session.start", "admin.user.change"]


def test_a_blank_name_is_refused(app, signed_in, post):
    client = signed_in(a_user(Role.ANALYST))
    answer = post(client, "/account", {"name": " ", "language": "en", "theme": "day"})
    assert answer.status_code == 422 and "<title>Error:" in answer.text


def test_a_password_is_changed_with_the_present_one_and_other_devices_are_out(app, signed_in, post):
    user = a_user(Role.ANALYST)
    here, there = signed_in(user), signed_in(user)
    data = {"change-present": PASSWORD, "change-password": NEW}
    assert post(here, "/account/password", data).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert tags(user)[-1] == "account.password.set"
    old = app.test_client()
    page = old.get("/sign-in")
    assert (
        old.post("/sign-in", data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)}).status_code
        == 200
    )


def test_a_wrong_present_password_is_refused_and_counted(app, signed_in, post):
    client = signed_in(a_user(Role.ANALYST))
    for _ in range(5):
        answer = post(client, "/account/password", {"change-present": "x" * 20, "change-password": NEW})
        assert answer.status_code == 422 and "not your present password" in answer.text
    answer = post(client, "/account/password", {"change-present": PASSWORD, "change-password": NEW})
    assert answer.status_code == 422 and "Too many attempts" in answer.text


def test_signing_out_everywhere_ends_this_session_too(app, signed_in, post):
    user = a_user(Role.ANALYST)
    here, there = signed_in(user), signed_in(user)
    assert post(here, "/account/sign-out-everywhere").status_code == 303
    assert here.get("/account").status_code == there.get("/account").status_code == 303
    assert tags(user)[-1] == "account.session.end_all"


# --- an expired session in the middle of a form


def expired_form(app, signed_in, user, post_path, data):
    """Fill in a form, let the session run out, send it."""
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(user)
        token = token_of(client.get("/account"))
        clock.shift(dt.timedelta(minutes=31))
        answer = client.post(post_path, data={**data, "csrf_token": token})
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
        page = client.get(answer.headers["Location"])
        answer = client.post("/sign-in", data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)})
    return client, answer


def test_what_was_typed_survives_signing_in_again_and_is_sent_on(app, signed_in):
    user = a_user(Role.ADMINISTRATOR)
    with time_machine.travel(NOON + dt.timedelta(minutes=32), tick=False):
        data = {"name": "Nadia <Roy>", "email": "nadia@example.org", "role": "analyst"}
        client, answer = expired_form(app, signed_in, user, "/people/new", data)
        assert answer.headers["Location"].endswith("/welcome-back")
        page = client.get("/welcome-back")
        assert "/people/new" in page.text and "Nadia &lt;Roy&gt;" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
        fields["name"] = "Nadia <Roy>"
        sent = client.post("/welcome-back/send", data=fields)
        assert sent.status_code == 307 and sent.headers["Location"] == "/people/new"
        assert client.post("/people/new", data=fields).status_code == 200
        assert accounts.by_email("nadia@example.org").name == "Nadia <Roy>"
        assert db.session.query(KeptForm).count() == 0


def test_passwords_are_never_kept(app, signed_in):
    user = a_user(Role.ADMINISTRATOR)
    with time_machine.travel(NOON + dt.timedelta(minutes=32), tick=False):
        data = {"change-present": PASSWORD, "change-password": NEW}
        client, _ = expired_form(app, signed_in, user, "/account/password", data)
        assert client.get("/welcome-back").headers["Location"] == "/"
        assert db.session.query(KeptForm).count() == 0


def test_what_was_typed_can_be_thrown_away(app, signed_in):
    user = a_user(Role.ADMINISTRATOR)
    with time_machine.travel(NOON + dt.timedelta(minutes=32), tick=False):
        client, _ = expired_form(app, signed_in, user, "/people/new", {"name": "Nadia"})
        token = token_of(client.get("/welcome-back"))
        client.post("/welcome-back/discard", data={"csrf_token": token})
        assert client.get("/welcome-back").headers["Location"] == "/"


def test_what_a_revoked_session_sends_is_not_kept(app, signed_in):
    """Whoever holds a stolen cookie must not lay a form before its owner."""
    user = a_user(Role.ADMINISTRATOR)
    client = signed_in(user)
    token = token_of(client.get("/account"))
    with writing():
        accounts.revoke_all_sessions(user.id)
    client.post("/people/new", data={"name": "Planted", "csrf_token": token})
    assert db.session.query(KeptForm).count() == 0


def test_coming_back_leads_each_role_to_its_front_page(app, signed_in):
    assert signed_in(a_user(Role.ANALYST)).get("/welcome-back").headers["Location"] == "/"
    if "field.my_shift" in app.view_functions:
        officer = signed_in(a_user(Role.FIELD_OFFICER, a_service()))
        assert officer.get("/welcome-back").headers["Location"] == "/field"


# --- journal


def test_reading_the_journal_is_itself_entered_before_it_is_shown(app, admin):
    page = admin.get("/journal?room=account")
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    assert "Signed in" in page.text
    entry = db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert entry.tag == "admin.journal.read" and entry.details["room"] == "account"


def test_the_journal_is_filtered_and_paged(app, admin, signed_in):
    one = a_user(Role.ANALYST)
    signed_in(one)
    page = admin.get(f"/journal?person={one.id}").text
    body = page.split("<tbody", 1)[1]
    assert body.count("Signed in") == 1 and "Read the journal" not in body
    for _ in range(55):
        admin.get("/journal?room=admin")
    assert "Next" in admin.get("/journal?room=admin").text
    assert admin.get("/journal?room=admin&page=2").status_code == 200
    assert admin.get("/journal?room=nonsense&person=x&operation=y&page=-3").status_code == 200


# --- lists


def test_an_item_is_added_changed_retired_and_taken_into_use_again(app, admin, post):
    page = "/lists/needs"
    data = {"label_en": "Pet care", "label_fr": "Soin d’un animal", "definition_en": "", "definition_fr": ""}
    assert post(admin, page, {**data, "source": ""}, page=page).status_code == 303
    item = db.session.query(ListItem).filter_by(code="pet_care").one()
    change = {**data, "label_en": "Care of a pet", "version": str(item.version)}
    assert post(admin, f"{page}/{item.id}", change, page=f"{page}/{item.id}").status_code == 303
    db.session.refresh(item)
    assert (item.code, item.label_en, item.version) == ("pet_care", "Care of a pet", 2)
    post(admin, f"{page}/{item.id}/retire", page=page)
    db.session.refresh(item)
    assert item.used_to is not None
    post(admin, f"{page}/{item.id}/reuse", page=page)
    db.session.refresh(item)
    assert item.used_to is None
    changes = [e.details["change"] for e in db.session.query(AuditEntry).filter_by(tag="admin.list.change")]
    assert changes == ["add", "change", "retire", "reuse"]


def test_missing_french_is_refused_at_its_field_and_what_was_typed_is_kept(app, admin, post):
    answer = post(admin, "/lists/needs", {"label_en": "Pet care", "label_fr": " "}, page="/lists/needs")
    assert answer.status_code == 422
    assert 'id="label_fr-error"' in answer.text and 'value="Pet care"' in answer.text
    assert db.session.query(ListItem).filter_by(code="pet_care").count() == 0


def test_somebody_elses_change_in_between_is_not_overwritten(app, admin, post):
    item = db.session.query(ListItem).filter_by(list_name="needs").first()
    with writing():
        db.session.get(ListItem, item.id).version = 7
    data = {"label_en": "X", "label_fr": "X", "version": "1"}
    assert post(admin, f"/lists/needs/{item.id}", data, page=f"/lists/needs/{item.id}").status_code == 409


def test_an_item_is_only_found_in_its_own_list(app, admin):
    item = db.session.query(ListItem).filter_by(list_name="needs").first()
    assert admin.get(f"/lists/indicators/{item.id}").status_code == 404
    assert admin.get("/lists/nothing").status_code == 404


def test_an_offence_is_added_and_its_dates_must_follow_each_other(app, admin, post):
    data = {"section": "279.04", "statute": "CC", "title_en": "Exploitation", "title_fr": "Exploitation"}
    wrong = {**data, "in_force_from": "2020-01-01", "in_force_to": "2019-01-01"}
    answer = post(admin, "/offences/new", wrong, page="/offences/new")
    assert answer.status_code == 422 and 'id="in_force_to-error"' in answer.text
    assert post(admin, "/offences/new", data, page="/offences/new").status_code == 303
    offence = db.session.query(Offence).filter_by(section="279.04").one()
    assert offence.in_force_to is None
    ended = {**data, "in_force_to": "2026-01-01"}
    assert post(admin, f"/offences/{offence.id}", ended, page=f"/offences/{offence.id}").status_code == 303
    db.session.refresh(offence)
    assert offence.in_force_to == dt.date(2026, 1, 1)
    assert post(admin, "/offences/new", data, page="/offences/new").status_code == 422


def test_a_region_has_one_text_in_both_languages(app, admin, post):
    data = {"region": "Québec", "text_en": "Call the DPJ.", "text_fr": "Appelez la DPJ."}
    assert post(admin, "/duty-texts/new", {**data, "text_fr": ""}, page="/duty-texts/new").status_code == 422
    assert post(admin, "/duty-texts/new", data, page="/duty-texts/new").status_code == 303
    assert post(admin, "/duty-texts/new", data, page="/duty-texts/new").status_code == 422
    assert "Appelez la DPJ." in admin.get("/lists").text


# --- the sample and the page of components


def test_the_sample_is_removed_after_asking_and_real_data_stays(app, admin, post):
    from outreach import sample

    real = an_operation("REAL-1")
    with writing():
        sample.load(lambda password: password, app.config["OUTREACH"].instance_dir)
    assert admin.get("/sample/remove").status_code == 200
    assert post(admin, "/sample/remove", page="/sample/remove").status_code == 303
    from outreach.storage.tables import Operation

    assert [o.code for o in db.session.query(Operation)] == [real.code]
    assert tags()[-1] == "admin.sample.remove"
    assert not (app.config["OUTREACH"].instance_dir / sample.SIGN_INS).exists()


def test_the_sample_is_not_removed_by_who_may_not(app, signed_in, post):
    assert post(signed_in(a_user(Role.ANALYST)), "/sample/remove").status_code == 403


def test_the_page_of_components_is_only_there_in_development(app, client, instance):
    assert client.get("/style").status_code == 404
    making = settings(instance, app.config["SQLALCHEMY_DATABASE_URI"])
    object.__setattr__(making, "development", True)
    other = create_app(making)
    assert other.test_client().get("/style").status_code == 200
    with other.app_context():
        db.engine.dispose()


def test_no_session_is_left_open_by_a_used_link(app, admin, post):
    set_password(app.test_client(), link_on(invite(admin, post)))
    user = accounts.by_email("nadia.roy@example.org")
    assert db.session.query(SessionRecord).filter_by(user_id=user.id).count() == 0
