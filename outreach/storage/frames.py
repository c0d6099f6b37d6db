"""The facts of an operation tree as the arithmetic wants them: every frame of ``rollup.facts`` from the version tables.

Here belong reading, as-of filtering and joining of person keys; nothing is counted. Rows leave the database as plain
integers (closed lists become codes there, several packed into one number) and never become objects: a million of them
is a few arrays. See ``rollup.facts`` for columns, units and grain.
Few-row frames (plan, daily totals, enforcement) come from ``tree``.
"""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from outreach.rollup.agency import Came
from outreach.rollup.facts import Facts
from outreach.vocab import (
    FOLLOW_UP_DAYS,
    AgeBand,
    ContactResult,
    FollowUpResult,
    Gender,
    Origin,
    PlaceKind,
    ReferralState,
    SupportAnswer,
    Vocabulary,
)

from . import tree as small
from .days import day_begins, day_number, operational_day
from .engine import db
from .tables import (
    ContactVersion,
    FollowUp,
    Meeting,
    Person,
    PersonMerge,
    Referral,
    ReferralOutcome,
    ReferralVersion,
)
from .tree import SECOND, Tree, known, stood
from .types import EPOCH, micros, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DUE_HOURS = 12
"""Hours after the end of a day when its figures are overdue (screens: "service overdue")."""

_CHUNK = 20_000
_CONFLICT_AGE = 18
_IDS = 1 << 31
"""More than any id of a service or a team."""
_DAYS = 1 << 22
"""More than there are days in a calendar, from ``_FIRST_DAY`` on."""
_FIRST_DAY = -719_162
_SHARE = 10
"""A table is read from end to end where at least one row in so many is asked for."""
_MANY = 128
"""No contact has so many persons."""


def facts_of(operation_id: int, as_of: dt.datetime | None = None) -> Facts:
    """Facts of the operation and everything under it, now or as the site showed them at ``as_of`` (aware)."""
    now = as_of or utc_now()
    tree = Tree(operation_id, as_of)
    root = tree.rows[operation_id]
    today = operational_day(now, root["time_zone"], root["day_starts_minutes"])
    joined = _joined_persons(tree)
    return Facts.of(
        root=operation_id,
        now=micros(now) // SECOND,
        today=day_number(today),
        due_hours=DUE_HOURS,
        not_open=small.not_open(tree),
        counting=root["counting"],
        today_began=micros(day_begins(today, root["time_zone"], root["day_starts_minutes"])) // SECOND,
        meetings=_meetings(tree, joined),
        contacts=_contacts(tree),
        referrals=_referrals(tree, joined, day_number(today)),
        direct=_direct(tree),
        outcomes=_outcomes(tree),
        accused=small.accused(tree),
        charges=small.charges(tree),
        deployed=small.deployed(tree),
        tallies=small.tallies(tree),
        participations=small.participations(tree),
        operations=tree.frame(),
        places=small.places(tree),
        joint=small.joint(tree),
        adjustments=small.adjustments(tree),
        overlaps=small.overlaps(tree),
    )


# In portions ----------------------------------------------------------------------------------------------------------

_PORTION = 50_000


def in_portions(operation_id: int, as_of: dt.datetime | None = None, most: int = _PORTION) -> Iterator[Facts]:
    """The persons met and the contacts of the operation, about ``most`` rows at a time, for lists of any length.

    Every meeting of one person is in the same portion, so that the rows behind a figure of persons, portion after
    portion, are those of the whole. Nothing else of the facts is in a portion but the plan: no other figure is right.
    """
    now = as_of or utc_now()
    tree = Tree(operation_id, as_of)
    root = tree.rows[operation_id]
    joined = _joined_persons(tree)
    merged = select(PersonMerge.person_key).where(PersonMerge.operation_id.in_(tree.whole))
    into = select(PersonMerge.into_key).where(PersonMerge.operation_id.in_(tree.whole))
    one_of_several = or_(Meeting.person_key.in_(merged), Meeting.person_key.in_(into))
    rows = select(func.count()).where(ContactVersion.operation_id.in_(tree.ids), stood(ContactVersion, as_of))
    persons = select(func.count()).where(Meeting.operation_id.in_(tree.ids), stood(Meeting, as_of))
    portions = max(1, -(-max(db.session.scalar(rows) or 0, db.session.scalar(persons) or 0) // most))
    plan = {
        "participations": small.participations(tree),
        "operations": tree.frame(),
        "places": small.places(tree),
        "joint": small.joint(tree),
    }
    for number in range(portions):
        ours = Meeting.person_key % portions == number
        ours = or_(ours, one_of_several) if number == 0 else and_(ours, ~one_of_several)
        yield Facts.of(
            root=operation_id,
            now=micros(now) // SECOND,
            today=day_number(operational_day(now, root["time_zone"], root["day_starts_minutes"])),
            counting=root["counting"],
            meetings=_meetings(tree, joined, ours),
            contacts=_contacts(tree, ContactVersion.contact_id % portions == number),
            **plan,
        )


# Reading --------------------------------------------------------------------------------------------------------------


def _integers(query: Select[Any]) -> Any:
    """One contiguous int64 array per column, straight from the driver: no row objects, no type conversion."""
    import numpy as np

    width = len(query.selected_columns)
    db.session.flush()  # a connection, unlike a session, does not see what is still waiting
    cursor = db.session.connection().execute(query).cursor
    chunks = iter(lambda: cursor.fetchmany(_CHUNK), [])
    numbers = np.fromiter(chain.from_iterable(chain.from_iterable(chunks)), dtype=np.int64)
    return np.ascontiguousarray(numbers.reshape(-1, width).T)


def _of_tree(query: Select[Any], version: Any, tree: Tree) -> Select[Any]:
    """The rows of the tree alone.

    SQLite takes an index wherever there is one, and then goes for each row to another page of the table: for half the
    rows of a table that takes longer than reading all of it. So it is kept from the index where the tree has many.
    """
    ours: ColumnElement[bool] = version.operation_id.in_(tree.ids)
    if db.engine.dialect.name == "sqlite":
        wanted = db.session.scalar(select(func.count()).select_from(version).where(ours)) or 0
        if wanted * _SHARE > (db.session.scalar(select(func.max(version.id))) or 0):
            ours = (version.operation_id + 0).in_(tree.ids)
    return query.where(ours)


def _who(version: Any) -> ColumnElement[int]:
    """Service and team in one number: half the objects that a row becomes on its way are these two and the day."""
    return version.service_id + (func.coalesce(version.team_id, -1) + 1) * literal(_IDS, BigInteger)


def _service_and_team(packed: Any) -> tuple[Any, Any]:
    import numpy as np

    return (packed % _IDS).astype(np.int32), (packed // _IDS - 1).astype(np.int32)


def _day_of(version: Any) -> ColumnElement[int]:
    """The day as a number that is never negative and as wide as what it is packed with."""
    return cast(type_coerce(version.day, Integer) - _FIRST_DAY, BigInteger)


def _code(column: Any, values: Sequence[str], common: str | None = None) -> ColumnElement[int]:
    """The place of the column's value in a closed list; what is not in it counts as the last of the list.

    ``common`` is compared first: a database walks the list for every row.
    """
    places = {value: place for place, value in enumerate(values)}
    first = [common] if common else []
    rest = [value for value in values if value != common]
    return case({value: places[value] for value in [*first, *rest]}, value=column, else_=len(values) - 1)


def _unpacked(packed: Any, *sizes: int) -> list[Any]:
    """The numbers that were packed with these sizes, last first in the packing."""
    import numpy as np

    out = []
    for size in sizes:
        rest = packed // size
        out.append((packed - rest * size).astype(np.int8 if size <= _MANY else np.int32))
        packed = rest
    return out


def _packed(*parts: tuple[ColumnElement[int], int]) -> ColumnElement[int]:
    packed, factor = parts[0]
    for column, size in parts[1:]:
        packed = packed + column * literal(factor, BigInteger)  # wider than what it is multiplied with
        factor *= size
    return packed


def _listed(codes: Any, vocabulary: type[Vocabulary]) -> Any:
    import pandas as pd

    return pd.Categorical.from_codes(codes, categories=pd.Index(list(vocabulary.values()), dtype=object))


# Persons met and contacts ---------------------------------------------------------------------------------------------


def _joined_persons(tree: Tree) -> dict[int, int]:
    """Person key → the key it was found to be the same person as, chains followed; merges of the whole tree."""
    merges = (
        select(PersonMerge.person_key, PersonMerge.into_key)
        .where(PersonMerge.operation_id.in_(tree.whole), stood(PersonMerge, tree.as_of))
        .order_by(PersonMerge.recorded_at, PersonMerge.id)
    )
    found: dict[int, int] = {}

    def top(key: int) -> int:
        while key in found:
            key = found[key]
        return key

    for key, into in db.session.execute(merges):
        if (one := top(key)) != (other := top(into)):
            found[one] = other
    return {key: top(key) for key in found}


def _with_merges(keys: Any, joined: dict[int, int]) -> Any:
    import numpy as np

    if not joined or not len(keys):
        return keys
    old = np.array(sorted(joined), dtype=np.int64)
    new = np.array([joined[key] for key in old.tolist()], dtype=np.int64)
    place = np.minimum(np.searchsorted(old, keys), len(old) - 1)
    return np.where(old[place] == keys, new[place], keys)


def _meetings(tree: Tree, joined: dict[int, int], only: ColumnElement[bool] | None = None) -> dict[str, Any]:
    """``only``: a part of the rows; see ``in_portions``."""
    import numpy as np

    ages, genders, answers, places = (v.values() for v in (AgeBand, Gender, SupportAnswer, PlaceKind))
    unknown = "not_known"
    query = select(
        Meeting.contact_id,
        Meeting.person_key,
        Meeting.operation_id,
        _who(Meeting),
        Meeting.met_at,
        _packed(
            (_code(Meeting.age_believed, ages, unknown), len(ages)),
            (_code(Meeting.age_said, ages, unknown), len(ages)),
            (_code(Meeting.age_confirmed, ages, unknown), len(ages)),
            (_code(Meeting.gender_believed, genders, unknown), len(genders)),
            (_code(Meeting.gender_said, genders, unknown), len(genders)),
            (_code(Meeting.answer, answers), len(answers)),
            (_code(Meeting.place_kind, places), len(places)),
            (case((Meeting.made_safe, 1), else_=0), 2),
            (_day_of(Meeting), _DAYS),
            (Meeting.position, _MANY),
        ),
    ).where(Meeting.standing, stood(Meeting, tree.as_of))
    if only is not None:
        query = query.where(only)
    sizes = (len(ages), len(ages), len(ages), len(genders), len(genders), len(answers), len(places), 2, _DAYS, _MANY)
    contact, person, operation, who, at, packed = _as_written(_integers(_of_tree(query, Meeting, tree)), sizes)
    believed, said, confirmed, gender_believed, gender_said, answer, place, safe, day, _ = _unpacked(packed, *sizes)
    service, team = _service_and_team(who)
    age, rank = _one_age(believed, said, confirmed)
    gender = np.where(gender_said != genders.index(unknown), gender_said, gender_believed)
    return {
        "contact": contact,
        "person": _with_merges(person, joined),
        "operation": operation.astype(np.int32),
        "service": service,
        "team": team,
        "at": at // SECOND,
        "day": day + _FIRST_DAY,
        "age": _listed(age, AgeBand),
        "age_rank": rank,
        "gender": _listed(gender, Gender),
        "answer": _listed(answer, SupportAnswer),
        "made_safe": safe.astype(bool),
        "place_kind": _listed(place, PlaceKind),
    }


def _as_written(columns: Any, sizes: tuple[int, ...]) -> Any:
    """The rows of one contact in the order of their positions, the last part of what is packed in the last column.

    Without it which of two statements about one person is the later one would be the database's whim: a code that was
    claimed twice, or two persons who were found to be one. Rows of other contacts stay where they are.
    """
    import numpy as np

    position = _unpacked(columns[-1], *sizes)[-1]
    contact = columns[0]
    row = np.flatnonzero(np.isin(contact, contact[position > 1]))
    there, wanted = (row[np.lexsort((by, contact[row]))] for by in (row, position[row]))
    columns[:, there] = columns[:, wanted]
    return columns


def _one_age(*stated: Any) -> tuple[Any, Any]:
    """The band that counts and its rank: the best ranked, under 18 where the statements lie on both sides of 18."""
    import numpy as np

    ages = AgeBand.values()
    unknown = ages.index(AgeBand.NOT_KNOWN)
    young = np.array([value in AgeBand.below(_CONFLICT_AGE) for value in ages])
    minors = [young[band] for band in stated]
    adults = [(band != unknown) & ~minor for band, minor in zip(stated, minors, strict=True)]
    conflict = np.logical_or.reduce(minors) & np.logical_or.reduce(adults)
    age = np.full(len(stated[0]), unknown, dtype=np.int8)
    rank = np.zeros(len(stated[0]), dtype=np.int8)
    for level, (band, minor) in enumerate(zip(stated, minors, strict=True), start=1):
        counts = (band != unknown) & (minor | ~conflict)
        age, rank = np.where(counts, band, age), np.where(counts, np.int8(level), rank)
    return age, rank


def _contacts(tree: Tree, only: ColumnElement[bool] | None = None) -> dict[str, Any]:
    import numpy as np

    results, places = ContactResult.values(), PlaceKind.values()
    query = select(
        ContactVersion.contact_id,
        ContactVersion.operation_id,
        _who(ContactVersion),
        ContactVersion.met_at,
        _packed(
            (_code(ContactVersion.result, results), len(results)),
            (_code(ContactVersion.place_kind, places), len(places)),
            (_day_of(ContactVersion), _DAYS),
        ),
        ContactVersion.kits,
    ).where(ContactVersion.withdrawn.is_(False), stood(ContactVersion, tree.as_of))
    if only is not None:
        query = query.where(only)
    contact, operation, who, at, packed, kits = _integers(_of_tree(query, ContactVersion, tree))
    service, team = _service_and_team(who)
    result, place, day = _unpacked(packed, len(results), len(places), _DAYS)
    return {
        "contact": contact,
        "operation": operation.astype(np.int32),
        "service": service,
        "team": team,
        "at": at // SECOND,
        "day": day + _FIRST_DAY,
        "result": _listed(result, ContactResult),
        "kits": kits.astype(np.int32),
        "place_kind": _listed(place, PlaceKind),
    }


# Referrals ------------------------------------------------------------------------------------------------------------

_STEPS = (ReferralState.MADE, ReferralState.RECEIVED, ReferralState.REACHED, ReferralState.ENGAGED)
_MINUTE = 60 * SECOND


def _referrals(tree: Tree, joined: dict[int, int], today: int) -> dict[str, Any]:
    import numpy as np

    now, past = aliased(ReferralVersion), aliased(ReferralVersion)
    received = case((past.state == ReferralState.RECEIVED.value, past.recorded_at))
    query = (
        select(
            Referral.id,
            func.coalesce(Person.join_key, Person.id, -1),
            Referral.operation_id,
            Referral.service_id,
            func.coalesce(now.agency_id, -1),
            Referral.day,
            Referral.made_at,
            func.coalesce(func.min(received), -1),
            *(func.max(case((past.state == state.value, 1), else_=0)) for state in _STEPS),
        )
        .join(now, and_(now.referral_id == Referral.id, stood(now, tree.as_of)))
        .join(past, and_(past.referral_id == Referral.id, known(past, tree.as_of)))
        .join(Person, Person.id == Referral.person_id, isouter=True)
        .where(
            Referral.operation_id.in_(tree.ids),
            Referral.origin == Origin.POLICE.value,
        )
        .group_by(
            Referral.id,
            Person.join_key,
            Person.id,
            now.agency_id,
            now.state,
            Referral.operation_id,
            Referral.service_id,
            Referral.day,
            Referral.made_at,
        )
        # What a person takes back once an agency has her is between them: a figure that fell then would tell police.
        .having(or_(now.state != ReferralState.WITHDRAWN.value, func.min(received).is_not(None)))
        .order_by(Referral.id)
    )
    found = _integers(query)
    referral, person, operation, service, agency, day, made_at, received_at = found[:8]
    person = _with_merges(person, joined)
    return {
        "referral": referral,
        "person": np.where(person < 0, -referral, person),  # two persons whom nobody knows are two
        "operation": operation,
        "service": service,
        "agency": agency,
        "day": day,
        "waited": np.where(received_at < 0, -1, np.maximum(received_at - made_at, 0) // _MINUTE),
        "made_at": made_at // SECOND,
        **{state.value: column.astype(bool) for state, column in zip(_STEPS, found[8:], strict=True)},
        **_followed(Referral.operation_id.in_(tree.ids), referral, tree.as_of, today),
    }


def _followed(of: ColumnElement[bool], referral: Any, as_of: dt.datetime | None, today: int) -> dict[str, Any]:
    """``due_7`` … and ``engaged_7`` …, aligned with the ids in ``referral`` (in their order)."""
    import numpy as np

    done = FollowUp.done_at.is_not(None) if as_of is None else FollowUp.done_at <= as_of
    query = (
        select(
            FollowUp.referral_id,
            FollowUp.days,
            FollowUp.due_on,
            case((done, 1), else_=0),
            case((and_(done, FollowUp.result == FollowUpResult.WITH_AGENCY.value), 1), else_=0),
        )
        .join(Referral, Referral.id == FollowUp.referral_id)
        .where(of, known(FollowUp, as_of))
    )
    whose, days, due_on, is_done, engaged = _integers(query)
    place = np.searchsorted(referral, whose)
    ours = np.zeros(len(whose), dtype=bool)
    inside = place < len(referral)
    ours[inside] = referral[place[inside]] == whose[inside]
    made: dict[str, Any] = {}
    for after in FOLLOW_UP_DAYS:
        for part, holds in (("due", (due_on <= today) | (is_done == 1)), ("engaged", engaged == 1)):
            column = np.zeros(len(referral), dtype=bool)
            column[place[ours & holds & (days == after)]] = True
            made[f"{part}_{after}"] = column
    return made


def _direct(tree: Tree) -> dict[str, Any]:
    """Referrals that came directly with the code of a card of the tree; without one they belong to no operation."""
    query = (
        select(Referral.id, Referral.operation_id, Referral.service_id, Referral.day)
        .join(ReferralVersion, and_(ReferralVersion.referral_id == Referral.id, stood(ReferralVersion, tree.as_of)))
        .where(
            Referral.operation_id.in_(tree.ids),
            Referral.origin == Origin.DIRECT.value,
            ReferralVersion.state != ReferralState.WITHDRAWN.value,
        )
        .order_by(Referral.id)
    )
    return dict(zip(("referral", "operation", "service", "day"), _integers(query), strict=True))


def _outcomes(tree: Tree) -> dict[str, Any]:
    """Outcomes that stood, each once a referral: with the agency that recorded it last, on the day it said."""
    return _outcome_rows(and_(Referral.operation_id.in_(tree.ids), Referral.origin == Origin.POLICE.value), tree.as_of)


def _outcome_rows(of: ColumnElement[bool], as_of: dt.datetime | None) -> dict[str, Any]:
    stands = ReferralOutcome.withdrawn_at.is_(None)
    if as_of is not None:
        stands = and_(ReferralOutcome.recorded_at <= as_of, or_(stands, ReferralOutcome.withdrawn_at > as_of))
    query = (
        select(
            Referral.id,
            ReferralOutcome.outcome,
            func.coalesce(Referral.operation_id, -1),
            Referral.service_id,
            ReferralOutcome.agency_id,
            ReferralOutcome.day,
        )
        .join(Referral, Referral.id == ReferralOutcome.referral_id)
        .join(ReferralVersion, and_(ReferralVersion.referral_id == Referral.id, stood(ReferralVersion, as_of)))
        .where(of, stands, ReferralVersion.state != ReferralState.WITHDRAWN.value)
        .order_by(ReferralOutcome.id)
    )
    found = {(row[0], row[1]): row for row in db.session.execute(query)}
    rows = sorted(found.values(), key=lambda row: (row[0], row[1]))
    return {
        "referral": [row[0] for row in rows],
        "outcome": [row[1] for row in rows],
        "operation": [row[2] for row in rows],
        "service": [row[3] for row in rows],
        "agency": [row[4] for row in rows],
        "day": [day_number(row[5]) for row in rows],
    }


# An agency's own ------------------------------------------------------------------------------------------------------


def came_to(agency_id: int, now: dt.datetime) -> list[Came]:
    """Every referral that ever came to the agency and is not withdrawn, with what the agency itself did with it."""
    current, own = aliased(ReferralVersion), aliased(ReferralVersion)
    at_first = case((own.state == ReferralState.MADE.value, own.recorded_at))
    received = case((own.state == ReferralState.RECEIVED.value, own.recorded_at))
    query = (
        select(
            Referral.id,
            Referral.day,
            case((Referral.origin == Origin.DIRECT.value, 1), else_=0),
            case((current.agency_id == agency_id, 0), else_=1),
            func.coalesce(func.min(at_first), Referral.made_at),
            func.coalesce(func.min(received), -1),
            *(func.max(case((own.state == state.value, 1), else_=0)) for state in _STEPS),
        )
        .join(current, and_(current.referral_id == Referral.id, current.superseded_at.is_(None)))
        .join(own, and_(own.referral_id == Referral.id, own.agency_id == agency_id))
        .where(current.state != ReferralState.WITHDRAWN.value)
        .group_by(Referral.id, Referral.day, Referral.origin, Referral.made_at, current.agency_id)
        .order_by(Referral.id)
    )
    found = _integers(query)
    today = (now - EPOCH).days
    after = _followed(FollowUp.agency_id == agency_id, found[0], None, today)
    reached = {**dict(zip((state.value for state in _STEPS), found[6:], strict=True)), **after}
    # Given to this agency it was made for it, whatever the first version that names it says.
    columns = {name: column.astype(bool).tolist() for name, column in reached.items()}
    columns["made"] = [True] * len(found[0])
    return [
        Came(day, bool(direct), frozenset(name for name, column in columns.items() if column[place]),
             -1 if at < 0 else max(at - since, 0) // _MINUTE, bool(left))
        for place, (day, direct, left, since, at) in enumerate(
            zip(*(column.tolist() for column in found[1:6]), strict=True))
    ]  # fmt: skip


def outcomes_with(agency_id: int) -> list[tuple[str, int]]:
    """Outcome and day of everything that the agency recorded and that stands, each once a referral."""
    found = _outcome_rows(ReferralOutcome.agency_id == agency_id, None)
    return list(zip(found["outcome"], found["day"], strict=True))
