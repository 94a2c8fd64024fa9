"""Dates that point back: "that same month", "a year earlier", and "the quarter" that a report is about."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Sequence

from pipeline.components import calendar
from pipeline.components.date_words import words
from pipeline.placed import Apart
from pipeline.records import DateMention, DateRange, DateRelation, Grain

_BACK = re.compile(
    r"\b(?:(?P<by>by)\s+|(?P<before>before)\s+|(?P<since>since)\s+|(?:later\s+)?(?:in|on|during|at|of)\s+|later\s+)?"
    r"(?P<end>the\s+end\s+of\s+)?(?:the\s+same|that\s+same|that\s+very|that)\s+(?P<unit>day|week|month|quarter|year)\b"
    r"(?!['’-]|\s+(?:end|ended)\b)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:in|for|during|over|through)\s+the\s+quarter\b(?!\s+(?:of|to|ended|ending|that|before|after))"
    r"|(?P<date>\byear[ -]to[ -]date\b)"
    r"|(?P<full>\b(?:for|in)\s+the\s+full\s+year\b|\bfull[ -]year\b)(?!\s+\d)",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?P<count>a|an|one|two|three|four|five|six|nine|ten|twelve|eighteen)\s+(?P<step>year|quarter|month|week)s?\s+"
    r"(?P<way>earlier|previously|prior(?!\s+to)|before(?!\s+\w)|later|afterwards?)\b(?!\s+than\b)",
    re.IGNORECASE,
)
_FAR = 250
"""Characters from a date over which "a year earlier" points to it."""
_FINE = {"week": ("day", "week"), "month": ("day", "month", "quarter", "half"), "quarter": ("day", "month", "quarter")}
"""Grains of a date that can be moved by a unit; a year moves any."""
_NEAR = 3
"""Dates among which the one is sought that opens a sentence."""
_REPORT_DAYS = 150
"""Days after its end in which a quarter is still reported on."""


def pointing_back(text: str, mentions: Sequence[DateMention], published: dt.date | None) -> list[DateMention]:
    """The dates of a text with those that point to one of `mentions` before them, in reading order, disjoint."""
    told = [_seen_from_then(text, a, b, published) for a, b in zip([None, *mentions], mentions, strict=False)]
    found, taken = list(told), Apart(told)
    quarter = _quarter(told, published)

    def put(match: re.Match[str], made: DateRange | None) -> None:
        if made:
            taken.add(*match.span())
            found.append(DateMention(start=match.start(), end=match.end(), date=made))

    for match in [*_BACK.finditer(text), *_REPORTED.finditer(text)]:
        if not taken.free(*match.span()):
            continue
        before = told[max(0, _ended(told, match.start()) - _NEAR) : _ended(told, match.start())]
        reported = quarter.date if quarter and quarter.end <= match.start() else None
        put(match, _back(match, _meant(text, match, before)) if match.re is _BACK else _reported(match, reported))
    for match in _EARLIER.finditer(text):
        last = told[: _ended(told, match.start())][-1:]
        near = last and match.start() <= last[0].end + _FAR
        if near and taken.free(*match.span()) and not re.search(r"[.!?]\s|\n", text[last[0].end : match.start()]):
            put(match, _moved(match, last[0].date))
    return sorted(found, key=lambda m: m.start)


def _ended(told: Sequence[DateMention], offset: int) -> int:
    """How many of the dates, which are in order and apart, end before a place."""
    return bisect_right(told, offset, key=lambda mention: mention.end)


def _moved(match: re.Match[str], told: DateRange) -> DateRange | None:
    """The date so many units before or after the one told: "$9 billion in the quarter, up from $5 billion a year
    earlier".
    """
    unit = match["step"].lower()
    if told.start is None or told.end is None or (unit in _FINE and told.grain not in _FINE[unit]):
        return None
    back = match["way"].lower() in ("earlier", "before", "previously", "prior")
    count = round(words().data.numbers[match["count"].lower()]) * (-1 if back else 1)
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit, 0) * count
    try:
        start, end = (calendar.add(day, months or count, "month" if months else unit) for day in (told.start, told.end))
        if months and (told.end + dt.timedelta(days=1)).day == 1:  # whole months stay whole
            end = calendar.month_end(end.year, end.month)
    except (ValueError, OverflowError):
        return None
    return DateRange(text=match.group(), start=start, end=end, grain=told.grain, relation="on", fiscal=told.fiscal)


def _seen_from_then(
    text: str, before: DateMention | None, mention: DateMention, published: dt.date | None
) -> DateMention:
    """A date without a year that "would" come after a past one, in the year told there: "In January he said that it
    would open in April", written in May.
    """
    date = mention.date
    if before is None or before.date.end is None or date.start is None or date.end is None or published is None:
        return mention
    between = text[before.end : mention.start]
    if date.start <= published or before.date.end > published or re.search(r"\d{4}", date.text):
        return mention
    if not re.search(r"\bwould\b", between) or re.search(r"[.;]\s|\bwill\b", between):
        return mention
    try:
        start, end = date.start.replace(year=date.start.year - 1), date.end.replace(year=date.end.year - 1)
    except ValueError:  # 29 February
        return mention
    if start <= before.date.end:
        return mention
    return mention.model_copy(update={"date": date.model_copy(update={"start": start, "end": end})})


def _meant(text: str, match: re.Match[str], before: Sequence[DateMention]) -> DateRange | None:
    """The last of the dates before the words; for "the same" month rather the one that opened a sentence there."""
    if "same" in match.group().lower():
        opening = [
            m
            for m in before
            if not text[max(0, m.start - 9) : m.start].strip()
            or re.search(r"[.\n]\s{0,9}$", text[max(0, m.start - 9) : m.start])
        ]
        before = opening or before
    return before[-1].date if before else None


def _back(match: re.Match[str], told: DateRange | None) -> DateRange | None:
    """The unit that holds the date before the words; None where that one is coarser or unresolved."""
    unit: Grain = match["unit"].lower()  # pyright: ignore[reportAssignmentType]  # the pattern's own words
    if told is None or told.start is None or told.end is None:
        return None
    held = calendar.containing(told.start, unit, 0)
    if told.end > held[1]:
        return None
    relation: DateRelation = "by" if match["by"] else "before" if match["before"] else "on"
    if match["since"]:
        relation = "since"
    if match["end"]:
        held = calendar.part(held, unit, "late", of_end=True)
    grain: Grain = "part_of_year" if match["end"] and unit == "year" else unit
    return DateRange(text=match.group(), start=held[0], end=held[1], grain=grain, relation=relation, fiscal=False)


def _reported(match: re.Match[str], told: DateRange | None) -> DateRange | None:
    """The quarter that a report is about, the year up to its end, or its year."""
    if told is None or told.start is None or told.end is None:
        return None
    year = calendar.years(told.start.year, told.start.year)
    span, grain = (told.start, told.end), "quarter"
    if match["date"]:
        span, grain = (year[0], told.end), "span"
    elif match["full"]:
        span, grain = year, "year"
    return DateRange(text=match.group(), start=span[0], end=span[1], grain=grain, relation="on", fiscal=False)  # pyright: ignore[reportArgumentType]


def _quarter(told: Sequence[DateMention], published: dt.date | None) -> DateMention | None:
    """The first quarter told that was over, and not long over, on the day of publication."""
    for mention in told:
        date = mention.date
        if date.grain != "quarter" or date.start is None or date.end is None or published is None:
            continue
        if date.end <= published <= date.end + dt.timedelta(days=_REPORT_DAYS):
            return mention
    return None
