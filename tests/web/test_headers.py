"""Headers of every answer: no page may use camera, microphone or position, but one that says it has to ask."""

from __future__ import annotations

from outreach.storage import writing
from outreach.vocab import Role
from outreach.web import headers
from tests.factories import a_service, a_user


def policies(answer):
    return answer.headers.getlist("Permissions-Policy")


def test_no_page_may_use_camera_microphone_or_position(client):
    for path in ("/sign-in", "/nowhere", "/static/css/outreach.css", "/field"):
        with client.get(path) as answer:
            assert policies(answer) == ["camera=(), microphone=(), geolocation=()"]


def test_a_page_that_has_to_may_ask_where_the_phone_is_and_nothing_more(app, client):
    def asks():
        headers.allow_position()
        return "x"

    app.view_functions["security.login"], before = asks, app.view_functions["security.login"]
    assert policies(client.get("/sign-in")) == ["camera=(), microphone=(), geolocation=(self)"]
    app.view_functions["security.login"] = before
    assert policies(client.get("/sign-in")) == ["camera=(), microphone=(), geolocation=()"]


def test_a_field_officers_phone_stores_no_page_that_could_name_her(app, signed_in):
    with writing():
        officer, coordinator = a_user(Role.FIELD_OFFICER, a_service()), a_user(Role.OPERATION_COORDINATOR)
    phone, desk = signed_in(officer), signed_in(coordinator)
    assert {phone.get(path).headers["Cache-Control"] for path in ("/", "/account", "/nowhere")} == {"no-store"}
    assert desk.get("/account").headers["Cache-Control"] == "private, no-cache"
    assert phone.get("/field/app").headers["Cache-Control"] == "private, no-cache", "the shell names nobody"
