"""Bytes to characters, by a short policy of our own.

A byte-order mark decides; else a NUL in every other byte means UTF-16; else UTF-8 if all of it is valid (a
sequence cut at the very end is forgiven); else the encoding that the page declares, or its container where it does
not; else UTF-8 with replacement characters where most of its non-ASCII bytes are valid UTF-8; else windows-1252, which
is what pages that say latin-1 mean.
"""

from __future__ import annotations

import codecs
import re

from pipeline.clean.refusal import Refusal

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF"), (b"PK\x03\x04", "a ZIP archive or an office document"), (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"), (b"RIFF", "a RIFF media file"),
    (b"OggS", "an Ogg file"), (b"ID3", "an MP3 file"), (b"\x1f\x8b", "gzip data"), (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstandard data"), (b"7z\xbc\xaf", "a 7z archive"), (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "an ELF program"), (b"MZ\x90", "a Windows program"), (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"SQLite format 3", "an SQLite database"), (b"PAR1", "a Parquet file"), (b"wOF", "a font"),
)  # fmt: skip
_SAMPLE = 65_536
_MAX_CONTROL_SHARE = 0.01
_MAX_REPLACED_SHARE = 0.1
# The family names keep Python's transforming codecs (rot13, unicode_escape, idna) out of a stranger's reach.
_FAMILIES = ("iso", "latin", "windows", "cp", "gb", "big5", "shift", "sjis", "euc", "koi8", "mac", "utf", "hz", "tis")


def decode(data: bytes, told: str | None = None) -> str:
    """The characters of a page of which its container has `told` an encoding, or none.

    Raises Refusal: `empty`, `binary` or `undecodable`.
    """
    if not data.strip(b" \t\r\n\0"):
        raise Refusal("empty", "it holds no text")
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(name, "replace"))
    if name := _utf16_without_mark(data):
        return _checked(data.decode(name, "replace"))
    _refuse_binary(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end == len(data):
            return data[: error.start].decode("utf-8")
    return _checked(_legacy(data, told))


def _utf16_without_mark(data: bytes) -> str | None:
    sample = data[:_SAMPLE]
    half = max(len(sample) // 2, 1)
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return None


def _refuse_binary(data: bytes) -> None:
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise Refusal("binary", f"it is {what}, not text")
    if data[4:8] == b"ftyp":
        raise Refusal("binary", "it is a video or audio file, not text")
    sample = data[:_SAMPLE]
    printable = sample.translate(None, bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b"))
    if len(sample) - len(printable) > _MAX_CONTROL_SHARE * len(sample) + 2:
        raise Refusal("binary", "many of its bytes are control characters")


def _legacy(data: bytes, told: str | None) -> str:
    name = declared(data, told)
    if name and name != "utf-8":
        return data.decode(name, "replace")
    text = data.decode("utf-8", "replace")
    foreign = sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]{1,1000}", text)))
    return text if foreign > text.count("\ufffd") else data.decode("cp1252", "replace")


def declared(data: bytes, told: str | None = None) -> str | None:
    """The encoding that the head of the page names, or else `told`, under Python's name for it.

    Null where none is named, or none that can be used.
    """
    found = re.search(rb"(?:charset\s{0,5}=|encoding\s{0,5}=)[\s\"']{0,5}([A-Za-z0-9_:.-]{2,40})", data[:4096], re.I)
    name = found[1].decode("ascii").lower() if found else (told or "").strip(" \"'").lower()
    if not re.fullmatch(r"[a-z0-9_:.-]{2,40}", name):
        return None
    if name in ("iso-8859-1", "iso8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        return "cp1252"
    if not name.startswith(_FAMILIES):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _checked(text: str) -> str:
    if text.count("\ufffd") > max(8, _MAX_REPLACED_SHARE * len(text)):
        raise Refusal("undecodable", "its bytes make no sense in any encoding that it names or seems to have")
    return text
