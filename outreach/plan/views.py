"""Views of the room: guard, load, validate, call one command, redirect. No writes, no arithmetic."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from outreach.web.guard import guard

bp = Blueprint("plan", __name__)


@bp.get("/")
@guard("site.own")
def overview() -> Any:
    return render_template("plan/overview.html")
