"""Recording what was published elsewhere: taking a file, adding one figure, putting one right, taking one out.

A figure is never overwritten: one that is corrected is taken out, with who and when, and the other stands in its place
under the same key. No total changes by any of this.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed
from outreach.storage.queries import access, operations
from outreach.storage.queries import history as rows
from outreach.storage.tables import Operation, PublishedFigure
from outreach.storage.types import utc_now

from .history_rules import FIELDS, Entry, Row, changes, mark_of, row_key, rows_of

NO_OPERATION = N_("There is no operation “%(code)s” that you may see. Correct the code, or leave it empty.")


def entry_of_row(row: PublishedFigure, codes: dict[int, str] | None = None) -> Entry:
    """The figure as it was recorded. ``codes``: of operations, where the caller has them."""
    values = {name: getattr(row, name) for name in FIELDS if name != "operation"}
    code = ""
    if row.operation_id is not None:
        named = None if codes is not None else operations.by_id(row.operation_id)
        code = codes.get(row.operation_id, "") if codes is not None else named.code if named else ""
    return Entry(**values, operation=code)


def entries_standing(found: Iterable[PublishedFigure]) -> list[Entry]:
    """The figures as a workbook of what stands holds them."""
    codes = {one.id: one.code for one in operations.all_operations()}
    return [entry_of_row(row, codes) for row in found]


def _operation(actor: Actor, code: str) -> Operation | None:
    """The operation of that code. Raises ``Invalid`` at ``operation`` for none that the actor may see."""
    if not code:
        return None
    found = operations.by_code(code.upper())
    if found is None or found.is_rehearsal or not may(actor, "operation.see", access.operation_target(found)):
        raise Invalid.at("operation", NO_OPERATION, code=code[:40])
    return found


def against(entries: Sequence[tuple[int, Entry]]) -> list[Row]:
    """What following the lines of a file would change."""
    standing = rows.by_keys([row_key(entry) for _, entry in entries])
    return rows_of(entries, dict(zip(standing, entries_standing(standing.values()), strict=True)))


def unknown_operations(actor: Actor, entries: Iterable[tuple[int, Entry]]) -> list[tuple[int, Finding]]:
    """Lines that name an operation that is not here, or not the actor's to see."""
    known: dict[str, Finding | None] = {}
    found = []
    for number, entry in entries:
        if entry.operation not in known:
            try:
                _operation(actor, entry.operation)
                known[entry.operation] = None
            except Invalid as invalid:
                known[entry.operation] = invalid.findings[0]
        wrong = known[entry.operation]
        if wrong is not None:
            found.append((number, wrong))
    return found


def take(actor: Actor, entries: Sequence[tuple[int, Entry]], mark: str) -> tuple[int, int]:
    """Record the lines of a file that were shown; how many are new, and how many were changed.

    What the file does not name stays. Raises ``NotAllowed``, ``Invalid``, and ``Changed`` when it would no longer do
    what was shown.
    """
    _need(actor)
    rows.hold()
    found = against(entries)
    if mark_of(found) != mark:
        raise Changed()
    batch = str(uuid.uuid4())
    added = _put(actor, [row.entry for row in found if row.state == "new"], batch)
    changed = [row.entry for row in found if row.state == "changed"]
    before = rows.by_keys([row_key(entry) for entry in changed])
    _take_out(actor, before.values())
    _put(actor, changed, batch, kept={key: row.operation_id for key, row in before.items()})
    audit.record(actor, Tag.HISTORY_TAKEN, kind="published", object_id=batch, added=added, changed=len(changed))
    return added, len(changed)


def add(actor: Actor, entry: Entry, replacing: PublishedFigure | None = None) -> PublishedFigure:
    """Record one figure, in place of another where one is corrected.

    Raises ``NotAllowed``; ``Invalid`` where the same figure of the same source stands already; ``Changed`` when the one
    to correct was taken out meanwhile.
    """
    _need(actor)
    rows.hold()
    if replacing is not None and replacing.removed_at is not None:
        raise Changed()
    key = row_key(entry)
    other = rows.by_keys([key]).get(key)
    if other is not None and (replacing is None or other.id != replacing.id):
        same = not changes(entry_of_row(other), entry)
        words = (
            N_("This figure of this source is recorded already.")
            if same
            else N_("This figure of this source is recorded with another content. Open that one and correct it.")
        )
        raise Invalid.at("value", words)
    if replacing is not None:
        _take_out(actor, [replacing])
    _put(actor, [entry])
    made = rows.by_keys([key])[key]
    tag = Tag.HISTORY_ADDED if replacing is None else Tag.HISTORY_CORRECTED
    audit.record(actor, tag, kind="published", object_id=made.uid, operation=made.operation_id)
    return made


def remove(actor: Actor, figure: PublishedFigure) -> None:
    """Take a figure out; its row stays, with who and when. Raises ``NotAllowed``; ``Changed`` when it is out."""
    _need(actor)
    if figure.removed_at is not None:
        raise Changed()
    _take_out(actor, [figure])
    audit.record(actor, Tag.HISTORY_REMOVED, kind="published", object_id=figure.uid, operation=figure.operation_id)


def put_sample(actor: Actor, entries: Sequence[Entry]) -> int:
    """Record figures that go with the sample; those that stand already stay as they are."""
    standing = rows.by_keys([row_key(entry) for entry in entries])
    return _put(actor, [entry for entry in entries if row_key(entry) not in standing], is_sample=True)


def _need(actor: Actor) -> None:
    if not may(actor, "history.change"):
        raise NotAllowed()


def _take_out(actor: Actor, figures: Iterable[PublishedFigure]) -> None:
    now = utc_now()
    for figure in figures:
        figure.removed_at, figure.removed_by_id = now, actor.user


def _put(
    actor: Actor,
    entries: Sequence[Entry],
    batch: str = "",
    *,
    is_sample: bool = False,
    kept: Mapping[str, int | None] | None = None,
) -> int:
    """Add rows. ``kept``: the operation, by key, of figures whose line in the file names none."""
    now, ids, values = utc_now(), {"": None}, []
    for entry in entries:
        key = row_key(entry)
        if entry.operation not in ids:
            named = _operation(actor, entry.operation)
            ids[entry.operation] = named.id if named else None
        said = {name: getattr(entry, name) for name in FIELDS if name != "operation"}
        said["operation_id"] = ids[entry.operation] if entry.operation else (kept or {}).get(key)
        said |= {"row_key": key, "batch_uid": batch, "is_sample": is_sample}
        values.append(said | {"recorded_at": now, "recorded_by_id": actor.user})
    rows.add(values)
    return len(values)
