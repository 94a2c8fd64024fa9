"""Datelines: where and when an article was written ("OSLO, 20 August 2026 - Nordvik has …").

Its day is that of the telling, which dates nothing told, and its town is no site. What heads one line alone, near the
top, is one; the entries of a timeline or of a list ("Ashby, 3 March - Hall 1 opened") come in several.
"""

from __future__ import annotations

import datetime as dt
import re

from pipeline.clean.dates import month_number

_UPPER = r"[A-ZÀ-ÖØ-Þ]"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?"
    r"|SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\.?"
)
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:(?:Mon|Tues?|Wed(?:nes)?|Thur?s?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s)?"
    rf"(?:{_MONTH}\s{_ORDINAL}|{_ORDINAL}\s{_MONTH})(?:,?\s20\d\d)?(?!\d)"
    r"(?:,?\s(?:at\s)?\d{1,2}[:.]\d\d(?:\s?[AaPp]\.?[Mm]\.?)?(?:\s(?:[A-Z]{2,4}|[A-Z][a-z]+\sTime))?)?"
)
_WORD = rf"{_UPPER}[\w.'’-]{{0,20}}"
_REGIONS = rf"(?:,\s(?:the\s)?{_WORD}(?:\s(?:of\s)?{_WORD}){{0,3}}){{0,3}}"
_CAPITALS = (
    rf"(?-i:{_UPPER}(?:{_UPPER}|[.'’-]){{2,20}}(?:\s{_UPPER}(?:{_UPPER}|[.'’-]){{0,20}}){{0,3}}"
    rf"|{_UPPER}{{2}}\.?\s{_UPPER}{{2,20}})(?![\w])"
)
_TOWN = rf"{_WORD}(?:[\s/](?:(?:of|de|la|and|am|upon|del)\s)?{_WORD}){{0,3}}"
_AGENCY = (
    r"\s?(?:\((?:[\w .]{0,24}?(?i:wire|reuters|bloomberg|news|press|dpa|afp|upi))[\w .]{0,12}\)|\((?:AP|NTB|TT|ANSA|PTI"
    r"|CNA|KUNA|WAM|SPA|BUSINESS WIRE|Yonhap|Xinhua|Kyodo)\)|/[\w ]{0,12}(?i:wire|news|press)[\w .-]{0,20}/)"
)
_DASH = r"(?:\s?(?:--|[–—])\s?|\s-{1,2}\s|(?<=[)/])-\s?)"
_MARK = rf"(?:{_DASH}|\s?[|/]\s|:\s)"
_BREAK = rf"(?:{_DASH}|\s?[|/]\s(?:[A-Z][\w ]{{0,12}}(?i:wire)\s/\s)?|[,;]\s|\s(?=\())"
_PATTERNS = tuple(
    re.compile(rf"^ *(?:{form})(?=[\"“‘'(]?[^\W\d_])".replace(r"\s", " "), re.MULTILINE)
    for form in (
        rf"{_TOWN}{_REGIONS}{_BREAK}\(?(?P<day>{_DATE})\)?(?:{_AGENCY}(?:{_MARK}|\s)?|{_MARK})",
        rf"(?P<day>{_DATE}){_BREAK}{_TOWN}{_REGIONS}(?:{_AGENCY}(?:{_MARK}|\s)?|{_MARK})",
        rf"{_TOWN}{_REGIONS}{_AGENCY}{_MARK}",
        rf"{_CAPITALS}{_REGIONS}(?:{_DASH})",
    )
)
_LINES = 5
"""Lines at the top, title among them, of which one may begin with a dateline."""
_HEAD = 3_000
"""Characters of a text that are looked at."""
_NEAR = 10
"""Days between the day of a dateline and that of publication."""
_MONTH_NAME = re.compile(rf"\b{_MONTH}")
_DAY = re.compile(r"\d{1,2}")
_YEAR = re.compile(r"20\d\d")


def find_dateline(text: str, published: dt.date | None = None) -> tuple[int, int] | None:
    """Where the dateline of an article stands, up to its first word; None where it has none."""
    head = text[:_HEAD]
    for pattern in _PATTERNS:
        found = list(pattern.finditer(head))
        if len(found) == 1 and head.count("\n", 0, found[0].start()) < _LINES:
            match = found[0]
            day = match.groupdict().get("day")
            if day is None or published is None or _near(day, published):
                return match.span()
    return None


def _near(day: str, published: dt.date) -> bool:
    """Whether a day, of whatever year where it names none, is about that of publication."""
    year = _YEAR.search(day)
    month = month_number(_MONTH_NAME.findall(day)[0])
    number = _DAY.search(day)
    for other in (int(year[0]),) if year else (published.year - 1, published.year, published.year + 1):
        try:
            told = dt.date(other, month, int(number[0]) if number else 1)
        except ValueError:
            continue
        if abs((told - published).days) <= _NEAR:
            return True
    return False
