"""The command line: the same commands as the pages, for whoever owns the machine.

Exit 0 when done, 1 with the problems on standard error (one a line: where, what, how to fix), 2 for wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from outreach.errors import Invalid, Problem


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
    from flask_security.utils import hash_password as argon2

    from outreach.errors import N_
    from outreach.web.signin import LONGEST_PASSWORD, SHORTEST_PASSWORD

    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid.at(
            "password",
            N_("The password has %(length)d characters; use %(least)d to %(most)d."),
            length=len(password),
            least=SHORTEST_PASSWORD,
            most=LONGEST_PASSWORD,
        )
    return str(argon2(password))


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
    from outreach.storage.schema import bring_up_to_date
    from outreach.vocab import Role

    bring_up_to_date()
    hashed = hash_password(password_from_stdin())
    with writing():
        add_user(SYSTEM, email=email, name=name, password_hash=hashed, role=Role.ADMINISTRATOR)
    click.echo(f"Ready. Administrator: {email}")
