"""Signing in and out through the real pages."""

from outreach.storage import db
from outreach.storage.tables import AuditEntry, SessionRecord
from outreach.vocab import Role
from tests.conftest import token_of
from tests.factories import PASSWORD, a_user


def test_the_right_password_opens_the_overview_and_is_journalled(app, client, signed_in):
    user = a_user(Role.ADMINISTRATOR)
    client = signed_in(user)
    assert client.get("/").status_code == 200
    assert db.session.query(AuditEntry.tag).filter_by(actor_id=user.id).all() == [("account.session.start",)]


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(app, client):
    user = a_user(Role.ADMINISTRATOR)
    answers = []
    for email in (user.email, "nobody@example.org"):
        page = client.get("/sign-in")
        answer = client.post(
            "/sign-in", data={"email": email, "password": "wrong password of length", "csrf_token": token_of(page)}
        )
        answers.append(answer)
        assert answer.status_code == 200
    texts = [a.text.replace(user.email, "X").replace("nobody@example.org", "X") for a in answers]
    texts = [__import__("re").sub(r'value="[^"]{40,}"', "", t) for t in texts]
    assert texts[0] == texts[1]


def test_a_revoked_session_is_dead_at_the_next_request(app, signed_in):
    client = signed_in(a_user(Role.ADMINISTRATOR))
    assert client.get("/").status_code == 200
    from outreach.storage import writing
    from outreach.storage.queries import accounts

    with writing():
        accounts.revoke_all_sessions(db.session.query(SessionRecord.user_id).scalar())
    assert client.get("/").status_code == 303


def test_five_wrong_passwords_close_the_account_for_a_while_even_to_the_right_one(app, client):
    user = a_user(Role.ADMINISTRATOR)
    for _ in range(5):
        page = client.get("/sign-in")
        client.post("/sign-in", data={"email": user.email, "password": "x" * 20, "csrf_token": token_of(page)})
    page = client.get("/sign-in")
    answer = client.post("/sign-in", data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)})
    assert answer.status_code == 200
    assert "Too many attempts" in answer.text


def test_a_password_given_on_the_command_line_signs_in_however_its_letters_are_composed(app, client):
    from outreach.cli import hash_password
    from outreach.storage import writing
    from outreach.storage.queries import accounts

    user = a_user(Role.ADMINISTRATOR)
    with writing():
        accounts.by_id(user.id).password = hash_password("éléphant kiwi tambour")
    data = {"email": user.email, "csrf_token": token_of(client.get("/sign-in"))}
    assert client.post("/sign-in", data={**data, "password": "éléphant kiwi tambour"}).status_code in (302, 303)
