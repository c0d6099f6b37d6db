"""Whoever approves sees the very files first: each says that it is a draft, and none holds what is withheld."""

import io
import re
import zipfile

import pytest
from pypdf import PdfReader

from outreach.report import release_commands as commands
from outreach.report import release_rules as rules
from outreach.storage.queries import releases as rows
from tests.report.releases import World

PAGE = "/operations/OP-OUT/releases/1"
MARKS = {"en": "Draft, not approved", "fr": "Ébauche non approuvée"}
NAMES = {"en": "draft-not-approved", "fr": "ebauche-non-approuvee"}
SCOPE = {"measures": ("persons_met", "charges"), "by_service": ("charges",)}


@pytest.fixture
def world(app):
    made = World(met={"Fox River Police": (3000, 3), "Quarry Town Police": (2000, 4037)})
    made.sign()
    made.lock()
    return made


def said(name: str, content: bytes) -> str:
    """Everything that can be read in a file, also where it is packed."""
    if name.endswith(".pdf"):
        text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        return f"{text} {PdfReader(io.BytesIO(content)).metadata}"
    if name.endswith(".docx"):
        with zipfile.ZipFile(io.BytesIO(content)) as box:
            return "\n".join(re.sub("<[^>]*>", "", box.read(part).decode()) for part in box.namelist())
    return content.decode("utf-8-sig")


def links(page: str) -> list[str]:
    return re.findall(rf'href="({PAGE}/draft/[^"]+)"', page)


def test_who_sees_a_release_reads_its_files_before_anybody_approves_each_marked_as_a_draft(world, signed_in, client):
    row = world.draft(scope=SCOPE)
    withheld = [cell for cell in rules.withheld(row.cells) if cell.measure == "charges"]
    true = rules.true_of(rows.set_of(row).figures, rules.Scope.of(row.scope))
    numbers = {str(true[cell.key]) for cell in withheld if true[cell.key] > 100}
    assert numbers and not row.cells[0][4]
    reader = signed_in(world.users["commander"])
    found = links(reader.get(PAGE).text)
    assert len(found) == 8
    for url in found:
        answer, lang = reader.get(url), "fr" if re.search(r"(_fr\.\w+|/fr\.html)$", url) else "en"
        text = said(url, answer.data)
        assert answer.status_code == 200 and MARKS[lang] in text.replace("\n", " "), url
        assert NAMES[lang] in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store" and "ETag" not in answer.headers
        assert not numbers & set(re.findall(r"\d+", re.sub(r"(?<=\d)[,\s\u00a0\u202f](?=\d{3})", "", text))), url
        assert client.get(url).status_code in (302, 303, 401)
    assert reader.get(f"{PAGE}/draft/release.css").status_code == 200
    assert reader.get(f"{PAGE}/draft/no-such.pdf").status_code == 404
    assert world.journal().count("release.read_draft") == 8


def test_what_is_published_or_given_up_has_no_draft_and_what_was_seen_is_what_is_published(world, signed_in):
    world.draft()
    reader = signed_in(world.users["analyst"])
    before = reader.get(f"{PAGE}/draft/en.html").text
    commands.drop(world.people["coordinator"], world.row())
    assert reader.get(f"{PAGE}/draft/en.html").location == PAGE and links(reader.get(PAGE).text) == []
    world.out()
    assert reader.get(PAGE.replace("/1", "/2") + "/draft/en.html").location == PAGE.replace("/1", "/2")
    out = rows.file(world.row(2).id, "en.html").content.decode()
    # The same but for the mark, the moment, the number of the release and sizes of files.
    lines = [set(re.findall(r"<(?:tr|h2|dd|li><bdi).*", text)) for text in (before, out)]
    assert lines[0] == lines[1] and "draft" not in out
    assert reader.get(PAGE + "/files/en.html").status_code == 404
