"""The form that moves a referral on."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext, pgettext
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from outreach.vocab import ReferralState
from outreach.web.forms import OutreachForm, whole

from . import rules


class MoveForm(OutreachForm):
    """The next state, with the version it was chosen from."""

    seen = HiddenField()
    state = RadioField(lazy_gettext("What happened"), choices=[], validate_choice=False)
    destroys = BooleanField(lazy_gettext("Ending it destroys the safe way to reach. I no longer need it."))

    def offer(self, state: str) -> None:
        """Fill the choices with what may follow ``state``."""
        self.state.choices = [SelectChoice(s.value, state_words(s)) for s in rules.next_states(state)]

    @property
    def seen_version(self) -> int:
        return whole(self.seen.data)


def state_words(state: str) -> str:
    """The word for a state, in the gender that French gives a referral."""
    if state == ReferralState.WITHDRAWN:
        return pgettext("entry", "Withdrawn")
    return gettext(ReferralState(state).label)
