"""Bodies as they were sent back to bytes, never more than a limit: a bomb is stopped while it is unpacked."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Sequence
from typing import Any

import zstandard

# It ships no types.
brotli: Any = importlib.import_module("brotli")

ACCEPTED = "gzip, deflate, br, zstd"
_MOST_LAYERS = 2
_UNPACKS = "it unpacks to more than the limit"
# This API knows no limit of output: so many bytes of input become at most 32 MB (a block of 4 bytes, 128 KB).
_ZSTD_STEP = 1_024


class EncodingError(ValueError):
    """A body that is not what its Content-Encoding says, or an encoding that is not known."""


class TooLargeError(ValueError):
    """A body with more bytes than the limit once it is unpacked."""


def codings(header: str) -> tuple[str, ...]:
    """The codings of a Content-Encoding header, in the order in which they were applied."""
    return tuple(name for name in (part.strip().lower() for part in header.split(",")) if name not in ("", "identity"))


def unpacked(body: bytes, applied: Sequence[str], limit: int) -> bytes:
    """The body with its codings undone, the last one first. Raises EncodingError, and
    TooLargeError beyond `limit` bytes.
    """
    if len(applied) > _MOST_LAYERS:
        raise EncodingError(f"it is packed {len(applied)} times over")
    for coding in reversed(applied):
        body = _one(body, coding, limit)
    if len(body) > limit:
        raise TooLargeError(f"it has more than {limit:,} bytes")
    return body


def _one(body: bytes, coding: str, limit: int) -> bytes:
    try:
        if coding in ("gzip", "x-gzip"):
            return _inflated(body, 16 + zlib.MAX_WBITS, limit)
        if coding == "deflate":
            # Half of the web sends the bare stream, half the zlib wrapper that the standard asks for.
            wrapped = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
            return _inflated(body, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, limit)
        if coding == "br":
            return _unbrotlied(body, limit)
        if coding == "zstd":
            return _zstd(body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
        raise EncodingError(f"its {coding} data is broken ({error})") from error
    raise EncodingError(f"its encoding {coding[:40]!r} is not known")


def _inflated(body: bytes, window: int, limit: int) -> bytes:
    """All members of a gzip or deflate stream, cut off at the limit."""
    out = bytearray()
    rest = body
    while rest:
        stream = zlib.decompressobj(window)
        out += _checked(stream.decompress(rest, limit + 1 - len(out)), limit - len(out))
        if not stream.eof:
            raise EncodingError("its compressed data ends too early")
        # Zeros behind the last member are padding.
        rest = stream.unused_data.lstrip(b"\0")
    return bytes(out)


def _unbrotlied(body: bytes, limit: int) -> bytes:
    stream: Any = brotli.Decompressor()
    out = bytearray(stream.process(body, output_buffer_limit=limit + 1))
    while not stream.is_finished() and len(out) <= limit:
        more: bytes = stream.process(b"", output_buffer_limit=limit + 1)
        if not more and not stream.is_finished():
            raise EncodingError("its compressed data ends too early")
        out += more
    return _checked(bytes(out), limit)


def _zstd(body: bytes, limit: int) -> bytes:
    # 8 MB is the window that the standard allows on the web (RFC 8878).
    decompressor = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
    stream = decompressor.decompressobj()
    out = bytearray()
    for start in range(0, len(body), _ZSTD_STEP):
        rest = body[start : start + _ZSTD_STEP]
        while rest:
            stream = decompressor.decompressobj() if stream.eof else stream
            out += stream.decompress(rest)
            if len(out) > limit:
                raise TooLargeError(_UNPACKS)
            rest = stream.unused_data if stream.eof else b""
    if not stream.eof:
        raise EncodingError("its compressed data ends too early")
    return bytes(out)


def _checked(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise TooLargeError(_UNPACKS)
    return data
