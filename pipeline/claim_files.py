"""Claims from files, for programs: `read_claims`, a typed iterator over JSON Lines of claim records."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from pipeline.records import SCHEMA_VERSION, Claim, Rejected
from pipeline.store import CLAIMS


class ClaimFileError(ValueError):
    """A line that is no claim record, or a file that cannot be read. The message names the place and the reason."""


def read_claims(*paths: str | Path) -> Iterator[Claim]:
    """The claims of files, or of folders that a run wrote, one after the other.

    Read as a stream. Raises `ClaimFileError` at the first line that is no claim.
    """
    for item in claims_or_rejected(paths):
        if isinstance(item, Rejected):
            raise ClaimFileError(item.message)
        yield item


def claims_or_rejected(paths: Iterable[str | Path]) -> Iterator[Claim | Rejected]:
    """As `read_claims`, but a bad line costs nobody the rest: it comes as `Rejected`.

    `-` is standard input. Reasons: `missing`, `unreadable`, `bad_record`, `schema_version` (a record of a layout
    that this version does not know).
    """
    for path in paths:
        if str(path) == "-":
            yield from _lines(sys.stdin.buffer, "<stdin>")
            continue
        file = Path(path) / CLAIMS if Path(path).is_dir() else Path(path)
        try:
            with file.open("rb") as stream:
                yield from _lines(stream, str(file))
        except FileNotFoundError:
            yield _rejected(str(file), "missing", "there is no such file")
        except OSError as error:
            yield _rejected(str(file), "unreadable", error.strerror or str(error))


def _lines(stream: Iterable[bytes], name: str) -> Iterator[Claim | Rejected]:
    for number, line in enumerate(stream, 1):
        if line.strip():
            yield _claim(line, f"{name}:{number}")


def _claim(line: bytes, place: str) -> Claim | Rejected:
    try:
        claim = Claim.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        return _rejected(place, "bad_record", f"not a claim record ({where + ': ' if where else ''}{first['msg']})")
    if not _finite(claim):
        return _rejected(place, "bad_record", "not a claim record (a number of its quantity is not finite)")
    if why := unknown_layout(claim.schema_version):
        return _rejected(place, "schema_version", why)
    return claim


def unknown_layout(version: str) -> str | None:
    """Why a record of this schema version is not read, if it is not."""
    if version.split(".")[0] == SCHEMA_VERSION.split(".")[0]:
        return None
    return f"a record of layout {version}, and this version reads {SCHEMA_VERSION}"


def _finite(claim: Claim) -> bool:
    """JSON has no NaN and no infinity, though parsers take them; nothing can be compared with them."""
    if claim.quantity is None:
        return True
    numbers = (claim.quantity.value, claim.quantity.min, claim.quantity.max, claim.quantity.count, claim.quantity.each)
    return all(number is None or math.isfinite(number) for number in numbers)


def _rejected(place: str, reason: str, why: str) -> Rejected:
    return Rejected(source=place, reason=reason, message=f"{place}: {why}")
