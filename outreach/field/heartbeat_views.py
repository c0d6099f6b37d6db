"""What phones say of themselves while they are open: numbers and times, no content."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_babel import gettext

from outreach.errors import Forged, Problem, TooLarge
from outreach.storage.types import utc_now
from outreach.web import transaction
from outreach.web.guard import guard

from . import heartbeat_commands as commands
from . import heartbeat_rules as rules
from .views import bp


@bp.post("/field/heartbeat")
@guard("sealed.send", writes=False, short=True, proven=True)
def heartbeat() -> Any:
    """Everything is read and proven before the write, which is a statement a team."""
    body = request.get_data()
    if len(body) > rules.LARGEST:
        return _refused(TooLarge())
    try:
        proven = commands.prove(rules.read_beat(body))
    except rules.Malformed:
        return _refused(Problem())
    except Forged as problem:
        return _refused(problem)
    now = utc_now()
    with transaction.writing():
        commands.keep(proven, now)
    return jsonify(server_at=now.isoformat())


def _refused(problem: Problem) -> Any:
    """Always JSON: no person reads it."""
    answer = jsonify(code=problem.code, message=gettext(problem.message), fix=gettext(problem.fix))
    return answer, problem.status
