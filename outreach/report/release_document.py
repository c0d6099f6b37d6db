"""A release as a text document that the press can take words from: headings, real tables, the list of services.

The only module that knows the document writer. Nothing in the file names a person or a machine, and equal contents
give equal bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Inches, Pt

from outreach.vocab import ReleaseKind

from . import release_words
from .release_content import Content

REGIONS = {"en": "en-CA", "fr": "fr-CA"}
FACE = "Arial"
# The earliest moment that the container knows: the file does not say when it was made.
MADE = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)
APPLICATION = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    b"<Application>Outreach</Application></Properties>"
)


def document(content: Content, words: Mapping[str, str]) -> bytes:
    """The file; ``words`` are those of ``release_words``."""
    paper = Document()
    _prepare(paper, content, words)
    _begin(paper, content, words)
    if content.kind == ReleaseKind.ERRATUM:
        paper.add_heading(words["changed"], 1)
        if words["nothing"]:
            paper.add_paragraph(words["nothing"])
        else:
            _table(
                paper,
                (words["figure"], words["was"], words["now"], words["why"]),
                [(one.label, one.was, one.now, one.why) for one in content.changed],
                numeric=(1, 2),
            )
    if content.lines:
        paper.add_heading(words["figures"], 1)
        sure = any(line.note for line in content.lines)
        rows = [(line.label, release_words.said(line), *([line.note] if sure else [])) for line in content.lines]
        _table(paper, (words["figure"], words["number"], *([words["sure"]] if sure else [])), rows, numeric=(1,))
    if words["legend"]:
        paper.add_paragraph(words["legend"])
    _tables(paper, content)
    _end(paper, content, words)
    return _saved(paper)


def _begin(paper: Any, content: Content, words: Mapping[str, str]) -> None:
    paper.add_paragraph(words["which"])
    if words["draft_words"]:
        paper.add_paragraph().add_run(words["draft_words"]).bold = True
    paper.add_heading(content.title, 0)
    paper.add_paragraph(f"{content.name} · {content.window}")
    status = paper.add_paragraph()
    status.add_run(content.status).bold = True
    for part in (words["as_of"], content.coverage, words["published"], words["replaces"]):
        if part:
            status.add_run(f" · {part}")
    for paragraph in content.text:
        paper.add_paragraph(paragraph)


def _tables(paper: Any, content: Content) -> None:
    for table in content.tables:
        paper.add_heading(table.title, 1)
        rows = [[release_words.shown(cell, content.language) for cell in row] for row in table.rows]
        foot = [release_words.shown(cell, content.language) for cell in table.foot]
        _table(paper, table.head, rows, foot, numeric=range(1, len(table.head)))
        if table.note:
            paper.add_paragraph(table.note)


def _end(paper: Any, content: Content, words: Mapping[str, str]) -> None:
    if content.services:
        paper.add_heading(words["services"], 1)
        for name in content.services:
            paper.add_paragraph(name, style="List Bullet")
    if content.lines:
        paper.add_heading(words["definitions"], 1)
        for line in content.lines:
            paragraph = paper.add_paragraph()
            paragraph.add_run(line.label).bold = True
            paragraph.add_run(f" – {line.definition}" + (f" ({line.source})" if line.source else ""))
    if content.notes:
        paper.add_heading(words["notes"], 1)
        for note in content.notes:
            paper.add_paragraph(note)
    for text in (words["contact"], words["sample"], words["set"]):
        if text:
            paper.add_paragraph(text)


def _table(
    paper: Any,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    foot: Sequence[str] = (),
    *,
    numeric: Sequence[int] = (),
) -> None:
    """A table whose first row is its head on every page; the first column names the row."""
    every = [head, *rows, *([foot] if foot else [])]
    table = paper.add_table(rows=len(every), cols=len(head), style="Table Grid")
    for number, (row, texts) in enumerate(zip(table.rows, every, strict=True)):
        bold = number == 0 or (bool(foot) and number == len(every) - 1)
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.add_run(text).bold = bold or None
            if column in numeric:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paper.add_paragraph().paragraph_format.space_after = Pt(4)


# The ground -----------------------------------------------------------------------------------------------------------


def _prepare(paper: Any, content: Content, words: Mapping[str, str]) -> None:
    """Letter paper, one face, the language of the text, and no trace of who made it, when or where."""
    section = paper.sections[0]
    section.page_width, section.page_height = Inches(8.5), Inches(11)
    section.left_margin = section.right_margin = Inches(0.9)
    section.top_margin = section.bottom_margin = Inches(0.8)
    region = REGIONS[content.language]
    normal = paper.styles["Normal"]
    normal.font.name, normal.font.size = FACE, Pt(11)
    for style in paper.styles:
        if style.name in ("Title", "Heading 1"):
            _faced(style)
    for lang in paper.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), region)
    core = paper.core_properties
    core.title, core.subject, core.language = content.title, words["which"], region
    core.author = core.last_modified_by = core.comments = core.keywords = ""
    core.created = core.modified = MADE
    core.revision = 1
    package = paper.part.package
    for key, each in list(package.rels.items()):
        if each.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
            del package.rels[key]
        elif each.reltype == RELATIONSHIP_TYPE.EXTENDED_PROPERTIES:
            each.target_part._blob = APPLICATION
    _header(section, content, words)


def _faced(style: Any) -> None:
    """A heading in the same face as the text, black, so that it prints and can be read."""
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    style.font.name = FACE
    style.font.color.rgb = None


def _header(section: Any, content: Content, words: Mapping[str, str]) -> None:
    """Status on every page; across each page of a draft, that it is one."""
    paragraph = section.header.paragraphs[0]
    parts = [words["draft_words"], content.name, content.status, words["as_of"]]
    paragraph.add_run(" · ".join(part for part in parts if part)).font.size = Pt(9)
    if words["draft"]:
        paragraph.add_run()._r.append(parse_xml(_watermark(words["draft"])))


def _watermark(text: str) -> str:
    """Large grey letters behind the text, as word processors draw them."""
    place = (
        "position:absolute;margin-left:0;margin-top:0;width:400pt;height:130pt;rotation:315;z-index:-251658752;"
        "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
        "mso-position-vertical:center;mso-position-vertical-relative:margin"
    )
    return (
        f'<w:pict {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office">'
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
        'path="m@7,l@8,m@5,21600l@6,21600e">'
        '<v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/>'
        '<v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/>'
        '<v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
        '<v:path textpathok="t" o:connecttype="rect"/></v:shapetype>'
        f'<v:shape id="Draft" o:spid="_x0000_s2049" type="#_x0000_t136" alt="{text}" style="{place}" o:allowincell="f" '
        'fillcolor="#d9d9d9" stroked="f"><v:fill opacity=".5"/>'
        f'<v:textpath style="font-family:&quot;{FACE}&quot;;font-size:1pt;font-weight:bold" string="{text}"/></v:shape>'
        "</w:pict>"
    )


def _saved(paper: Any) -> bytes:
    """The container without the hour at which its parts were written."""
    raw, out = io.BytesIO(), io.BytesIO()
    paper.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            info = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            target.writestr(info, source.read(name))
    return out.getvalue()
