"""Judges one untrusted file in a process of its own: bytes on standard input, JSON on standard output.

Run by ``ready.attachments.judge`` as a script, isolated and without the site's environment, so it imports nothing of
the house. Before it looks at a byte it takes away from itself memory, processor time, new files and sockets. What the
file is, its bytes say; its name is not asked. Pictures are walked part by part and inflated counted; a PDF is read
whole, and anything in it that could run, open or carry something else refuses it.

Answers ``{"type": media type}`` or ``{"refused": code, ...params}``.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zlib
from typing import Any

MEMORY = 384 * 1024 * 1024
CPU_SECONDS = 10
ANSWER = 64 * 1024

SIDE = 12_000  # longest side of a picture, in pixels
PIXELS = 60_000_000
PAGES = 200
OBJECTS = 50_000
INFLATED = 128 * 1024 * 1024
DEPTH = 200

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
PNG_START = b"\x89PNG\r\n\x1a\n"
# What has no business inside a picture or beside a document.
SCRIPT = re.compile(rb"<\s*(?:script|html|iframe|object|embed|svg)\b|<\?php|javascript:", re.IGNORECASE)
# Names in a PDF that run, open, send or carry something.
ACTIVE = frozenset({
    "/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/RichMedia", "/XFA",
    "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie", "/Sound", "/3D",
    "/FileAttachment", "/Screen", "/AA",
})  # fmt: skip


class Refused(Exception):
    """The file is not taken; ``code`` says why, the house has the words."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def confine() -> None:
    """Cap memory, processor time and written bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER, ANSWER))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def close_doors() -> None:
    """From here on no file and no socket can be opened: there is no number left for one."""
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def judge(content: bytes) -> str:
    """The media type of a file that may be kept; raises ``Refused``."""
    if content.startswith(b"%PDF-"):
        check_pdf(content)
        return PDF
    if content.startswith(PNG_START):
        check_png(content)
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        check_jpeg(content)
        return JPEG
    raise Refused(what_else(content))


def what_else(content: bytes) -> str:
    """Which refusal fits a file that is none of the three."""
    if not content:
        return "empty"
    if content.startswith((b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")):
        return "program"
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        return "archive"
    if content.startswith((b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")) or content[4:8] == b"ftyp":
        return "other_picture"
    if b"%PDF-" in content[:1024]:
        return "before_pdf"
    return "other"


# --- pictures -------------------------------------------------------------------------------------------------------


def check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise Refused("damaged")
    if width > SIDE or height > SIDE or width * height > PIXELS:
        raise Refused("picture_too_large", width=width, height=height, most=SIDE)


def check_png(content: bytes) -> None:
    """Every part with its check sum, sizes in bounds, pixels as many as the header says, nothing behind the end."""
    at, packed, header, others = len(PNG_START), [], b"", []
    while True:
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + length]
        checked = content[at + 8 + length : at + 12 + length]
        if len(body) != length or len(checked) != 4 or zlib.crc32(kind + body) != int.from_bytes(checked):
            raise Refused("damaged")
        at += 12 + length
        if not header and (kind != b"IHDR" or length != 13):
            raise Refused("damaged")
        if kind == b"IHDR":
            if header:
                raise Refused("damaged")
            header = body
        elif kind == b"IDAT":
            packed.append(body)
        elif kind == b"IEND":
            break
        elif kind != b"PLTE":
            others.append(body)
    check_behind(content[at:])
    if SCRIPT.search(b"\0".join(others)):
        raise Refused("script")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    check_size(width, height)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(header[9])
    if channels is None or header[8] not in (1, 2, 4, 8, 16) or header[12] not in (0, 1):
        raise Refused("damaged")
    row = (width * channels * header[8] + 7) // 8 + 1
    needed = row * height
    got = inflated(b"".join(packed), needed * 2 + 65536)
    if got < needed or (header[12] == 0 and got != needed):
        raise Refused("damaged")


def inflated(packed: bytes, most: int) -> int:
    """How many bytes these are when unpacked; refuses more than ``most`` without ever holding them."""
    machine, count, rest = zlib.decompressobj(), 0, packed
    while rest and not machine.eof:
        try:
            count += len(machine.decompress(rest, 1 << 20))
        except zlib.error as error:
            raise Refused("damaged") from error
        if count > most:
            raise Refused("bomb")
        rest = machine.unconsumed_tail
    if not machine.eof:
        raise Refused("damaged")
    return count


def check_jpeg(content: bytes) -> None:
    """Every segment in order, one frame with sizes in bounds, a scan, the end, nothing behind it."""
    at, framed, others = 2, False, []
    while True:
        if content[at : at + 1] != b"\xff":
            raise Refused("damaged")
        while content[at : at + 1] == b"\xff":
            at += 1
        marker = content[at : at + 1]
        at += 1
        if not marker:
            raise Refused("damaged")
        if marker == b"\xd9":
            break
        if marker[0] == 0x01 or 0xD0 <= marker[0] <= 0xD7:
            continue
        length = int.from_bytes(content[at : at + 2])
        body = content[at + 2 : at + length]
        if length < 2 or len(body) != length - 2:
            raise Refused("damaged")
        at += length
        if 0xC0 <= marker[0] <= 0xCF and marker[0] not in (0xC4, 0xC8, 0xCC):
            if len(body) < 6:
                raise Refused("damaged")
            check_size(int.from_bytes(body[3:5]), int.from_bytes(body[1:3]))
            framed = True
        elif marker[0] == 0xDA:
            if not framed:
                raise Refused("damaged")
            at = behind_scan(content, at)
        elif marker[0] == 0xFE or 0xE0 <= marker[0] <= 0xEF:
            others.append(body)
    if not framed:
        raise Refused("damaged")
    if SCRIPT.search(b"\0".join(others)):
        raise Refused("script")
    check_behind(content[at:])


def behind_scan(content: bytes, at: int) -> int:
    """Where the next marker after the pixels stands."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise Refused("damaged")
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2


def check_behind(rest: bytes) -> None:
    if rest.strip(b"\0\r\n\t "):
        raise Refused("behind_the_end")


# --- PDF ------------------------------------------------------------------------------------------------------------


def check_pdf(content: bytes) -> None:
    """A whole document that only shows pages; raises ``Refused``."""
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise Refused("damaged")
    check_behind(content[end + 5 :])
    if b"PK\x05\x06" in content[-65557:]:
        raise Refused("behind_the_end")
    if SCRIPT.search(content):
        raise Refused("script")
    if named(content):
        raise Refused("active")
    _read_pdf(content)


def named(content: bytes) -> bool:
    """Whether a name that does something stands in the plain bytes, however it is spelt; also where nothing refers."""
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), content)
    return any(found.decode("latin-1") in ACTIVE for found in set(re.findall(rb"/[A-Za-z0-9]{1,20}", plain)) - _SHORT)


# Two letters and a slash turn up in compressed bytes by chance; these are looked for in the objects themselves.
_SHORT = {b"/JS", b"/EF", b"/AA", b"/3D"}


def _read_pdf(content: bytes) -> None:
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError, PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content), strict=True)
        if reader.is_encrypted:
            raise Refused("password")
        Walk(reader).all()
        pages = len(reader.pages)
        if not pages:
            raise Refused("damaged")
        if pages > PAGES:
            raise Refused("too_many_pages", pages=pages, most=PAGES)
    except (PdfReadError, PyPdfError, RecursionError) as error:
        raise Refused("damaged") from error


class Walk:
    """Visits every object of a PDF, those that nothing refers to as well."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.seen: set[tuple[int, int]] = set()
        self.left = INFLATED

    def all(self) -> None:
        from pypdf.generic import IndirectObject

        known = {(number, version) for version, numbers in self.reader.xref.items() for number in numbers}
        known |= {(number, 0) for number in self.reader.xref_objStm}
        if len(known) > OBJECTS:
            raise Refused("too_large_inside")
        self.visit(self.reader.trailer, 0)
        for number, version in sorted(known):
            if number:
                self.visit(IndirectObject(number, version, self.reader), 0)

    def visit(self, one: Any, depth: int) -> None:
        from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

        if depth > DEPTH:
            raise Refused("too_large_inside")
        if isinstance(one, IndirectObject):
            key = (one.idnum, one.generation)
            if key in self.seen:
                return
            self.seen.add(key)
            if len(self.seen) > OBJECTS:
                raise Refused("too_large_inside")
            one = one.get_object()
            if isinstance(one, str) and one in ACTIVE:  # what an action does, named in an object of its own
                raise Refused("active")
        if isinstance(one, StreamObject):
            self.weigh(one)
        if isinstance(one, DictionaryObject):
            self.check(one)
            for value in one.values():
                self.visit(value, depth + 1)
        elif isinstance(one, ArrayObject):
            for value in one:
                self.visit(value, depth + 1)

    def check(self, one: Any) -> None:
        if ACTIVE & set(one) or any(one.get(key) in ACTIVE for key in ("/S", "/Type", "/Subtype")):
            raise Refused("active")
        if not opens_quietly(one.get("/OpenAction")):
            raise Refused("active")
        if one.get("/Subtype") == "/Image":
            width, height = one.get("/Width"), one.get("/Height")
            if isinstance(width, int) and isinstance(height, int):
                check_size(width, height)

    def weigh(self, one: Any) -> None:
        """Count what the stream unpacks to; a chain of packings is refused, nobody needs one."""
        filters = one.get("/Filter")
        filters = filters.get_object() if hasattr(filters, "get_object") else filters
        names = [filters] if isinstance(filters, str) else [str(name) for name in filters or ()]
        if len(names) > 2 or names.count("/FlateDecode") > 1:
            raise Refused("bomb")
        if names[:1] == ["/FlateDecode"]:
            machine, rest = zlib.decompressobj(), one._data
            rest = rest.encode("latin-1") if isinstance(rest, str) else bytes(rest)
            while rest and not machine.eof:
                try:
                    self.left -= len(machine.decompress(rest, 1 << 20))
                except zlib.error:
                    return  # a viewer shows what it can of it
                if self.left < 0:
                    raise Refused("bomb")
                rest = machine.unconsumed_tail


def opens_quietly(action: Any) -> bool:
    """Whether opening the document does no more than turn to a page: no address is called without a press."""
    action = action.get_object() if hasattr(action, "get_object") else action
    if not isinstance(action, dict):
        return True
    kind = action.get("/S")
    kind = kind.get_object() if hasattr(kind, "get_object") else kind
    return kind in ("/GoTo", "/Named") and "/Next" not in action


def rehearsal() -> bytes:
    """A PDF of one empty page. Reading it loads every module, which no open door allows later."""
    parts = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
             b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"]  # fmt: skip
    packed = zlib.compress(b"q Q")
    parts.append(b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed))
    body, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(body))
        body += b"%d 0 obj%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (table, len(body))


def main() -> int:
    confine()
    judge(rehearsal())
    close_doors()
    content = sys.stdin.buffer.read()
    try:
        answer = {"type": judge(content)}
    except Refused as refused:
        answer = {"refused": refused.code, **refused.params}
    except MemoryError:
        answer = {"refused": "bomb"}
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes is a damaged file to the house
        sys.stderr.write(type(error).__name__)
        answer = {"refused": "damaged"}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
