"""Views of published figures: the list, one figure, its form, their workbook, and what contradicts what.

They are shown beside what was counted and never enter a total.
"""

from __future__ import annotations

import io
from typing import Any

from flask import flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, ngettext

from outreach.auth.actors import NOTHING, Target
from outreach.auth.permissions import may
from outreach.errors import Changed, Finding, Invalid, NotFound, TooLarge, Unreadable
from outreach.plan.operation_rules import LEVELS
from outreach.plan.workbook_reading_rules import book_as_text, book_of_text
from outreach.plan.workbook_rules import SheetRead
from outreach.plan.workbook_views import said
from outreach.returns.figures import figures_of
from outreach.rollup.contradictions import Statement, contradictions
from outreach.rollup.intervals import counted
from outreach.storage.queries import access, operations
from outreach.storage.queries import history as rows
from outreach.storage.tables import Operation, PublishedFigure
from outreach.web.guard import guard
from outreach.web.page import language

from . import history_commands, history_words, history_workbook, words
from .followed import HIDDEN
from .history_forms import FigureForm, FilterForm, RemoveForm, word_of
from .history_reading_rules import Lines, answers_of, entry_of, lines_of
from .history_rules import BY_CODE, COLUMNS, Entry, Row, edition_order, mark_of, places_of, statement_of
from .views import LIST_PAGE, _page, _page_url, bp

MOST_CARRIED = 3 * 1024 * 1024
MOST_SHOWN = 200
"""Rows and problems of a file that its preview lists; the counts above them are of all."""
_STATES = ("changed", "new", "same")


def _figure(published_id: int) -> tuple[Target, dict[str, Any]]:
    found = rows.found(published_id) if published_id < 2**31 else None
    if found is None:
        raise NotFound()
    return NOTHING, {"figure": found}


def _filters() -> FilterForm:
    return FilterForm.asked(rows.choices(), {code: gettext(label) for code, label in LEVELS})


@bp.get("/report/history")
@guard("history.see")
def history() -> Any:
    """Every published figure that stands, of the series, edition and place asked for."""
    form = _filters()
    found = sorted(rows.standing(**form.chosen()), key=_order)
    number, pages = _page(len(found), LIST_PAGE)
    shown = found[(number - 1) * LIST_PAGE : number * LIST_PAGE]
    return render_template(
        "report/history.html",
        form=form,
        shown=[{"figure": one, **_words(one)} for one in shown],
        total=len(found),
        one_series=found[0].series if len({one.series for one in found}) == 1 else "",
        any_at_all=bool(found) or rows.count() > 0,
        number=number,
        pages=pages,
        page_url=_page_url,
    )


def _order(figure: PublishedFigure) -> tuple[Any, ...]:
    """Series, newest edition first, the wider place first, then as recorded."""
    levels = [code for code, _ in LEVELS]
    level = levels.index(figure.level) if figure.level in levels else len(levels)
    year, name = edition_order(figure.edition)
    return (figure.series.casefold(), -int(year or 0), name, level, figure.scope.casefold(), figure.id)


def _words(figure: Any) -> dict[str, str]:
    return {
        "name": history_words.name_of(figure),
        "printed": history_words.number(figure.value, figure.qualifier),
        "place": history_words.place(figure),
        "source": history_words.source(figure),
    }


@bp.get("/report/history/<int:published_id>")
@guard("history.see", load=_figure)
def published(figure: PublishedFigure) -> Any:
    """One figure with everything that was recorded of it."""
    return render_template(
        "report/history_figure.html",
        figure=figure,
        said=_words(figure),
        lines=_lines(figure),
        form=RemoveForm(formdata=None),
        recorded_by=rows.who(figure.recorded_by_id),
        removed_by=rows.who(figure.removed_by_id),
    )


def _lines(figure: PublishedFigure) -> list[tuple[str, str]]:
    """Label and answer of every column that says something."""
    answers = answers_of(history_commands.entry_of_row(figure))
    operation = operations.by_id(figure.operation_id) if figure.operation_id else None
    if operation is None or not _sees(operation):
        answers["operation"] = ""
    answers["value"] = history_words.printed(figure)
    answers["qualifier"] = ""
    shown = []
    for column in COLUMNS:
        answer = answers[column.code]
        if answer:
            shown.append((gettext(column.label), word_of(column, answer) if column.choices else answer))
    return shown


def _sees(operation: Operation) -> bool:
    return not operation.is_rehearsal and may(g.actor, "figures.see", access.operation_target(operation))


# One figure -----------------------------------------------------------------------------------------------------------


@bp.get("/report/history/new")
@guard("history.change")
def new_published() -> Any:
    """An empty form, or one filled from a figure (``?from=``): to add the next one of a release, or to correct it."""
    before = _before(request.args.get("from", ""))
    answers = answers_of(history_commands.entry_of_row(before)) if before else {}
    return _form(FigureForm(formdata=None, data=answers), before if "correct" in request.args else None)


@bp.post("/report/history/new")
@guard("history.change")
def add_published() -> Any:
    form = FigureForm()
    before = _before(request.form.get("before", ""))
    form.validate()
    entry, findings = entry_of({code: form[code].data or "" for code in BY_CODE})
    try:
        if entry is None:
            raise Invalid(*[Finding(one.where, said(one)) for one in findings])
        made = history_commands.add(g.actor, entry, before)
    except Invalid as problem:
        form.take(problem)
        return _form(form, before), 422
    flash(gettext("The figure is recorded. It enters no total."))
    return redirect(url_for("report.published", published_id=made.id), code=303)


def _before(text: str) -> PublishedFigure | None:
    found = rows.found(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
    return found if found is not None and found.removed_at is None else None


def _form(form: FigureForm, before: PublishedFigure | None) -> str:
    return render_template(
        "report/history_form.html", form=form, errors=form, before=before, columns=[column.code for column in COLUMNS]
    )


@bp.post("/report/history/<int:published_id>/remove")
@guard("history.change", load=_figure)
def remove_published(figure: PublishedFigure) -> Any:
    RemoveForm().validate()
    history_commands.remove(g.actor, figure)
    flash(gettext("The figure is taken out. Its page keeps what it said, and who took it out."))
    return redirect(url_for("report.published", published_id=figure.id), code=303)


# The workbook ---------------------------------------------------------------------------------------------------------


@bp.get("/report/history/workbook")
@guard("history.change")
def history_workbook_page() -> Any:
    return _upload_page()


@bp.get("/report/history/workbook/template.xlsx")
@guard("history.change")
def history_template() -> Any:
    return _file([], "published-figures-template.xlsx")


@bp.get("/report/history/workbook.xlsx")
@guard("history.see")
def history_file() -> Any:
    """The figures that stand (of the series, edition and place asked for), as a workbook that reads back the same."""
    found = sorted(rows.standing(**_filters().chosen()), key=_order)
    entries = history_commands.entries_standing(found)
    known = {one.operation: operations.by_code(one.operation) for one in entries if one.operation}
    hidden = {code for code, one in known.items() if one is None or not _sees(one)}
    return _file([_without_operation(one) if one.operation in hidden else one for one in entries], "published.xlsx")


def _without_operation(entry: Entry) -> Entry:
    return Entry(**{**vars(entry), "operation": ""})


def _file(entries: list[Entry], name: str) -> Any:
    target = io.BytesIO()
    history_workbook.write(entries, target, language())
    target.seek(0)
    return send_file(target, mimetype=history_workbook.MIME, as_attachment=True, download_name=name)


@bp.post("/report/history/workbook/check")
@guard("history.change", writes=False)
def check_history() -> Any:
    """Read the file in the capped process, then show what taking it would change. Saves nothing."""
    upload = request.files.get("workbook")
    if upload is None or not upload.filename:
        return _upload_page([("workbook", gettext("Choose a workbook first."))]), 422
    try:
        book = history_workbook.read_book(upload.read(history_workbook.LARGEST_FILE + 1))
    except Unreadable as problem:
        text = gettext(problem.message, **problem.params)
        return _upload_page([("workbook", f"{text} {gettext(problem.fix, **problem.params)}")]), 422
    return _preview(book)


@bp.post("/report/history/workbook")
@guard("history.change")
def take_history() -> Any:
    """Take the lines that were shown; those with a problem stay out."""
    RemoveForm().validate()
    book = book_of_text(request.form.get("book", ""))
    lines = _checked(book)
    try:
        added, changed = history_commands.take(g.actor, lines.entries, request.form.get("mark", ""))
    except Changed:
        notice = gettext("Figures have changed since you looked. This is what the workbook would change now.")
        return _preview(book, notice)
    flash(
        ngettext("%(num)s figure is new", "%(num)s figures are new", added)
        + ", "
        + ngettext("%(num)s was changed.", "%(num)s were changed.", changed)
    )
    return redirect(url_for("report.history"), code=303)


def _checked(book: list[SheetRead]) -> Lines:
    """The lines of the book; those that name an operation which nobody may see are faulty too."""
    lines = lines_of(book)
    wrong = dict(history_commands.unknown_operations(g.actor, lines.entries))
    for number, finding in wrong.items():
        lines.findings.append(Finding(lines.cell(finding.where, number), finding.message, finding.params))
    lines.entries = [(number, entry) for number, entry in lines.entries if number not in wrong]
    lines.faulty |= set(wrong)
    return lines


def _preview(book: list[SheetRead], notice: str = "") -> Any:
    lines = _checked(book)
    found = history_commands.against(lines.entries)
    problems = [{"where": _where(one), "words": said(one)} for one in lines.findings]
    if not found and not lines.faulty:
        text = [f"{one['where']}: {one['words']}" for one in problems]
        return _upload_page(text or [gettext("The workbook holds no figure. Fill a row and send it again.")]), 422
    carried = book_as_text(book)
    if len(carried) > MOST_CARRIED:
        raise TooLarge()
    counts = {state: [row.state for row in found].count(state) for state in ("new", "changed", "same")}
    page = render_template(
        "report/history_check_file.html",
        found=[_row(row) for row in sorted(found, key=lambda row: _STATES.index(row.state))[:MOST_SHOWN]],
        rows=len(found),
        problems=problems[:MOST_SHOWN],
        problem_total=len(problems),
        faulty=len(lines.faulty),
        counts=counts,
        taking=counts["new"] + counts["changed"],
        mark=mark_of(found),
        carried=carried,
        errors=[notice] if notice else None,
    )
    return (page, 409) if notice else page


def _where(finding: Finding) -> str:
    return gettext(finding.where) if finding.where in (history_workbook.SHEET,) else finding.where


def _row(row: Row) -> dict[str, Any]:
    """One line for the preview, with before and after of each column that changes."""
    return {
        "number": row.number,
        "state": row.state,
        **_words(row.entry),
        "edition": f"{row.entry.series} {row.entry.edition}",
        "changes": [
            (gettext(BY_CODE[name].label), _answer(row.before, name), _answer(row.entry, name)) for name in row.fields
        ],
    }


def _answer(entry: Entry | None, name: str) -> str:
    answer = answers_of(entry)[name] if entry is not None else ""
    column = BY_CODE[name]
    return word_of(column, answer) if answer and column.choices else answer or gettext("empty")


def _upload_page(errors: list[Any] | None = None) -> str:
    form = RemoveForm(formdata=None)
    return render_template("report/history_workbook.html", form=form, errors=errors, total=rows.count())


# What contradicts what ------------------------------------------------------------------------------------------------


@bp.get("/report/history/check")
@guard("history.see")
def history_check() -> Any:
    """Everything that cannot be true together, and what to ask; nothing is mended."""
    form = _filters()
    figures = sorted(rows.standing(**form.chosen()), key=_order)
    statements = {f"p{one.id}": statement_of(f"p{one.id}", one) for one in figures}
    told = {f"p{one.id}": _told(one) for one in figures}
    for own, shown in _counted_here(figures):
        statements[own.key], told[own.key] = own, shown
    found = contradictions(statements.values())
    named = {(one.series, one.edition): f"{figure.series} {figure.edition}" for figure in figures
             for one in (statements[f"p{figure.id}"],)}  # fmt: skip
    number, pages = _page(len(found), LIST_PAGE)
    shown = found[(number - 1) * LIST_PAGE : number * LIST_PAGE]
    editions = [
        {"name": named[key], "found": [history_words.finding(one, told) for one in each]}
        for key, each in history_words.editions(shown, statements).items()
    ]
    return render_template(
        "report/history_check.html",
        form=form,
        editions=editions,
        total=len(figures),
        certain=[one.certain for one in found].count(True),
        asking=[one.certain for one in found].count(False),
        number=number,
        pages=pages,
        page_url=_page_url,
    )


def _told(figure: PublishedFigure) -> history_words.Told:
    return history_words.Told(
        said=history_words.number(figure.value, figure.qualifier),
        name=f"{history_words.name_of(figure)}, {history_words.place(figure)}",
        by=history_words.source(figure),
        url=url_for("report.published", published_id=figure.id),
    )


def _counted_here(figures: list[PublishedFigure]) -> list[tuple[Statement, history_words.Told]]:
    """What operations kept here counted, of the measures that were published of them; as the reader may see it."""
    places: dict[int, dict[tuple[str, ...], tuple[PublishedFigure, set[str]]]] = {}
    for one in figures:
        if one.operation_id is not None and one.measure:
            key = (one.series, one.edition, one.level, *places_of(one.scope))
            _, codes = places.setdefault(one.operation_id, {}).setdefault(key, (one, set()))
            codes.add(one.measure)
    found = []
    for operation_id, of_it in places.items():
        operation = operations.by_id(operation_id)
        if operation is not None and _sees(operation):
            hidden = frozenset() if may(g.actor, "figures.followed", access.operation_target(operation)) else HIDDEN
            for like, codes in of_it.values():
                found += _own(operation, like, sorted(codes - hidden))
    return found


def _own(operation: Operation, like: PublishedFigure, codes: list[str]) -> list[tuple[Statement, history_words.Told]]:
    """Statements of the operation's own figures, at the place of a figure that was published of it."""
    figures, found = figures_of(operation.id), []
    for code in codes:
        figure = figures.one(code)
        interval = counted(figure)
        if interval is not None:
            key = f"o{operation.id}/{like.id}/{code}"
            plain = Entry(series=like.series, edition=like.edition, level=like.level, scope=like.scope, measure=code,
                          publisher="", source="", value=None)  # fmt: skip
            told = history_words.Told(
                said=words.said(figure),
                name=f"{history_words.measure_label(code)}, {operation.code}",
                by=gettext("counted here"),
                url=url_for("report.measure", code=operation.code, measure=code),
            )
            found.append((statement_of(key, plain, interval, own=True), told))
    return found
