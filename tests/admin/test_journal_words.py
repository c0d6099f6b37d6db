"""The journal speaks in words: whatever an entry can be about has one, in the page's language."""

import ast
from pathlib import Path

from outreach.audit.words import DETAILS, RECORDS

SOURCE = Path(__file__).resolve().parents[2] / "outreach"
COLUMNS = {"kind", "object_id", "operation", "service", "outcome"}
WRITERS = {"record", "read", "_record", "_journal"}


def entries():
    """Every call in the source that writes an entry: those that pass a tag."""
    for path in SOURCE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in WRITERS and any("Tag" in ast.dump(a) or "'tag'" in ast.dump(a) for a in call.args):
                    yield call


def test_every_record_and_detail_of_an_entry_has_a_word():
    found = list(entries())
    assert len(found) > 40
    details = {k.arg for call in found for k in call.keywords if k.arg} - COLUMNS
    kinds = {
        k.value.value
        for call in found
        for k in call.keywords
        if k.arg == "kind" and isinstance(k.value, ast.Constant) and k.value.value
    }
    assert details - set(DETAILS) == set()
    assert kinds - set(RECORDS) == set()
