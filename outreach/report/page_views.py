"""The one page of an operation, on the screen and as a PDF: guard, load, ask, render."""

from __future__ import annotations

import io
from typing import Any

from flask import g, render_template, request, send_file, url_for
from flask_babel import force_locale, gettext

from outreach.ready import sheets
from outreach.storage.tables import Operation
from outreach.web import load, page
from outreach.web.guard import guard

from .page_asked import Asked
from .page_contents import Contents, contents
from .views import Moment, _moment, _shared, bp

LANGUAGES = {"en": "English", "fr": "Français"}


@bp.get("/operations/<code>/page")
@guard("figures.see", load=load.operation)
def one_page(operation: Operation) -> Any:
    at = _moment(operation)
    made = contents(_asked(operation, at))
    here = page.language()
    papers = [
        (code, name, url_for("report.one_page_pdf", code=operation.code, language=code, **at.link))
        for code, name in LANGUAGES.items()
    ]
    shared = _shared(operation, at)
    return render_template(
        "report/page.html",
        made=made,
        pdf=next(url for code, _, url in papers if code == here),
        other=next(paper for paper in papers if paper[0] != here),
        **shared,
    ), at.status


@bp.get("/operations/<code>/page.pdf")
@guard("figures.see", load=load.operation)
def one_page_pdf(operation: Operation) -> Any:
    """The same as one Letter page, in the language asked for, else in that of the site."""
    at = _moment(operation)
    asked = request.args.get("language", "")
    language = asked if asked in LANGUAGES else page.language()
    with force_locale(language):
        made = contents(_asked(operation, at))
        sheet = as_sheet(made)
        title = gettext("One page: %(name)s", name=made.name)
        content = sheets.pdf("page", [sheet], sheet_words(), title=title, language=language)
    name = f"{operation.code}_{at.now:%Y-%m-%d}_{language}.pdf"
    return send_file(io.BytesIO(content), mimetype="application/pdf", download_name=name, etag=False)


def _asked(operation: Operation, at: Moment) -> Asked:
    return Asked(g.actor, g.target, operation, at.as_of, at.now, at.link)


def as_sheet(made: Contents) -> dict[str, Any]:
    """The page as the typesetter reads it."""
    return {
        "name": made.name,
        "status": made.status,
        "as_of": made.as_of,
        "provisional": made.provisional,
        "mark": [made.status, made.coverage] if made.provisional and not made.opens else [],
        "opens": made.opens,
        "said": " ".join(made.sentences),
        "tiles": [{name: tile[name] for name in ("said", "bound_words", "label", "context", "known")}
                  for tile in made.tiles],
        "reported": made.reported,
        "expected": made.expected,
        "coverage": made.coverage,
        "to_come": made.to_come,
        "charts": [
            {
                "title": chart.title,
                "subtitle": " ".join(filter(None, (chart.subtitle or chart.empty, chart.note))),
                "most": chart.most,
                "rows": [[row.label, row.value, row.words, row.soft] for row in chart.rows],
            }
            for chart in (made.by_day, made.answers)
        ],
        "also": [list(pair) for pair in made.also],
        "counted": " ".join(made.counted),
        "quote": " ".join(made.quote),
        "rules": made.rules,
        "sample": made.sample,
    }  # fmt: skip


def sheet_words() -> dict[str, str]:
    """Headings of the printed page."""
    return {
        "also": gettext("Also reported"),
        "counted": gettext("How it is counted"),
        "quote": gettext("Before you quote"),
        "page": gettext("Page %(number)s of %(pages)s", number=1, pages=1),
    }
