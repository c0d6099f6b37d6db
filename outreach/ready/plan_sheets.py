"""The sheets Kits and Sessions of a plan workbook: what stands as rows, and following changed rows.

The ledger of kits only grows: a larger number sends the difference, a smaller one is refused. What the file does not
name stays.
"""

from __future__ import annotations

from typing import Any

from outreach.errors import N_
from outreach.plan.import_commands import Step
from outreach.plan.team_rules import person_key
from outreach.plan.workbook_commands import local_of
from outreach.plan.workbook_rules import LOCAL_TIME, YES_NO, Column, Line, Part, add_part
from outreach.storage.queries import kits, operations
from outreach.storage.queries import sessions as session_rows
from outreach.storage.tables import KitItem, Operation
from outreach.vocab import SessionKind

from . import kit_commands, session_commands
from .session_rules import SessionDraft

KITS, SESSIONS = "Kits", "Sessions"
KIT_COLUMNS = (
    Column(
        "kit",
        N_("Kit"),
        N_("Its English name. One row for each service that it was sent to."),
        required=True,
        most=120,
    ),
    Column("name_fr", N_("Name in French"), most=120),
    Column("service", N_("Service")),
    Column("sent", N_("Sent to it in all"), N_("A larger number than before sends the difference."), kind="number"),
)
SESSION_COLUMNS = (
    Column("kind", N_("Kind"), kind="choice", required=True, choices=tuple(SessionKind.choices())),
    Column("title", N_("Title"), required=True),
    Column("starts_at", N_("Starts"), LOCAL_TIME, kind="moment", required=True),
    Column("ends_at", N_("Ends"), LOCAL_TIME, kind="moment"),
    Column("place", N_("Place")),
    Column("certificate", N_("Certificate"), N_("What attending earns; empty for nothing."), most=120),
    Column("valid_months", N_("Months that it is valid"), N_("Empty: it does not expire."), kind="number"),
    Column("cancelled", N_("Cancelled"), kind="choice", choices=YES_NO),
    Column("uid", N_("ID"), N_("Made by Outreach: a moved session stays the same session."), most=36, hidden=True),
)


# --- kits -------------------------------------------------------------------------------------------------------------


def kits_gathered(operation: Operation) -> list[dict[str, Any]]:
    """A row for every kit and service that it was sent to; one without a service for a kit sent nowhere."""
    names = {service.id: service.name for _, _, service in operations.participations_of(operation.id)}
    sent = {pair: stock.sent for pair, stock in kits.stocks_of(operation.id).items() if stock.sent and pair[1] in names}
    lines: list[dict[str, Any]] = []
    for item in kits.items_of(operation.id):
        if item.retired_at is not None:
            continue
        said = {"kit": item.name_en, "name_fr": item.name_fr}
        where = sorted((names[service], count) for (one, service), count in sent.items() if one == item.id)
        lines += [said | {"service": name, "sent": count} for name, count in where]
        lines += [] if where else [said | {"service": "", "sent": None}]
    return lines


def follow_kits(run: Any, lines: tuple[Line, ...]) -> None:
    """Name new kits, give others their French name, send what the numbers say beyond what was sent."""
    items = {person_key(one.name_en): one for one in kits.items_of(run.operation.id) if one.retired_at is None}
    sent = {pair: stock.sent for pair, stock in kits.stocks_of(run.operation.id).items()}
    for line in lines:
        item = _item(run, items, line)
        if item is None or not line.said["service"]:
            continue
        service = run.service(line.said["service"], KITS, "service", line.row)
        if service is None or line.said["sent"] is None:
            continue
        before = sent.get((item.id, service.id), 0)
        more = line.said["sent"] - before
        if more < 0:
            words = N_("%(count)s were sent already. Take a sending back on the page of kits.")
            run.find(KITS, "sent", words, line.row, count=before)
        elif more and _send(run, item, service, more, line):
            sent[item.id, service.id] = before + more


def _send(run: Any, item: KitItem, service: Any, more: int, line: Line) -> bool:
    places = {"service": "service", f"own-{service.id}": "sent", "item": "kit"}
    act = lambda: kit_commands.send(run.actor, run.operation, item, {service.id: more})  # noqa: E731 - tried at once
    if not run.attempt(KITS, line.row, act, places):
        return False
    run.steps.append(Step("change", KITS, f"{item.name_en}: {service.name}", ("sent",)))
    return True


def _item(run: Any, items: dict[str, KitItem], line: Line) -> KitItem | None:
    """The kit that the row names, added when there is none; its French name follows when the row has one."""
    name, french = line.said["kit"], line.said["name_fr"]
    key, places = person_key(name), {"name_en": "kit"}
    if key not in items:
        added = run.attempt(
            KITS, line.row, lambda: kit_commands.add_item(run.actor, run.operation, name, french), places
        )
        if added is None:
            return None
        items[key] = added
        run.steps.append(Step("add", KITS, name))
        return added
    item = items[key]
    if french and french != item.name_fr:
        seen = (item.name_en, item.name_fr)
        if run.attempt(
            KITS,
            line.row,
            lambda: kit_commands.rename_item(run.actor, run.operation, item, item.name_en, french, seen=seen),
            places,
        ):
            run.steps.append(Step("change", KITS, item.name_en, ("name_fr",)))
    return item


# --- sessions ---------------------------------------------------------------------------------------------------------


def sessions_gathered(operation: Operation) -> list[dict[str, Any]]:
    """Every session, by start, in local time; who comes stands in no workbook."""
    zone = operation.time_zone
    return [
        {
            "kind": one.kind,
            "title": one.title,
            "starts_at": local_of(one.starts_at, zone),
            "ends_at": local_of(one.ends_at, zone),
            "place": one.place,
            "certificate": one.certificate,
            "valid_months": one.valid_months,
            "cancelled": "yes" if one.cancelled else "no",
            "uid": one.uid,
        }
        for one in sorted(session_rows.sessions_of(operation.id), key=lambda s: (s.starts_at, s.title, s.id))
    ]


def follow_sessions(run: Any, lines: tuple[Line, ...]) -> None:
    """Add, change, cancel and take up sessions as the rows say."""
    zone = run.operation.time_zone
    standing = session_rows.sessions_of(run.operation.id)
    by_uid = {one.uid: one for one in standing}
    named = {line.said["uid"] for line in lines}
    by_title = {(person_key(one.title), local_of(one.starts_at, zone)): one for one in standing if one.uid not in named}
    for line in lines:
        key = (person_key(line.said["title"]), line.said["starts_at"])
        before = by_uid.get(line.said["uid"]) or by_title.pop(key, None)
        run.attempt(SESSIONS, line.row, lambda one=line, b=before: _session(run, one.said, b), {"cancel": "cancelled"})


def _session(run: Any, said: dict[str, Any], before: Any) -> None:
    draft = SessionDraft(
        kind=said["kind"],
        title=said["title"],
        starts_at=run.moment(said["starts_at"], before.starts_at if before else None, "starts_at"),
        ends_at=run.moment(said["ends_at"], before.ends_at if before else None, "ends_at"),
        place=said["place"],
        certificate=said["certificate"],
        valid_months=said["valid_months"],
    )
    if before is None:
        before = session_commands.add_session(run.actor, run.operation, draft)
        run.steps.append(Step("add", SESSIONS, said["title"]))
        fields: list[str] = []
    else:
        fields = [name for name, value in vars(draft).items() if getattr(before, name) != value]
        if fields:
            session_commands.change_session(run.actor, run.operation, before, draft, before.version)
    if session_commands.cancel_session(run.actor, run.operation, before, cancelled=said["cancelled"] == "yes"):
        fields.append("cancelled")
    if fields:
        run.steps.append(Step("change", SESSIONS, said["title"], tuple(sorted(fields))))


add_part(KITS, Part(N_("Kits"), N_("Kit"), KIT_COLUMNS, kits_gathered, follow_kits, ("kit", "service")))
add_part(SESSIONS, Part(N_("Sessions"), N_("Session"), SESSION_COLUMNS, sessions_gathered, follow_sessions))
