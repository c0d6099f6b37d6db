"""Forms of information kits: fields and their words; what they may hold is in ``kit_rules``."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import Optional

from outreach.storage.types import new_uid
from outreach.vocab import KitMoveKind
from outreach.web.forms import OutreachForm, whole

from .kit_rules import OWN_MOVES, read_count


class _OnceForm(OutreachForm):
    """A form that adds to the ledger: ``token`` is made with the page, so that one press is one line."""

    token = HiddenField()

    @property
    def mark(self) -> str:
        return (self.token.data or "")[:64]

    def fresh(self) -> Any:
        self.token.data = new_uid()
        return self


class ItemForm(OutreachForm):
    """A kit's two names; ``seen_*`` are the names that the page showed."""

    name_en = StringField(_l("Name in English"))
    name_fr = StringField(
        _l("Name in French"), [Optional()], description=_l("Left empty, the English name stands in French too.")
    )
    seen_en = HiddenField()
    seen_fr = HiddenField()

    def show(self, item: Any) -> Any:
        self.name_en.data = self.seen_en.data = item.name_en
        self.name_fr.data = self.seen_fr.data = item.name_fr
        return self

    @property
    def seen(self) -> tuple[str, str]:
        return (self.seen_en.data or "", self.seen_fr.data or "")


class SendForm(_OnceForm):
    """What is sent to whom: ``each`` for every ticked service, or a number beside a service (``own-<id>``)."""

    item = SelectField(_l("What is sent"), validate_choice=False)
    each = StringField(_l("Number for each ticked service"))
    note = StringField(_l("Note"), [Optional()], description=_l("Courier or slip number; never a person."))

    def ticked(self, services: Any) -> set[int]:
        """Services that were ticked, or all of ``services`` where the button for all was pressed."""
        return set(services) if "all" in request.form else {whole(s) for s in request.form.getlist("service")}

    def own(self) -> dict[int, str]:
        typed = {name.removeprefix("own-"): text for name, text in request.form.items() if name.startswith("own-")}
        return {whole(name): text for name, text in typed.items()}


class MoveForm(_OnceForm):
    """One line of a service's ledger."""

    item = SelectField(_l("Kit"), validate_choice=False)
    kind = RadioField(_l("What happened"), validate_choice=False)
    count = StringField(_l("How many"))
    more_came = BooleanField(_l("More came than was sent: record it all the same"))
    note = StringField(_l("Note"), [Optional()], description=_l("Courier or slip number; never a person."))

    def offer(self, items: Any, names: dict[int, str]) -> Any:
        self.item.choices = [(one.uid, names[one.id]) for one in items]
        self.kind.choices = [(kind.value, gettext(kind.label)) for kind in OWN_MOVES]
        return self

    @property
    def number(self) -> int | None:
        return read_count(self.count.data or "")


class ReceiptForm(_OnceForm):
    """What is on the way has come: the number stands there already."""

    item = HiddenField()
    count = StringField(_l("Number received"))

    @classmethod
    def of(cls, item: Any, in_transit: int) -> Any:
        form = cls(formdata=None, prefix="", item=item.uid, count=str(in_transit))
        for field in form:
            field.id = f"{field.name}-{item.id}"
        return form.fresh()


HINTS = {
    KitMoveKind.RECEIVED.value: _l("They came and somebody counted them."),
    KitMoveKind.LOST_ON_WAY.value: _l("They were sent and will not come any more."),
    KitMoveKind.HANDED_OUT.value: _l("Given away without a contact: at a stall, in a shelter."),
    KitMoveKind.RETURNED.value: _l("Sent back to the coordinator."),
    KitMoveKind.LOST.value: _l("Lost or spoiled after they came."),
}
