"""Setting sheets as PDF, and as pictures for whoever checks them. The only module that knows the typesetter.

Data go in as one JSON string and are read as text, never as markup. It opens no network and no font of the machine:
the site's own print fonts are used, built with the other assets, so that a sheet looks the same everywhere and tells
0 from O as the screen does; names in syllabics, Hebrew, Arabic and drawings have fonts of their own behind them, and
for what those lack (Greek, Cyrillic, arrows) stand those that the typesetter brings. Only signs that occur are put in.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from outreach import assets

WALL_SECONDS = 120
_LETTERS, _DRAWINGS = [family for _, _, family, _ in assets.NAME_FONTS][:-1], assets.NAME_FONTS[-1][2]
FONTS = (*assets.PRINT_FAMILIES.values(), *_LETTERS, "Libertinus Serif", _DRAWINGS, "DejaVu Sans Mono")
# Accessible PDF: tags, language, title. SOURCE: ISO 14289-1.
STANDARDS = ["ua-1"]
# Stands for a sign that no font shows.
UNKNOWN = "\N{WHITE SQUARE}"


def pdf(kind: str, sheets: list[dict[str, Any]], words: dict[str, str], *, title: str, language: str) -> bytes:
    """Every sheet on pages of its own, in one accessible PDF."""
    return _ask("pdf", _given(kind, sheets, words, title, language))[0]


def joined(portions: list[bytes], *, title: str, language: str) -> bytes:
    """Portions as one PDF. Its text stays text; the tags of the portions are lost, because no library joins them."""
    from pypdf import PdfWriter
    from pypdf.generic import NameObject, TextStringObject

    writer = PdfWriter()
    for portion in portions:
        writer.append(io.BytesIO(portion), import_outline=False)
    root = writer.root_object
    for key in ("/StructTreeRoot", "/MarkInfo"):
        root.pop(key, None)
    root[NameObject("/Lang")] = TextStringObject(f"{language}-CA")
    writer.add_metadata({"/Title": title})
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def pictures(
    kind: str, sheets: list[dict[str, Any]], words: dict[str, str], *, title: str, language: str, dots: int = 96
) -> list[bytes]:
    """One PNG a page."""
    return _ask("png", _given(kind, sheets, words, title, language), dots)


def _given(kind: str, sheets: Any, words: Any, title: str, language: str) -> str:
    data = {"kind": kind, "sheets": sheets, "words": words, "title": title, "language": language, "fonts": FONTS}
    return json.dumps(_shown(data), ensure_ascii=False)


def _shown(value: Any) -> Any:
    """The same with signs that cannot be printed taken out or replaced."""
    if isinstance(value, str):
        if value.isascii() and value.isprintable():
            return value
        return "".join(map(_sign, unicodedata.normalize("NFC", value)))
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(each) for each in value]
    return value


@lru_cache(maxsize=4096)
def _sign(sign: str) -> str:
    """``sign``, or what stands for it: nothing for what is invisible, a square for what no font has."""
    if sign in KEPT:
        return sign
    kind = unicodedata.category(sign)
    if kind[0] == "C" and kind != "Cn":
        return "" if kind in ("Cf", "Cc") else UNKNOWN
    if sign in LOOKS:
        return ""
    return sign if ord(sign) in _printed() else UNKNOWN


KEPT = frozenset("\n\u200c\u200d\u2066\u2069")
"""What is no sign and does something: a new line, what joins letters and drawings or keeps them apart (ZWNJ, ZWJ), the
isolates that keep a name's direction to itself. What would turn the direction of all that follows is taken out."""
LOOKS = frozenset("\ufe0e\ufe0f")
"""Whether a drawing is wanted black or coloured: there is one kind on paper."""


@lru_cache(maxsize=1)
def _printed() -> frozenset[int]:
    try:
        runs = json.loads((assets.static() / "vendor" / assets.PRINT_SIGNS).read_text(encoding="utf-8"))
    except OSError:
        runs = []
    return _PRINTED | {number for first, last in runs for number in range(first, last + 1)}


# Latin with its extensions and the letters and accents of languages of Canada's west coast, Greek, Cyrillic,
# punctuation, arrows, boxes, stars and ticks: what the fonts of the site and of the typesetter show, tried one by one.
_PRINTED = frozenset((
    *range(0x20, 0x7F), *range(0xA0, 0x370), *range(0x384, 0x500), *range(0x1E00, 0x1F00), *range(0x2010, 0x2028),
    0x202F, *range(0x2030, 0x2038), *range(0x2039, 0x2040), *range(0x20A0, 0x20B6), 0x2116, 0x2122,
    *range(0x2190, 0x2200), 0x2212, 0x2260, 0x2264, 0x2265, *range(0x2500, 0x2630), *range(0x2713, 0x2719),
))  # fmt: skip


# --- the process ------------------------------------------------------------------------------------------------------


def _ask(form: str, data: str, dots: int = 0) -> list[bytes]:
    """Set the pages in a process of its own, which gives back the memory that the typesetter keeps (2 MB a sheet)."""
    place = assets.templates() / "ready" / "sheets.typ"
    order = {"form": form, "data": data, "dots": dots, "entry": str(place), "fonts": str(assets.static() / "vendor")}
    done = subprocess.run(
        [sys.executable, "-I", "-B", __file__],
        input=json.dumps(order).encode(),
        capture_output=True,
        timeout=WALL_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"the typesetter ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}"
        )
    return [base64.b64decode(each) for each in json.loads(done.stdout)]


def _set(order: dict[str, Any]) -> list[bytes]:
    """What that process does. Nothing outside the folders of the templates and the fonts is read."""
    import typst

    folder = Path(order["entry"]).parent
    place = {
        "input": order["entry"],
        "root": folder,
        "font_paths": [order["fonts"]],
        "ignore_system_fonts": True,
        "package_path": folder,
        "package_cache_path": folder,
        "sys_inputs": {"data": order["data"]},
    }
    if order["form"] == "png":
        made = typst.compile(**place, format="png", ppi=order["dots"])
        return made if isinstance(made, list) else [made]
    try:
        return [typst.compile(**place, format="pdf", pdf_standards=STANDARDS)]
    except typst.TypstError:
        # A sign that no font has may not stand in an accessible PDF: shown as a box it still prints.
        return [typst.compile(**place, format="pdf")]


def main() -> int:
    made = _set(json.loads(sys.stdin.buffer.read()))
    sys.stdout.write(json.dumps([base64.b64encode(each).decode() for each in made]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
