"""Dates counted from publication: "next quarter", "over the past two years", "six weeks ago", "Tuesday"."""

from __future__ import annotations

import datetime as dt

from pipeline.components import calendar
from pipeline.components.calendar import Interval
from pipeline.components.date_words import Context, Form, Inside
from pipeline.records import Grain

_PLURAL = ("days", "weeks", "months", "quarters", "years", "decades")
_WEEKEND_REACH = 10
"""Words before "the weekend" among which a word of the future makes it the coming one."""
_ROLLING = ("week", "month", "year", "decade")


def month_inside(month: int) -> Inside:
    """Where a month lies in a calendar or fiscal year."""

    def inside(year: Interval) -> Interval:
        return calendar.months(year[0].year + (month < year[0].month), month, 1)

    return inside


def season_inside(first_month: int) -> Inside:
    """Where a season that begins in a month lies in a year; winter runs into the next."""

    def inside(year: Interval) -> Interval:
        return calendar.months(year[0].year, first_month, 3)

    return inside


def relative(ctx: Context, index: int, prefix: str) -> Form | None:
    """`[the] next|last|this ... unit|month|season|weekday`; `prefix` is the relation word before it, if any."""
    tokens, data = ctx.tokens, ctx.words.data
    the = tokens.word(index) == "the"
    place = index + the
    word = tokens.word(place)
    if word == "this" and tokens.word(place + 1) in ("past", "coming", "last", "next", "upcoming"):
        the, place, word = True, place + 1, tokens.word(place + 1)
    if word not in data.shifts or (the and word == "this"):
        return _plain_unit(ctx, index) if the else None
    shift = data.shifts[word]
    place += 1
    fiscal = ctx.words.fiscal_bare.at(tokens, place)
    if fiscal and not tokens.gap(place):
        return _fiscal_unit(ctx, fiscal[0], shift)
    if tokens.word(place) in ("calendar", "full"):
        place += 1
    return _shifted(ctx, place, shift, rolling=the and (word in ("past", "coming") or prefix in data.span_words.over))


def _plain_unit(ctx: Context, index: int) -> Form | None:
    """`the year`, `the quarter`, `the fiscal year`, `the new year`, `the weekend`: the present one."""
    tokens = ctx.tokens
    fiscal = ctx.words.fiscal_bare.at(tokens, index + 1)
    if fiscal:
        form = _fiscal_unit(ctx, fiscal[0], 0)
        return form and Form(form.stop, form.grain, form.unit, form.interval, fiscal=True, weak=True)
    if tokens.word(index + 1) == "new" and tokens.word(index + 2) == "year":
        late = ctx.published is not None and ctx.published.month > 6
        return Form(index + 3, "year", "year", _containing(ctx, "year", int(late)), weak=True)
    unit = tokens.word(index + 1)
    if unit == "weekend":
        return Form(index + 2, "span", "week", _containing(ctx, "weekend", _weekend_told(ctx, index)), weak=True)
    if unit in ("week", "month", "quarter", "year", "decade") and not tokens.gap(index + 1):
        passed = unit == "quarter" or tokens.word(index - 1) == "of" or (unit == "year" and looked_back_on(ctx, index))
        before = _containing(ctx, unit, -1) if passed else None
        return Form(index + 2, unit, unit, _containing(ctx, unit, 0), weak=True, before=before)
    return None


PASSED = frozenset({"quarter", "year"})
"""Units of which "the" and "the end of" point at the one before, where they are told in the past."""


_REPORTED_UNTIL = 4
"""The last month in which the figures of the year before are still told as those of "the year"."""


def looked_back_on(ctx: Context, index: int) -> bool:
    """Whether "the year" may be the one before: in a report of early in the year, and of no forecast ("raised its
    guidance for the year").
    """
    tokens, words = ctx.tokens, ctx.words.data.looked_back
    if ctx.published is None or ctx.published.month > _REPORTED_UNTIL:
        return False
    if closes(ctx, index, index + 2):
        return True
    near = tokens.low[max(0, index - _WEEKEND_REACH) : index + 2 + _WEEKEND_REACH]
    return tokens.word(index - 1) in words.after and words.barred.isdisjoint(near)


def closes(ctx: Context, index: int, stop: int) -> bool:
    """Whether what is told is how a period ended ("exited the quarter with 40 MW")."""
    before = index - 1 - (ctx.tokens.word(index - 1) == "the")
    words = ctx.words.data.looked_back
    verb = ctx.tokens.word(before)
    told = verb in words.closing or (ctx.tokens.word(stop - 1) == "year" and verb in words.closing_year)
    return told and ctx.tokens.word(stop) in ("with", "at")


def _weekend_told(ctx: Context, index: int) -> int:
    """0 for the weekend of this week, -1 for the last one: told on a weekday of what happened "over the weekend"."""
    before = set(ctx.tokens.low[max(0, index - _WEEKEND_REACH) : index])
    weekday = ctx.published is not None and ctx.published.isoweekday() < 6
    return -1 if weekday and before.isdisjoint(ctx.words.data.direction.future) else 0


def _fiscal_unit(ctx: Context, stop: int, shift: int) -> Form:
    if ctx.tokens.word(stop) == "quarter":
        return Form(stop + 1, "quarter", "quarter", _containing(ctx, "quarter", shift), fiscal=True)
    return Form(stop, "year", "year", _containing(ctx, "year", shift), fiscal=True)


def _containing(ctx: Context, unit: str, shift: int) -> Interval | None:
    return calendar.containing(ctx.published, unit, shift) if ctx.published else None


def _shifted(ctx: Context, place: int, shift: int, rolling: bool) -> Form | None:
    tokens, data = ctx.tokens, ctx.words.data
    word = tokens.word(place)
    if tokens.gap(place):
        return None
    if word in ("week", "weekend", "month", "quarter", "half", "year", "decade"):
        if rolling and word in _ROLLING and shift:
            return Form(place + 1, "span", word, _from_publication(ctx, shift, shift, word))
        grain: Grain = "span" if word == "weekend" else word  # type: ignore[assignment]
        return Form(place + 1, grain, word, _containing(ctx, word, shift))
    if word in data.weekdays:
        week = _containing(ctx, "week", shift)
        day = week and week[0] + dt.timedelta(days=data.weekdays[word] - 1)
        return Form(place + 1, "day", "day", day and (day, day))
    if word in data.months and tokens.raw(place)[0].isupper() and tokens.word(place + 1) != "quarter":
        return Form(place + 1, "month", "month", _nearest(ctx, month_inside(data.months[word]), shift))
    if word in data.seasons:
        if word == "fall" and tokens.word(place + 1) == "in":
            return None
        return Form(place + 1, "season", "season", _nearest(ctx, season_inside(data.seasons[word]), shift))
    return None


def _nearest(ctx: Context, inside: Inside, shift: int) -> Interval | None:
    """The one of the publication year for `this`; else the nearest wholly before or after publication."""
    day = ctx.published
    if day is None:
        return None
    if shift == 0:
        return inside(calendar.years(day.year, day.year))
    found = [inside(calendar.years(year, year)) for year in range(day.year - 2, day.year + 3)]
    if shift < 0:
        return max(interval for interval in found if interval[1] < day)
    return min(interval for interval in found if interval[0] > day)


def _from_publication(ctx: Context, low: float, high: float, unit: str) -> Interval | None:
    """Publication to `high` units later (or, negative, earlier); a stretch counted from `low` where both are given."""
    if ctx.published is None:
        return None
    other = calendar.add(ctx.published, high, unit)
    near = ctx.published if low == high else calendar.add(ctx.published, low, unit)
    return (near, other) if high > 0 else (other, near)


def length(ctx: Context, index: int) -> tuple[int, float, float, str] | None:
    """`two years`, `18 months`, `five to seven weeks`: the index after it, the bounds and the unit; 0 when vague."""
    tokens, data = ctx.tokens, ctx.words.data
    if tokens.word(index) == "half" and tokens.word(index + 1) in ("a", "an"):
        unit = data.units.get(tokens.word(index + 2))
        return (index + 3, 0.5, 0.5, unit) if unit in ("year", "decade") else None
    place = index + (tokens.word(index) in ("a", "an"))
    vague = ctx.words.vague.at(tokens, place)
    if vague:
        unit = data.units.get(tokens.word(vague[0]))
        return (vague[0] + 1, 0, 0, unit) if unit else None
    low = _number(ctx, index)
    if low is None:
        return None
    place, high = index + 1, low
    if tokens.word(place) in ("to", "-", "–", "or") and (second := _number(ctx, place + 1)) is not None:
        place, high = place + 2, second
    if tokens.word(place) == "more":
        place += 1
    unit = data.units.get(tokens.word(place))
    if unit is None or tokens.gap(place) or high < low:
        return None
    if tokens.word(place).startswith("fortnight"):
        low, high = 2 * low, 2 * high
    return place + 1, low, high, unit


def _number(ctx: Context, index: int) -> float | None:
    word = ctx.tokens.word(index)
    if word in ctx.words.data.numbers:
        return ctx.words.data.numbers[word]
    low, high = ctx.words.data.counted_until
    try:
        number = float(word) if word[:1].isdecimal() and word.isascii() and len(word) <= 4 else 0.0
    except ValueError:
        return None
    return number if low <= number <= high else None


def span(ctx: Context, index: int, prefix: str) -> Form | None:
    """`the next two years`, `the past decade or so`, `coming months`; vague lengths stay unresolved."""
    tokens, words = ctx.tokens, ctx.words.data.span_words
    place = index + (tokens.word(index) in ("the", "these"))
    if tokens.word(place) == "this" and tokens.word(place + 1) in ("past", "coming"):
        place += 1
    ahead = ctx.words.ahead.at(tokens, place + 1)
    if ahead and prefix and tokens.word(place) in _PLURAL:
        return Form(ahead[0], "span", "span")
    sign = 1 if tokens.word(place) in words.forward else -1 if tokens.word(place) in words.backward else 0
    if sign == 0 or tokens.gap(place + 1):
        return None
    recent = tokens.word(place) == "recent"
    found = None if recent else length(ctx, place + 1)
    if found is None:
        word = tokens.word(place + 1)
        if word not in _PLURAL:
            return None
        found = (place + 2, 0.0, 0.0, ctx.words.data.units[word])
    elif tokens.word(place) == "following" or tokens.word(place + 1) in ("a", "an"):
        return None
    stop, _, high, unit = found
    hangs = tokens.word(stop) == "of" and not tokens.word(stop + 1).endswith("ing")  # "the last two years of the lease"
    if hangs or tokens.word(stop) == "'":
        return None
    interval = _from_publication(ctx, high * sign, high * sign, unit) if high else None
    by = sign > 0 and prefix in ("within", "inside")
    return Form(stop, "span", "span", interval, relation="by" if by else None)


def counted(ctx: Context, index: int) -> Form | None:
    """`six weeks ago`, `two years from now`: one day."""
    found = length(ctx, index)
    if found is None:
        return None
    stop, low, high, unit = found
    side = ctx.words.ago.at(ctx.tokens, stop)
    if side is None or ctx.tokens.gap(stop):
        return None
    return _at_distance(ctx, side[0], low * side[1], high * side[1], unit)


def _at_distance(ctx: Context, stop: int, low: float, high: float, unit: str) -> Form:
    if ctx.published is None or not high:
        return Form(stop, "span" if not high else "day", "day")
    if unit == "quarter" and low == high:
        return Form(stop, "quarter", "quarter", calendar.containing(ctx.published, "quarter", round(low)))
    first, last = sorted((calendar.add(ctx.published, low, unit), calendar.add(ctx.published, high, unit)))
    return Form(stop, "day" if first == last else "span", "day", (first, last))


def within(ctx: Context, index: int) -> Form | None:
    """The length of time after `within`: a deadline counted from publication."""
    found = length(ctx, index)
    if found is None or ctx.tokens.word(found[0]) in ctx.words.data.span_words.anchored:
        return None
    stop, _, high, unit = found
    return Form(stop, "span", "span", _from_publication(ctx, high, high, unit) if high else None, relation="by")


def distance(ctx: Context, index: int) -> Form | None:
    """The length of time after a future `in`: the day so far from publication; `years' time` is covered."""
    found = length(ctx, index)
    if found is None:
        return None
    stop, low, high, unit = found
    tokens = ctx.tokens
    quoted = tokens.word(stop) == "'"
    timed = next((stop + ahead + 1 for ahead in (1, 2) if quoted and tokens.word(stop + ahead) == "time"), None)
    if timed:
        stop = timed
    elif quoted or tokens.word(stop) in ctx.words.data.span_words.anchored:
        return None
    return _at_distance(ctx, stop, low, high, unit)


def day_phrase(ctx: Context, index: int) -> Form | None:
    """`today`, `yesterday`, `the week after next`, `Christmas`."""
    tokens = ctx.tokens
    found = ctx.words.days.at(tokens, index)
    if found:
        if tokens.word(index) == "today" and tokens.word(found[0]) == "'":  # "today's chips" are those of our time
            return None
        now = tokens.word(index) == "now"
        return Form(found[0], "day", "day", _containing(ctx, "day", found[1]), weak=now, anaphoric=now)
    unit = ctx.words.unit_phrases.at(tokens, index)
    if unit:
        grain, shift = unit[1]
        return Form(unit[0], grain, grain, _containing(ctx, grain, shift))
    fixed = ctx.words.fixed.at(tokens, index)
    if fixed and tokens.raw(index)[0].isupper():
        month, day = fixed[1]
        return Form(fixed[0], "day", "day", inside=day_inside(month, day), weak=tokens.word(index) == "christmas")
    return None


def day_inside(month: int, day: int, last: int | None = None) -> Inside:
    """Where a day of a month, or the stretch up to another day of it, lies in a year. Raises where a month lacks it."""

    def inside(year: Interval) -> Interval:
        number = year[0].year + (month < year[0].month)
        return dt.date(number, month, day), dt.date(number, month, last or day)

    return inside


def edge(ctx: Context, index: int) -> tuple[int, str, str] | None:
    """`year-end`, `mid-year`, `the quarter's end`: the index after it, the part and the unit."""
    found = ctx.words.edges.at(ctx.tokens, index)
    return (found[0], *found[1]) if found else None
