"""Views of the room: guard, load, validate, call one command, redirect. No writes, no arithmetic."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("returns", __name__)
