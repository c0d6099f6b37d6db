"""The command line as a script runs it: its settings from the environment, its exit status, what it prints where.

Each of the two stories runs once in processes of its own and once, on the other database, in this process: starting
one takes a second, and the one beside it has shown that it starts.
"""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from outreach.app import create_app
from outreach.cli import cli
from outreach.storage import db

OUTREACH = Path(sys.executable).with_name("outreach")
PASSWORD = "walrus cedar lantern 42\n"


def in_a_process(words, typed):
    return subprocess.run([str(OUTREACH), *words], input=typed, capture_output=True, text=True, check=False)


def in_this_process(words, typed):
    made = []
    done = CliRunner().invoke(cli, words, input=typed, obj=lambda: made.append(create_app()) or made[0])
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)


@pytest.fixture
def outreach(request, tmp_path, monkeypatch):
    """``outreach(word, …, typed="")`` on a site of its own; the database is chosen as a deployment chooses it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OUTREACH_INSTANCE_DIR", str(tmp_path / "instance"))
    monkeypatch.delenv("OUTREACH_DATABASE_URL", raising=False)
    database, start = request.param
    with ExitStack() as stack:
        if database == "postgresql":
            server = request.getfixturevalue("postgres")
            monkeypatch.setenv("OUTREACH_DATABASE_URL", server.uri(stack.enter_context(server.database())))
            assert os.environ["OUTREACH_DATABASE_URL"].startswith("postgresql://")

        def run(*words, typed=""):
            return start(words, typed)

        run.database = database
        yield run


def on(**databases):
    """Which database, and how the commands are started there."""
    return pytest.mark.parametrize("outreach", databases.items(), indirect=True, ids=databases)


@on(sqlite=in_a_process, postgresql=in_this_process)
def test_a_site_is_made_filled_asked_and_emptied_on_either_database(outreach, tmp_path):
    made = outreach("init", "--admin", "admin@example.org", "--password-stdin", typed=PASSWORD)
    assert (made.returncode, made.stderr) == (0, "")
    assert outreach("sample").returncode == 0
    asked = outreach("figures", "ONS-2017-ON", "--format", "json")
    assert (asked.returncode, asked.stderr) == (0, "")
    found = json.loads(asked.stdout)
    assert found["coverage"] == {"reported": 46, "expected": 46}
    values = {figure["measure"]: figure["value"] for figure in found["figures"]}
    assert (values["personnel"], values["persons_met"], values["charges"]) == (331, 198, 21)
    assert values["persons_arrested"] is None
    assert outreach("export", "ONS-2017-ON", "out.xlsx").returncode == 0
    assert (tmp_path / "out.xlsx").stat().st_size > 10_000
    assert (tmp_path / "instance" / "outreach.sqlite3").exists() == (outreach.database == "sqlite")
    kept = outreach("backup", "copy")
    if outreach.database == "postgresql":
        assert kept.returncode == 1 and "pg_dump" in kept.stderr
    else:
        assert kept.returncode == 0
    assert outreach("sample", "--remove").returncode == 0
    gone = outreach("figures", "ONS-2017-ON")
    assert (gone.returncode, gone.stdout) == (1, "") and len(gone.stderr.splitlines()) == 1


@on(sqlite=in_this_process, postgresql=in_a_process)
def test_problems_are_lines_with_status_1_and_wrong_usage_is_2(outreach):
    def init(email="admin@example.org", typed=PASSWORD):
        return outreach("init", "--admin", email, "--password-stdin", typed=typed)

    short = init(typed="short\n")
    assert (short.returncode, short.stdout) == (1, "") and "password: " in short.stderr
    assert init().returncode == 0
    again = init()
    assert again.returncode == 0 and "keeps its password" in again.stdout
    words = ("user", "add", "officer@example.org", "--name", "Jo", "--password-stdin", "--role")
    assert outreach(*words, "no_role", typed=PASSWORD).returncode == 2
    unbound = outreach(*words, "field_officer", typed=PASSWORD)
    assert unbound.returncode == 1 and unbound.stderr.startswith("--service: ")
    known = outreach(*words, "analyst", typed=PASSWORD)
    assert (known.returncode, known.stdout) == (0, "officer@example.org can sign in.\n")
    second = outreach(*words, "commander", typed="another password 4711\n")
    assert second.returncode == 0 and "keeps its password" in second.stdout
    wrong = outreach(*words[:2], "no-address", *words[3:], "analyst", typed=PASSWORD)
    assert wrong.returncode == 1 and wrong.stderr.startswith("EMAIL: ")
