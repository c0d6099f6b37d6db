"""The field app's shell: one page with every screen, the same for everybody who reads the same language.

A phone keeps this page to work without signal, so nothing of a person, a team or a session may stand in it; what
belongs to her comes with the pack (``phone_views``) and is sealed on the phone.
"""

from __future__ import annotations

from flask import Response, make_response, render_template
from flask_babel import lazy_gettext as _l

from outreach.storage.queries import phones
from outreach.web import headers
from outreach.web.guard import guard

from . import forms, rules
from .phone_views import phone_places
from .views import bp

# Two teams, so that the form has its field; the phone fills in its own.
_TEAMS = [("", ""), ("", _l("Team"))]


@bp.get("/field/app")
@guard("field.see")
def app() -> Response:
    if any(phones.places_of(operation).positions for operation in {p.operation_id for p in phone_places()}):
        headers.allow_position()  # only the header: what is in the page is the same for all
    page = render_template(
        "field/app.html",
        forms=forms,
        form=forms.more_form({}, 1, _TEAMS, []),
        most=rules.MOST_PERSONS,
        most_kits=rules.MOST_KITS,
        longest_note=rules.LONGEST_NOTE,
    )
    answer = make_response(page)
    answer.add_etag()  # asked for at every opening, and mostly the same
    return answer
