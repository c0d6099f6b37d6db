"""The sample: the published figures of October 2017 as four nested operations, with invented people, removable.

SOURCE: ``published_2017.json`` (a copy ships in the package); what releases and the press printed of five editions: in
``published_history.json``, each figure with where it was read. ASSUMPTIONS, all marked in the data: the Ontario window;
the hours of every window; the split of personnel by category; that no person was met or charged by two services;
which invented service reported what.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from outreach import audit
from outreach.admin.commands import add_user
from outreach.audit.tags import Tag
from outreach.auth.actors import SYSTEM, Actor
from outreach.errors import N_, Blocked
from outreach.plan.rules import name_key
from outreach.report.history_commands import put_sample
from outreach.report.history_reading_rules import entries_of
from outreach.storage.queries import access, accounts, operations, teams
from outreach.storage.queries import sample as rows
from outreach.vocab import EntryMode, OperationStatus, ParticipationStatus, Role, ServiceKind, StaffCategory

PUBLISHED = Path(__file__).with_name("published_2017.json")
HISTORY = Path(__file__).with_name("published_history.json")
SIGN_INS = "sample-sign-ins.json"
ZONE = "America/Toronto"
INVENTED = 41
CONTACT_MEASURES = [
    "contacts",
    "attempts",
    "persons_met",
    "persons_under_18",
    "support_offered",
    "support_accepted",
    "support_declined",
    "support_undecided",
    "persons_made_safe",
    "kits_handed_out",
    "referrals_made",
    "referrals_received",
    "referrals_reached",
    "referrals_engaged",
]
ONTARIO_MEASURES = ["personnel", "persons_arrested", "persons_charged", "charges"]
ONTARIO_DAYS = [dt.date(2017, 10, 9) + dt.timedelta(days=n) for n in range(7)]
WINDSOR_DAYS = ONTARIO_DAYS[1:5]
# Personnel of the five real services at Ontario (invented; the published total is 331 for all 46).
FIVE_PERSONNEL = (12, 8, 7, 4, 4)
# Met by the five at Windsor-Essex, by day of 10-13 October: 13 published, the spread is invented.
MET = {0: (2, 2, 1, 1), 1: (1, 1, 0, 1), 2: (0, 1, 1, 0), 3: (0, 1, 0, 0), 4: (0, 0, 1, 0)}


@dataclass(frozen=True)
class SignIn:
    """One way into the sample site, to be printed."""

    email: str
    name: str
    role: Role
    password: str


# Municipalities of the local slice and where they lie, as any map says.
PLACES = """
Windsor; 42.3149; -83.0364
LaSalle; 42.2389; -83.0944
Amherstburg; 42.1030; -83.1080
Chatham-Kent; 42.4048; -82.1910
Leamington; 42.0531; -82.5999
"""


def load(hash_password: Any, instance_dir: Path) -> list[SignIn]:
    """Load the sample inside a write; raises ``Blocked`` when it is there already. Returns the sign-ins."""
    if rows.sample_operations():
        raise Blocked(N_("The sample is loaded already."), N_("Remove it first: outreach sample --remove"))
    published = {o["code"]: o for o in json.loads(PUBLISHED.read_text())["operations"]}
    world = _operations(published)
    five = _five_services(published["ONS-2017-WEC"], world)
    invented = _invented_services(world["ONS-2017-ON"], published["ONS-2017-ON"]["figures"])
    people = _people(hash_password, world, five, invented)
    _locked(world["ONS-2017-ON"], invented[4:6])
    _contacts(world["ONS-2017-WEC"], five)
    _planning(world["ONS-2017-WEC"], five)
    _cases(five[5])
    _signatures(world["ONS-2017-ON"], invented[1:3], world["ONS-2017-WEC"], five[4])
    _released(world["ONS-2017-ON"])
    put_sample(SYSTEM, entries_of(json.loads(HISTORY.read_text())))
    for operation in world.values():
        rows.note_change(operation.id)
    audit.record(SYSTEM, Tag.SAMPLE_LOADED, operations=len(world), services=len(five) + len(invented))
    (instance_dir / SIGN_INS).touch(mode=0o600)
    (instance_dir / SIGN_INS).write_text(json.dumps([s.__dict__ for s in people], indent=1))
    return people


def sign_ins(instance_dir: Path) -> list[SignIn]:
    """The sign-ins that were made with the sample, for printing again."""
    path = instance_dir / SIGN_INS
    if not path.exists():
        return []
    return [SignIn(s["email"], s["name"], Role(s["role"]), s["password"]) for s in json.loads(path.read_text())]


def remove(actor: Actor, instance_dir: Path | None = None) -> int:
    """Remove everything of the sample inside a write; returns how many operations went. Real data is left alone."""
    gone = rows.remove_sample()
    if instance_dir is not None:
        (instance_dir / SIGN_INS).unlink(missing_ok=True)
    audit.record(actor, Tag.SAMPLE_REMOVED, operations=gone)
    return gone


def _local(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC)


def _operations(published: dict[str, Any]) -> dict[str, Any]:
    """The four operations, parents first."""
    plan = (
        ("ONS-2017-INT", None, None, False, N_("Window and figures not published.")),
        ("ONS-2017-CA", "ONS-2017-INT", None, False, N_("Window and figures not published.")),
        ("ONS-2017-ON", "ONS-2017-CA", (ONTARIO_DAYS[0], ONTARIO_DAYS[-1]), True, ""),
        ("ONS-2017-WEC", "ONS-2017-ON", (dt.date(2017, 10, 10), dt.date(2017, 10, 13)), False, ""),
    )
    world: dict[str, Any] = {}
    for code, parent, window, assumed, _why in plan:
        source = published[code]
        above = world[parent] if parent else None
        world[code] = rows.add_operation(
            code=code,
            name=source["name"],
            edition="2017",
            level=source["level"],
            purpose="Meet persons who may be trafficked, offer help, connect them to an agency.",
            starts_at=_local(window[0], 6) if window else None,
            ends_at=_local(window[1] + dt.timedelta(days=1), 6) if window else None,
            window_assumed=assumed,
            time_zone=ZONE,
            parent_id=above.id if above else None,
            root_id=(above.root_id or above.id) if above else None,
            status=(OperationStatus.ACTIVE if window else OperationStatus.DRAFT).value,
            services_known=window is not None,
            overlap_nil=window is not None,
            is_sample=True,
        )
    return world


def _service(name: str, short: str, kind: ServiceKind, region: str, desk: str) -> Any:
    return rows.service_named(
        name=name,
        name_key=name_key(name),
        short_name=short,
        kind=kind.value,
        region=region,
        languages="en fr",
        contact_desk=desk,
        is_sample=True,
    )


def _five_services(local: dict[str, Any], world: dict[str, Any]) -> list[Any]:
    """The five services of Windsor-Essex, whose contacts count there and whose personnel counts at Ontario."""
    ontario, windsor = world["ONS-2017-ON"], world["ONS-2017-WEC"]
    shorts = ("Windsor", "Chatham-Kent", "OPP Essex County", "Amherstburg", "LaSalle")
    counted_in = dict.fromkeys(CONTACT_MEASURES, windsor.id) | dict.fromkeys(ONTARIO_MEASURES, ontario.id)
    five = []
    for name, short, headcount in zip(local["services"], shorts, FIVE_PERSONNEL, strict=True):
        kind = ServiceKind.POLICE_PROVINCIAL if "Provincial" in name else ServiceKind.POLICE_MUNICIPAL
        service = _service(name, short, kind, "West", f"desk@{short.split()[0].lower()}.example.org")
        for operation in (ontario, windsor):
            part = rows.add_participation(
                operation.id,
                service.id,
                status=ParticipationStatus.CONFIRMED.value,
                entry_mode=EntryMode.CONTACTS.value,
                planned_staff={StaffCategory.POLICE.value: headcount},
                counted_in=counted_in,
                # They took part on four of Ontario's seven days.
                starts_at=windsor.starts_at,
                ends_at=windsor.ends_at,
            )
            if operation is ontario:
                rows.add_tally(part, "personnel", None, headcount, StaffCategory.POLICE.value)
                rows.add_tally(part, "persons_charged", None, 0)
                for day in WINDSOR_DAYS:
                    rows.add_tally(part, "charges", day, 0)
            else:
                quiet = [day for day, met in zip(WINDSOR_DAYS, MET[len(five)], strict=True) if not met]
                for day in quiet:
                    rows.add_tally(part, "contacts", day, 0)
        five.append(service)
    windsor.lead_service_id = five[0].id
    agency = _service("WEFiGHT", "WEFiGHT", ServiceKind.ADVOCACY, "West", "desk@wefight.example.org")
    rows.add_participation(
        windsor.id, agency.id, status=ParticipationStatus.CONFIRMED.value, entry_mode=EntryMode.NONE.value
    )
    return [*five, agency]


def _shares(total: int, places: int, step: int) -> list[int]:
    """``total`` spread over ``places`` without any chance: a fixed walk with stride ``step`` (coprime to places)."""
    shares = [total // places] * places
    for n in range(total % places):
        shares[n * step % places] += 1
    return shares


def _invented_services(ontario: Any, figures: dict[str, int]) -> list[Any]:
    """41 invented services whose daily totals bring Ontario to its published figures."""
    local_met = sum(sum(days) for days in MET.values())
    met = _shares(figures["persons_met"] - local_met, INVENTED * 7, 11)
    charged = [1 if n % 4 == 0 else 0 for n in range(INVENTED)]
    charged[0] += figures["persons_charged"] - sum(charged)
    counts = [c * 2 if n % 8 == 0 else c for n, c in enumerate(charged)]
    counts[0] += figures["charges"] - sum(counts)
    staff = _shares(figures["personnel"] - sum(FIVE_PERSONNEL), INVENTED, 3)
    services = []
    for n in range(INVENTED):
        name = f"Service {n + 6:02d} (invented)"
        kind = ServiceKind.POLICE_PROVINCIAL if n % 5 == 4 else ServiceKind.POLICE_MUNICIPAL
        service = _service(name, name, kind, ("Central", "East", "North East", "West")[n % 4], "")
        part = rows.add_participation(
            ontario.id,
            service.id,
            status=ParticipationStatus.CONFIRMED.value,
            entry_mode=EntryMode.DAILY_TOTALS.value,
            planned_staff={StaffCategory.POLICE.value: staff[n]},
        )
        _staff_tallies(part, staff[n])
        rows.add_tally(part, "persons_charged", None, charged[n])
        for d, day in enumerate(ONTARIO_DAYS):
            rows.add_tally(part, "persons_met", day, met[n * 7 + d])
            rows.add_tally(part, "charges", day, counts[n] if d == n % 7 else 0)
        services.append(service)
    return services


def _staff_tallies(part: Any, headcount: int) -> None:
    """Police, support and victim services: the split is invented, the sum is what was published."""
    victims = headcount // 8
    support = headcount // 6
    for category, value in (
        (StaffCategory.POLICE, headcount - support - victims),
        (StaffCategory.SUPPORT, support),
        (StaffCategory.VICTIM_SERVICES, victims),
    ):
        rows.add_tally(part, "personnel", None, value, category.value)


def _people(hash_password: Any, world: dict[str, Any], five: list[Any], invented: list[Any]) -> list[SignIn]:
    """Invented accounts, one of each role, and teams for the officers. Passwords are made anew at each load."""
    ontario, windsor = world["ONS-2017-ON"], world["ONS-2017-WEC"]
    wanted = (
        ("admin", "Alex Admin", Role.ADMINISTRATOR, None, None),
        ("coordinator", "Casey Coordinator", Role.OPERATION_COORDINATOR, None, None),
        ("windsor", "Sam Windsor", Role.SERVICE_COORDINATOR, five[0], None),
        ("service06", "Robin Zero-Six", Role.SERVICE_COORDINATOR, invented[0], None),
        ("officer", "Jo Officer", Role.FIELD_OFFICER, five[0], windsor),
        ("officer2", "Max Officer", Role.FIELD_OFFICER, five[1], windsor),
        ("liaison", "Lee Liaison", Role.LIAISON, five[5], None),
        ("commander", "Chris Commander", Role.COMMANDER, None, ontario),
        ("analyst", "Ari Analyst", Role.ANALYST, None, ontario),
    )
    found, users = [], {}
    for local, name, role, service, operation in wanted:
        password = "-".join(secrets.choice(WORDS) for _ in range(4))
        email = f"{local}@sample.example.org"
        users[local] = add_user(
            SYSTEM,
            email=email,
            name=name,
            password_hash=hash_password(password),
            role=role,
            service=service.id if service else None,
            operation=operation.id if operation else None,
            is_sample=True,
        )
        found.append(SignIn(email, name, role, password))
    for index, service in enumerate(five[:5]):
        user = {0: users["officer"], 1: users["officer2"]}.get(index)
        rows.add_team(windsor.id, service.id, f"{service.short_name} 1", f"Area {index + 1}", user)
    return found


WORDS = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbour", "island",
    "juniper", "kestrel", "lantern", "maple", "north", "otter", "paddle", "quartz", "river",
    "spruce", "tamarack", "umber", "valley", "willow", "yarrow", "beacon", "canoe", "dawn",
    "evening", "ferry", "glacier", "heron", "inlet",
]  # fmt: skip


def _contacts(windsor: Any, five: list[Any]) -> None:
    """13 persons met in 13 contacts, 11 of whom accepted to speak with the agency; ages not known, two undecided."""
    from outreach.field import commands

    number = 0
    for index, by_day in MET.items():
        for offset, count in enumerate(by_day):
            for k in range(count):
                number += 1
                met_at = _local(dt.date(2017, 10, 10) + dt.timedelta(days=offset), 19 + k, 10 * index)
                answer = "undecided" if number in (6, 12) else "accepted"
                commands.log_sample_contact(windsor, five[index], five[5], met_at, answer)


# --- an invented plan, for demonstration: it reaches no figure --------------------------------------------------------

BRIEFING = {
    "contacts": "Invented for the sample. Command post: 519 555 0100, 17:00 to 03:00.\nWEFiGHT on call: 519 555 0142.",
    "radio": "Invented for the sample. Talkgroup East 3. Silence for longer than two hours: the command post calls.",
    "safety": "Invented for the sample. Never alone into a room. Leave the door open. Leave when asked to.",
    "instructions": "Invented for the sample. One officer in plain clothes and one worker in every team.",
}
# Name and category; the officer leads where nobody with an account does.
CREW = (("Officer of %s (invented)", StaffCategory.POLICE), ("Worker of %s (invented)", StaffCategory.VICTIM_SERVICES))
# By service, the agency last: kits sent, received, handed out without a contact.
KITS = ((60, 60, 12), (40, 40, 0), (40, 35, 0), (30, 30, 4), (30, 0, 0), (50, 50, 20))


def _agencies(wefight: Any) -> None:
    """What two support agencies offer; the second takes part in nothing, so it is counted nowhere. All invented."""
    from outreach.plan import agency_commands
    from outreach.plan.agency_text_rules import AgencyDraft, read_hours

    desk = "desk@lantern.example.org"
    house = _service("Lantern House (invented)", "Lantern House", ServiceKind.HOUSING, "West", desk)
    for service, hours, said in (
        (
            wefight,
            "daily 08:00-02:00",
            {
                "needs": ("safety_plan", "counselling", "legal", "transport"),
                "areas": ("Windsor", "LaSalle", "Amherstburg", "Leamington", "Chatham-Kent"),
                "capacity": 40,
                "telephone": "519 555 0142",
                "intake": "Invented for the sample. Ask for the worker on call; a woman answers.",
            },
        ),
        (
            house,
            "24/7",
            {
                "needs": ("shelter", "health"),
                "areas": ("Windsor",),
                "capacity": 6,
                "age_from": 16,
                "telephone": "519 555 0177",
                "intake": "Invented for the sample. Call before coming; the address is given by telephone.",
            },
        ),
    ):
        always, spans = read_hours(hours)
        known = {"languages": service.languages, "contact_desk": service.contact_desk}
        draft = AgencyDraft(time_zone=ZONE, always_open=always, hours=spans, **known, **said)
        agency_commands.write_agency(SYSTEM, service, None, draft)


def _planning(windsor: Any, five: list[Any]) -> None:
    """Crews, shifts on the four evenings as published, a briefing, two sessions, kits, through the commands."""
    _agencies(five[5])
    _shifts(windsor, five)
    _sessions(windsor, five)
    from outreach.ready import briefing_commands, kit_commands

    briefing_commands.change_briefing(SYSTEM, windsor, BRIEFING, 0)
    item = kit_commands.add_item(SYSTEM, windsor, "Prevention kit (invented)", "Trousse de prévention (inventée)")
    kit_commands.send(SYSTEM, windsor, item, {s.id: row[0] for s, row in zip(five, KITS, strict=True)})
    for service, (_, received, handed_out) in zip(five, KITS, strict=True):
        for kind, count in (("received", received), ("handed_out", handed_out)):
            if count:
                kit_commands.record_move(SYSTEM, windsor, service.id, item, kind, count)
    _said(windsor, five)


# What invented persons answered, by service: respect, understood, free, safer. The second is not yet shown.
SAID = (
    (*(("yes", "yes", "yes", "safer"),) * 4, ("yes", "partly", "skip", "same"), ("partly", "no", "no", "same")),
    (("yes", "yes", "partly", "safer"),) * 3,
)


def _said(windsor: Any, five: list[Any]) -> None:
    from outreach.referrals import feedback_commands, feedback_rules

    questions = [question.code for question in feedback_rules.QUESTIONS]
    for service, answers in zip(five, SAID, strict=False):
        codes = feedback_commands.make_cards(SYSTEM, windsor, service.id, 1)
        for code, said in zip(codes, answers, strict=False):
            feedback_commands.answer(code, dict(zip(questions, said, strict=True)))


def _cases(agency: Any) -> None:
    """Three referrals in the hands of the sample's liaison; which persons were met stays as it was."""
    from outreach.referrals import sample_cases

    sample_cases.write(access.actor_of(accounts.by_email("liaison@sample.example.org")), agency.id)


def _locked(ontario: Any, silent: list[Any]) -> None:
    """A first, provisional version before the five services' contacts came; two reminders, one without an address."""
    from outreach.returns import close_rules, set_commands
    from outreach.storage.queries import close_out

    why = "Invented for the sample: the contacts of five services follow."
    set_commands.lock(SYSTEM, ontario, provisional=True, reason=why)
    for service, trouble in zip(silent, ("", "address"), strict=True):
        part = operations.participation(ontario.id, service.id)
        outcome = close_rules.FAILED if trouble else close_rules.SENT
        close_out.add_reminder(part.id, None, "sample", close_rules.EMAIL, "", outcome, trouble)


def _released(ontario: Any) -> None:
    """A second version with everything in, and a release of it, sent by the coordinator; two persons may approve it."""
    from outreach.report import release_commands
    from outreach.report.release_rules import Scope
    from outreach.returns import set_commands

    set_commands.lock(SYSTEM, ontario, provisional=True, reason="Invented: most have not signed.")
    coordinator = access.actor_of(accounts.by_email("coordinator@sample.example.org"))
    row = release_commands.draft(coordinator, ontario, 2, Scope(by_day=("persons_met",)))
    release_commands.send(coordinator, row)


def _signatures(ontario: Any, two: list[Any], windsor: Any, lasalle: Any) -> None:
    """Three signed services, by invented people; one told something more afterwards, which opened its figures again."""
    from outreach.returns import commands, sign_commands

    signed = ((windsor, lasalle, "Max LaSalle"), (ontario, two[0], "Kim Seven"), (ontario, two[1], "Noa Eight"))
    for operation, service, name in signed:
        part = operations.participation(operation.id, service.id)
        sign_commands.sign(SYSTEM, operation, part, typed_name=f"{name} (invented)")
    seen = commands.sheet_of(ontario, part).mark
    told = {"cell-persons_arrested-window": "d"}  # declined: no total moves
    commands.save_totals(SYSTEM, ontario, part, told, seen=seen, reason="Another service tells it (invented).")


def _shifts(windsor: Any, five: list[Any]) -> None:
    from outreach.plan import place_commands, shift_commands, team_commands

    place_commands.change_places(SYSTEM, windsor, PLACES, False, windsor.version)

    for index, service in enumerate(five[:5]):
        team = rows.team_of(windsor.id, service.id)
        for name, category in CREW[1 if index < 2 else 0 :]:
            team_commands.add_member(
                SYSTEM,
                windsor,
                team,
                service_id=service.id,
                name=name % service.short_name,
                category=category.value,
                lead=category is StaffCategory.POLICE,
            )
    shift_commands.use_evening(SYSTEM, windsor, places=2)
    shift_commands.publish(SYSTEM, windsor, [service.id for service in five[:5]])


def _sessions(windsor: Any, five: list[Any]) -> None:
    """A training that the last service missed, and a briefing that one of its people missed."""
    from outreach.ready.session_rules import SessionDraft

    names = {service.id: service.name for service in five}
    crew = [(staff, names[staff.service_id]) for _, staff in teams.members_of(windsor.id)]
    came = [(staff.name, name) for staff, name in crew if staff.service_id != five[4].id]
    late = [(staff.name, name) for staff, name in crew if staff.service_id == five[4].id]
    trained, briefed = dt.date(2017, 9, 20), dt.date(2017, 10, 6)
    hours = _local(trained, 9), _local(trained, 16)
    _session(
        windsor, SessionDraft("training", "First contact (invented)", *hours, "Windsor", "First contact", 24), came
    )
    hours = _local(briefed, 13), _local(briefed, 14)
    _session(
        windsor, SessionDraft("briefing", "Before the window (invented)", *hours, "Windsor"), came + late[:1], late[1:]
    )


def _session(windsor: Any, draft: Any, came: list[Any], absent: Sequence[Any] = ()) -> None:
    from outreach.ready import delegate_commands, delegate_rules, session_commands

    session = session_commands.add_session(SYSTEM, windsor, draft)
    said = [(*one, "attended") for one in came] + [(*one, "absent") for one in absent]
    known = delegate_commands.known_for(SYSTEM, windsor, session)
    text = "\n".join("\t".join(row) for row in said)
    found = delegate_rules.preview(text, known, columns=("name", "service", "state"))
    delegate_commands.add_delegates(SYSTEM, windsor, session, found)
