"""The task list of an operation as a page shows it: titles in the reader's language, links, what is next.

The list itself is worked out by ``rules.tasks`` from counts; here it only gets words and addresses, so that the plan
page and the report page show the same one.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import current_app, g, url_for
from flask_babel import gettext, pgettext

from outreach.auth.permissions import may
from outreach.storage.queries import access
from outreach.storage.tables import Operation

from . import rules
from .commands import count_of

# Where a task is done: the endpoint that shows it, the first of those that exist, and the action that opens it.
_PLACES: dict[str, tuple[tuple[str, ...], str, dict[str, str]]] = {
    "window": (("plan.edit_operation",), "operation.change", {}),
    "services": (("plan.services",), "operation.plan.see", {}),
    "invitations": (("plan.invitations", "plan.services"), "operation.plan.see", {}),
    "shifts": (("plan.shifts",), "operation.plan.see", {}),
    "briefing": (("ready.briefing",), "operation.plan.see", {}),
    "kits": (("ready.kits",), "operation.plan.see", {}),
    "training": (("ready.sessions",), "operation.plan.see", {}),
    "teams": (("plan.teams_of",), "operation.plan.see", {}),
    "people": (("plan.teams_of",), "operation.plan.see", {}),
    "planned": (("plan.move_page",), "operation.move", {"to": "planned"}),
    "active": (("ready.opening",), "operation.move", {}),
    "hear": (("report.operation", "plan.services"), "operation.see", {}),
    "reporting": (("returns.move", "returns.move_page", "plan.task_list"), "operation.move", {}),
    "signatures": (("returns.close_out",), "close.see", {}),
    "locked": (("returns.close_out",), "close.see", {}),
    "closed": (("returns.move", "returns.move_page", "plan.task_list"), "operation.move", {}),
}

# Pages that another action opens than the task.
_OPENED_BY = {"plan.invitations": "invitations.see"}

HEARD = "outreach.heard"
"""Name under which a later room leaves ``(operation id) → (services heard, services owing)`` with the application."""


def tasks_of(operation: Operation, *, heard: int | None = None, owing: int | None = None) -> Any:
    """``sections`` for the ``tasks()`` macro, with ``done``, ``total`` and ``next`` (a task or ``None``).

    ``heard`` and ``owing``: services that reported anything and that owe anything, where the caller knows it (the
    plan itself never knows what was logged); otherwise the room that knows it is asked, see ``HEARD``.
    """
    target = access.operation_target(operation)
    ask = current_app.extensions.get(HEARD)
    if heard is None and ask is not None and may(g.actor, "figures.see", target):
        heard, owing = ask(operation.id)
    found = rules.tasks(count_of(operation, heard=heard, owing=owing))
    titles = {"prepare": gettext("Prepare"), "run": gettext("Run"), "close": pgettext("phase", "Close")}
    sections = [
        {"title": titles[code], "tasks": [_shown(t, operation, target) for t in tasks]}
        for code, tasks in found.sections
    ]
    following = next((t for s in sections for t in s["tasks"] if t["state"] == "next"), None)
    return SimpleNamespace(sections=sections, done=found.done, total=found.total, next=following)


def _shown(task: rules.Task, operation: Operation, target: Any) -> dict[str, Any]:
    note = say(task.note) if task.note else ""
    if task.state == "blocked":
        note = gettext("Cannot start yet: %(reason)s", reason=note)
    return {
        "title": gettext(task.title),
        "state": task.state,
        "note": note,
        "url": _url(task, operation, target) if task.state != "blocked" else "",
    }


def _url(task: rules.Task, operation: Operation, target: Any) -> str:
    endpoints, action, more = _PLACES[task.place]
    if task.state == "done" and (more or task.place == "active"):
        return ""
    for endpoint in endpoints:
        if endpoint in current_app.view_functions and may(g.actor, _OPENED_BY.get(endpoint, action), target):
            return url_for(endpoint, code=operation.code, **more)
    return ""


def say(reason: rules.Reason) -> str:
    """A reason in the reader's language."""
    return gettext(reason.text, **reason.params) if reason.params else gettext(reason.text)
