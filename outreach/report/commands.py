"""What the command line asks of this room. Nothing here changes anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from outreach.errors import N_, Invalid, NotFound
from outreach.returns.figures import figures_by, figures_of, need_figures
from outreach.rollup.counting import RULED, rules_of
from outreach.rollup.counting import rule as counting_rule
from outreach.rollup.measures import STANDARD
from outreach.storage.queries import operations
from outreach.storage.queries import report as rows
from outreach.storage.types import utc_now

from . import rules


class NoSuchOperation(NotFound):
    """The command line may say so: whoever owns the machine may know which operations there are."""

    code = "no_such_operation"
    message = N_("There is no operation with the code “%(code)s”.")
    fix = N_("Known codes: %(known)s.")


FORMATS = ("table", "json", "csv")
SPLITS = ((), ("service",), ("day",), ("service", "day"))


def codes_asked(rules_asked: Sequence[str]) -> list[str]:
    """The standard codes, each ``MEASURE=RULE`` of ``rules_asked`` beside or in place of its measure.

    A measure that is asked for by one rule is counted by that one; by several, by each of them. Raises ``Invalid`` at
    ``rule`` for what is no measure with rules, or no rule of it; the known ones are named.
    """
    asked: dict[str, list[str]] = {}
    for text in rules_asked:
        measure, _, name = (part.strip() for part in text.partition("="))
        if measure not in RULED:
            words = N_("“%(measure)s” is no measure with several counting rules: choose among %(known)s.")
            raise Invalid.at("rule", words, measure=measure[:60], known=", ".join(RULED))
        if counting_rule(measure, name) is None:
            words = N_("%(measure)s is not counted by a rule called “%(rule)s”: choose among %(known)s.")
            known = ", ".join(rule.name for rule in rules_of(measure))
            raise Invalid.at("rule", words, measure=measure, rule=name[:60], known=known)
        asked.setdefault(measure, []).append(f"{measure}:{name}")
    return [code for standard in STANDARD for code in dict.fromkeys(asked.get(standard, [standard]))]


def figures_text(
    code: str, *, by: Sequence[str] = (), as_of: str = "", form: str = "table", rules_asked: Sequence[str] = ()
) -> str:
    """The standard figures of an operation as text in one of ``FORMATS``; ``rules_asked``: see ``codes_asked``.

    Raises ``NoSuchOperation``, ``Blocked`` for a rehearsal, and ``Invalid`` at ``as_of`` for a moment that is none or
    has not come, and at ``rule``.
    """
    codes = codes_asked(rules_asked)
    operation = operations.by_code(code)
    if operation is None:
        known = ", ".join(found.code for found in operations.all_operations()[:20]) or "–"
        raise NoSuchOperation(code=code[:60], known=known)
    need_figures(operation)
    asked: dt.datetime | None = rules.moment(as_of, operation.time_zone, utc_now())
    found = figures_by(operation.id, codes, asked, by) if rules_asked else figures_of(operation.id, asked, by)
    services = {service.id: service.name for service in rows.service_names().values()}
    figures = [figure for one in codes for figure in found.of(one)]
    if form == "json":
        return rules.as_json(operation.code, found.as_of, found.coverage, figures, services)
    make = rules.as_csv if form == "csv" else rules.as_table
    return make(by, figures, services)
