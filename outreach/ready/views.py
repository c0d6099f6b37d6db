"""The front of the readiness room. Its parts stand in the ``*_views`` beside this file."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("ready", __name__)
