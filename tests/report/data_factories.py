"""Data workbooks that were asked for."""

from __future__ import annotations

from flask import current_app

from outreach.report import data_commands, data_work
from outreach.storage import writing
from outreach.storage.queries import data_exports
from outreach.storage.tables import Operation, User
from tests.field.factories import actor_of


def a_data_workbook(operation: Operation, by: User, table: str = "figures", language: str = "en") -> str:
    """The uid of one that is ready for ``by``."""
    with writing():
        uid = data_commands.ask(actor_of(by), operation, table, language).uid
    order = data_exports.order_of(uid)
    assert order is not None
    data_work.make(current_app.config["OUTREACH"].instance_dir, order)
    return uid
