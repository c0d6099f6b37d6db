"""The style sheet: contrast of its tokens in both themes, its weight, and what a strict policy forbids."""

import gzip
import re

import pytest

from outreach import assets

SHEET = (assets.static() / "css" / "outreach.css").read_text(encoding="utf-8")


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{3,6});", block))


_DAY = _tokens(SHEET[SHEET.index(":root {") : SHEET.index("@media screen")])
_NIGHT = _DAY | _tokens(SHEET[SHEET.index(".night {") : SHEET.index("/* Ground")])
THEMES = {"day": _DAY, "night": _NIGHT}

# Text and its ground, with the least ratio of WCAG 2.2 AA; night asks 7 for running text (the house's own bar).
TEXT = [
    ("ink", "page"), ("ink", "surface"), ("ink", "sunk"), ("ink2", "page"), ("ink2", "surface"), ("ink2", "sunk"),
    ("spruce", "page"), ("spruce", "surface"), ("spruce", "heat1"), ("on-spruce", "spruce"),
    ("on-spruce", "spruce-deep"),
    ("on-lamp", "lamp"), ("on-over", "over"), ("over", "over-tint"), ("over", "surface"), ("problem", "problem-tint"),
    ("problem", "page"), ("problem", "surface"), ("slate", "slate-tint"), ("ink", "heat1"), ("ink", "heat2"),
    ("ink", "heat3"), ("ink", "heat4"), ("ink", "over-tint"), ("ink", "problem-tint"), ("ink", "slate-tint"),
    ("ink2", "heat2"),
]  # fmt: skip


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_stands_out_from_its_ground(theme, text, ground):
    assert _contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5


def test_running_text_at_night_has_seven_to_one():
    assert all(
        _contrast(_NIGHT[text], _NIGHT["page"]) >= 7 for text in ("ink", "ink2", "spruce", "over", "problem", "slate")
    )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["page", "surface", "sunk"])
def test_borders_of_controls_stand_out_from_their_ground(theme, ground):
    assert _contrast(THEMES[theme]["edge"], THEMES[theme][ground]) >= 3


def test_yellow_is_never_the_colour_of_text():
    assert not re.search(r"[{; ]color: var\(--lamp\)", SHEET)


def test_colours_stand_only_among_the_tokens():
    rules = SHEET[SHEET.index("/* Ground") : SHEET.index("/* Print")]
    assert not re.search(r"#[0-9A-Fa-f]{3,8}\b(?![^{}]*\{)", rules)


def test_the_sheet_of_dashboard_and_page_takes_its_colours_from_there_and_fetches_nothing():
    words = (assets.static() / "report" / "figures.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9A-Fa-f]{3,8}\b(?![^{}]*\{)|url\(|@import", words)
    assert set(re.findall(r"var\(--([a-z0-9-]+)\)", words)) <= set(_DAY) | {"face"}


def test_the_sheet_is_light():
    assert len(SHEET.encode()) < 44_000
    assert len(gzip.compress(SHEET.encode(), 9)) < 10_500


def test_nothing_is_fetched_from_elsewhere():
    assert re.findall(r"url\(([^)]*)\)", SHEET) == ['"../vendor/atkinson-hyperlegible-next.woff2?v=5.3.0"']


def test_the_page_preloads_the_very_file_the_sheet_asks_for():
    base = (assets.templates() / "base.html").read_text(encoding="utf-8")
    assert "filename='vendor/atkinson-hyperlegible-next.woff2', v='5.3.0'" in base


def test_templates_hold_no_inline_style_or_script():
    for page in assets.templates().rglob("*.html"):
        words = page.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=\"|<style|<script(?![^>]*\ssrc=)", words), page.name
