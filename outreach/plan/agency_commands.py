"""Writes of the directory of support agencies, and what the rules are asked about: agencies as they stand now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Actor, Target
from outreach.auth.permissions import may
from outreach.errors import N_, Changed, Finding, Invalid, NotAllowed
from outreach.storage.queries import agencies as rows
from outreach.storage.queries import field
from outreach.storage.queries import plan as services
from outreach.storage.tables import AgencyProfile, Service
from outreach.vocab import ServiceKind

from . import agency_text_rules, operation_rules, rules
from .agency_paste_rules import texts_of
from .agency_rules import Agency, Span, room_left
from .agency_text_rules import AgencyDraft
from .paste_rules import Preview, Row, Saved
from .service_commands import SERVICE_FIELDS

LONGEST_INTAKE = 600
PROFILE = (
    "time_zone", "needs", "areas", "always_open", "hours", "closed_on", "capacity", "age_from", "age_to", "intake",
    "telephone", "taking", "call_order",
)  # fmt: skip


def agency_target(service_id: int) -> Target:
    return Target(agency=service_id)


# --- as the rules see them --------------------------------------------------------------------------------------------


def agencies_of(ids: Iterable[int]) -> list[Agency]:
    """The agencies in the order of their ids as they stand now; those of which nothing is known yet too."""
    wanted = list(ids)
    found, carried = rows.named(wanted), rows.carried(wanted)
    return [facts_of(*found[one], carried.get(one, 0)) for one in wanted if one in found]


def agencies_for(operation_id: int, root_id: int) -> list[Agency]:
    """The agencies that persons met in the operation can be referred to, those of this very operation first."""
    return agencies_of(one for one, _name in field.agencies_for(operation_id, root_id))


def facts_of(service: Service, profile: AgencyProfile | None, carried: int = 0) -> Agency:
    """An agency as a plain value; ``carried``: its open referrals."""
    languages = agency_text_rules.languages_of(service.languages)
    if profile is None:
        return Agency(service.id, service.name, languages=languages)
    left = room_left(profile.capacity, carried)
    return Agency(
        id=service.id,
        name=service.name,
        zone=profile.time_zone,
        always=profile.always_open,
        hours=spans_of(profile.hours),
        closed_on=tuple(profile.closed_on),
        needs=tuple(profile.needs),
        areas=tuple(profile.areas),
        languages=languages,
        age_from=profile.age_from,
        age_to=profile.age_to,
        taking=profile.taking,
        room=None if left is None else left > 0,
        call_order=profile.call_order,
        telephone=profile.telephone,
        intake=profile.intake,
    )


def spans_of(stored: Sequence[Any]) -> tuple[Span, ...]:
    """Hours as they are stored: ``[[weekday, "09:00", "17:00"], …]``."""
    return tuple(Span(int(day), _minute(start), _minute(end)) for day, start, end in stored)


def stored_spans(hours: Iterable[Span]) -> list[list[Any]]:
    clock = agency_text_rules.clock_text
    return [[span.weekday, clock(span.start), clock(span.end)] for span in hours]


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])


# --- one agency -------------------------------------------------------------------------------------------------------


def stored(draft: AgencyDraft) -> dict[str, Any]:
    """The draft as the columns of the profile."""
    said = {name: getattr(draft, name) for name in PROFILE}
    lists = {name: list(said[name]) for name in ("needs", "areas", "closed_on")}
    return said | lists | {"hours": stored_spans(draft.hours)}


def draft_of(service: Service, profile: AgencyProfile | None) -> AgencyDraft:
    """What the page of an agency says now."""
    desk = {"languages": service.languages, "contact_desk": service.contact_desk}
    if profile is None:
        return AgencyDraft(**desk)
    said = {name: getattr(profile, name) for name in PROFILE}
    lists = {name: tuple(said[name]) for name in ("needs", "areas", "closed_on")}
    return AgencyDraft(**(said | lists | desk | {"hours": spans_of(profile.hours)}))


def agency_findings(draft: AgencyDraft, known_needs: Iterable[str]) -> list[Finding]:
    """What is wrong with a draft, whoever says it."""
    found: list[Finding] = []
    for check in (
        lambda: operation_rules.zone_name(draft.time_zone),
        lambda: agency_text_rules.check_ages(draft.age_from, draft.age_to, "age_to"),
        lambda: agency_text_rules.read_telephone(draft.telephone),
    ):
        try:
            check()
        except Invalid as problem:
            found += problem.findings
    if set(draft.needs) - set(known_needs):
        found.append(Finding("needs", N_("Choose from the list.")))
    if draft.capacity is not None and not 0 <= draft.capacity <= agency_text_rules.MOST_CAPACITY:
        most = {"most": agency_text_rules.MOST_CAPACITY}
        found.append(Finding("capacity", N_("Enter a whole number from 0 to %(most)d."), most))
    for name, most_long in (("intake", LONGEST_INTAKE), ("languages", 40), ("contact_desk", 254)):
        if len(getattr(draft, name)) > most_long:
            found.append(Finding(name, N_("Write %(most)d characters or fewer."), {"most": most_long}))
    return found


def change_agency(
    actor: Actor,
    service: Service,
    profile: AgencyProfile | None,
    draft: AgencyDraft,
    *,
    version: int,
    service_version: int,
    known_needs: Iterable[str],
) -> bool:
    """What an agency offers, where, to whom and when; whether anything changed.

    ``version``: of the profile that was shown, 0 for none; ``service_version``: of the service. Raises ``NotAllowed``;
    ``Invalid`` at the form's fields; ``Changed``.
    """
    if not may(actor, "agencies.change", agency_target(service.id)):
        raise NotAllowed()
    findings = agency_findings(draft, known_needs)
    if findings:
        raise Invalid(*findings)
    if (profile.version if profile else 0) != version or service.version != service_version:
        raise Changed()
    return write_agency(actor, service, profile, draft)


def write_agency(actor: Actor, service: Service, profile: AgencyProfile | None, draft: AgencyDraft) -> bool:
    """Bring profile and service to the draft, with the journal entry; raises ``Changed``. Checks nothing else."""
    values, before = stored(draft), stored(draft_of(service, profile))
    changed = sorted(name for name in values if values[name] != before[name])
    desk = {
        name: getattr(draft, name)
        for name in ("languages", "contact_desk")
        if getattr(draft, name) != getattr(service, name)
    }
    if profile is not None and not changed and not desk:
        return False
    if profile is None:
        if not rows.add_profile(service.id, actor.user, values):
            raise Changed()
    elif changed and not rows.claim_profile(profile, profile.version, actor.user, values):
        raise Changed()
    if desk and not services.claim_service(service, service.version, desk):
        raise Changed()
    fields = sorted([*changed, *desk])
    audit.record(actor, Tag.AGENCY_CHANGED, kind="service", object_id=service.id, service=service.id, fields=fields)
    return True


# --- many at once -----------------------------------------------------------------------------------------------------


def saved_agencies(needs: Mapping[str, str], language: str) -> list[Saved]:
    """The directory as a paste compares its rows with it: every service, because a police service is no agency.

    ``needs``: code → label. ``taking_part`` says that something is known of it as an agency.
    """
    known = {service.id: profile for service, profile in rows.agencies()}
    found = []
    for one in services.all_services():
        values = {name: getattr(one, name) for name in SERVICE_FIELDS}
        if one.id in known and known[one.id] is not None:
            values |= texts_of(draft_of(one, known[one.id]), needs, language)
        found.append(Saved(one.id, one.name, one.kind, values, known.get(one.id) is not None))
    return found


def add_pasted(actor: Actor, found: Preview, *, time_zone: str, known_needs: Iterable[str]) -> dict[str, int]:
    """Save the rows of a preview that have no problem; counts of agencies ``added`` and ``changed``.

    What a row leaves empty stays as it is. ``time_zone``: of new agencies that name none. Raises ``NotAllowed``;
    ``Invalid`` at ``time_zone``; ``Changed`` when somebody was quicker, and then nothing is saved.
    """
    if not may(actor, "agencies.change"):
        raise NotAllowed()
    zone = operation_rules.zone_name(time_zone)
    counts = {"added": 0, "changed": 0}
    known = list(known_needs)
    for row in found.rows:
        if row.state in ("new", "match"):
            _follow(actor, row, zone, known, counts)
    audit.record(actor, Tag.AGENCIES_PASTED, **counts)
    return counts


def _follow(actor: Actor, row: Row, zone: str, known_needs: list[str], counts: dict[str, int]) -> None:
    service = services.service(row.same.id) if row.same is not None else None
    added = service is None
    if service is None:
        fields = {name: row.values.get(name, "") for name in SERVICE_FIELDS}
        service = services.add_service({**fields, "name_key": rules.name_key(fields["name"])})
        if service is None:
            raise Changed()  # somebody added it just now: everything is rolled back
        audit.record(actor, Tag.SERVICE_ADDED, kind="service", object_id=service.id, service=service.id)
    if not ServiceKind(service.kind).is_support:
        raise Changed()
    kept = rows.agency(service.id)
    profile = kept[1] if kept is not None else None
    before = draft_of(service, profile)
    wanted = row.read if added or profile is None else {c[0]: row.read[c[0]] for c in row.changes if c[0] in row.read}
    zone_first = {} if profile is not None else {"time_zone": zone}
    draft = replace(before, **(zone_first | {name: v for said in wanted.values() for name, v in said.items()}))
    findings = agency_findings(draft, known_needs)
    if findings:
        raise Invalid(*findings)
    said = {name: row.values[name] for name in ("region", "municipality", "short_name") if row.values.get(name)}
    differs = {name: text for name, text in said.items() if getattr(service, name) != text}
    if differs:
        services.claim_service(service, service.version, differs)
        audit.record(
            actor, Tag.SERVICE_CHANGED, kind="service", object_id=service.id, service=service.id, fields=sorted(differs)
        )
    changed = write_agency(actor, service, profile, draft) or bool(differs)
    counts["added" if added else "changed"] += added or changed
