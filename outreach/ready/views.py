"""The front of the readiness room. Its parts stand in the ``*_views`` beside this file."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("ready", __name__)

from . import (  # noqa: E402, F401 - they add their pages to the blueprint above
    attachment_views,
    briefing_views,
    delegate_views,
    kit_views,
    plan_sheets,
    readiness_views,
    rehearsal_views,
    session_views,
    sheet_views,
)
