"""Dates as pages write them: in metadata, in addresses, and in the lines above and below an article.

No clock: a date without a year is no date.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterator, Sequence

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = (
    rf"(?:\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{4}}/\d{{1,2}}/\d{{1,2}}"
    rf"|\b{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}|\b\d{{1,2}}(?:st|nd|rd|th)?[\s-]{_MONTH}\.?,?[\s-]\d{{4}})(?!\d)"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s)?"
_EARLIEST, _LATEST = 1990, 2100
_HEADING = 140
"""Characters of the longest line at the top that is no sentence."""
_RUNNING = 5
"""Words in lower case that such a line may hold."""


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    sources = {
        "numbers": r"\s{0,5}(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?!\d)",
        "compact": r"\s{0,5}(\d{4})(\d\d)(\d\d)(?:\D|\d{4,6}(?:\D|$)|$)",
        "month_first": rf"\b({_MONTH})\.?\s(\d{{1,2}})(?:st|nd|rd|th)?,?\s(\d{{4}})(?!\d)",
        "day_first": rf"\b(\d{{1,2}})(?:st|nd|rd|th)?[\s-]({_MONTH})\.?,?[\s-](\d{{4}})(?!\d)",
        "address": r"/(20\d\d|199\d)[/-](\d\d)[/-](\d\d)(?=[/_.-]|$)",
        "label": rf"\b(?:published|posted|date|released|issued)(?:\sfrom\s[\w.-]{{2,20}})?"
        rf"(?:\son|\sat)?\s?:?\s{{0,3}}{_WEEKDAY}({_DATE})",
        "line": rf"(?:by\s[^|\n\d]{{2,60}}[|,•·-]?\s{{0,3}})?{_WEEKDAY}({_DATE})"
        r"(?:[\s,|•·-]{1,4}(?:at\s)?\d{1,2}[:.]\d\d.{0,40})?",
        "day": rf"({_DATE})",
        "running": r"(?:^|(?<=[\s(]))(?-i:[a-z]{2,})(?=[\s,.;:)]|$)",
        "dateline": rf"[^\n]{{0,100}}?({_DATE})\)?\s{{0,2}}(?:\(|/|--|–|—|-\s)",
    }
    return re.compile(sources[name], re.IGNORECASE)


def parse_date(text: str) -> dt.date | None:
    """The calendar day that a metadata value names, as written there (no change of time zone); null if none.

    Reads ISO 8601 and its compact and slashed forms, "March 5, 2026" and "5 Mar 2026" (also inside an e-mail date).
    Purely numeric day-month orders are ambiguous and read as nothing.
    """
    text = text[:100]
    if found := _pattern("numbers").match(text):
        return _day(found[1], found[3], found[4])
    if found := _pattern("compact").match(text):
        return _day(found[1], found[2], found[3])
    if found := _pattern("month_first").search(text):
        return _day(found[3], found[1], found[2])
    if found := _pattern("day_first").search(text):
        return _day(found[3], found[2], found[1])
    return None


def parse_instant(text: str) -> dt.datetime | None:
    """An ISO 8601 instant, in UTC (which it is taken to be in if it does not say); a day alone is its midnight."""
    try:
        instant = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        day = parse_date(text)
        return dt.datetime.combine(day, dt.time(), dt.UTC) if day else None
    try:
        return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
    except OverflowError:
        return None


def address_date(url: str) -> dt.date | None:
    """The day in an address such as `/2026/03/26/title`; null if none."""
    found = _pattern("address").search(url[:2000])
    return _day(found[1], found[2], found[3]) if found else None


def byline_dates(blocks: Sequence[str]) -> Iterator[dt.date]:
    """Days that the lines around an article say it was published on, surest first.

    "Published: 7 May 2026" near either end, a line at the top that is only a byline and a date, the dateline of a
    press release ("AUSTIN, March 5, 2026 --"), and at last a short line at the top that is no sentence and holds one
    day ("The Weekly, 18 June 2026", "Results call, Thursday 27 August 2026, 08.30 BST").
    """
    for block in [*blocks[:6], *blocks[-4:]]:
        if found := _pattern("label").search(block[:400]):
            yield from _parsed(found[1])
    for block in blocks[:6]:
        if len(block) <= 120 and (found := _pattern("line").fullmatch(block)):
            yield from _parsed(found[1])
    for block in blocks[:4]:
        if found := _pattern("dateline").match(block[:250]):
            yield from _parsed(found[1])
    for block in blocks[:6]:
        days = _pattern("day").findall(block) if len(block) <= _HEADING else []
        if len(days) == 1 and len(_pattern("running").findall(block)) <= _RUNNING:
            yield from _parsed(days[0])


def _parsed(text: str) -> Iterator[dt.date]:
    if day := parse_date(text):
        yield day


def month_number(name: str) -> int:
    """1 to 12, of the English name of a month or its first letters; ValueError for what is none."""
    return _MONTHS.index(name[:3].casefold()) + 1


def _day(year: str, month: str, day: str) -> dt.date | None:
    number = int(month) if month.isdigit() else month_number(month)
    try:
        found = dt.date(int(year), number, int(day))
    except ValueError:
        return None
    return found if _EARLIEST <= found.year <= _LATEST else None
