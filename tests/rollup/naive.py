"""The counting rules a second time: plain loops over rows, as slow as can be, sharing no code with the package.

A world is a dictionary: frame name -> list of rows (dictionaries), plus ``root``, ``now``, ``today``, ``due_hours``.
"""

from __future__ import annotations

from typing import Any

World = dict[str, Any]
Answer = tuple[int | None, str, int, int | None]

PERSONS = ("persons_met", "persons_under_18", "support_offered", "support_accepted", "support_declined",
           "support_undecided", "persons_made_safe")
REFERRALS = ("referrals_made", "referrals_received", "referrals_reached", "referrals_engaged", "referrals_due_7",
             "referrals_engaged_7")
REFERRED = {"persons_referred": "made", "persons_reached": "reached"}
CONTACTS = (*PERSONS, *REFERRALS, *REFERRED, "contacts", "attempts", "kits_handed_out")
ENFORCEMENT = ("persons_arrested", "persons_charged", "charges")
FRAME = {**dict.fromkeys(PERSONS, "meetings"), **dict.fromkeys((*REFERRALS, *REFERRED), "referrals"),
         **dict.fromkeys(("contacts", "attempts", "kits_handed_out"), "contacts"), "personnel": "deployed"}
POLICE = ("police_municipal", "police_provincial", "police_federal", "police_first_nations", "joint_unit")
MINOR = ("under_12", "12_13", "14_15", "16_17")


def operations(world: World) -> dict[int, int]:
    """Operation -> depth under the root."""
    found = {world["root"]: 0}
    for _ in world["operations"]:
        for row in world["operations"]:
            if row["parent"] in found and row["operation"] not in found:
                found[row["operation"]] = found[row["parent"]] + 1
    return found


def parts(world: World, service: int) -> list[dict[str, Any]]:
    tree = operations(world)
    return [row for row in world["participations"] if row["service"] == service and row["operation"] in tree]


def services(world: World) -> list[int]:
    return sorted({row["service"] for row in world["participations"] if row["operation"] in operations(world)})


PLACED_AS = {"referrals_due_7": "referrals_received", "referrals_engaged_7": "referrals_received",
             "persons_reached": "referrals_received", "persons_referred": "referrals_made"}


def place(world: World, service: int, code: str) -> int:
    code = PLACED_AS.get(code, code)
    for row in world["places"]:
        if row["service"] == service and row["measure"] == code:
            return int(row["operation"])
    tree = operations(world)
    mine = parts(world, service)
    mine = [row for row in mine if row["status"] == "confirmed"] or mine
    deepest = max(tree[row["operation"]] for row in mine)
    return int(min(row["operation"] for row in mine if tree[row["operation"]] == deepest))


def mode(world: World, service: int, code: str) -> str:
    where = place(world, service, code)
    for row in parts(world, service):
        if row["operation"] == where:
            return str(row["entry_mode"])
    default = place({**world, "places": []}, service, code)
    return next(str(row["entry_mode"]) for row in parts(world, service) if row["operation"] == default)


def here(world: World, service: int, code: str) -> bool:
    return place(world, service, code) in operations(world)


def rows_of(world: World, frame: str, service: int, code: str) -> list[dict[str, Any]]:
    where = place(world, service, code)
    if where not in operations(world):
        return []
    return [row for row in world[frame] if row["service"] == service and row["operation"] == where]


def told(world: World, service: int, code: str, measure: str | None = None) -> dict[int, tuple[str, int]]:
    """Day -> (state, value) at the place of ``code``, parts put together."""
    days: dict[int, list[dict[str, Any]]] = {}
    for row in rows_of(world, "tallies", service, code):
        if row["measure"] == (measure or code):
            days.setdefault(row["day"], []).append(row)
    out = {}
    for day, cells in days.items():
        whole = [row for row in cells if row["part"] == ""]
        chosen = whole or [row for row in cells if row["state"] != "declined"]
        if not chosen or chosen[0]["state"] == "declined":
            out[day] = ("declined", 0)
        else:
            out[day] = ("number", sum(row["value"] for row in chosen if row["state"] == "number"))
    return out


def source(world: World, service: int, code: str) -> str | None:
    if not here(world, service, code):
        return None
    heard = any(state != "declined" for state, _ in told(world, service, code).values())
    if mode(world, service, code) == "daily_totals":
        return "tallies" if heard else None
    if code in CONTACTS:
        seen = any(rows_of(world, frame, service, code) for frame in ("contacts", "meetings", FRAME[code]))
        zero = any(cell == ("number", 0) for cell in told(world, service, code, "contacts").values())
        return "records" if seen or zero else None
    frames = ("deployed",) if code == "personnel" else ("accused", "charges")
    if any(rows_of(world, frame, service, code) for frame in frames):
        return "records"
    return "tallies" if heard else None


def units(world: World, code: str, counting: list[int]) -> list[tuple[int, int, int]]:
    """(service, day, counted) of every unit that the records of the ``counting`` services hold, distinct among them."""
    counting = [service for service in counting if source(world, service, code) == "records"]

    def rows(frame: str) -> list[dict[str, Any]]:
        return [row for service in counting for row in rows_of(world, frame, service, code)]

    if code == "contacts":
        return [(row["service"], row["day"], 1) for row in rows("contacts") if row["result"] == "met"]
    if code == "attempts":
        return [(row["service"], row["day"], 1) for row in rows("contacts") if row["result"] != "met"]
    if code == "kits_handed_out":
        return [(row["service"], row["day"], row["kits"]) for row in rows("contacts")]
    if code in REFERRALS:
        return [(row["service"], row["day"], 1) for row in rows("referrals") if row[code.removeprefix("referrals_")]]
    if code in REFERRED:
        found: dict[int, dict[str, Any]] = {}
        for row in sorted(rows("referrals"), key=lambda row: (row["day"], row["referral"])):
            if row[REFERRED[code]]:
                found.setdefault(row["person"], row)
        return [(row["service"], row["day"], 1) for row in found.values()]
    if code == "charges":
        return [(row["service"], row["day"], row["count"]) for row in rows("charges") if row["status"] == "laid"]
    if code == "personnel":
        return [(next(row["service"] for row in rows("deployed") if row["staff"] == staff), -1, 1)
                for staff in {row["staff"] for row in rows("deployed")}]
    if code == "persons_arrested":
        held = {row["accused"]: row for row in rows("accused") if row["arrested"]}
        return [(row["service"], row["arrested_day"] if row["arrested_day"] >= 0 else row["day"], 1)
                for row in held.values()]
    if code == "persons_charged":
        laid: dict[int, list[dict[str, Any]]] = {}
        for row in rows("charges"):
            if row["status"] == "laid":
                laid.setdefault(row["accused"], []).append(row)
        return [(found[0]["service"], min(row["day"] for row in found), 1) for found in laid.values()]
    return [(first["service"], first["day"], 1) for first, person in people(rows("meetings")) if counts(code, person)]


def people(meetings: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(first meeting, one value per person) of everybody met."""
    out = []
    for person in sorted({row["person"] for row in meetings}):
        mine = sorted((row for row in meetings if row["person"] == person), key=lambda row: (row["at"], row["contact"]))
        out.append((mine[0], one_value(mine)))
    return out


def one_value(mine: list[dict[str, Any]]) -> dict[str, Any]:
    known = [row for row in mine if row["age"] != "not_known"]
    minors = [row for row in known if row["age"] in MINOR]
    if minors and len(minors) < len(known):
        known = minors
    age, rank = "not_known", -1
    for row in known:
        if row["age_rank"] >= rank:
            age, rank = row["age"], row["age_rank"]
    outcome = None
    standing = False
    for row in mine:
        if row["answer"] == "accepted":
            standing = True
        elif row["answer"] == "acceptance_withdrawn":
            standing, outcome = False, "declined"
        elif row["answer"] in ("declined", "undecided"):
            outcome = row["answer"]
    return {"age": age, "support": "accepted" if standing else outcome, "safe": any(row["made_safe"] for row in mine)}


def counts(code: str, person: dict[str, Any]) -> bool:
    if code == "persons_under_18":
        return person["age"] in MINOR
    if code == "support_offered":
        return person["support"] is not None
    if code == "persons_made_safe":
        return bool(person["safe"])
    return code == "persons_met" or person["support"] == code.removeprefix("support_")


def told_values(world: World, service: int, code: str) -> list[tuple[int, int, int]]:
    if source(world, service, code) != "tallies":
        return []
    return [(service, day, value) for day, (state, value) in told(world, service, code).items() if state != "declined"]


def owing(world: World, code: str) -> set[int]:
    out = set()
    for service in services(world):
        mine = parts(world, service)
        if any(row["status"] == "confirmed" and row["entry_mode"] != "none" for row in mine) \
                and here(world, service, code) \
                and (code not in ENFORCEMENT or any(row["kind"] in POLICE for row in mine)):
            out.add(service)
    if code in REFERRALS[1:] or code == "persons_reached":
        for service in services(world):
            made = units(world, "referrals_made", [service]) + told_values(world, service, "referrals_made")
            if source(world, service, "referrals_made") and not sum(number for _, _, number in made):
                out.discard(service)
    return out


def own_days(world: World, service: int, code: str) -> range:
    where = place(world, service, code)
    mine = [row for row in parts(world, service) if row["operation"] == where]
    if not mine:
        default = place({**world, "places": []}, service, code)
        mine = [row for row in parts(world, service) if row["operation"] == default]
    windows = [(row["first_day"], row["last_day"]) for row in mine]
    for operation in (mine[0]["operation"], world["root"]):
        windows += [(row["first_day"], row["last_day"]) for row in world["operations"] if row["operation"] == operation]
    for first, last in windows:
        if first >= 0 and last >= 0:
            return range(first, last + 1)
    return range(0)


def state(world: World, service: int, code: str, day: int) -> str:
    """number, zero, declined, missing (overdue), waiting, not_a_day or elsewhere, for measures that have days."""
    said = told(world, service, code)
    if source(world, service, code) == "tallies" or mode(world, service, code) == "daily_totals":
        if day in said:
            return said[day][0] if said[day][0] == "declined" or said[day][1] else "zero"
        if day not in own_days(world, service, code):
            return "not_a_day"
        if -1 in said:
            return "declined" if said[-1][0] == "declined" else "elsewhere"
        return "missing" if due(world, service, code, day) else "waiting"
    if any(number for _, there, number in units(world, code, [service]) if there == day):
        return "number"
    mine = day in own_days(world, service, code)
    if code in ENFORCEMENT:
        if not mine:
            return "not_a_day"
        if source(world, service, code):
            return "zero" if day <= world["today"] else "waiting"
        return "declined" if said else "missing" if due(world, service, code, day) else "waiting"
    zero = [there for there, cell in told(world, service, code, "contacts").items() if cell == ("number", 0)]
    active = any(row["day"] == day for row in rows_of(world, "contacts", service, code))
    if active or day in zero or (mine and -1 in zero):
        return "zero"
    if not mine:
        return "not_a_day"
    if told(world, service, code, "contacts").get(day, ("", 0))[0] == "declined":
        return "declined"
    return "missing" if due(world, service, code, day) else "waiting"


def due(world: World, service: int, code: str, day: int) -> bool:
    lines = {row["operation"]: row["deadline"] for row in world["operations"]}
    deadline = lines.get(place(world, service, code), -1)
    deadline = deadline if deadline >= 0 else lines[world["root"]]
    limit = world["due_hours"] * 3600
    if code in ENFORCEMENT:
        last = own_days(world, service, code)[-1]
        return bool(world["now"] >= (deadline if deadline >= 0 else (last + 1) * 86400 + limit))
    moment = (day + 1) * 86400 + limit
    if deadline >= 0:
        moment = min(moment, deadline)
    return bool(day <= world["today"] and world["now"] >= day * 86400 and world["now"] >= moment)


def all_days(world: World, service: int, code: str) -> set[int]:
    root = next(row for row in world["operations"] if row["operation"] == world["root"])
    window = range(root["first_day"], root["last_day"] + 1) if root["first_day"] >= 0 else range(0)
    facts = {row["day"] for frame in ("contacts", "meetings", "tallies", "charges", "accused", "referrals")
             for row in world[frame]} | {row["arrested_day"] for row in world["accused"]}
    return ({*window, *own_days(world, service, code)} | facts) - {-1}


def verdict(anything: bool, reported: int, expected: int, low: bool, high: bool, whole: bool) -> str:
    if not anything:
        return "unknown"
    if reported < expected or (low and high) or not whole:
        return "partial"
    return "at_least" if low else "at_most" if high else "exact"


def flags(world: World) -> tuple[bool, bool, bool]:
    """(root knows its services, all of the tree do, overlap declared nil)."""
    tree = operations(world)
    rows = {row["operation"]: row for row in world["operations"] if row["operation"] in tree}
    root = rows[world["root"]]
    return root["services_known"], all(row["services_known"] for row in rows.values()), root["overlap_nil"]


def unaged(world: World, code: str, counting: list[int]) -> list[tuple[int, int]]:
    """(service, day) of the first meetings of persons whose age nobody knows, for the threshold measure."""
    if code != "persons_under_18":
        return []
    rows = [row for service in counting if source(world, service, code) == "records"
            for row in rows_of(world, "meetings", service, code)]
    return [(first["service"], first["day"]) for first, person in people(rows) if person["age"] == "not_known"]


def blind(world: World, code: str, counting: list[int], day: int | str | None = None) -> bool:
    """Whether the threshold measure has persons (first met on that day row) and the age of none of them."""
    if code != "persons_under_18":
        return False
    rows = [row for service in counting if source(world, service, code) == "records"
            for row in rows_of(world, "meetings", service, code)]
    ages = [person["age"] for first, person in people(rows) if day is None or row_of_day(world, first["day"]) == day]
    return bool(ages) and set(ages) == {"not_known"}


def adjusted(world: World, service: int, code: str) -> list[tuple[int, int, int]]:
    """(service, day, amount) of the adjustments at the place, of days on which the figure is known anyway."""
    if source(world, service, code) is None or blind(world, code, [service]):
        return []
    sums: dict[int, int] = {}
    for row in rows_of(world, "adjustments", service, code):
        if row["measure"] == code:
            sums[row["day"]] = sums.get(row["day"], 0) + row["amount"]
    return [(service, day, amount) for day, amount in sums.items() if day == -1 or known_on(world, service, code, day)]


def known_on(world: World, service: int, code: str, day: int) -> bool:
    if code == "personnel":
        return told(world, service, code).get(day, ("declined",))[0] != "declined" \
            if source(world, service, code) == "tallies" else False
    if state(world, service, code, day) not in ("number", "zero"):
        return False
    if code != "persons_under_18" or source(world, service, code) != "records":
        return True
    ages = [person["age"] for first, person in people(rows_of(world, "meetings", service, code)) if first["day"] == day]
    return not ages or set(ages) != {"not_known"}


def nil(world: World, code: str, one: int, other: int) -> bool:
    """Whether an operation that counts both says that no person is met by two services."""
    def inside(operation: int, root: int) -> bool:
        return operation in operations({**world, "root": root})

    return any(row["overlap_nil"] and all(inside(place(world, service, code), row["operation"])
                                          for service in (one, other))
               for row in world["operations"] if row["operation"] in operations(world))


Part = tuple[str, int]


def sizes(world: World, code: str, records: Any, tallies: Any, added: Any) -> dict[Part, int]:
    """What cannot be told apart by records: all records together, the totals of a service, what another added."""
    out: dict[Part, int] = {}

    def add(part: Part, number: int) -> None:
        out[part] = out.get(part, 0) + number

    alone = code in ("persons_arrested", "persons_charged")
    for service, _, number in records:
        add(("service", service) if alone else ("records", 0), number)
    for service, _, number in tallies:
        add(("service", service), number)
    net: dict[int, int] = {}
    for service, _, amount in added:
        net[service] = net.get(service, 0) + amount
    for service, amount in net.items():
        if alone or source(world, service, code) == "tallies":
            add(("service", service), amount)
        else:
            add(("records", 0) if amount < 0 else ("added", service), amount)
    return {part: size for part, size in out.items() if size > 0}


def overlap(world: World, code: str, now: dict[Part, int], before: dict[Part, int]) -> bool:
    """Whether something of ``now`` may be in another part as well, now or before."""
    if flags(world)[2] or code not in (*PERSONS, "persons_arrested", "persons_charged"):
        return False
    return any(common(world, code, one, other) for one in now for other in {*now, *before} if one != other)


def common(world: World, code: str, one: Part, other: Part) -> bool:
    if one[0] != "records" and other[0] != "records":
        return not nil(world, code, one[1], other[1])
    part = other if one[0] == "records" else one
    everybody = units(world, code, services(world))
    logging = {service for service, _, number in everybody if number} - ({part[1]} if part[0] == "added" else set())
    if part[0] == "added" and code == "persons_met" and len(everybody) == len(units(world, code, [part[1]])):
        return False
    return any(not nil(world, code, service, part[1]) for service in logging)


def missing(world: World, service: int, code: str) -> bool:
    return code != "personnel" and any(
        state(world, service, code, day) in ("missing", "declined") for day in all_days(world, service, code))


def in_total(world: World, code: str) -> Answer:
    known, whole, _ = flags(world)
    everybody = services(world)
    heard = {service for service in everybody if source(world, service, code)}
    owe = owing(world, code)
    if not known:
        return None, "unknown", len(heard & owe), None
    records = units(world, code, everybody)
    tallies = [cell for service in everybody for cell in told_values(world, service, code)]
    low = bool(unaged(world, code, everybody)) or any(missing(world, service, code) for service in heard)
    added = [cell for service in everybody for cell in adjusted(world, service, code)]
    anything = bool(heard) and not (
        blind(world, code, everybody) and not any(number for _, _, number in tallies) and not added)
    high = overlap(world, code, sizes(world, code, records, tallies, added), {})
    bound = verdict(anything, len(heard & owe), len(owe), low, high, whole)
    value = sum(number for _, _, number in records + tallies + added) if anything else None
    return value, bound, len(heard & owe), len(owe)


def by_service(world: World, code: str) -> dict[int, Answer]:
    out: dict[int, Answer] = {}
    for service in services(world):
        owes = service in owing(world, code)
        if source(world, service, code) is None:
            out[service] = (None, "unknown", 0, int(owes))
            continue
        if blind(world, code, [service]):
            out[service] = (None, "unknown", int(owes), int(owes))
            continue
        value = sum(number for _, _, number in units(world, code, [service]) + told_values(world, service, code)
                    + adjusted(world, service, code))
        low = missing(world, service, code) or bool(unaged(world, code, [service]))
        out[service] = (value, "at_least" if low else "exact", int(owes), int(owes))
    return out


def row_of_day(world: World, day: int) -> int | str:
    root = next(row for row in world["operations"] if row["operation"] == world["root"])
    if day < 0:
        return "undated"
    if root["first_day"] < 0:
        return day
    return "before" if day < root["first_day"] else "after" if day > root["last_day"] else day


def earlier(row: int | str, day: int | str) -> bool:
    """Whether what stands in a row may have been counted before the day; without a day it may always."""
    order = {"before": -1, "after": 10**6}
    if "undated" in (row, day):
        return row != day
    return order.get(row, row) < order.get(day, day)


def by_day(world: World, code: str, days: list[int | str]) -> dict[int | str, Answer]:
    """Figures for the day rows named."""
    known, whole, _ = flags(world)
    everybody = services(world)
    records = units(world, code, everybody)
    tallies = [cell for service in everybody for cell in told_values(world, service, code)]
    added = [cell for service in everybody for cell in adjusted(world, service, code)]
    out: dict[int | str, Answer] = {}
    for day in days:
        on = [cell for cell in records if row_of_day(world, cell[1]) == day]
        said = [cell for cell in tallies if row_of_day(world, cell[1]) == day]
        more = [cell for cell in added if row_of_day(world, cell[1]) == day]
        if isinstance(day, str):
            heard = {service for service in everybody if source(world, service, code)}
            owe = owing(world, code)
        else:
            states = {service: state(world, service, code, day) for service in everybody if here(world, service, code)
                      and (service in owing(world, code) or source(world, service, code))}
            heard = {service for service, found in states.items() if found in ("number", "zero")}
            owe = {service for service, found in states.items() if found != "not_a_day"} & owing(world, code)
        if not known:
            out[day] = (None, "unknown", len(heard & owe), None)
            continue
        heard |= {service for service, _, number in on + said + more if number}
        low = any(row_of_day(world, there) == day for _, there in unaged(world, code, everybody))
        anything = bool(heard) and not (
            blind(world, code, everybody, day) and not any(n for _, _, n in said + more))
        before = [[cell for cell in cells if earlier(row_of_day(world, cell[1]), day)]
                  for cells in (records, tallies, added)]
        high = overlap(world, code, sizes(world, code, on, said, more), sizes(world, code, *before))
        bound = verdict(anything, len(heard & owe), len(owe), low, high, whole)
        value = sum(number for _, _, number in on + said + more) if anything else None
        out[day] = (value, bound, len(heard & owe), len(owe))
    return out


def by_service_and_day(world: World, code: str) -> dict[tuple[int, int | str], int]:
    """Sums above zero by service and day row."""
    out: dict[tuple[int, int | str], int] = {}
    for service in services(world):
        for _, day, number in units(world, code, [service]) + told_values(world, service, code) + adjusted(
                world, service, code):
            if number:
                key = (service, row_of_day(world, day))
                out[key] = out.get(key, 0) + number
    return {key: number for key, number in out.items() if number}
