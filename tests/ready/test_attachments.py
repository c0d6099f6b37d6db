"""Files that come to a briefing: what is taken, what is refused and in which words, and names that are only names."""

from __future__ import annotations

import zlib

import pytest
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, NumberObject, TextStringObject

from outreach.errors import Unreadable
from outreach.plan import capped
from outreach.ready import attachment_reader, attachments
from tests.ready.briefing_factories import a_jpeg, a_pdf, a_png


def refused(content: bytes, name: str = "file") -> str:
    with pytest.raises(Unreadable) as caught:
        attachments.judge(content, name)
    problem = caught.value
    assert problem.fix, "every refusal says how to put it right"
    return problem.message % problem.params if problem.params else problem.message


@pytest.mark.parametrize(
    ("content", "name", "found"),
    [
        (a_pdf(), "plan.pdf", "application/pdf"),
        (attachment_reader.rehearsal(), "PLAN.PDF", "application/pdf"),
        (a_png(), "map.png", "image/png"),
        (a_jpeg(), "map.jpeg", "image/jpeg"),
        (a_jpeg(), "map", "image/jpeg"),
    ],
    ids=["pdf", "another pdf", "png", "jpeg", "without an ending"],
)
def test_the_three_kinds_are_known_by_their_bytes(content, name, found):
    assert attachments.judge(content, name) == found


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.pdf", "empty"),
        (b"MZ\x90\x00" + bytes(200), "a.pdf", "program"),
        (b"\x7fELF" + bytes(200), "a.png", "program"),
        (b"#!/bin/sh\n", "a.jpg", "program"),
        (b"PK\x03\x04" + bytes(60), "a.docx", "Office document"),
        (b"<html><script>alert(1)</script>", "a.pdf", "no PDF, PNG or JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", "no PDF, PNG or JPEG"),
        (b"GIF89a" + bytes(50), "a.gif", "another kind"),
        (a_png(), "a.pdf", "The name says PDF, the file is a PNG"),
        (a_pdf(), "a.pdf.exe", "The name says EXE, the file is a PDF"),
        (b"MZ" + a_pdf(), "a.pdf", "program"),
        (b"<script>1</script>" + a_pdf(), "a.pdf", "before the PDF"),
        (a_pdf() + b"<script>alert(1)</script>", "a.pdf", "behind the end"),
        (a_pdf() + b"PK\x05\x06" + bytes(18), "a.pdf", "behind the end"),
        (a_pdf()[:-60], "a.pdf", "damaged or cut off"),
        (b"%PDF-1.7\n" + b"\x00" * 4000 + b"%%EOF", "a.pdf", "damaged or cut off"),
        (a_png()[:-20], "a.png", "damaged or cut off"),
        (a_png().replace(b"IDAT", b"IDAX"), "a.png", "damaged or cut off"),
        (a_png() + b"<script>alert(1)</script>", "a.png", "behind the end"),
        (a_png(tEXt=b"Comment\0<script>alert(1)</script>"), "a.png", "script"),
        (a_png(100_000, 100_000, b""), "a.png", "100000 × 100000 pixels"),
        (a_png(8, 8, zlib.compress(bytes(90_000_000))), "a.png", "far larger inside"),
        (a_png(8, 8, zlib.compress(bytes(30))), "a.png", "damaged or cut off"),
        (a_jpeg()[:-6], "a.jpg", "damaged or cut off"),
        (a_jpeg(comment=b"<?php system('x')"), "a.jpg", "script"),
        (a_jpeg() + b"PK\x03\x04", "a.jpg", "behind the end"),
        (a_jpeg(65_000, 65_000), "a.jpg", "65000 × 65000 pixels"),
    ],
    ids=[str(number) for number in range(27)],
)  # fmt: skip
def test_what_is_not_taken_is_refused_with_a_sentence(content, name, words):
    assert words in refused(content, name)


def _action(kind: str):
    def change(writer):
        action = DictionaryObject({NameObject("/S"): NameObject(kind), NameObject("/F"): TextStringObject("x")})
        writer._root_object[NameObject("/OpenAction")] = writer._add_object(action)

    return change


def _annotation(writer):
    note = DictionaryObject({NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Screen")})
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])


def _script(writer):
    action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")})
    writer._root_object[NameObject("/OpenAction")] = writer._add_object(action)


def _huge_picture(writer):
    writer._add_object(
        DictionaryObject(
            {
                NameObject("/Subtype"): NameObject("/Image"),
                NameObject("/Width"): NumberObject(90_000),
                NameObject("/Height"): NumberObject(90_000),
            }
        )
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_script, "can run something"),
        (_action("/Launch"), "can run something"),
        (_action("/SubmitForm"), "can run something"),
        (_action("/GoToR"), "can run something"),
        (_annotation, "can run something"),
        (lambda writer: writer.add_attachment("x.exe", b"MZ"), "can run something"),
        (lambda writer: writer.encrypt("secret"), "password"),
        (lambda writer: [writer.add_blank_page(9, 9) for _ in range(200)], "201 pages"),
        (_huge_picture, "90000 × 90000"),
    ],
    ids=["script", "launch", "submit", "elsewhere", "screen", "carries", "locked", "long", "picture"],
)
def test_a_pdf_that_does_more_than_show_pages_is_refused(change, words):
    assert words in refused(a_pdf(change), "a.pdf")


def test_a_pdf_that_calls_an_address_as_soon_as_it_is_opened_is_refused_and_a_first_page_is_not():
    quiet, calling, later = (
        _with_action(action)
        for action in (b"<</S/GoTo/D[3 0 R/Fit]>>", b"<</S/URI/URI(http://x)>>", b"<</S/GoTo/D[]/Next<</S/URI>>>>")
    )
    assert attachments.judge(quiet, "a.pdf") == "application/pdf"
    for content in (calling, later):
        assert "can run something" in refused(content)


def test_what_an_action_does_is_found_where_it_is_named_in_an_object_of_its_own():
    walk = attachment_reader.Walk(None)
    with pytest.raises(attachment_reader.Refused):
        walk.visit(_Elsewhere(NameObject("/Launch")), 0)


class _Elsewhere(IndirectObject):
    """An object that stands apart, as one in a packed stream of objects does."""

    def __init__(self, held):
        super().__init__(5, 0, None)
        self.held = held

    def get_object(self):
        return self.held


def _with_action(action: bytes) -> bytes:
    """A PDF of one empty page that does ``action`` when it is opened."""
    parts = [b"<</Type/Catalog/Pages 2 0 R/OpenAction " + action + b">>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    parts.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>")
    body, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(body))
        body += b"%d 0 obj%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 4\n0000000000 65535 f \n%strailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (table, len(body))


def test_script_is_found_where_its_name_is_spelt_in_another_way():
    assert "can run something" in refused(a_pdf(_script).replace(b"/JavaScript", b"/J#61vaScript"), "a.pdf")


def test_a_pdf_whose_page_unpacks_to_a_mountain_is_refused():
    packed = zlib.compress(bytes(200_000_000), 9)
    whole = attachment_reader.rehearsal()
    small = zlib.compress(b"q Q")
    grown = whole.replace(b"<</Length %d" % len(small), b"<</Length %d" % len(packed)).replace(small, packed)
    assert "larger inside" in refused(grown, "a.pdf") or "damaged" in refused(grown, "a.pdf")


def test_a_file_over_the_limit_is_not_looked_at():
    assert "larger than 5 MB" in refused(b"%PDF-" + bytes(attachments.LARGEST), "a.pdf")


def test_the_reader_writes_no_byte_code_that_its_own_limits_would_cut_off(monkeypatch):
    asked = []
    run = capped.subprocess.run
    monkeypatch.setattr(capped.subprocess, "run", lambda words, **more: asked.append(words) or run(words, **more))
    attachments.judge(a_png(), "a.png")
    assert "-B" in asked[0] and "-I" in asked[0]


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("map.pdf", "map.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\x\\Plan de nuit.PDF", "Plan de nuit.pdf"),
        ("invoice\u202efdp.exe.pdf", "invoice fdp.exe.pdf"),
        ('a<b>"c|d?.pdf', "a-b--c-d.pdf"),
        ("\r\nSet-Cookie: x.pdf", "Set-Cookie- x.pdf"),
        (".pdf", "attachment.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
        ("", "attachment.pdf"),
    ],
)
def test_a_name_is_only_a_name(name, cleaned):
    assert attachments.clean_name(name, "application/pdf") == cleaned
