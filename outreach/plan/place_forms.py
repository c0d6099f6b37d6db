"""The form of an operation's municipalities: a list to type or paste, and whether phones may ask where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, TextAreaField

from . import place_rules
from .forms import PlanForm

if TYPE_CHECKING:
    from outreach.storage.tables import Operation


class PlacesForm(PlanForm):
    """What phones offer as places."""

    places = TextAreaField(
        _l("Municipalities"),
        description=_l(
            "One a line: the name, or name; latitude; longitude. West and south are negative. Cells can be pasted."
        ),
    )
    positions = BooleanField(
        _l("Phones may ask where they are"),
        description=_l(
            "Off unless it is needed. The officer presses a button; the phone itself finds the nearest municipality "
            "of the list and forgets where it was. Coordinates are never stored or sent."
        ),
    )

    @staticmethod
    def values_of(operation: Operation) -> dict[str, Any]:
        return {
            "places": place_rules.written(operation.municipalities),
            "positions": operation.positions,
            "version": str(operation.version),
        }
