"""What was pasted or sent as a file of rows, as text; and what its columns were said to be."""

from __future__ import annotations

from flask import request

from outreach.errors import N_, Finding, Invalid, Problem

from . import paste_rules


def pasted_text() -> str:
    """The rows of this request: a file if one was chosen, else the text box. Raises ``Invalid`` at ``file``."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return request.form.get("rows", "")
    content = sent.read()
    if content[:4] == b"PK\x03\x04" or sent.filename.lower().endswith((".xlsx", ".xls", ".xlsm")):
        from .workbook import read_rows

        try:
            cells = read_rows(content)
        except Invalid:
            raise
        except Problem as problem:
            raise Invalid(Finding("file", problem.message, problem.params)) from problem
        return paste_rules.as_text([["" if cell is None else str(cell) for cell in row] for row in cells])
    for encoding in ("utf-16", "utf-8-sig", "cp1252"):
        if encoding == "utf-16" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid.at("file", N_("This file is not text. Choose a workbook (.xlsx) or a .csv, .tsv or .txt file."))


def pasted_columns() -> list[str] | None:
    """What each column of the preview was said to be; ``None`` when nobody was asked yet."""
    if "column-0" not in request.form:
        return None
    found = []
    while f"column-{len(found)}" in request.form and len(found) < paste_rules.MOST_COLUMNS:
        found.append(request.form[f"column-{len(found)}"])
    return found
