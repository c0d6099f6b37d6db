"""Sessions end when they should, are new after signing in, and die everywhere at once."""

import datetime as dt

import pytest
import time_machine
from sqlalchemy import event

from outreach.app import create_app
from outreach.storage import db, writing
from outreach.storage.queries import accounts
from outreach.storage.tables import Grant, SessionRecord
from outreach.vocab import Role
from tests.conftest import settings, token_of
from tests.factories import PASSWORD, a_service, a_user

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def is_in(client):
    return client.get("/account").status_code == 200


def test_a_session_ends_after_thirty_idle_minutes(app, signed_in):
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(a_user(Role.ADMINISTRATOR))
        clock.shift(29 * MINUTE)
        assert is_in(client)
        clock.shift(31 * MINUTE)
        assert not is_in(client)


def test_a_session_ends_after_twelve_hours_however_busy(app, signed_in):
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(a_user(Role.ADMINISTRATOR))
        for _ in range(28):
            clock.shift(25 * MINUTE)
            assert is_in(client)
        clock.shift(25 * MINUTE)
        assert not is_in(client)


def test_a_field_officers_session_lasts_the_shift_but_not_longer(app, signed_in):
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(a_user(Role.FIELD_OFFICER, a_service()))
        clock.shift(dt.timedelta(hours=11, minutes=59))
        assert is_in(client)
        clock.shift(2 * MINUTE)
        assert not is_in(client)


def test_a_second_role_brings_back_the_short_limit(app, signed_in):
    user = a_user(Role.FIELD_OFFICER, a_service())
    with writing():
        user.roles.append(Grant(role=Role.ADMINISTRATOR.value))
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in(user)
        clock.shift(31 * MINUTE)
        assert not is_in(client)


def test_signing_in_gives_a_new_token_and_forgets_what_was_planted(app, client, post):
    user = a_user(Role.ADMINISTRATOR)
    with client.session_transaction() as planted:
        planted["token"] = "planted"
        planted["anything"] = "else"
    page = client.get("/sign-in")
    client.post("/sign-in", data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)})
    with client.session_transaction() as now:
        assert now["token"] != "planted"
        assert "anything" not in now
        first = now["token"]
    post(client, "/sign-out")
    page = client.get("/sign-in")
    client.post("/sign-in", data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)})
    with client.session_transaction() as now:
        assert now["token"] != first
    assert first not in db.session.query(SessionRecord.token_hash).all()


def test_a_cookie_from_before_signing_out_is_dead(app, signed_in, post):
    client = signed_in(a_user(Role.ADMINISTRATOR))
    copied = client.get_cookie("outreach").value
    post(client, "/sign-out")
    thief = app.test_client()
    thief.set_cookie("outreach", copied)
    assert not is_in(thief)


def test_a_revocation_counts_at_the_next_request_to_another_server(app, instance, signed_in):
    user = a_user(Role.ADMINISTRATOR)
    client = signed_in(user)
    cookie = client.get_cookie("outreach").value
    other = create_app(settings(instance, app.config["SQLALCHEMY_DATABASE_URI"]))
    elsewhere = other.test_client()
    elsewhere.set_cookie("outreach", cookie)
    assert elsewhere.get("/people").status_code == 200
    with writing():
        accounts.by_id(user.id).roles.clear()
    assert elsewhere.get("/people").status_code == 403
    with writing():
        accounts.by_id(user.id).active = False
    assert elsewhere.get("/people").status_code == 303
    with other.app_context():
        db.engine.dispose()


def test_no_token_in_header_or_address_signs_anybody_in(app):
    user = a_user(Role.ADMINISTRATOR)
    client = app.test_client()
    page = client.get("/sign-in")
    answer = client.post(
        "/sign-in?include_auth_token=1",
        json={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)},
        headers={"X-CSRFToken": token_of(page), "Accept": "application/json"},
    )
    token = ((answer.get_json(silent=True) or {}).get("response", {}).get("user", {})).get("authentication_token", "x")
    stranger = app.test_client()
    for address, headers in (("/people", {"Authentication-Token": token}), (f"/people?auth_token={token}", {})):
        assert stranger.get(address, headers=headers).status_code == 303


def test_the_cookie_is_closed_to_scripts_and_other_sites_and_bound_to_the_host_behind_tls(app, instance, client):
    plain = client.get("/sign-in").headers["Set-Cookie"]
    assert plain.startswith("outreach=") and "HttpOnly" in plain and "SameSite=Lax" in plain
    behind = settings(instance, app.config["SQLALCHEMY_DATABASE_URI"])
    object.__setattr__(behind, "public_url", "https://outreach.example.org")
    safe = create_app(behind)
    answer = safe.test_client().get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-outreach=") and "Path=/" in cookie and "Domain" not in cookie
    assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    with safe.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("going", "lands"),
    [
        ("/account", "/account"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_signing_in_never_leads_to_another_site(client, signed_in, going, lands):
    user = a_user(Role.ADMINISTRATOR)
    page = client.get("/sign-in", query_string={"next": going})
    answer = client.post(
        "/sign-in",
        query_string={"next": going},
        data={"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)},
    )
    led = answer.headers.get("Location", "/")  # where the address is refused, the page says so
    assert led.startswith("/") and not led.startswith(("//", "/\\"))
    client = signed_in(user)
    landed = client.get("/welcome-back", query_string={"next": going})
    assert landed.headers["Location"] == lands


def test_packages_know_nobody_once_the_session_is_revoked(app, signed_in):
    user = a_user(Role.ADMINISTRATOR)
    client = signed_in(user)
    assert client.get("/sign-in").status_code in (302, 303)  # she is in: the package sends her on
    with writing():
        accounts.revoke_all_sessions(user.id)
    assert client.get("/sign-in").status_code == 200
    assert client.get("/sign-in/again").status_code == 303


def test_a_page_loads_no_account_that_it_does_not_show(app, signed_in):
    client = signed_in(a_user(Role.FIELD_OFFICER, a_service()))
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _cursor, text, *_rest: asked.append(text))
    assert client.get("/field/hidden").status_code == 200
    assert not [text for text in asked if "fs_uniquifier" in text]
