"""Characters and lines: the one normalisation that all offsets rest on, and plain text.

A cleaned text is a sequence of blocks (title, paragraph, heading, list item, table row), each on one line of its
own, with one empty line between two blocks: `"\\n\\n".join(blocks)`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import itertools
import re
import statistics
import unicodedata
from collections.abc import Iterable, Sequence

BLOCK_SEPARATOR = "\n\n"
_MAX_TITLE = 200


@dataclasses.dataclass(frozen=True)
class Draft:
    """What the reader of one kind of page found in it. `links` are the texts of its links, in order."""

    blocks: tuple[str, ...]
    cleaner: str
    links: tuple[str, ...] = ()
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    url: str | None = None
    published: tuple[dt.date, ...] = ()
    """Candidates for the date of publication, best first."""


@functools.cache
def _folding() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys([*range(32), 0x7F, 0xAD, 0x61C, 0x180E, 0xFEFF, 0xFFFC])
    for first, last in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xE000, 0xF8FF), (0xFE00, 0xFE0F),
                        (0xFFF9, 0xFFFB), (0xE0000, 0xE0FFF)):  # fmt: skip
        table |= dict.fromkeys(range(first, last + 1))
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    table |= dict.fromkeys([9, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
    table |= dict.fromkeys([10, 11, 12, 13, 0x2028, 0x2029], "\n")
    # A C1 control in a page is windows-1252 that somebody took for latin-1.
    for code in range(0x80, 0xA0):
        table[code] = bytes([code]).decode("cp1252", "ignore") or None
    # Compatibility forms that are plain letters in other clothes; fractions and exponents are not, and stay.
    for first, last in ((0xFB00, 0xFB06), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6), (0x3371, 0x33DF), (0x1D400, 0x1D7FF)):
        for code in range(first, last + 1):
            table[code] = unicodedata.normalize("NFKC", chr(code))
    marks = dict.fromkeys("‘’‚‛´", "'") | dict.fromkeys("“”„‟", '"') | dict.fromkeys("‐‑−", "-")
    table |= {ord(mark): plain for mark, plain in marks.items()}
    # One pass must reach a fixed point, so what a character becomes is folded too.
    for code, plain in table.items():
        if plain:
            table[code] = "".join(marks.get(char, char) for char in plain)
    return table


def fold(text: str) -> str:
    """Unicode NFC, with invisible characters gone, every space a space, every line end a `\\n`, quotes straight.

    Keeps "½", "²", "–", "—", "~", "…" and currency signs as they are. Idempotent.
    """
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    return unicodedata.normalize("NFC", text.translate(_folding()))


def one_line(text: str) -> str:
    """`text` folded, on one line, with single spaces."""
    return " ".join(fold(text).split())


def join(blocks: Iterable[str]) -> str:
    """The cleaned text of blocks; empty ones vanish."""
    lines = (one_line(block) for block in blocks)
    return BLOCK_SEPARATOR.join(line for line in lines if line)


def key(text: str) -> str:
    """What two renderings of one title have in common: its letters and digits, without case."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def hard_wrapped(lines: Sequence[str]) -> bool:
    """Whether lines were broken at a fixed width, so that a paragraph spans several of them."""
    inner = [line for line, following in itertools.pairwise(lines) if line.strip() and following.strip()]
    if len(inner) < 3:
        return False
    lengths = [len(line) for line in inner]
    ended = sum(line.rstrip().endswith((".", "!", "?", ":", '."', ".'")) for line in inner)
    return 45 <= statistics.median(lengths) <= 120 and max(lengths) <= 160 and ended < 0.5 * len(inner)


def is_bullet(line: str) -> bool:
    """Whether a line begins with a list marker."""
    return bool(re.match(r"\s{0,40}(?:[-*•·‣▪◦–]|\d{1,2}[.)])\s", line))


def unwrap(lines: Sequence[str]) -> list[str]:
    """Paragraphs of hard-wrapped lines: joined up to the next empty line or list marker."""
    blocks: list[str] = []
    fresh = True
    for line in (raw.strip() for raw in lines):
        if not line:
            fresh = True
        elif fresh or is_bullet(line):
            blocks.append(line)
            fresh = False
        else:
            glue = "" if re.search(r"[a-z]-$", blocks[-1]) and line[0].islower() else " "
            blocks[-1] += glue + line
    return blocks


def without_bullet(line: str) -> str:
    """A list item without its marker; a number stays, since it may be a year or a quantity."""
    return re.sub(r"^\s{0,40}[-*•·‣▪◦]\s{1,10}", "", line)


def read_text(text: str) -> Draft:
    """Plain text: a line is a block, unless the lines were broken at a fixed width."""
    lines = fold(text).split("\n")
    blocks = unwrap(lines) if hard_wrapped(lines) else lines
    blocks = [block for block in (one_line(without_bullet(block)) for block in blocks) if block]
    return Draft(blocks=tuple(blocks), cleaner="text", title=heading_of(blocks))


def heading_of(blocks: Sequence[str]) -> str | None:
    """The first block if it looks like a title: short, without a full stop, and followed by something longer."""
    if len(blocks) < 2 or not 8 <= len(blocks[0]) <= _MAX_TITLE or blocks[0].endswith((".", ":", ";", ",")):
        return None
    return blocks[0] if any(len(block) > len(blocks[0]) for block in blocks[1:4]) else None


def table_rows(rows: Sequence[Sequence[tuple[str, bool]]]) -> list[str]:
    """Table rows as lines. A cell is its text and whether it is a heading.

    Under a row of headings each cell reads "heading: cell"; a heading at the left of one cell likewise; else the
    cells are joined by "; ".
    """
    heads: list[str] = []
    lines: list[str] = []
    for number, row in enumerate(rows):
        cells = [one_line(cell) for cell, _ in row]
        if number == 0 and len(row) > 1 and all(is_head or not cell for cell, is_head in row) and len(rows) > 1:
            heads = cells
        elif len(row) == 2 and row[0][1] and not row[1][1] and all(cells):
            lines.append(f"{cells[0].rstrip(':')}: {cells[1]}")
        elif len(heads) == len(cells):
            named = zip(heads, cells, strict=True)
            lines.append("; ".join(f"{head.rstrip(':')}: {cell}" if head else cell for head, cell in named if cell))
        else:
            lines.append("; ".join(cell for cell in cells if cell))
    return [line for line in lines if line]
