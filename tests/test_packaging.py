"""The wheel runs: built from a copy of the tree, installed elsewhere, started from another directory.

Also here: what the set-up steps promise (`outreach.assets`), and that every package is listed in setup.cfg.
"""

import configparser
import html
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from outreach import assets

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this tree, built from a copy so that nothing left in build/ gets into it."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    for name in ("outreach", "templates", "static"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", copy / "dist", copy)
    (built,) = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel in it; what the wheel depends on comes from this one."""
    place = tmp_path_factory.mktemp("installed") / "env"
    run(sys.executable, "-m", "venv", "--without-pip", place)
    python = place / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    run(uv, "pip", "install", "--offline", "--no-deps", "--python", python, wheel)
    (packages,) = place.glob("lib/python*/site-packages")
    (borrowed,) = {Path(path) for path in sys.path if path.endswith("site-packages")}
    # A plain path line adds the dependencies without running their .pth files, so the editable checkout stays out.
    (packages / "dependencies.pth").write_text(f"{borrowed}\n")
    return place


def clean_environment():
    """The environment of this process, without what would put this checkout on the path."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}


def run(*command, cwd=None, typed=None, **environment):
    """Standard output of `command`, run without this checkout on the path; fails with what it printed."""
    words = [str(part) for part in command]
    done = subprocess.run(
        words,
        cwd=cwd,
        env=clean_environment() | environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_package_is_listed():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    found = {
        ".".join(folder.relative_to(ROOT).parts)
        for folder in (ROOT / "outreach").rglob("*")
        if folder.is_dir() and any(folder.glob("*.py"))
    }
    assert found - listed == set()


def test_the_wheel_carries_templates_static_files_and_translations_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("templates", "static"):
        wanted = {
            f"outreach/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / folder).rglob("*") if path.is_file()
        }
        assert wanted - names == set()
    assert f"outreach/static/vendor/{assets.FONT}.woff2" in names
    assert {"outreach/templates/ready/sheets.typ", "outreach/static/vendor/print-latin-400.ttf"} <= names
    assert "outreach/translations/fr/LC_MESSAGES/messages.mo" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"outreach"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_an_installed_wheel_finds_its_own_folders(installed, tmp_path):
    said = run(
        installed / "bin" / "python",
        "-c",
        "from outreach import assets; print(assets.templates()); print(assets.static()); "
        "print(len(assets.content_hash('vendor/manifest.json')))",
        cwd=tmp_path,
    ).split()
    assert Path(said[0]).is_relative_to(installed) and Path(said[1]).is_relative_to(installed)
    assert said[2] == "10"


def test_an_installed_wheel_answers_on_the_command_line(installed, tmp_path):
    said = run(installed / "bin" / "outreach", "--help", cwd=tmp_path, OUTREACH_INSTANCE_DIR=str(tmp_path))
    assert "Usage: outreach" in said


def test_an_installed_wheel_serves_a_page_with_its_style_sheet_from_another_directory(installed, tmp_path):
    home = {"OUTREACH_INSTANCE_DIR": str(tmp_path / "instance")}
    outreach = installed / "bin" / "outreach"
    said = run(
        outreach,
        *("init", "--admin", "admin@example.org", "--password-stdin"),
        cwd=tmp_path,
        typed="walrus cedar lantern 42\n",
        **home,
    )
    assert "admin@example.org" in said
    with served(outreach, tmp_path, home) as address:
        with urlopen(f"{address}/sign-in", timeout=90) as answer:
            assert answer.status == 200
            page = answer.read().decode()
        assert "Sign in" in page
        (style,) = re.findall(r'<link[^>]*rel="stylesheet"[^>]*href="([^"]+)"', page)[:1]
        with urlopen(address + html.unescape(style), timeout=90) as answer:
            assert answer.status == 200 and answer.headers.get_content_type() == "text/css"
            assert len(answer.read()) > 1000


@contextmanager
def served(outreach, folder, home):
    """The address of `outreach serve`, started in `folder`; it is stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "server.log").open("w+")
    environment = clean_environment() | home
    server = subprocess.Popen(
        [str(outreach), "serve", "--port", str(port)], cwd=folder, env=environment, stdout=log, stderr=log
    )
    try:
        for _ in range(900):
            assert server.poll() is None, (folder / "server.log").read_text()
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=90)
        log.close()


def test_the_same_message_translated_in_two_ways_stops_the_compilation(tmp_path):
    language = tmp_path / "fr"
    language.mkdir()
    (language / "a.po").write_text('msgid "Day"\nmsgstr "Jour"\n', encoding="utf-8")
    (language / "b.po").write_text('msgid "Day"\nmsgstr "Journée"\n', encoding="utf-8")
    with pytest.raises(assets.AssetError, match=r"b\.po:\d+: 'Day' is 'Journée' here but 'Jour' in a\.po"):
        assets.compile_translations(tmp_path)


def test_a_placeholder_lost_in_translation_stops_the_compilation(tmp_path):
    language = tmp_path / "fr"
    language.mkdir()
    (language / "a.po").write_text('msgid "%(n)s days"\nmsgstr "%(m)s jours"\n', encoding="utf-8")
    with pytest.raises(assets.AssetError, match=r"a\.po"):
        assets.compile_translations(tmp_path)


def test_small_catalogues_become_one(tmp_path):
    import gettext

    language = tmp_path / "fr"
    language.mkdir()
    (language / "a.po").write_text('msgid "Day"\nmsgstr "Jour"\n', encoding="utf-8")
    (language / "b.po").write_text('msgid "Night"\nmsgstr "Nuit"\n\nmsgid "Dusk"\nmsgstr ""\n', encoding="utf-8")
    (written,) = assets.compile_translations(tmp_path)
    with written.open("rb") as file:
        french = gettext.GNUTranslations(file)
    assert [french.gettext(word) for word in ("Day", "Night", "Dusk")] == ["Jour", "Nuit", "Dusk"]


def test_a_french_colon_and_guillemets_stay_on_the_line_of_their_word(tmp_path):
    import gettext

    language = tmp_path / "fr"
    language.mkdir()
    (language / "a.po").write_text('msgid "Say: “yes”"\nmsgstr "Dites : « oui »"\n', encoding="utf-8")
    (written,) = assets.compile_translations(tmp_path)
    with written.open("rb") as file:
        french = gettext.GNUTranslations(file)
    space = "\N{NO-BREAK SPACE}"
    assert french.gettext("Say: “yes”") == f"Dites{space}: «{space}oui{space}»"


def test_the_locks_hold_everything_that_setup_cfg_asks_for():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = config["options.extras_require"]
    running = config["options"]["install_requires"] + extras["setup"]
    wanted = {
        "requirements.lock": running,
        "requirements-dev.lock": running + extras["dev"],
        "requirements-node.lock": extras["node"],
    }
    for lock, text in wanted.items():
        asked = {canonical(line) for line in text.splitlines() if line.strip() and not line.startswith("#")}
        locked = {canonical(line) for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if "==" in line}
        assert asked - locked == set(), f"{lock}: run `make lock`"


def canonical(requirement):
    """The name in `requirement` as the locks write it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement.strip())[0]).lower()


def test_the_repository_is_not_tied_to_one_registry():
    for lock in [*ROOT.glob("requirements*.lock"), ROOT / "package-lock.json"]:
        text = lock.read_text(encoding="utf-8")
        assert "--index-url" not in text and '"resolved"' not in text, lock.name
