"""Intervals of the calendar: pure arithmetic on inclusive pairs of days.

Every function takes and gives `Interval`, both ends included. What lies outside the years 1 to 9999 raises
`ValueError` or `OverflowError`, as `datetime.date` does; the reader of dates catches both.
"""

from __future__ import annotations

import calendar as stdlib
import datetime as dt
from collections.abc import Callable

Interval = tuple[dt.date, dt.date]
Cycle = Callable[[int], Interval]
"""What comes once a year, as a function of the year: a month, a quarter, a day of a month."""

DECADE_SHIFT = 1
"""The running decade is counted 2021 to 2030: "by the end of the decade" is meant as by 2030."""
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12, "decade": 120}


def month_end(year: int, month: int) -> dt.date:
    """The last day of a month."""
    return dt.date(year, month, stdlib.monthrange(year, month)[1])


def months(year: int, month: int, count: int) -> Interval:
    """`count` whole months from the first of a month on; `month` may lie outside 1..12."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    last = year * 12 + month - 2 + count
    return dt.date(year, month, 1), month_end(last // 12, last % 12 + 1)


def years(first: int, last: int) -> Interval:
    """Whole years."""
    return dt.date(first, 1, 1), dt.date(last, 12, 31)


def fiscal_years(first: int, last: int) -> Interval:
    """April of the first year to March of the last, as a fiscal year written over two years runs."""
    return dt.date(first, 4, 1), dt.date(last, 3, 31)


def add(day: dt.date, count: float, unit: str) -> dt.date:
    """A day moved by so many units; a day that its month lacks becomes the last of that month."""
    if unit in ("day", "week"):
        return day + dt.timedelta(days=round(count * (7 if unit == "week" else 1)))
    moved = day.year * 12 + day.month - 1 + round(count * _MONTHS[unit])
    year, month = moved // 12, moved % 12 + 1
    return dt.date(year, month, min(day.day, stdlib.monthrange(year, month)[1]))


def containing(day: dt.date, unit: str, shift: int = 0) -> Interval:
    """The week, month, quarter, half, year or decade that holds the day, or the one `shift` of them later."""
    if unit == "day":
        moved = day + dt.timedelta(days=shift)
        return moved, moved
    if unit in ("week", "weekend"):
        monday = day + dt.timedelta(days=7 * shift - day.weekday())
        return monday + dt.timedelta(days=5 if unit == "weekend" else 0), monday + dt.timedelta(days=6)
    size = _MONTHS[unit]
    offset = 12 * DECADE_SHIFT if unit == "decade" else 0
    index = (day.year * 12 + day.month - 1 - offset) // size + shift
    return months(0, index * size + 1 + offset, size)


def thirds(interval: Interval, unit: str) -> tuple[Interval, Interval, Interval]:
    """The first, middle and last third: of a month 1-10, 11-20, 21-end; of a week two, two, three days; else months."""
    start, end = interval
    if unit in ("day", "week", "month"):
        size = 10 if unit == "month" else max(1, ((end - start).days + 1) // 3)
        first, second = start + dt.timedelta(days=size), start + dt.timedelta(days=2 * size)
    else:
        size = max(1, ((end.year - start.year) * 12 + end.month - start.month + 1) // 3)
        first, second = add(start, size, "month"), add(start, 2 * size, "month")
    day = dt.timedelta(days=1)
    return (start, first - day), (first, second - day), (second, end)


def part(interval: Interval, unit: str, name: str, of_end: bool = False) -> Interval:
    """The early, mid or late part of a period; `of_end` where the text says "end of", which a decade narrows."""
    if name == "late" and unit == "decade" and of_end:
        return dt.date(interval[1].year - 1, 1, 1), interval[1]
    return thirds(interval, unit)[("early", "mid", "late").index(name)]


def half(interval: Interval, which: int) -> Interval:
    """The first (1) or second (2) half of a period of whole months, or of days."""
    start, end = interval
    count = (end.year - start.year) * 12 + end.month - start.month + 1
    middle = add(start, count // 2, "month") if count % 2 == 0 else start + (end - start) // 2 + dt.timedelta(days=1)
    return (start, middle - dt.timedelta(days=1)) if which == 1 else (middle, end)


def nth_week(interval: Interval, which: int) -> Interval:
    """Days 1-7, 8-14 ... of a period; -1 is its last seven days."""
    if which < 0:
        return interval[1] - dt.timedelta(days=6), interval[1]
    start = interval[0] + dt.timedelta(days=7 * (which - 1))
    return start, start + dt.timedelta(days=6)


def nth_weekday(interval: Interval, weekday: int, which: int) -> Interval:
    """The first, second ... or last (-1) Monday (1) to Sunday (7) of a period."""
    if which < 0:
        day = interval[1] - dt.timedelta(days=(interval[1].isoweekday() - weekday) % 7)
    else:
        day = interval[0] + dt.timedelta(days=(weekday - interval[0].isoweekday()) % 7 + 7 * (which - 1))
    return day, day


def leading(interval: Interval, count: int, unit: str, which: int) -> Interval:
    """The first (1) or last (-1) so many days, weeks, months or years of a period."""
    start, end = interval
    if which > 0:
        return start, min(end, add(start, count, unit) - dt.timedelta(days=1))
    return max(start, add(end + dt.timedelta(days=1), -count, unit)), end


def nearest(cycle: Cycle, day: dt.date, direction: str | None) -> Interval:
    """Which year's: the one that holds the day, else the last (`past`), the coming (`future`) or the nearer one."""
    around: list[Interval] = []
    for year in range(day.year - 8, day.year + 9):  # a 29 February can be eight years away
        try:
            around.append(cycle(year))
        except ValueError:  # 29 February
            continue
    for interval in around:
        if interval[0] <= day <= interval[1]:
            return interval
    before = [interval for interval in around if interval[1] < day]
    after = [interval for interval in around if interval[0] > day]
    if not before or not after:
        raise ValueError("publication at the edge of the calendar")
    if direction:
        return before[-1] if direction == "past" else after[0]
    return before[-1] if day - before[-1][1] <= after[0][0] - day else after[0]
