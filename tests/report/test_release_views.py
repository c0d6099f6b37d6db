"""Pages of releases: drafted, checked, approved and opened through the real pages; who may not sees nothing."""

import json

import pytest

from outreach.report import release_rules as rules
from outreach.storage.queries import releases as rows
from tests.report.releases import World

PAGE = "/operations/OP-OUT/releases"


@pytest.fixture
def world(app):
    made = World(met={"Fox River Police": (30, 3), "Quarry Town Police": (20, 9), "=Reed Town 🦊": (8, 0)})
    made.sign()
    made.lock()
    return made


def draft(post, client, **more):
    data = {"version": "1", "after": "0", "measures": ["persons_met", "charges"], **more}
    return post(client, PAGE + "/new", data, page=PAGE + "/new")


def test_a_release_goes_from_its_draft_to_the_public_through_the_pages(world, signed_in, post):
    coordinator, commander = signed_in(world.users["coordinator"]), signed_in(world.users["commander"])
    assert "No release awaits you." in commander.get(PAGE).text
    # From a number anywhere: one click to what it means, one more to the figures that somebody locked.
    assert "/versions/1#figures" in commander.get("/operations/OP-OUT/figures/persons_met").text
    assert "/operations/OP-OUT/close-out" in coordinator.get("/operations/OP-OUT").text
    assert "/operations/OP-OUT/close-out" not in commander.get("/operations/OP-OUT").text
    # Whoever has locked figures finds the next step beside them.
    assert f'href="{PAGE}/new"' in coordinator.get("/operations/OP-OUT/versions/1").text
    assert f'href="{PAGE}/new"' not in commander.get("/operations/OP-OUT/versions/1").text
    answer = draft(post, coordinator, by_service=["charges"])
    assert answer.status_code == 303 and answer.location.endswith("/releases/1")
    page = coordinator.get(PAGE + "/1").text
    # Both languages side by side; each figure leads to its meaning and, in one more click, to the signed version.
    assert 'lang="fr"' in page and "Safe: no withheld number can be worked out." in page
    assert "/operations/OP-OUT/versions/1#figures" in page and "/operations/OP-OUT/figures/persons_met" in page
    assert "Approve release" not in page
    sent = post(coordinator, PAGE + "/1/send", {"seen": world.row().content_hash}, page=PAGE + "/1")
    assert sent.status_code == 303
    assert "1 release awaits your approval." in commander.get("/report").text
    assert "Approve release" in commander.get(PAGE + "/1").text
    refused = post(commander, PAGE + "/1/refuse", {"reason": ""}, page=PAGE + "/1")
    assert refused.status_code == 422 and "Say what is wrong with it" in refused.text
    stale = post(commander, PAGE + "/1/approve", {"seen": "0" * 64}, page=PAGE + "/1")
    assert stale.status_code == 409 and "edited since" in stale.text
    assert "A text differs" not in stale.text  # another problem is no problem of the texts
    for client in (commander, coordinator):
        done = post(client, PAGE + "/1/approve", {"seen": world.row().content_hash}, page=PAGE + "/1")
        assert done.status_code == 303, done.text
    page = coordinator.get(PAGE + "/1").text
    assert "Unchanged since it was published." in page and world.row().hash in page
    # What is wanted of a published release stands first: its files, then where they come from.
    assert page.index("Files</h2>") < page.index("Where each figure comes from") and "Release check" not in page
    listed = coordinator.get(PAGE).text
    assert world.row().hash[:12] in listed and "awaits" not in coordinator.get("/report").text


def test_a_page_that_does_not_say_what_was_looked_at_sends_and_approves_nothing(world, signed_in, post):
    """A form made by hand, or kept from long ago, does not get around the comparison with what was read."""
    one, coordinator = f"{PAGE}/{world.draft().number}", signed_in(world.users["coordinator"])
    for step in ("send", "approve"):
        refused = post(coordinator, f"{one}/{step}", page=one)
        assert refused.status_code == 409 and "edited since" in refused.text, step
        post(coordinator, one + "/send", {"seen": world.row().content_hash}, page=one)
    assert world.steps() == ["made", "sent"]


def test_the_files_come_as_they_are_kept_and_their_hash_is_worked_out_again(world, signed_in):
    release = world.out()
    analyst = signed_in(world.users["analyst"])
    found = json.loads(analyst.get(PAGE + "/1/manifest.json").text)
    assert rules.hash_of(found["release"]) == found["hash"] == world.row().hash
    for file in found["release"]["files"]:
        answer = analyst.get(f"{PAGE}/1/files/{file['name']}")
        assert answer.data == rows.file(release.id, file["name"]).content
        assert (
            answer.headers["ETag"].strip('W/"').startswith(file["hash"])
            and "sha-256=:" in answer.headers["Repr-Digest"]
        )
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert analyst.get(PAGE + "/1/files/no.html").status_code == 404
    assert world.journal().count("release.fetch") == len(found["release"]["files"])
    page = analyst.get(PAGE + "/1").text
    assert "Make an erratum" not in page and "Open a public address" not in page


def test_what_was_typed_stays_and_the_fault_stands_at_its_field(world, signed_in, post):
    client = signed_in(world.users["coordinator"])
    wrong = draft(post, client, measures=["persons_met"], by_service=["charges"])
    assert wrong.status_code == 422 and "stands among the figures in all too" in wrong.text
    assert draft(post, client, measures=[]).status_code == 422
    assert draft(post, client, measures=["nonsense"]).status_code == 422
    assert draft(post, client, version="9").status_code == 422
    draft(post, client)
    texts = {f"{part}_{lang}": "Title" for part in ("title", "text") for lang in ("en", "fr")}
    texts["text_fr"] = "Dix-sept personnes, < & \u202eאב 🦊"
    saved = post(client, PAGE + "/1/edit", texts, page=PAGE + "/1/edit")
    assert saved.status_code == 422 and "“Dix-sept”" in saved.text and "Dix-sept personnes" in saved.text
    assert saved.text.count("<title>Error:") == 1
    texts["text_fr"] = "Personne, < & \u202eאב 🦊"
    assert post(client, PAGE + "/1/edit", texts, page=PAGE + "/1/edit").status_code == 303
    assert "&lt; &amp;" in client.get(PAGE + "/1").text
    assert post(client, PAGE + "/1/drop", page=PAGE + "/1").status_code == 303
    assert client.get(PAGE + "/1/edit").status_code == 409
    assert "Dropped" in client.get(PAGE).text


def test_a_small_number_is_asked_for_agreed_to_and_refused_on_the_page(world, signed_in, post):
    coordinator, commander = signed_in(world.users["coordinator"]), signed_in(world.users["commander"])
    draft(post, coordinator, by_service=["charges"])
    page = PAGE + "/1/openings"
    key = f"charges/{world.parts[0].service_id}"
    assert post(coordinator, page, {"cell": "persons_met", "reason": "Because"}, page=page).status_code == 422
    assert post(coordinator, page, {"cell": key, "reason": ""}, page=page).status_code == 422
    assert post(coordinator, page, {"cell": key, "reason": "The court named them."}, page=page).status_code == 303
    (asked,) = rows.openings_of(world.row().id)
    assert "Agree to publish it" not in coordinator.get(PAGE + "/1").text
    own = post(coordinator, f"{page}/{asked.row.id}/approve", page=PAGE + "/1")
    assert own.status_code == 409
    assert "The court named them." in commander.get(PAGE + "/1").text
    assert post(commander, f"{page}/{asked.row.id}/approve", page=PAGE + "/1").status_code == 303
    assert {cell.key: cell.number for cell in rules.cells(world.row().cells)}[
        ("charges", asked.row.service_id, None)
    ] == 3
    assert post(commander, f"{page}/999/refuse", page=PAGE + "/1").status_code == 404
    assert post(commander, f"{page}/{asked.row.id}/refuse", page=PAGE + "/1").status_code == 409


def test_without_locked_figures_there_is_one_sentence_and_the_way_on(world, signed_in):
    from tests.factories import an_operation

    an_operation("OP-NONE")
    page = signed_in(world.users["coordinator"]).get("/operations/OP-NONE/releases/new")
    assert page.status_code == 200 and "A release needs locked figures." in page.text
    assert signed_in(world.users["coordinator"]).get("/operations/OP-NONE/releases").status_code == 200


def test_what_stops_a_release_is_said_before_somebody_approves_it_and_a_replacement_starts_with_its_figures(
    world, signed_in, post
):
    coordinator, commander = signed_in(world.users["coordinator"]), signed_in(world.users["commander"])
    draft(post, coordinator, measures=["persons_met", "contacts"], by_day=["persons_met"])
    post(coordinator, PAGE + "/1/send", {"seen": world.row().content_hash}, page=PAGE + "/1")
    world.reopen(world.parts[0])
    page = commander.get(PAGE + "/1").text
    assert "Figures moved since it was sent" in page and "Approve release" not in page
    assert "Refuse it, so that it is drafted again" in page and 'id="refuse"' in page
    post(commander, PAGE + "/1/refuse", {"reason": "Figures moved"}, page=PAGE + "/1")
    page = coordinator.get(PAGE + "/1").text
    assert "Send for approval" in page and 'id="reason"' in page  # with the reason that is needed now
    ticked = 'aria-label="Persons met: By day" checked'
    assert ticked in coordinator.get(PAGE + "/new?replaces=1").text
    assert ticked not in coordinator.get(PAGE + "/new").text


def test_a_release_that_an_erratum_restates_leads_to_it(world, signed_in):
    world.out()
    coordinator = signed_in(world.users["coordinator"])
    assert "It was restated or replaced since." not in coordinator.get(PAGE + "/1").text
    world.out(scope={"measures": ("charges",)}, replaces=world.row())
    page = coordinator.get(PAGE + "/1").text
    assert "It was restated or replaced since." in page and f'href="{PAGE}/2"' in page
