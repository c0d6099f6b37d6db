"""Files of a briefing: adding, handing out, removing. What a file is was found out before it was kept."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, g, redirect, request, send_file, url_for
from flask_babel import gettext

from outreach import audit
from outreach.audit.tags import Tag
from outreach.auth.actors import Target
from outreach.errors import Invalid, NotFound, Unreadable
from outreach.storage.queries import access, operations
from outreach.storage.queries import briefing as rows
from outreach.web import load
from outreach.web.guard import guard

from . import attachments
from . import briefing_commands as commands
from .briefing_forms import AttachmentForm
from .briefing_views import edit_page, filled_form
from .views import bp

# Beside the policy of every page: whatever the file turns out to be, it runs nothing and loads nothing.
SANDBOX = "sandbox; default-src 'none'"


def a_file(code: str, uid: str, **rest: Any) -> tuple[Target, dict[str, Any]]:
    """``/operations/<code>/briefing/files/<uid>``: a file of that operation's briefing."""
    operation = operations.by_code(code)
    attachment = rows.attachment(operation.id, uid) if operation else None
    if operation is None or attachment is None:
        raise NotFound()
    return access.operation_target(operation), {"operation": operation, "attachment": attachment, **rest}


@bp.post("/operations/<code>/briefing/files")
@guard("briefing.change", load=load.operation, writes=False)
def attach_file(operation: Any) -> Any:
    """The command holds the one write of this request, after the file was judged outside of it."""
    form, upload = AttachmentForm(), request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise attachments.refusal("none")
        with upload.stream:
            content = upload.read(attachments.LARGEST + 1)
        commands.attach(g.actor, operation, upload.filename, content)
    except Unreadable as problem:
        words = f"{gettext(problem.message, **problem.params)} {gettext(problem.fix)}"
        form.file.errors = [words]
    except Invalid as problem:
        form.take(problem)
    if form.errors:
        return edit_page(operation, filled_form(operation), form, form), 422
    flash(gettext("The file is attached."))
    return redirect(url_for("ready.edit_briefing", code=operation.code, _anchor="files"), code=303)


@bp.get("/operations/<code>/briefing/files/<uid>")
@guard("briefing.see", load=a_file)
def attachment(operation: Any, attachment: Any) -> Any:
    audit.read(g.actor, Tag.ATTACHMENT_READ, kind="attachment", object_id=attachment.uid, operation=operation.id)
    g.person_level = True
    answer = send_file(
        io.BytesIO(rows.content_of(attachment)),
        mimetype=attachment.media_type,
        as_attachment=True,
        download_name=attachment.name,
        etag=False,
    )
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@bp.post("/operations/<code>/briefing/files/<uid>/remove")
@guard("briefing.change", load=a_file)
def remove_file(operation: Any, attachment: Any) -> Any:
    commands.remove(g.actor, operation, attachment)
    flash(gettext("%(name)s is removed.", name=attachment.name))
    return redirect(url_for("ready.edit_briefing", code=operation.code, _anchor="files"), code=303)
