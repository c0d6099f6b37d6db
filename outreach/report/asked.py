"""What the address of a page of figures asks for: its filters, as far as the reader may use them.

Here belongs what is looked up for that; names and values are in ``filter_rules``. Nothing is looked up for an address
without filters.
"""

from __future__ import annotations

from typing import Any

from flask import g, request

from outreach.auth.permissions import may
from outreach.storage.queries import filters as rows
from outreach.storage.tables import Operation

from . import filter_rules as rules
from .filter_rules import Asked, Choices


def fine() -> bool:
    """Whether the reader may see figures finer than by service and day."""
    return may(g.actor, "figures.small", g.target)


def choices_of(operation: Operation) -> tuple[Choices, list[Any], list[Any]]:
    """What may be asked for, the services, and for who sees small numbers the teams."""
    services = rows.services_in(operation.id)
    teams = rows.teams_in(operation.id) if fine() else []
    return rules.choices(services, teams), services, teams


def asked_of(operation: Operation, *, but: tuple[str, ...] = ()) -> Asked:
    """The filters of the address, without those that stand there once and are in ``but``: the page has its own way."""
    lists = {name: request.args.getlist(name) for name in rules.NAMES}
    lists = {name: texts for name, texts in lists.items() if any(texts) and not (name in but and len(texts) == 1)}
    return rules.read(lists, choices_of(operation)[0], fine=fine()) if lists else Asked()
