"""An agency at work on a referral that police made, with a planted word in everything that it writes or is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from outreach.field.rules import shown_code
from outreach.storage import db
from outreach.storage.queries import consents, referrals
from outreach.storage.tables import Referral
from outreach.storage.types import new_uid

WAY, SAY = "519 555 6633", "Canary aunt Pangolin"
NOTE, GOAL, STEP, WHY = "Canary case Tapir", "Canary goal Wombat", "Canary step Dingo", "Canary why Kiwi"
DIRECT_WAY, UNSENT = "Canary bakery Lemur", "Canary unsent note Civet"
LIAISON = "Canary Liaison Numbat"
GIVEN_BACK = "We cannot serve this person safely"
WRITTEN = frozenset({WAY, SAY, NOTE, GOAL, STEP, WHY, DIRECT_WAY, UNSENT})
"""What is sealed: nowhere in clear, and on pages of the agency's liaisons alone."""

ENTRY = {"way": "call", "result": "spoke", "safe": "yes", "next_in": "3", "next_on": "", "reached": "y", "days": ""}
Post = Callable[..., Any]


@dataclass
class Planted:
    """UUIDs of referrals: ``direct`` came to the agency and ended there, ``left`` the agency gave back."""

    direct: str
    left: str
    codes: frozenset[str]


def write_a_case(liaison: Any, post: Post, referral: str, left: str) -> Planted:
    """The safe way anew, an entry, a goal, an outcome, an engaged person; a direct referral closed; one given back."""
    url = f"/referrals/{referral}"
    post(liaison, f"{url}/safe-way", way=WAY, text="yes", voicemail="no", say=SAY)
    post(liaison, f"{url}/record", uid=new_uid(), note=NOTE, **ENTRY)
    post(liaison, f"{url}/plan/new", uid=new_uid(), base="0", area="safety", goal=GOAL, step=STEP, state="open")
    post(liaison, f"{url}/outcomes", outcomes="school")
    post(liaison, url, seen=_seen(liaison, url), state="engaged")
    made = new_uid()
    asked = {"reach_by": "other_way", "safe_way": DIRECT_WAY, "agreed_at": "2017-10-10 09:00", "refers": "y"}
    post(liaison, "/referrals/new", uid=made, urgent="no", under="no", kept="y", **asked)
    url = f"/referrals/{made}"
    post(liaison, f"{url}/close", seen=_seen(liaison, f"{url}/close"), state="closed", why=WHY, destroys="y")
    url = f"/referrals/{left}"
    post(liaison, f"{url}/pick-up")
    post(liaison, f"{url}/give-back", seen=_seen(liaison, f"{url}/give-back"), why="conflict")
    code = consents.code_of(referrals.by_uid(made))
    return Planted(made, left, frozenset({code, shown_code(code)}))


def _seen(client: Any, address: str) -> str:
    return re.search(r'name="seen"[^>]*value="(\d+)"', client.get(address).text).group(1)


def state_of(uid: str) -> tuple[Any, ...]:
    """Everything of the standing version of a referral that somebody may have changed."""
    db.session.rollback()
    version = referrals.current(db.session.query(Referral.id).filter_by(uid=uid).scalar())
    return version.version, version.state, version.agency_id, version.liaison_id
