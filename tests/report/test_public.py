"""The public address: the stored bytes alone; nobody is known there, nothing is counted, an ended one says so."""

import base64
import hashlib
import re

import pytest

from outreach.errors import Blocked, NotAllowed
from outreach.report import release_link_commands as commands
from outreach.storage import db
from outreach.storage.queries import releases as rows
from outreach.storage.tables import SessionRecord
from tests.report.releases import World


@pytest.fixture
def world(app):
    made = World()
    made.sign()
    made.lock()
    return made


def test_the_public_page_is_the_stored_bytes_without_session_or_cookie_even_for_who_is_signed_in(
    world, client, signed_in, monkeypatch
):
    release = world.out()
    token = commands.open_link(world.people["coordinator"], release).token
    insider = signed_in(world.users["analyst"])
    before = [(row.id, row.seen_at) for row in db.session.query(SessionRecord).order_by(SessionRecord.id)]
    monkeypatch.setattr("outreach.web.sessions._standing_session", lambda: pytest.fail("a session was read"))
    for reader in (client, insider):
        for name in [file.name for file in rows.files_of(release.id)]:
            answer = reader.get(f"/p/{token}/{name}")
            assert answer.data == rows.file(release.id, name).content
            assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")
            assert answer.headers["Cache-Control"] == "public, max-age=60, must-revalidate"
            assert any(
                "script-src" not in policy and "'none'" in policy
                for policy in answer.headers.getlist("Content-Security-Policy")
            )
            again = reader.get(f"/p/{token}/{name}", headers={"If-None-Match": answer.headers["ETag"]})
            assert again.status_code == 304 and again.data == b"" and "Set-Cookie" not in again.headers
        french = reader.get(f"/p/{token}/", headers={"Accept-Language": "fr-CA"})
        assert french.data == rows.file(release.id, "fr.html").content and "Accept-Language" in french.headers["Vary"]
        page = reader.get(f"/p/{token}/").text
        assert "<script" not in page and not re.search(r'(src|href)="(https?:)?//', page)
        for name in [file.name for file in rows.files_of(release.id)]:
            for encoding in ("gzip", "identity"):
                packed = reader.get(f"/p/{token}/{name}", headers={"Accept-Encoding": encoding})
                assert packed.status_code == 200 and "Set-Cookie" not in packed.headers
                digest = base64.b64encode(hashlib.sha256(packed.data).digest()).decode()
                told = packed.headers.get("Repr-Digest")
                assert told == f"sha-256=:{digest}:" or (encoding == "gzip" and told is None), name
    db.session.rollback()
    assert [(row.id, row.seen_at) for row in db.session.query(SessionRecord).order_by(SessionRecord.id)] == before


def test_an_ended_address_answers_410_in_both_languages_an_unknown_one_does_not_exist(world, client, signed_in, post):
    release = world.out()
    first = commands.open_link(world.people["coordinator"], release)
    assert commands.open_link(world.people["coordinator"], release).token == first.token
    token = first.token
    page = "/operations/OP-OUT/releases/1"
    coordinator = signed_in(world.users["coordinator"])
    assert f"/p/{token}/" in coordinator.get(page).text
    assert post(coordinator, page + "/link/end", page=page).status_code == 303
    commands.end_link(world.people["coordinator"], release)
    for name in ("", "en.html", "anything"):
        gone = client.get(f"/p/{token}/{name}")
        assert gone.status_code == 410 and "Set-Cookie" not in gone.headers
        assert "not published here any more" in gone.text
        assert "50" not in re.sub(r"<[^>]*>", "", gone.text)  # the style sheet's address may hold it
    for address in ("/p/unknown/", "/p/unknown/en.html", f"/p/{token}"):
        assert client.get(address).status_code in (404, 308)
    assert post(coordinator, page + "/link", page=page).status_code == 303
    assert commands.open_link(world.people["coordinator"], release).token != token
    assert client.get(f"/p/{token}/").status_code == 410
    opened = [tag for tag in world.journal() if tag.startswith("release_link")]
    assert opened == ["release_link.open", "release_link.end", "release_link.open"]


def test_only_a_published_release_has_an_address_and_only_its_coordinator_gives_it(world, client):
    draft = world.draft()
    with pytest.raises(Blocked):
        commands.open_link(world.people["coordinator"], draft)
    out = world.out()
    with pytest.raises(NotAllowed):
        commands.open_link(world.people["commander"], out)
    token = commands.open_link(world.people["coordinator"], out).token
    with pytest.raises(NotAllowed):
        commands.end_link(world.people["analyst"], out)
    assert client.get(f"/p/{token}/no-such-file.html").status_code == 404


def test_an_address_without_its_last_slash_leads_to_the_same_site_whatever_host_was_asked_for(world, client):
    token = commands.open_link(world.people["coordinator"], world.out()).token
    for path, to in ((f"/p/{token}", f"/p/{token}/"), (f"/p/{token}?a=%2F%2Fb", f"/p/{token}/?a=%2F%2Fb")):
        answer = client.get(path, headers={"Host": "elsewhere.example"})
        assert answer.status_code == 308 and answer.headers["Location"] == to and "elsewhere" not in answer.text


def test_what_leads_nowhere_under_a_public_address_reads_no_session_and_sets_no_cookie_either(
    world, client, signed_in, monkeypatch
):
    token = commands.open_link(world.people["coordinator"], world.out()).token
    insider = signed_in(world.users["analyst"])
    assert "Set-Cookie" in client.get("/not/there").headers  # anywhere else the form in the header needs one
    monkeypatch.setattr("outreach.web.sessions._standing_session", lambda: pytest.fail("a session was read"))
    for reader in (client.application.test_client(), insider):
        for method, path, status in (
            ("GET", f"/p/{token}", 308),
            ("GET", "/p/", 404),
            ("GET", f"/p/{token}/a/b", 404),
            ("GET", f"/p/{token}/en.html/", 404),
            ("GET", f"/p/{token}/..%2f..%2fetc%2fpasswd", 404),
            ("POST", f"/p/{token}/en.html", 405),
            ("OPTIONS", f"/p/{token}/en.html", 200),
            ("GET", "/w/a/b", 404),
            ("POST", "/w/a", 405),
        ):
            answer = reader.open(path, method=method)
            assert answer.status_code == status, (method, path, answer.status_code)
            assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", ""), path
            assert world.users["analyst"].name not in answer.text
