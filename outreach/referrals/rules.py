"""Plain rules of a referral: which state may follow which, what police may know, how long somebody waits."""

from __future__ import annotations

import datetime as dt

from outreach.vocab import N_, ReferralState

_S = ReferralState

MOVES: dict[str, tuple[ReferralState, ...]] = {
    _S.MADE: (_S.RECEIVED, _S.WITHDRAWN, _S.MADE),
    _S.RECEIVED: (_S.REACHED, _S.NOT_REACHED, _S.DECLINED, _S.WITHDRAWN, _S.CLOSED, _S.MADE),
    _S.REACHED: (_S.ENGAGED, _S.DECLINED, _S.CLOSED, _S.WITHDRAWN, _S.MADE),
    _S.ENGAGED: (_S.CLOSED, _S.WITHDRAWN, _S.MADE),
    _S.CLOSED: (),
    _S.DECLINED: (),
    _S.NOT_REACHED: (),
    _S.WITHDRAWN: (),
}
"""State -> states that may follow. *Not wanted* and *not reached* are normal endings, never a mark.

Back to *made* when its agency gives it back: it then waits for another one.
"""

ENDS = frozenset({_S.CLOSED, _S.DECLINED, _S.NOT_REACHED, _S.WITHDRAWN})
"""States in which the safe way to reach is destroyed, because nobody needs it any more."""

# SOURCE: screens.md, thresholds of the dashboard: a referral is looked at again after 4 and after 24 hours.
URGENT_LIMIT = dt.timedelta(hours=4)
LIMIT = dt.timedelta(hours=24)

WAITING, PICKED_UP, OVER = N_("Waiting"), N_("Picked up"), N_("Closed")


def next_states(state: str) -> tuple[ReferralState, ...]:
    """The steps that a liaison may take; giving back is no step of the person's way."""
    return tuple(after for after in MOVES[state] if after != _S.MADE)


def can_be_given_back(state: str) -> bool:
    """Whether its agency may still give it back: as long as it is open, since an agency may close at any time."""
    return _S.MADE in MOVES[state]


def ends(state: str) -> bool:
    """Whether the referral is over in this state."""
    return state in ENDS


def police_word(state: str) -> str:
    """All that police ever learn: waiting, picked up or closed; a declined offer looks like any other ending."""
    if state == _S.MADE:
        return WAITING
    return OVER if ends(state) else PICKED_UP


def waited(since: dt.datetime, now: dt.datetime) -> tuple[int, int, int]:
    """Days, hours and minutes since; never less than nothing when clocks disagree."""
    minutes = max(int((now - since).total_seconds() // 60), 0)
    return minutes // 1440, minutes % 1440 // 60, minutes % 60


def waits_too_long(since: dt.datetime, now: dt.datetime, urgent: bool) -> bool:
    """Whether nobody picked it up within the limit: 4 hours when urgent, else 24."""
    return now - since >= (URGENT_LIMIT if urgent else LIMIT)
