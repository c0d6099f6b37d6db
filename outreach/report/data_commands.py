"""Data workbooks: who may have which table, asking for one, what became of it, taking it away, and removing old ones.

Making the file is in ``data_work``. A file lies sealed under the instance folder and is there for one person alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Blocked, NotAllowed, NotFound
from outreach.storage import writing
from outreach.storage.keys import Place, site_keys
from outreach.storage.queries import access
from outreach.storage.queries import data_exports as rows
from outreach.storage.sealed_files import opened, seal_file
from outreach.storage.tables import DataExport, Operation
from outreach.storage.types import utc_now
from outreach.vocab import ExportState

from . import data_rules as rules
from .data_rules import Scope
from .dictionary_rules import TABLES

FOLDER = "data-exports"


# --- who may ----------------------------------------------------------------------------------------------------------


def scopes(actor: Actor, target: Target) -> dict[str, Scope]:
    """The tables that the actor may take away, in their order, each with how much of it."""
    if not may(actor, "workbook.export", target):
        return {}
    found: dict[str, Scope] = {}
    for table in TABLES:
        scope = _scope(actor, target, table.code)
        if scope is not None:
            found[table.code] = scope
    return found


def _scope(actor: Actor, target: Target, table: str) -> Scope | None:
    followed_too = may(actor, "figures.followed", target)
    if table == "figures":
        return Scope(outside=not followed_too)
    if table == "referrals":
        return Scope() if followed_too else None
    if may(actor, "workbook.persons", target):
        return Scope()
    own = frozenset(one for one in target.services if may(actor, "workbook.persons", replace(target, service=one)))
    return Scope(own) if own else None


def need(actor: Actor, operation: Operation, table: str) -> Scope:
    """How much of the table the actor may have now; raises ``NotFound`` for none: it is not hers to know of."""
    scope = scopes(actor, access.operation_target(operation)).get(table)
    if scope is None:
        raise NotFound()
    return scope


# --- asking and writing -----------------------------------------------------------------------------------------------


def ask(actor: Actor, operation: Operation, table: str, language: str, as_of: dt.datetime | None = None) -> DataExport:
    """Order a workbook of the table. One at a time for each person.

    Raises ``NotFound`` for a table that is not hers, ``Blocked`` while another of hers is being written.
    """
    scope = need(actor, operation, table)
    if actor.user is None:
        raise NotAllowed()
    if rows.in_work(actor.user):
        raise Blocked(
            N_("Another data workbook of yours is being written."),
            N_("Wait until it is ready, then ask again."),
        )
    if rows.in_work() >= rules.MOST_IN_WORK:
        raise Blocked(N_("Many data workbooks are being written."), N_("Try again in a few minutes."))
    made = rows.add(operation.id, table, scope.kept(), language, as_of, actor.user)
    audit.record(
        actor, Tag.DATA_ASKED, kind="data_export", object_id=made.uid, operation=operation.id, sheet=table,
        language=language,
    )  # fmt: skip
    return made


def keep(folder: Path, order: rows.Order, made: BinaryIO, count: int) -> None:
    """Seal what was written and say that it is ready. Holds its own write."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    size, digest = seal_file(made, path_of(folder, order.uid), site_keys(), _place(order.uid, order.operation_id))
    with writing():
        rows.ready(order.id, count, size, digest, rules.KEEPS)


# --- taking it away ---------------------------------------------------------------------------------------------------


def take(actor: Actor, export: DataExport, operation: Operation, folder: Path) -> Iterator[bytes]:
    """The file in pieces, entered in the journal first.

    Only for who asked, and only while she may still see all that is in it: else ``NotFound``, as for one that is gone.
    """
    target = replace(access.operation_target(operation), owner=export.asked_by_id)
    if not may(actor, "data.fetch", target):
        raise NotFound()
    if not Scope.of(export.scope).within(need(actor, operation, export.sheet)):
        raise NotFound()
    if export.state != ExportState.READY or export.ends_at is None or export.ends_at <= utc_now():
        raise NotFound()
    pieces = opened(path_of(folder, export.uid), site_keys(), _place(export.uid, operation.id))
    try:
        first = next(pieces)
    except OSError as error:
        raise NotFound() from error
    taken(actor, operation, export.sheet, export.rows_done, export.language, "xlsx")
    return _from(first, pieces)


def _from(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def taken(actor: Actor, operation: Operation, table: str, count: int, language: str, how: str) -> None:
    """Enter in the journal that rows leave, before they do."""
    audit.read(
        actor, Tag.DATA_TAKEN, kind="operation", object_id=operation.id, operation=operation.id, sheet=table,
        rows=count, language=language, how=how,
    )  # fmt: skip


def path_of(folder: Path, uid: str) -> Path:
    return folder / FOLDER / f"{uid}.sealed"


def _place(uid: str, operation_id: int) -> Place:
    return Place("data_export", "file", uid, operation=operation_id)


# --- tidying ----------------------------------------------------------------------------------------------------------


def tidy(folder: Path, now: dt.datetime | None = None) -> int:
    """What was kept a day goes, and what nobody writes any more is given up; how many. Files nobody knows go too."""
    now = now or utc_now()
    changed = 0
    if rows.any_to_tidy(now):
        with writing():
            changed = rows.end_old(now) + rows.give_up_dead(now, rules.GONE)
    place = folder / FOLDER
    if place.is_dir():
        kept = rows.kept()
        for file in place.iterdir():
            uid = file.name.lstrip(".").partition(".")[0]
            if uid not in kept:
                file.unlink(missing_ok=True)
    return changed
