"""Whatever happens in whatever order: nobody waits beyond the limit unseen by somebody whose account can act.

Real commands on a real database. After each step the raw rows say who waits too long, by arithmetic of this file, and
the pages' own answers say who is alerted. ``OUTREACH_SCHEDULES`` runs more of them than the suite has time for.
"""

import datetime as dt
import os

import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from outreach.admin import commands as admin
from outreach.auth.actors import SYSTEM
from outreach.errors import Changed, Invalid, NotAllowed
from outreach.referrals import alert_commands, commands, waiting_commands
from outreach.referrals.alert_commands import Site
from outreach.storage import db, writing
from outreach.storage.queries import access, operations, referral_waits, referrals
from outreach.storage.tables import Operation, Referral, ReferralVersion, User
from outreach.storage.types import utc_now
from outreach.vocab import EntryMode, HandedOver, NotTaken, ReferralState, Role, ServiceKind
from tests.factories import a_participation, a_service, a_user
from tests.referrals.factories import a_referral, a_world

SCHEDULES = int(os.environ.get("OUTREACH_SCHEDULES", "6"))
one_of_them = st.integers(0, 30)
STEPS = st.one_of(
    st.tuples(st.just("time"), st.sampled_from([0.5, 1, 3, 5, 9, 30]), st.none(), st.none()),
    st.tuples(st.just("make"), st.booleans(), st.sampled_from(["first", "second", "none"]), st.none()),
    st.tuples(st.just("pick up"), st.integers(0, 2), one_of_them, st.none()),
    st.tuples(st.just("hand over"), st.integers(0, 3), one_of_them, st.integers(0, 2)),
    st.tuples(st.just("take over"), st.integers(0, 2), one_of_them, st.none()),
    st.tuples(st.just("give back"), st.integers(0, 3), one_of_them, st.none()),
    st.tuples(st.just("assign"), st.integers(4, 5), one_of_them, st.booleans()),
    st.tuples(st.just("move"), st.integers(0, 2), one_of_them, st.sampled_from(["reached", "engaged", "closed"])),
    st.tuples(st.just("account"), st.integers(0, 4), st.booleans(), st.none()),
    st.tuples(st.just("role"), st.integers(0, 4), st.none(), st.none()),
    st.tuples(st.just("owner leaves"), st.booleans(), one_of_them, st.none()),
    st.tuples(st.just("limits"), st.integers(1, 6), st.integers(6, 30), st.none()),
)


class Story:
    """One operation with two agencies; what was tried, and what stands."""

    def __init__(self):
        self.world = a_world_of_its_own()
        self.other = a_service(kind=ServiceKind.HOUSING)
        a_participation(self.world.operation, self.other, entry_mode=EntryMode.NONE)
        self.people = [
            self.world.liaison,
            a_user(Role.LIAISON, self.world.agency, self.world.operation),
            a_user(Role.LIAISON, self.other),
            a_user(Role.SERVICE_COORDINATOR, self.world.agency),
            a_user(Role.OPERATION_COORDINATOR, operation=self.world.operation),
            a_user(Role.OPERATION_COORDINATOR),
        ]
        self.operation, self.agencies = self.world.operation.id, (self.world.agency.id, self.other.id)
        self.ids = [one.id for one in self.people]
        self.made = []

    def step(self, kind, a, b, c):
        try:
            with writing():
                self.do(kind, a, b, c)
        except (Changed, Invalid, NotAllowed):
            pass
        db.session.expire_all()

    def do(self, kind, a, b, c):
        if kind == "make":
            made = a_referral(self.world, safe_way="", urgent=a, hours_ago=0)
            agency = {"first": self.agencies[0], "second": self.agencies[1], "none": None}[b]
            referrals.current(made.id).agency_id = agency
            self.made.append(made.id)
        elif kind == "account":
            change = admin.enable if b else admin.disable
            change(SYSTEM, db.session.get(User, self.ids[a]))
        elif kind == "role":
            self.take_roles(self.ids[a])
        elif kind == "limits":
            operation = operations.by_id(self.operation)
            waiting_commands.set_limits(self.actor(5), operation, str(a), str(b), "rule")
        elif self.made and kind != "time":
            referral = db.session.get(Referral, self.made[b % len(self.made)])
            seen = referrals.current(referral.id).version
            if kind == "owner leaves":
                self.leave(referrals.current(referral.id).liaison_id, a)
            elif kind == "pick up":
                commands.pick_up(self.actor(a), referral)
            elif kind == "hand over":
                waiting_commands.hand_over(self.actor(a), [(referral, seen)], self.ids[c], HandedOver.AWAY)
            elif kind == "take over":
                waiting_commands.take_over(self.actor(a), referral, seen)
            elif kind == "give back":
                waiting_commands.give_back(self.actor(a), referral, seen, NotTaken.FULL)
            elif kind == "assign":
                waiting_commands.assign(self.actor(a), referral, seen, self.agencies[c])
            elif kind == "move":
                commands.move(self.actor(a), referral, seen, c)

    def leave(self, user_id, disabled):
        if user_id and disabled:
            admin.disable(SYSTEM, db.session.get(User, user_id))
        elif user_id:
            self.take_roles(user_id)

    def take_roles(self, user_id):
        user = db.session.get(User, user_id)
        for grant in list(user.roles):
            admin.remove_grant(SYSTEM, user, grant.id)

    def actor(self, number):
        return access.actor_of(db.session.get(User, self.ids[number]))

    # --- what stands, by this file's own arithmetic -------------------------------------------------------------------

    def beyond(self):
        """Referral id → its current version, of those that nobody who can act owns, beyond the limit or without one."""
        operation = db.session.get(Operation, self.operation)
        found = {}
        for version in db.session.query(ReferralVersion).filter(
            ReferralVersion.superseded_at.is_(None), ReferralVersion.referral_id.in_(self.made)
        ):
            minutes = operation.urgent_limit_minutes if version.urgent else operation.limit_minutes
            late = utc_now() - version.owed_at >= dt.timedelta(minutes=minutes)
            owner = version.liaison_id and self.works(version.liaison_id, Role.LIAISON, version.agency_id)
            waits = version.state == ReferralState.MADE and (late or version.agency_id is None)
            if waits or (version.state in referral_waits.IN_HAND and not owner):
                found[version.referral_id] = version
        return found

    def works(self, user_id, role, service=None):
        user = db.session.get(User, user_id)
        return user.active and any(
            grant.role == role
            and (service is None or grant.service_id == service)
            and grant.operation_id in (None, self.operation)
            for grant in user.roles
        )

    def who_is_alerted(self):
        """Referral id → accounts on whose page it stands as an alert, by what the pages ask."""
        site = Site(utc_now())
        found = {}
        for one, level in alert_commands.alerts(site, referral_waits.of_operations([self.operation])):
            found[one.referral] = {n for n in self.ids if alert_commands.sees(self.actor_of(n), site, one, level)}
        return found

    def actor_of(self, user_id):
        return access.actor_of(db.session.get(User, user_id))

    def check(self):
        alerted = self.who_is_alerted()
        beyond = self.beyond()
        for referral, version in beyond.items():
            acting = [
                user
                for user in alerted.get(referral, ())
                if self.works(user, Role.LIAISON, version.agency_id)
                or self.works(user, Role.SERVICE_COORDINATOR, version.agency_id)
                or self.works(user, Role.OPERATION_COORDINATOR)
            ]
            assert acting, (version.state, version.agency_id, version.liaison_id, alerted)
        survey = alert_commands.survey(Site(utc_now()), referral_waits.of_operations([self.operation]))
        levels = [level for _, level in alert_commands.alerts(Site(utc_now()), self.condition()) if level]
        assert survey.at == {step: sum(level >= step for level in levels) for step in survey.at}
        assert survey.at[1] >= len(beyond)

    def condition(self):
        return referral_waits.of_operations([self.operation])


def a_world_of_its_own():
    world = a_world()
    with writing():
        for row, name in ((world.operation, "code"), (world.police, "name_key"), (world.agency, "name_key")):
            setattr(db.session.merge(row), name, f"{getattr(row, name)}-{row.id}")
    return world


@settings(
    max_examples=SCHEDULES,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a story is its own explanation; making it shorter takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(schedule=st.lists(STEPS, min_size=8, max_size=18))
def test_nobody_waits_beyond_the_limit_without_an_alert_to_somebody_who_can_act(app, schedule):
    with time_machine.travel(dt.datetime(2017, 10, 11, 12, tzinfo=dt.UTC), tick=False) as clock:
        story = Story()
        for kind, a, b, c in [
            ("make", True, "first", None),
            ("pick up", 0, 0, None),
            ("make", False, "first", None),
            *schedule,
        ]:
            if kind == "time":
                clock.shift(dt.timedelta(hours=a))
            story.step(kind, a, b, c)
            story.check()
