"""Inputs made of the seeds: the same for one number of the generator, so that a bounded run can be repeated."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

SEEDS = Path(__file__).parent / "seeds"
_HOSTILE = (
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\x1b[31m", b"<", b">", b"&#x110000;",
    b"<!--", b"[[", b"](", b"```", b"|", b"\r\n", b"\n", b"  ", b'"', b"\\", b"{", b"}", b"null", b"1e999",
    b"-1", b"NaN", b"]]>",
    b"99999999999999999999", b"$", b"%", b"\xc2\xbd", b"0000-00-00", b"2026-02-30", b"<![CDATA[", b"<!ENTITY x 'y'>",
)  # fmt: skip


def seeds(target: str) -> list[bytes]:
    """The seeds of a target, by name."""
    return [path.read_bytes() for path in sorted((SEEDS / target).iterdir())]


def dictionary(target: str, most: int = 400) -> list[bytes]:
    """Words of the seeds of a target, and what parsers trip over."""
    words = {word for seed in seeds(target) for word in re.findall(rb"[\w$.:/<>=\"'-]{2,20}", seed)}
    return [*sorted(words)[:most], *_HOSTILE]


def mutations(given: Sequence[bytes], words: Sequence[bytes], number: int, count: int) -> Iterator[bytes]:
    """So many inputs, each a seed that was changed in some places."""
    rnd = random.Random(number)
    for _ in range(count):
        data = bytearray(rnd.choice(given))
        for _ in range(rnd.randint(1, 6)):
            _change(data, given, words, rnd)
        yield bytes(data[:20_000])


def _change(data: bytearray, given: Sequence[bytes], words: Sequence[bytes], rnd: random.Random) -> None:
    start = rnd.randint(0, len(data))
    end = min(len(data), start + int(2 ** rnd.uniform(0, 8)))
    match rnd.randrange(7):
        case 0:
            data[start:end] = b""
        case 1:
            data[start:start] = data[start:end] * rnd.choice((1, 1, 2, 40))
        case 2:
            data[start:start] = rnd.choice(words) * rnd.choice((1, 1, 1, 3, 300))
        case 3:
            data[start:end] = rnd.choice(words)
        case 4 if data:
            data[min(start, len(data) - 1)] ^= 1 << rnd.randrange(8)
        case 5:
            other = rnd.choice(given)
            at = rnd.randint(0, len(other))
            data[start:] = other[at:]
        case _:
            data[start:] = b""
