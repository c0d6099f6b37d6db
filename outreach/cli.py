"""The command line: the same commands as the pages, for whoever owns the machine.

Exit 0 when done, 1 with the problems on standard error (one a line: where, what, how to fix), 2 for wrong usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from outreach.errors import Invalid, Problem, Unreadable
from outreach.vocab import Role


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="outreach")
def cli() -> None:
    """Outreach: plan, log, roll up and report a coordinated outreach operation."""


def with_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run inside the application; problems become lines on standard error and exit status 1."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        # The factory comes in from above (``app.main``): the command line is below it in the house.
        with click.get_current_context().obj().app_context():
            try:
                return function(*args, **kwargs)
            except Invalid as problem:
                for finding in problem.findings:
                    click.echo(f"{finding.where}: {finding.english()}", err=True)
                sys.exit(1)
            except Problem as problem:
                fix = problem.fix % problem.params if problem.params else problem.fix
                click.echo(f"{problem} {fix}", err=True)
                sys.exit(1)

    return run


def hash_password(password: str) -> str:
    """Argon2id hash; raises ``Invalid`` at ``password`` when it is too short or too long."""
    from outreach.errors import N_
    from outreach.web.signin import LONGEST_PASSWORD, SHORTEST_PASSWORD, hashed

    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid.at(
            "password",
            N_("The password has %(length)d characters; use %(least)d to %(most)d."),
            length=len(password),
            least=SHORTEST_PASSWORD,
            most=LONGEST_PASSWORD,
        )
    return hashed(password)


KEEPS = " This account was there already and keeps its password; a new one is set by a link from its page under People."


def password_from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")


@cli.command()
@click.option("--admin", "email", required=True, metavar="EMAIL", help="Address of the first administrator.")
@click.option("--name", default="Administrator", show_default=True)
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
@with_app
def init(email: str, name: str, password_stdin: bool) -> None:
    """Make the database and the first administrator."""
    from outreach.admin.commands import add_user
    from outreach.auth.actors import SYSTEM
    from outreach.storage import writing
    from outreach.storage.queries.accounts import by_email
    from outreach.storage.schema import bring_up_to_date

    bring_up_to_date()
    hashed = hash_password(password_from_stdin())
    with writing():
        known = by_email(email) is not None
        add_user(SYSTEM, email=email, name=name, password_hash=hashed, role=Role.ADMINISTRATOR)
    click.echo(f"Ready. Administrator: {email}{KEEPS if known else ''}")


@cli.command()
@click.option("--remove", is_flag=True, help="Remove the sample and its accounts instead.")
@with_app
def sample(remove: bool) -> None:
    """Load the sample operation (published figures of 2017, invented people), or remove it."""
    from flask import current_app

    from outreach import sample as world
    from outreach.auth.actors import SYSTEM
    from outreach.storage import writing
    from outreach.storage.schema import bring_up_to_date

    bring_up_to_date()
    folder = current_app.config["OUTREACH"].instance_dir
    if remove:
        with writing():
            gone = world.remove(SYSTEM, folder)
        click.echo(f"Removed {gone} sample operations.")
        return
    tell("Loading the sample …")
    with writing():
        people = world.load(hash_password, folder)
    click.echo("The sample is loaded. Sign-ins:")
    show_sign_ins(people)


def show_sign_ins(people: list[Any]) -> None:
    """A line for each account of the sample."""
    for person in people:
        click.echo(f"  {person.role.label:<28} {person.email:<34} {person.password}")


@cli.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--service", help="Name of the service the role belongs to.")
@click.option("--operation", help="Code of the operation the role is bound to; without it: all.")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
@with_app
def user_add(
    email: str, name: str, role: str, service: str | None, operation: str | None, password_stdin: bool
) -> None:
    """Add an account, or a role to an account that exists."""
    from outreach.admin.commands import add_user
    from outreach.auth.actors import SYSTEM
    from outreach.errors import N_
    from outreach.plan.rules import name_key
    from outreach.storage import writing
    from outreach.storage.queries import operations
    from outreach.storage.queries.accounts import by_email

    hashed = hash_password(password_from_stdin())
    with writing():
        found = operations.by_code(operation) if operation else None
        if operation and found is None:
            raise Invalid.at("--operation", N_("There is no operation %(code)s."), code=operation)
        owner = operations.service_by_key(name_key(service)) if service else None
        if service and owner is None:
            raise Invalid.at("--service", N_("There is no service called %(name)s."), name=service)
        known = by_email(email) is not None
        try:
            add_user(
                SYSTEM,
                email=email,
                name=name,
                password_hash=hashed,
                role=Role(role),
                service=owner.id if owner else None,
                operation=found.id if found else None,
            )
        except Invalid as problem:
            places = {"service": "--service", "email": "EMAIL"}
            raise Invalid(*(replace(f, where=places.get(f.where, f.where)) for f in problem.findings)) from None
    click.echo(f"{email} can sign in.{KEEPS if known else ''}")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_app
def backup(file: Path) -> None:
    """Copy the running database to FILE. Keys are not in it: copy the keys folder elsewhere."""
    from flask import current_app

    from outreach import audit
    from outreach.audit.tags import Tag
    from outreach.auth.actors import SYSTEM
    from outreach.storage import writing
    from outreach.storage.backup import backup_to

    settings = current_app.config["OUTREACH"]
    with progress("Copying") as show:
        size = backup_to(settings.sqlite_file, file, show)
    with writing():
        audit.record(SYSTEM, Tag.BACKUP_MADE, bytes=size)
    click.echo(f"{file}: {size:,} bytes. Keep {settings.keys_dir} apart from it: without keys its texts stay sealed.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@with_app
def restore(file: Path) -> None:
    """Put the contents of FILE in place of the present ones, which are kept beside them."""
    from flask import current_app

    from outreach import audit
    from outreach.audit.tags import Tag
    from outreach.auth.actors import SYSTEM
    from outreach.storage import writing
    from outreach.storage.backup import restore_from
    from outreach.storage.schema import bring_up_to_date

    settings = current_app.config["OUTREACH"]
    with progress("Restoring") as show:
        kept = restore_from(file, settings.sqlite_file, show)
    bring_up_to_date()
    with writing():
        audit.record(SYSTEM, Tag.BACKUP_RESTORED)
    click.echo(f"Restored. What stood before is in {kept}.")


@cli.command()
@click.option("--progress", "lines", is_flag=True, help="A line on standard error for every batch, also in a log.")
@with_app
def unseal(lines: bool) -> None:
    """Open the records of phones that came while their key was missing, once it is back in the key store."""
    from outreach.auth.actors import SYSTEM
    from outreach.field.sealed_backlog_commands import open_backlog

    def say(done: int, total: int) -> None:
        click.echo(f"Opened {done:,} of {total:,}", err=True)

    with progress("Opening") as show:
        opened = open_backlog(SYSTEM, say if lines else show)
    click.echo(f"Stored {opened.stored:,}. {opened.held:,} wait for a decision, {opened.waiting:,} for their key.")


@cli.command()
@with_app
def alerts() -> None:
    """Tell by e-mail who has to know that a referral waits. A running server does it every minute by itself."""
    from flask import current_app

    from outreach.referrals.alert_views import send_round

    done = send_round(current_app._get_current_object())  # type: ignore[attr-defined] # a proxy
    if done.busy:
        click.echo("A server is sending them at this moment.")
    elif not done.due:
        click.echo("Nobody has to be told.")
    elif not done.sent and not done.trouble:
        click.echo(f"{done.due} people have to be told, and no mail server is set up: pages show them.")
    else:
        click.echo(f"Sent {done.sent} of {done.due} letters.")
    if done.trouble:
        click.echo(f"{len(done.trouble)} did not leave ({', '.join(sorted(set(done.trouble)))}); try again.", err=True)
        sys.exit(1)


@cli.command()
@with_app
def freeze() -> None:
    """Keep the figures of closed operations worked out. A running server does it by itself, one operation a minute."""
    from outreach.report.freezing import freeze_due

    done = freeze_due(lambda code, kept: click.echo(f"{code}: {kept} answers kept."))
    if not done:
        click.echo("Nothing to keep: no operation was closed, or its figures are kept already.")


def tell(what: str) -> None:
    """Say on a terminal what takes a while; silence elsewhere."""
    if sys.stderr.isatty():
        click.echo(what, err=True)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress line on a terminal; silence elsewhere."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty() and total:
            click.echo(f"\r{label}: {done * 100 // total:3d} %", nl=False, err=True)

    yield show
    if sys.stderr.isatty():
        click.echo("\r" + " " * (len(label) + 8) + "\r", nl=False, err=True)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_obj
def serve(create_app: Callable[[], Any], host: str, port: int) -> None:
    """Serve the site with a production server."""
    run_server(create_app, host, port)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.pass_obj
def run(create_app: Callable[[], Any], host: str, port: int) -> None:
    """Everything for a first look: database, sample, sign-ins, server."""
    from outreach import sample as world
    from outreach.server import leave_database
    from outreach.storage import writing
    from outreach.storage.queries.accounts import any_user
    from outreach.storage.queries.sample import sample_operations
    from outreach.storage.schema import bring_up_to_date

    app = create_app()
    folder = app.config["OUTREACH"].instance_dir
    with app.app_context():
        bring_up_to_date()
        if not any_user() and not sample_operations():
            tell("Loading the sample …")
            with writing():
                world.load(hash_password, folder)
        people = world.sign_ins(folder)
    leave_database(app)
    click.echo(f"Outreach is at http://{host}:{port}")
    if people:
        click.echo("Sample sign-ins (invented people):")
        show_sign_ins(people)
    click.echo("Stop with Ctrl+C.")
    run_server(create_app, host, port)


def run_server(create_app: Callable[[], Any], host: str, port: int) -> None:
    """gunicorn, two workers of four threads; refuses to listen to other machines without TLS in front."""
    from outreach import server

    server.run(create_app, host, port)


def _split(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[str, ...]:
    """``service,day`` as a split that figures know; anything else is wrong usage."""
    from outreach.report.commands import SPLITS

    words = {word.strip() for word in (text or "").split(",") if word.strip()}
    split = next((split for split in SPLITS if set(split) == words), None)
    if split is None:
        raise click.BadParameter("write service, day or service,day")
    return split


@cli.command()
@click.argument("operation")
@click.option("--by", callback=_split, metavar="SPLIT", help="service, day or service,day; without it: in all.")
@click.option("--as-of", "as_of", default="", metavar="ISO", help="As recorded at that moment, say 2017-10-18T21:42Z.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--rule", "rules", multiple=True, metavar="MEASURE=RULE", help="Count MEASURE by RULE; may be repeated.")
@with_app
def figures(operation: str, by: tuple[str, ...], as_of: str, form: str, rules: tuple[str, ...]) -> None:
    """Print the figures of the operation with the code OPERATION."""
    from outreach.report.commands import figures_text

    tell(f"Working out the figures of {operation} …")
    try:
        click.echo(figures_text(operation, by=by, as_of=as_of, form=form, rules_asked=rules), nl=False)
    except Invalid as problem:
        where = "--rule" if problem.findings[0].where == "rule" else "--as-of"
        raise click.BadParameter(problem.findings[0].english(), param_hint=where) from None


class _Exports(click.Group):
    """``export OPERATION FILE`` is the summary workbook; another name in front is another export."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *self.get_help_option_names(ctx)):
            args.insert(0, "workbook")
        return super().parse_args(ctx, args)


@cli.group("export", cls=_Exports)
def exports() -> None:
    """Write a file: the summary workbook (export OPERATION FILE), or a long table (export data)."""


@exports.command("workbook")
@click.argument("operation")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--as-of", "as_of", default="", metavar="ISO", help="As recorded at that moment, say 2017-10-18T21:42Z.")
@click.option("--copy", type=click.Choice(["analyst", "publication"]), default="analyst", show_default=True)
@with_app
def export(operation: str, file: Path, lang: str, as_of: str, copy: str) -> None:
    """Write the workbook of OPERATION (its code) to FILE (.xlsx): all of it, or the copy that may leave."""
    from outreach.auth.actors import SYSTEM
    from outreach.report.workbook import export_by_code

    tell(f"Working out the figures of {operation} …")
    try:
        made = export_by_code(SYSTEM, operation, lang, as_of, copy)
    except Invalid as problem:
        raise click.BadParameter(problem.findings[0].english(), param_hint="--as-of") from None
    try:
        write_whole(file, made)
    except OSError as error:
        click.echo(f"{file}: cannot be written ({error.strerror}). Choose another place.", err=True)
        sys.exit(1)
    click.echo(f"{file}: {len(made):,} bytes.")


@exports.command("data")
@click.option("--operation", required=True, metavar="CODE", help="Code of the operation.")
@click.option("--table", required=True, type=click.Choice(["contacts", "referrals", "charges", "figures"]))
@click.option("--out", "file", required=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Where to: .xlsx for words in one language, .csv for codes.")  # fmt: skip
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--as-of", "as_of", default="", metavar="ISO", help="As recorded at that moment, say 2017-10-18T21:42Z.")
@with_app
def export_data(operation: str, table: str, file: Path, lang: str, as_of: str) -> None:
    """Write a long table of an operation, a row at a time, to FILE (.xlsx or .csv)."""
    from outreach.auth.actors import SYSTEM
    from outreach.report import data_work

    if file.suffix.lower() not in (".xlsx", ".csv"):
        raise click.BadParameter("write a name that ends in .xlsx or .csv", param_hint="--out")
    tell(f"Reading the records of {operation} …")
    try:
        with progress("Writing") as show:
            made, count = data_work.export_by_code(SYSTEM, operation, table, lang, as_of, file.suffix.lower(), show)
            size = write_pieces(file, made)
    except Invalid as problem:
        raise click.BadParameter(problem.findings[0].english(), param_hint="--as-of") from None
    except OSError as error:
        click.echo(f"{file}: cannot be written ({error.strerror}). Choose another place.", err=True)
        sys.exit(1)
    click.echo(f"{file}: {count:,} rows, {size:,} bytes.")


def write_whole(file: Path, content: bytes) -> None:
    """Put ``content`` under the name, readable by its owner alone: all of it, or what was there before."""
    write_pieces(file, [content])


def write_pieces(file: Path, pieces: Iterable[bytes]) -> int:
    """``write_whole`` of what comes in pieces; its size."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            handle.writelines(pieces)
            size = handle.tell()
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return size


@cli.command("plan-template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
def plan_template(file: Path, lang: str) -> None:
    """Write an empty plan workbook to FILE (.xlsx)."""
    from outreach.plan import shift_sheet  # noqa: F401 - a sheet of the template
    from outreach.plan.workbook import write_template
    from outreach.ready import plan_sheets  # noqa: F401 - likewise

    try:
        write_template(file, lang)
    except OSError as error:
        click.echo(f"{file}: cannot be written ({error.strerror}). Choose another place.", err=True)
        sys.exit(1)
    click.echo(f"Written: {file}")


@cli.command("return-template")
@click.argument("operation")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--service", default="", help="Only this service: its name, or its short name.")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--rows", type=click.IntRange(1, 100_000), help="Rows of Contacts that are ready to be filled in.")
@with_app
def return_template(operation: str, folder: Path, service: str, lang: str, rows: int | None) -> None:
    """Write the return workbook of every service that owes figures in OPERATION into the folder DIR."""
    from outreach.auth.actors import SYSTEM
    from outreach.returns import template_commands

    made = template_commands.issues_by_code(SYSTEM, operation, lang, service=service, contacts=rows)
    folder.mkdir(parents=True, exist_ok=True)
    with progress("Written") as show:
        for number, (name, asked) in enumerate(made, start=1):
            try:
                write_whole(folder / name, template_commands.content_of(asked))
            except OSError as error:
                click.echo(f"{folder / name}: cannot be written ({error.strerror}). Choose another place.", err=True)
                sys.exit(1)
            show(number, len(made))
    click.echo(f"{folder}: {len(made)} workbook{'' if len(made) == 1 else 's'}.")


@cli.command()
@click.argument("operation")
@click.option("--service", default="", help="Sign for this service: its name, or its short name.")
@click.option("--name", default="", help="Who vouches for the figures.")
@click.option("--provisional", is_flag=True, help="Sign although something is still to come; needs --reason.")
@click.option("--reason", default="", help="Why the figures are provisional, in a few words.")
@with_app
def signoff(operation: str, service: str, name: str, provisional: bool, reason: str) -> None:
    """Say which services of OPERATION have signed their figures, or sign for one of them."""
    from outreach.auth.actors import SYSTEM
    from outreach.returns import sign_commands
    from outreach.storage import writing

    if not service:
        if name or provisional or reason:
            raise click.UsageError("Say for which service: --service.")
        for line in sign_commands.states_of(operation):
            click.echo(_signed(line))
        return
    with writing():
        place = sign_commands.place_of(operation, service)
        made = sign_commands.sign(SYSTEM, *place, typed_name=name, provisional=provisional, reason=reason)
        said = f"Signed: version {made.version}, {made.figures_hash}"
    click.echo(said)


def _signed(line: Any) -> str:
    """One service: its name, its state, and of a signature the version, who, when and the hash."""
    said = [line.service, line.state.value]
    if line.version:
        said += [f"version {line.version}", line.typed_name, f"{line.signed_at:%Y-%m-%dT%H:%MZ}", line.hash[:12]]
    if line.reopened_at:
        said.append(f"reopened {line.reopened_at:%Y-%m-%dT%H:%MZ}: {', '.join(line.changed) or line.reason}")
    return "\t".join(said)


@cli.group("import")
def import_() -> None:
    """Read a workbook into Outreach."""


@import_.command("plan")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--check", is_flag=True, help="Only say what is wrong or would change; save nothing.")
@with_app
def import_plan(file: Path, check: bool) -> None:
    """Make an operation follow the plan workbook FILE: all of it, or nothing."""
    from outreach.auth.actors import SYSTEM
    from outreach.plan import import_commands, workbook

    tell(f"Reading {file} …")
    try:
        with file.open("rb") as opened:
            plan, findings = workbook.read(opened.read(workbook.LARGEST_FILE + 1))
    except Unreadable as problem:
        click.echo(f"{file}: {problem} {problem.fix}", err=True)
        sys.exit(1)
    if plan is None:
        raise Invalid(*findings)
    tell(f"{'Trying' if check else 'Following'} the plan of {plan.operation.code} …")
    follow = import_commands.rehearse if check else import_commands.import_plan
    outcome = follow(SYSTEM, plan)
    if outcome.findings:
        raise Invalid(*outcome.findings)
    for step in outcome.steps:
        fields = f" ({', '.join(step.fields)})" if step.fields else ""
        click.echo(f"{step.kind}: {step.sheet}: {step.name}{fields}")
    done = "Nothing is wrong; nothing was saved." if check else f"Imported: {outcome.operation}."
    click.echo(f"{done} {len(outcome.steps)} change{'' if len(outcome.steps) == 1 else 's'}.")


@import_.command("return")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--check", is_flag=True, help="Only say what is wrong or would change; save nothing.")
@click.option("--good", is_flag=True, help="Take the good rows of a file that has rows to fix.")
@click.option("--clear", is_flag=True, help="Clear the cells that the sender emptied.")
@click.option("--reason", default="", help="Why figures change once the operation is closed.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="Folder for the marked workbooks.")
@with_app
def import_return(
    files: tuple[Path, ...], check: bool, good: bool, clear: bool, reason: str, report: Path | None
) -> None:
    """Take return workbooks: of each FILE all of it, or nothing. Exit 1 if one was not taken whole."""
    from outreach.returns import import_commands
    from outreach.returns.workbook_file import LARGEST_FILE

    wish = import_commands.Wish(check, good, clear, marked=report is not None, reason=reason)
    whole = True
    with progress("Taking") as show:
        for number, file in enumerate(files, start=1):
            with file.open("rb") as opened:
                done = import_commands.import_return(opened.read(LARGEST_FILE + 1), file.name, wish)
            whole = whole and done.whole
            for line in done.lines:
                click.echo(f"{file}: {line}")
            for line in done.problems:
                click.echo(f"{file}: {line}", err=True)
            if report is not None and done.answer is not None:
                _write_answer(report / f"to-fix-{file.name}", done.answer)
            show(number, len(files))
    if not whole:
        sys.exit(1)


def _write_answer(place: Path, content: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, content)
    except OSError as error:
        click.echo(f"{place}: cannot be written ({error.strerror}). Choose another place.", err=True)
        sys.exit(1)
    click.echo(f"Marked workbook: {place}")
