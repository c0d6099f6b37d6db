"""Draws the icons of the field app from static/icons/mark.svg, for phones that take no SVG. Run after the mark changes:

python -m tests.draw_icons
"""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import typst

ICONS = Path(__file__).parents[1] / "static" / "icons"
PLAIN, MASKED, APPLE = (192, 512), (192, 512), 180
SAFE = 0.72
"""How much of a masked icon the mark takes: launchers cut away all but the inner circle of 80 %."""


def drawn(svg: str, size: int) -> bytes:
    """The picture as PNG, ``size`` pixels wide and high."""
    page = f"#set page(width: {size}pt, height: {size}pt, margin: 0pt, fill: none)"
    picture = f'#image(bytes("{_quoted(svg)}"), width: 100%)'
    made = typst.compile(f"{page}\n{picture}".encode(), format="png", ppi=72)
    return smaller(made if isinstance(made, bytes) else made[0])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def full(svg: str, share: float) -> str:
    """The mark on a ground that reaches every edge, its discs at ``share`` of the size."""
    ground = re.search(r'<rect[^>]*fill="(#\w+)"', svg)
    assert ground is not None
    discs = "".join(re.findall(r"<path[^>]*/>", svg))
    off = 16 * (1 - share)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" fill="{ground[1]}"/>'
        f'<g transform="translate({off:g} {off:g}) scale({share:g})">{discs}</g></svg>'
    )


def smaller(png: bytes) -> bytes:
    """The same picture, packed as tightly as zlib can, without what is no picture."""
    out, at = png[:8], 8
    packed = b""
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IDAT":
            packed += body
        elif kind == b"IEND":
            out += _chunk(b"IDAT", zlib.compress(zlib.decompress(packed), 9)) + _chunk(b"IEND", b"")
        elif kind == b"IHDR":
            out += _chunk(kind, body)
    return out


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def main() -> None:
    mark = (ICONS / "mark.svg").read_text(encoding="utf-8")
    for size in PLAIN:
        (ICONS / f"app-{size}.png").write_bytes(drawn(mark, size))
    for size in MASKED:
        (ICONS / f"app-maskable-{size}.png").write_bytes(drawn(full(mark, SAFE), size))
    (ICONS / f"app-{APPLE}.png").write_bytes(drawn(full(mark, 0.85), APPLE))


if __name__ == "__main__":
    main()
