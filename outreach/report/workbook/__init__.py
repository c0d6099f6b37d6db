"""The summary workbook of an operation: finished sheets in one language, equal to the figures, safe to open.

``copies`` says who may take which copy, ``leaving`` what may leave, ``keeping`` what is kept of what left; ``source``
and ``public_source`` gather, ``public`` is what the latter gathers; ``summary``, ``sheets``, ``long_sheets``,
``person_sheets``, ``after_sheets``, ``check_sheet`` and ``publication`` say what stands where; ``book`` is the shape of
it; only ``paper`` knows openpyxl. Nothing here adds anything up.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outreach.auth.actors import Actor

    from .book import Book
    from .source import Source

LANGUAGES = {"en": "en-CA", "fr": "fr-CA"}
COPIES = ("publication", "analyst", "own")


def export(actor: Actor, operation: Any, language: str, as_of: dt.datetime | None = None, copy: str = "") -> bytes:
    """The file for ``actor``, entered in the journal; the caller has asked the permission table for the export.

    ``operation`` is a row of the table, ``language`` en or fr; ``as_of`` (aware) asks for what the site showed then.
    ``copy``: see ``copies.Copy``; '' for the most useful one that the actor may take. Raises ``NotAllowed`` for one
    that is not offered, ``Blocked`` where nothing may leave, ``Changed`` where a release overtook it.
    """
    from flask_babel import force_locale

    from outreach import audit
    from outreach.audit.tags import Tag
    from outreach.errors import NotAllowed
    from outreach.returns.figures import need_figures
    from outreach.storage.queries import access

    from .copies import Copy, offered
    from .paper import write
    from .source import gather

    need_figures(operation)
    may_take = offered(actor, access.operation_target(operation))
    if not may_take or (copy and copy not in may_take):
        raise NotAllowed()
    chosen = Copy(copy) if copy else may_take[0]
    entry: dict[str, Any] = {"kind": "operation", "object_id": operation.id, "operation": operation.id}
    entry |= {"language": language, "copy": chosen.value}
    if chosen is Copy.PUBLICATION:
        return _left(actor, operation, language, as_of, entry)
    with force_locale(language):
        source = gather(actor, operation, language, as_of)
        made = write(book_of(source, language))
    audit.read(actor, Tag.WORKBOOK_EXPORTED, persons=source.persons is not None, **entry)
    return made


def _left(actor: Actor, operation: Any, language: str, as_of: dt.datetime | None, entry: dict[str, Any]) -> bytes:
    """A publication copy, entered in the journal; with the first of a version, what it withholds is kept beside it.

    What the first one withholds was chosen against all that had left before: what leaves meanwhile was held against it
    by nobody, and ``Changed`` is raised. Where somebody else took the first one meanwhile, theirs is the copy.
    """
    from outreach.errors import N_, Changed
    from outreach.storage.queries import releases

    operation_id = operation.id
    tree = releases.tree_of(operation_id)
    for _attempt in range(2):
        marks = releases.marks_of_published(tree)
        made, of = _publication(operation, language, as_of)
        if _kept(actor, of, marks, tree, entry):
            return made
    raise Changed(N_("Something else was published meanwhile. Take the copy again."))


def _kept(actor: Actor, of: Any, marks: list[str], tree: list[int], entry: dict[str, Any]) -> bool:
    """Enter the copy, and keep what the first one of a version tells; False where another was the first meanwhile."""
    from outreach import audit
    from outreach.audit.tags import Tag
    from outreach.errors import N_, Changed
    from outreach.storage import writing
    from outreach.storage.queries import figure_sets, releases
    from outreach.storage.queries import workbook as queries
    from outreach.storage.types import new_uid, utc_now

    from .keeping import values_of

    figure_set, version, policy = of.found.id, of.found.version, of.told.policy
    operation_id = of.found.operation_id
    values = values_of(new_uid(), of.found, of.told, of.beside)
    with writing():
        releases.hold_tree(operation_id)
        figure_sets.hold(operation_id)
        if of.first:
            if queries.kept_copy(figure_set) is not None:
                return False
            if releases.marks_of_published(tree) != marks:
                raise Changed(N_("Something else was published meanwhile. Take the copy again."))
            queries.keep_copy(operation_id=operation_id, figure_set_id=figure_set, taken_at=utc_now(), **values)
        said = {"version": version, "least": policy.least, "zeros": policy.zeros, "persons": False}
        audit.record(actor, Tag.WORKBOOK_EXPORTED, **entry, **said)
    return True


def _publication(operation: Any, language: str, as_of: dt.datetime | None) -> tuple[bytes, Any]:
    """The bytes, and what they were made from."""
    from flask_babel import force_locale

    from . import publication
    from .paper import write
    from .public_source import prepared, public_of

    made = prepared(operation, as_of)
    with force_locale(language):
        return write(publication.book_of(public_of(made), LANGUAGES[language])), made


def export_by_code(actor: Actor, code: str, language: str, as_of: str = "", copy: str = "") -> bytes:
    """``export`` as the command line asks for it. Raises ``NoSuchOperation``, and ``Invalid`` at ``as_of``."""
    from outreach.report import rules
    from outreach.report.commands import NoSuchOperation
    from outreach.storage.queries import operations
    from outreach.storage.types import utc_now

    operation = operations.by_code(code)
    if operation is None:
        known = ", ".join(found.code for found in operations.all_operations()[:20]) or "–"
        raise NoSuchOperation(code=code[:60], known=known)
    return export(actor, operation, language, rules.moment(as_of, operation.time_zone, utc_now()), copy)


def book_of(source: Source, language: str) -> Book:
    """The book in the language that is set."""
    from flask_babel import gettext as _

    from outreach.rollup.measures import counted_by

    from . import after_sheets, long_sheets, person_sheets, sheets, summary, words
    from .book import Book
    from .check_sheet import checks

    subject = f"{source.status_words()}. {source.as_of_words()}"
    made = [
        summary.summary(source),
        sheets.by_service(source),
        *([sheets.by_month(source)] if source.standing else []),
        sheets.by_day(source),
        long_sheets.service_days(source),
        *([person_sheets.contacts(source)] if source.persons is not None else []),
        *([after_sheets.referrals(source)] if not source.outside else []),
        after_sheets.outcomes(source),
        sheets.offences(source),
        *([person_sheets.charges(source)] if source.persons is not None else []),
        long_sheets.completeness(source),
        long_sheets.definitions(source, [counted_by(code, source.facts.counting) for code in words.ORDER]),
    ]
    return Book(
        title=_("Summary of %(operation)s", operation=source.name),
        language=LANGUAGES[language],
        subject=subject,
        footer=f"{source.code}. {_('Not to be passed on.')} {subject}",
        page=_("Page %(page)s of %(pages)s", page="%(page)s", pages="%(pages)s"),
        made_at=source.as_of,
        names=summary.names(),
        sheets=[*made, checks(source, made, source.adds_by_day)],
    )


def file_name(code: str, at: dt.datetime, language: str, copy: str = "") -> str:
    """``ONS-2017-WEC_2017-10-18_publication_fr.xlsx``: nothing in it but letters, digits, hyphens and full stops."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in code).strip("-.") or "operation"
    return "_".join([safe, f"{at:%Y-%m-%d}", *([copy] if copy else []), language]) + ".xlsx"
