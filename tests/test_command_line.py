"""The command line as a script runs it: a process of its own, its settings from the environment, its exit status."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

OUTREACH = Path(sys.executable).with_name("outreach")
PASSWORD = "walrus cedar lantern 42\n"


@pytest.fixture
def database():
    """Databases that were made for the test, and go with it."""
    with ExitStack() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def outreach(request, tmp_path, database):
    """``outreach(word, …, typed="")`` on a site of its own; the database is chosen as a deployment chooses it."""
    environment = os.environ | {"OUTREACH_INSTANCE_DIR": str(tmp_path / "instance")}
    environment.pop("OUTREACH_DATABASE_URL", None)
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        environment["OUTREACH_DATABASE_URL"] = server.uri(database.enter_context(server.database()))
        assert environment["OUTREACH_DATABASE_URL"].startswith("postgresql://")

    def run(*words, typed=""):
        return subprocess.run(
            [str(OUTREACH), *words],
            cwd=tmp_path,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    run.database = request.param
    return run


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
