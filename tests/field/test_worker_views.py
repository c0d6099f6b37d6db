"""What a phone installs: the worker with the list of what it keeps, modules under one version, a manifest that says
nothing of what this is."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct

import pytest

from outreach import assets
from outreach.field import phone_files
from outreach.storage import writing
from tests.draw_icons import ICONS
from tests.factories import a_user
from tests.field.factories import a_night

NEVER = ("outreach", "police", "contact", "victim", "human", "traffick", "traite", "intervention")


@pytest.fixture
def officer(app, signed_in):
    with writing():
        night = a_night()
    return signed_in(night.officer)


def told(client, address="/worker.js"):
    answer = client.get(address)
    assert answer.status_code == 200
    return json.loads(re.search(r"^const TOLD = (.*);$", answer.text, re.M)[1])


# --- the worker -------------------------------------------------------------------------------------------------------


def test_the_worker_is_asked_for_anew_each_time_and_runs_under_the_policy_of_every_page(client):
    answer = client.get("/worker.js")
    assert answer.mimetype == "text/javascript" and answer.headers["Cache-Control"] == "no-cache"
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "worker-src" not in policy, "workers fall back to script-src"
    assert "manifest-src 'self'" in policy


def test_worker_and_page_that_did_not_change_are_not_sent_again(officer):
    for path in ("/worker.js", "/worker.js?sends=1", "/field/app"):
        first = officer.get(path, headers={"Accept-Encoding": "gzip"})
        mark = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
        assert first.status_code == 200 and officer.get(path, headers=mark).status_code == 304


def test_what_the_worker_keeps_is_what_the_page_of_the_app_loads(officer):
    page = officer.get("/field/app").text
    loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+|/field/app/files/[^"]+)"', page))
    only_to_install = {address for address in loaded if "/icons/app-" in address}
    modules = told(officer)["modules"]
    later = {modules + name for name in phone_files.modules("app.js")}
    assert {address for address, _ in told(officer)["files"]} == (loaded - only_to_install) | later
    assert not any("strip.js" in address or "outreach.js" in address for address in later)


def test_every_hash_of_the_list_is_the_hash_of_what_the_server_gives(officer):
    for address, integrity in told(officer)["files"]:
        with officer.get(address) as answer:
            digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
            assert (address, integrity) == (address, f"sha256-{digest}")
            assert "immutable" in answer.headers["Cache-Control"]


def test_another_content_of_any_module_is_another_worker_under_other_addresses(client, tmp_path, monkeypatch):
    before = told(client)
    for name in ("css", "js", "icons", "vendor"):
        (tmp_path / name).symlink_to(assets.static() / name)
    (tmp_path / "field").mkdir()
    for file in (assets.static() / "field").glob("*.js"):
        (tmp_path / "field" / file.name).write_text(file.read_text() + ("\n//\n" if file.name == "seal.js" else ""))
    monkeypatch.setattr(assets, "static", lambda: tmp_path)
    after = told(client)
    assert before["version"] != after["version"] and before["modules"] != after["modules"]


def test_a_worker_that_can_send_imports_the_sending_of_the_same_version(client):
    text = client.get("/worker.js?sends=1").text
    assert f'import {{ sendNow }} from "{told(client)["modules"]}send.js";' in text
    assert "import " not in client.get("/worker.js").text.replace("importScripts", "")


def test_there_are_no_modules_of_an_older_version_and_no_other_files(client):
    modules = told(client)["modules"]
    assert client.get(modules + "seal.js").status_code == 200
    assert client.get("/field/app/files/000000000000/seal.js").status_code == 404
    for name in ("board.js", "worker.js", "..%2fjs%2foutreach.js", "nothing.js"):
        assert client.get(modules + name).status_code == 404


def test_the_modules_of_the_app_know_no_page_that_is_not_theirs():
    assert "board.js" not in phone_files.served() and "strip.js" not in phone_files.modules("app.js")
    assert {"app.js", "seal.js", "send.js", "store.js", "card.js"} <= set(phone_files.modules("app.js"))


def test_what_the_first_screen_does_not_need_comes_later():
    first = phone_files.modules("app.js", at_once=True)
    assert "store.js" in first and "card.js" not in first and set(first) < set(phone_files.modules("app.js"))


def test_a_module_is_served_without_comments_and_says_the_same():
    text = "// who\n/** a\n * b */\nexport const a = 'x // y';\n\n  /* one */\n  f(a); // why\n"
    assert phone_files.lean(text) == "export const a = 'x // y';\nf(a); // why\n"


@pytest.mark.parametrize("name", phone_files.served())
def test_no_module_has_a_text_or_a_comment_that_serving_would_spoil(name):
    source = (assets.static() / "field" / name).read_text()
    for line in phone_files.lean(source).splitlines():
        assert line.count("`") % 2 == 0, "a text over several lines"
    assert not re.search(r"\*/[^\S\n]*[^\s*]", re.sub(r"'[^'\n]*'|/(?:\\.|[^/\n])+/[a-z]*", "", source)), (
        "code after a comment"
    )


# --- the manifest -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "name"), [("en", "Shift"), ("fr", "Quart")])
def test_nobody_who_looks_at_the_home_screen_learns_what_it_is(client, lang, name):
    answer = client.get(f"/field/app/manifest.json?lang={lang}&theme=night")
    assert answer.mimetype == "application/manifest+json"
    said = answer.get_json()
    assert said["name"] == said["short_name"] == name and said["lang"] == lang
    shown = json.dumps({**said, "icons": [], "id": "", "start_url": "", "scope": ""}).lower()
    assert not [word for word in NEVER if word in shown]


def test_it_opens_as_an_app_of_its_own_in_the_colours_of_the_theme(client):
    day, night = (client.get(f"/field/app/manifest.json?lang=en&theme={t}").get_json() for t in ("day", "night"))
    assert day["start_url"] == "/field/app" and day["scope"] == "/" and day["display"] == "standalone"
    assert (day["background_color"], night["background_color"]) == ("#F7F4EE", "#0F1617")
    assert day["id"] == night["id"], "the same app, whatever it looks like"


@pytest.mark.parametrize("asked", ["", "?lang=xx&theme=", "?lang=%00&theme=day'"])
def test_a_manifest_that_is_asked_for_wrongly_is_one_all_the_same(client, asked):
    assert client.get(f"/field/app/manifest.json{asked}").get_json()["name"] in ("Shift", "Quart")


def test_every_icon_is_there_in_the_size_that_the_manifest_says(client):
    for icon in client.get("/field/app/manifest.json").get_json()["icons"]:
        with client.get(icon["src"]) as answer:
            width, height = struct.unpack(">II", answer.data[16:24])
            assert icon["sizes"] == f"{width}x{height}" and answer.mimetype == "image/png"
    assert {path.name for path in ICONS.glob("app-*.png")} >= {"app-180.png", "app-maskable-512.png"}


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_of_the_phone_can_be_put_on_the_home_screen_and_bring_their_script(officer):
    for path in ("/field", "/field/roster"):
        page = officer.get(path).text
        assert 'rel="manifest"' in page and 'rel="apple-touch-icon"' in page and "strip.js" in page


def test_the_account_page_brings_the_script_only_for_who_logs_contacts(app, officer, signed_in):
    with writing():
        nobody = a_user()
    assert "strip.js" in officer.get("/account").text
    assert "strip.js" not in signed_in(nobody).get("/account").text


def test_no_page_of_the_phone_has_script_in_it(officer):
    for path in ("/field", "/field/app", "/account"):
        page = officer.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page)


def test_the_app_page_names_nobody_and_is_the_same_for_everybody(app, signed_in):
    with writing():
        night, other = a_night(), a_night()
    pages = {signed_in(user).get("/field/app").text for user in (night.officer, other.officer, other.coordinator)}
    assert len(pages) == 1
    (page,) = pages
    assert "csrf" not in page and night.officer.name not in page
