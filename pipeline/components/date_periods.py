"""Quarters, halves, seasons, parts and first weeks; and `period`, which reads any date.

Every reader takes the index of a token and gives the `Form` that begins there, or None.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.components import calendar
from pipeline.components import date_relative as relative
from pipeline.components.calendar import Interval
from pipeline.components.date_forms import (
    day_month,
    explicit_year,
    full_years,
    in_part,
    in_year,
    month,
    numeric,
    ordinal_at,
    to_year,
    weekday,
    year,
)  # fmt: skip
from pipeline.components.date_words import Context, Form, Inside
from pipeline.records import Grain

_CODE = re.compile(r"([1-4])?([qh])(?(1)|([1-4]))(?:(fy|cy)([0-9]{2}|(?:19|20)[0-9]{2})|(?(1)([0-9]{2}|20[0-9]{2})))?")
_DEPTH = 3
"""How deep parts may nest: "the end of the second half of next year" is three."""
_NUMBERED = ("numeric", "day_month", "quarter", "leading", "ended", "counted", "year", "year_first")
"""What can begin with a number or a code such as Q3 or FY27."""


def quarter(ctx: Context, index: int) -> Form | None:
    """`Q3 2026`, `3Q26`, `Q2FY27`, `fiscal Q2 2027`, `third quarter of 2026`, `H1 2026`, `second half of this year`."""
    tokens, data = ctx.tokens, ctx.words.data
    place = index + (tokens.word(index) == "the")
    fiscal = tokens.word(place) in data.fiscal.period
    place += fiscal
    code = _CODE.fullmatch(tokens.word(place))
    if code:
        return _coded(ctx, place, code, fiscal)
    found = ctx.words.halves.at(tokens, place)
    number = ordinal_at(ctx, place)[0]
    if found:
        stop, which = found
        form = Form(stop, "half", "half", inside=half_inside(which), fiscal=fiscal)
    else:
        stop = place + 1 + (tokens.word(place + 1) in ("-", *data.fiscal.period))
        fiscal = fiscal or tokens.word(place + 1) in data.fiscal.period
        if tokens.word(stop) != "quarter" or not (1 <= number <= 4 or tokens.word(place) == "final"):
            return None
        stop += 1
        form = Form(stop, "quarter", "quarter", inside=quarter_inside(number if number > 0 else 4), fiscal=fiscal)
    if tokens.gap(place + 1):
        return None
    dated = in_year(ctx, form)
    return None if dated is form and tokens.word(stop) == "of" and tokens.word(stop + 1)[:1].isalpha() else dated


def quarter_inside(which: int) -> Inside:
    """Where a quarter lies in a calendar or fiscal year."""

    def inside(year: Interval) -> Interval:
        return calendar.months(year[0].year, year[0].month + 3 * (which - 1), 3)

    return inside


def half_inside(which: int) -> Inside:
    """Where a half lies in a calendar year, fiscal year or decade."""

    def inside(year: Interval) -> Interval:
        return calendar.half(year, which)

    return inside


def _coded(ctx: Context, index: int, code: re.Match[str], fiscal: bool) -> Form | None:
    which, letter = int(code[1] or code[3]), code[2]
    if (letter == "h" and which > 2) or not ctx.tokens.raw(index)[0 if code[3] else 1].isupper():
        return None
    inside = quarter_inside(which) if letter == "q" else half_inside(which)
    form = Form(
        index + 1,
        "quarter" if letter == "q" else "half",
        "quarter" if letter == "q" else "half",
        inside=inside,
        fiscal=fiscal,
        weak=letter == "h",
    )
    told = code[5] or code[6]
    if told is None:
        return in_year(ctx, form)
    years = full_years(ctx, index + 1, to_year(told), fiscal or code[4] == "fy")
    assert years.interval is not None
    return replace(form, stop=years.stop, interval=inside(years.interval), inside=None, fiscal=years.fiscal, weak=False)


def season(ctx: Context, index: int) -> Form | None:
    """`summer 2027`, `the spring of next year`, `the fall`."""
    tokens, data = ctx.tokens, ctx.words.data
    place = index + (tokens.word(index) == "the")
    joined = data.joined.get(tokens.word(place))
    first_month = data.seasons.get(joined[1] if joined else tokens.word(place))
    if first_month is None:
        return None
    form = Form(place + 1, "season", "season", inside=relative.season_inside(first_month), weak=True)
    dated = in_year(ctx, form)
    if dated is form and tokens.word(place + 1) in ("of", "-"):
        return None
    return in_part(dated, joined[0], False) if joined else dated


def leading(ctx: Context, index: int, depth: int) -> Form | None:
    """`the first three months of 2026`, `the last week of May`, `the first Friday of July`, `the week of May 4`."""
    tokens, data = ctx.tokens, ctx.words.data
    place = index + (tokens.word(index) == "the")
    if tokens.word(place) == "week" and tokens.word(place + 1) in ("of", "beginning", "starting", "commencing"):
        inner = period(ctx, place + 2, depth + 1)
        if inner is None or inner.unit != "day":
            return None
        return _mapped(inner, lambda day: calendar.containing(day[0], "week"), "week", "week")
    ordinal, stop = ordinal_at(ctx, place)
    if ordinal == 0:
        return None
    length = relative.length(ctx, stop)
    word = tokens.word(stop)
    if length and length[1] and abs(ordinal) == 1:
        stop, count, unit = length[0] - 1, length[2], length[3]
    elif word in data.weekdays or word in ("day", "week"):
        count, unit = 0, word
    else:
        return None
    if tokens.word(stop + 1) not in ("of", "in"):
        return None
    inner = period(ctx, stop + 2, depth + 1)
    if inner is None or inner.grain == "day" or inner.anaphoric:
        return None

    def chosen(outer: Interval) -> Interval:
        if count:
            return calendar.leading(outer, int(count), unit, ordinal)
        if unit == "week":
            return calendar.nth_week(outer, ordinal)
        if unit == "day":
            return calendar.leading(outer, 1, "day", ordinal)
        return calendar.nth_weekday(outer, data.weekdays[unit], ordinal)

    return _mapped(inner, chosen, "span" if count else "week" if unit == "week" else "day", "span")


def _mapped(form: Form, change: Inside, grain: Grain, unit: str) -> Form:
    """The form with its interval changed, an open year kept open."""
    inside = form.inside
    if inside is not None:

        def changed(year: Interval) -> Interval:
            return change(inside(year))

        return replace(form, grain=grain, unit=unit, inside=changed, weak=False)
    return replace(form, grain=grain, unit=unit, interval=form.interval and change(form.interval), weak=False)


def ended(ctx: Context, index: int, depth: int) -> Form | None:
    """`the quarter ended June 30`, `fiscal year ending January 2027`, `the six months to September 2026`."""
    tokens = ctx.tokens
    place = index + (tokens.word(index) == "the")
    fiscal_year = ctx.words.fiscal_bare.at(tokens, place)
    length = relative.length(ctx, place)
    if fiscal_year:
        place, count, unit, grain = fiscal_year[0], 1.0, "year", "year"
        if tokens.word(place) == "quarter":
            place, unit, grain = place + 1, "quarter", "quarter"
    elif length and length[3] in ("week", "month") and length[1]:
        place, count, unit, grain = length[0], length[2], length[3], "span"
    elif tokens.word(place) in ("week", "quarter", "year", "half"):
        place, count, unit, grain = place + 1, 1.0, tokens.word(place), tokens.word(place)
    else:
        return None
    if tokens.word(place) not in ctx.words.data.span_words.ended or tokens.gap(place):
        return None
    inner = period(ctx, place + 1 + (tokens.word(place + 1) == "on"), depth + 1)
    if inner is None or inner.unit not in ("day", "month") or (inner.interval is None and inner.inside is None):
        return None

    def back(day: Interval) -> Interval:
        last = calendar.month_end(day[1].year, day[1].month) if unit != "week" else day[1]
        return calendar.leading((calendar.add(last, -200, "month"), last), int(count), unit, -1)

    mapped = _mapped(inner, back, grain, grain)  # type: ignore[arg-type]
    return replace(mapped, fiscal=bool(fiscal_year))


def part(ctx: Context, index: int, depth: int) -> Form | None:
    """`early 2027`, `mid-to-late May`, `the end of next year`, `later this year`, `year-end 2027`."""
    tokens = ctx.tokens
    edge = relative.edge(ctx, index)
    if edge:
        return _edge(ctx, *edge)
    found = ctx.words.parts.at(tokens, index)
    if found is None:
        return None
    place, name = found
    if tokens.word(place) == "-":
        place += 1
    elif (
        tokens.word(index) == "end"
        and place == index + 1
        and not (explicit_year(ctx, place) or _named_month(ctx, place) or quarter(ctx, place))
    ):
        return None
    names = [name]
    linked = tokens.word(place) in ("to", "or", "/", "and")
    other = ctx.words.parts.at(tokens, place + 1 + (tokens.word(place + 1) == "-")) if linked else None
    if other and not {name, other[1]} & {"whole", "rest"}:
        place, names = other[0] + (tokens.word(other[0]) == "-"), [name, other[1]]
    if tokens.gap(place):
        return None
    inner = period(ctx, place, depth + 1)
    if inner is None or inner.anaphoric:
        return None
    if inner.unit in ("day", "weekday", "part"):
        return None if inner.unit == "part" or name == "rest" else inner  # "late Friday": the day
    if name == "whole":
        return None if inner.grain == "span" else replace(inner, weak=False)
    if name == "rest":
        return replace(inner, grain="span", unit="span", interval=_rest(ctx, inner.interval), weak=False)
    if inner.unit == "span":
        return None
    of_end = tokens.word(place - 1) == "of" and "end" in tokens.low[index:place]
    forms = [in_part(inner, each, of_end) for each in names]
    return forms[0] if len(forms) == 1 else _joined(forms[0], forms[1])


def _named_month(ctx: Context, index: int) -> bool:
    return ctx.tokens.word(index) in ctx.words.data.months and ctx.tokens.raw(index)[0].isupper()


def _joined(first: Form, second: Form) -> Form:
    one, two = first.inside, second.inside
    if one and two:

        def both(year: Interval) -> Interval:
            return one(year)[0], two(year)[1]

        return replace(second, inside=both)
    interval = (first.interval[0], second.interval[1]) if first.interval and second.interval else None
    return replace(second, interval=interval)


def _rest(ctx: Context, interval: Interval | None) -> Interval | None:
    if interval and ctx.published and interval[0] <= ctx.published <= interval[1]:
        return ctx.published, interval[1]
    return interval


def _edge(ctx: Context, stop: int, name: str, unit: str) -> Form | None:
    tokens = ctx.tokens
    told = (
        year(ctx, stop + (tokens.word(stop) in ("of", "-", "in")))
        if unit == "year" and tokens.word(stop) != "the"
        else None
    )
    if told and told.unit == "year" and not tokens.gap(stop):
        return in_part(told, name, True)
    here = calendar.containing(ctx.published, unit) if ctx.published else None
    if name == "whole":
        return Form(stop, unit, unit, here)  # type: ignore[arg-type]
    if unit in ("month", "quarter"):
        inner = period(ctx, stop + 1, _DEPTH) if tokens.word(stop) == "of" else None
        if inner and inner.unit == unit:
            return in_part(inner, name, True)
    passed = calendar.containing(ctx.published, unit, -1) if ctx.published and unit in relative.PASSED else None
    return in_part(Form(stop, unit, unit, here, before=passed), name, True)  # type: ignore[arg-type]


def year_first(ctx: Context, index: int) -> Form | None:
    """`2026's third quarter`, `2026 Q4`, `2026 fourth quarter`, `next year's second half`."""
    tokens = ctx.tokens
    told = year(ctx, index)
    if told is None or told.interval is None or told.unit != "year":
        return None
    place = told.stop
    if tokens.word(place) == "'" and tokens.word(place + 1) == "s":
        place += 2
    place += tokens.word(place) == "-"
    if place > told.stop and tokens.word(place) in ("end", "close"):
        return in_part(replace(told, stop=place + 1), "late", True)
    if tokens.gap(place) or tokens.word(place) == "the":
        return None
    inner = quarter(ctx, place) or season(ctx, place)
    if inner is None or inner.inside is None:
        return None
    if (
        inner.grain == "season"
        and place == told.stop
        and tokens.word(place) not in ("winter", "summer", "spring", "autumn")
    ):
        return None
    return replace(
        inner, interval=inner.inside(told.interval), inside=None, fiscal=told.fiscal or inner.fiscal, weak=False
    )


_PLAIN = {
    "numeric": numeric,
    "month": month,
    "day_month": day_month,
    "weekday": weekday,
    "quarter": quarter,
    "season": season,
    "day": relative.day_phrase,
    "counted": relative.counted,
    "year_first": year_first,
}
_NESTING = {"leading": leading, "ended": ended, "part": part}
_LED = {"span": relative.span, "relative": relative.relative, "year": year}


def period(ctx: Context, index: int, depth: int = 0, prefix: str = "") -> Form | None:
    """The longest date that begins at the token; `prefix` is the relation word before it."""
    word = ctx.tokens.word(index)
    readers = ctx.words.openers.get(word)
    if readers is None:
        if not (word[:1].isdecimal() or (word[-1:].isdecimal() and word[0] in "qhfc")):
            return None
        readers = _NUMBERED
    elif word == "the" and not (
        ctx.tokens.word(index + 1) in ctx.words.after_the or ctx.tokens.word(index + 1)[:1].isdecimal()
    ):
        return None
    best: Form | None = None
    for name in readers if depth <= _DEPTH else ():
        if name in _PLAIN:
            form = _PLAIN[name](ctx, index)
        else:
            form = _NESTING[name](ctx, index, depth) if name in _NESTING else _LED[name](ctx, index, prefix)
        if form is not None and (best is None or form.stop > best.stop):
            best = form
    if best is None and word == "the" and depth <= _DEPTH:
        best = period(ctx, index + 1, depth + 1)
        return None if best is None or best.weak or best.unit in ("day", "month", "weekday") else best
    return best
