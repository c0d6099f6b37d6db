"""The factory: a Flask application from settings, with every room, refused where the house is not in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Request
from flask_compress import Compress
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, RequestRedirect

from outreach import assets
from outreach.config import Settings, from_environment
from outreach.storage import db, schema
from outreach.storage.case_keys import use_case_keys
from outreach.storage.engine import engine_options, prepare
from outreach.storage.keys import load_keys, use
from outreach.storage.phone_keys import use_phone_keys
from outreach.web import again, guard, headers, page, problems, signin, transaction

UPLOAD_LIMIT = 12 * 1024 * 1024


class IdConverter(IntegerConverter):
    """``<int:…>`` in an address: a number that the database can hold; any other address does not exist."""

    regex = r"\d{1,9}"


class Site(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is asynchronous, so none of the ten functions of a request is looked at to find that out."""
        return func

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """An address that lacks its last slash leads on by a path alone: the host asked for is anybody's choice."""
        found = request.routing_exception
        if isinstance(found, RequestRedirect):
            to = urlsplit(found.new_url)
            found.new_url = urlunsplit(("", "", "/" + to.path.lstrip("/"), to.query, ""))
        super().raise_routing_exception(request)


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises ``RuntimeError`` when an endpoint has no entry in the permission table."""
    settings = settings or from_environment()
    settings.instance_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    app = Site(
        "outreach",
        instance_path=str(settings.instance_dir),
        template_folder=str(assets.templates()),
        static_folder=str(assets.static()),
    )
    app.url_map.converters["int"] = IdConverter
    app.config.update(
        OUTREACH=settings,
        TESTING=settings.testing,
        MAX_CONTENT_LENGTH=UPLOAD_LIMIT,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=20_000,
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_LEVEL=5,
        COMPRESS_ZSTD_LEVEL=9,  # static files: an eighth less than its default, in the same time
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"],
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.tls:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]  # as Werkzeug shows
    keys = load_keys(settings.keys_dir)
    use(keys)
    use_phone_keys(settings.keys_dir)
    use_case_keys(settings.keys_dir)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
    schema.attach(app)
    transaction.register(app)
    app.before_request(guard.check_origin)
    app.before_request(guard.allow_larger_body)
    csrf = CSRFProtect(app)
    signin.register(app, settings, keys)
    app.before_request(guard.guard_packages)
    page.register(app)
    Compress(app)
    headers.register(app)
    problems.register(app)
    _rooms(app)
    for view in app.view_functions.values():
        if getattr(view, "proven", False):
            csrf.exempt(view)
    guard.refuse_unlisted(app)
    if not settings.testing:
        again.register(app)
    return app


def _rooms(app: Flask) -> None:
    from outreach.admin import views as admin
    from outreach.field import charge_views  # noqa: F401 - adds its pages to the room's blueprint
    from outreach.field import views as field
    from outreach.plan import views as plan
    from outreach.ready import views as ready
    from outreach.referrals import views as referrals
    from outreach.report import agency_views as _agency  # noqa: F401 - adds its page to the room's blueprint
    from outreach.report import (
        followed_views,  # noqa: F401 - adds its page to the room's blueprint
        months_views,  # noqa: F401 - adds its pages to the room's blueprint
        workbook_views,  # noqa: F401 - adds its page to the room's blueprint
    )
    from outreach.report import views as report
    from outreach.returns import views as returns

    for room in (plan, ready, field, referrals, returns, report, admin):
        app.register_blueprint(room.bp)


def main() -> None:
    """The console script ``outreach``."""
    from outreach.cli import cli

    cli(obj=create_app)
