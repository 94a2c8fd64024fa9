"""Years, months and days as they are written.

Every reader takes the index of a token and gives the `Form` that begins there, or None.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import replace

from pipeline.components import calendar
from pipeline.components import date_relative as relative
from pipeline.components.calendar import Interval
from pipeline.components.date_words import Context, Form, Inside
from pipeline.records import Grain

_YEAR_CODE = re.compile(r"(fy|cy)([0-9]{2}|(?:19|20)[0-9]{2})")
_ORDINAL = re.compile(r"([1-9]|[12][0-9]|3[01])(st|nd|rd|th)")
_DECADE = re.compile(r"(1[89]|20)([0-9])0s")


@functools.lru_cache(maxsize=4096)
def full_date(text: str, day_first: bool) -> dt.date | None:
    """The day that a spelled-out or numeric date with day, month and year means; None where there is no such day."""
    import dateparser  # slow to import, and most texts need it for nothing

    found = dateparser.parse(
        text,
        languages=["en"],
        settings={
            "DATE_ORDER": "DMY" if day_first else "MDY",
            "STRICT_PARSING": True,
            "PARSERS": ["absolute-time"],
            "RELATIVE_BASE": dt.datetime(2000, 1, 1),  # noqa: DTZ001  # a date without zone; never the clock
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    )
    return found.date() if found else None


def _day(ctx: Context, day: int, month: int, year: int, stop: int) -> Form | None:
    name = next(name for name, number in ctx.words.data.months.items() if number == month)
    found = full_date(f"{day} {name} {year}", False)
    return Form(stop, "day", "day", (found, found)) if found else None


def numeric(ctx: Context, index: int) -> Form | None:
    """`2026-05-06`, `05/06/2026`, `6.5.2026`."""
    word = ctx.tokens.word(index)
    if "-" not in word and "/" not in word and "." not in word:
        return None
    fields = re.split("[-/.]", word)
    if len(fields) != 3 or (
        ctx.tokens.glued(index) and ctx.tokens.word(index - 1) not in ("(", "[", '"', "'", "—", "|", ":")
    ):
        return None
    first, second, third = fields
    low, high = ctx.words.data.century
    if len(first) == 4 and len(third) <= 2:
        year, text, day_first = first, f"{first}-{second:0>2}-{third:0>2}", False
    elif len(first) <= 2 and (len(third) == 4 or (len(third) == 2 and "/" in word)):
        year = third if len(third) == 4 else f"20{third}"
        text, day_first = f"{first}/{second}/{year}", ctx.day_first or "." in word or int(first) > 12
    else:
        return None
    found = full_date(text, day_first) if low <= int(year) <= high else None
    return Form(index + 1, "day", "day", (found, found)) if found else None


def is_year(ctx: Context, index: int) -> int | None:
    """The year that a four-digit token can mean where it stands; its neighbours may forbid it."""
    tokens, rules = ctx.tokens, ctx.words.data.year_context
    word = tokens.word(index)
    if len(word) != 4 or not (word.isascii() and word.isdecimal()):
        return None
    low, high = ctx.words.data.century
    before, after = tokens.word(index - 1), tokens.word(index + 1)
    if not low <= int(word) <= high or before in rules.not_before:
        return None
    named = before in ctx.words.data.months and tokens.raw(index + 1).istitle()  # "In May 2024 South Lund Council said"
    if after in rules.not_after and not named:
        return None
    if tokens.glued(index) and before in ("$", "€", "£", "¥", "₹", "#", "@", ".", "_", "+", "=", "&", "%", "\\"):
        return None
    if tokens.glued(index + 1) and tokens.glued(index + 2):
        if (
            after in ("-", "_", "@", "=", "&", "\\")
            and tokens.word(index + 2)[0].isalpha()
            and tokens.word(index + 2) != "end"
        ):
            return None
        if after == "/" and tokens.word(index + 2)[0].isalpha() and tokens.glued(index):
            return None
    return int(word)


def year(ctx: Context, index: int, prefix: str = "") -> Form | None:
    """A year or a decade: explicit, fiscal, or told by publication."""
    return explicit_year(ctx, index) or _relative_year(ctx, index, prefix)


def _relative_year(ctx: Context, index: int, prefix: str) -> Form | None:
    form = relative.relative(ctx, index, prefix)
    if form and form.grain in ("year", "decade"):
        return form
    found = ctx.words.anaphora.at(ctx.tokens, index)
    if found and ctx.tokens.word(found[0]) in ("year", "decade"):
        return Form(found[0] + 1, "year", "year", anaphoric=True)
    return None


def explicit_year(ctx: Context, index: int) -> Form | None:
    """`2027`, `'27`, `2026-27`, `FY27`, `fiscal 2027`, `the 2030s`, `calendar 2027`, `2027 fiscal year`."""
    tokens = ctx.tokens
    word = tokens.word(index)
    decade = _DECADE.fullmatch(word)
    if decade and not (tokens.glued(index) and tokens.word(index - 1) in "$€£₹"):
        first = int(word[:4])
        return Form(index + 1, "decade", "decade", calendar.years(first, first + 9))
    code = _YEAR_CODE.fullmatch(word)
    if code:
        return full_years(ctx, index + 1, to_year(code[2]), code[1] == "fy")
    named = ctx.words.year_names.at(tokens, index)
    if named and (number := is_year(ctx, named[0])):
        return replace(full_years(ctx, named[0] + 1, number, False), weak=False)
    fiscal = ctx.words.fiscal_year.at(tokens, index)
    if fiscal:
        place = fiscal[0] + (tokens.word(fiscal[0]) in ("'", "-", "of"))
        number = _short_year(ctx, place, place > fiscal[0] or word == "fy")
        return full_years(ctx, place + 1, number, True) if number else None
    if word == "'" and tokens.glued(index + 1) and tokens.word(index + 2) in ("", *ctx.words.data.year_context.closes):
        short = _short_year(ctx, index + 1, True)
        return replace(full_years(ctx, index + 2, short, False), weak=False) if short else None
    number = is_year(ctx, index)
    if number is None:
        return None
    form = full_years(ctx, index + 1, number, False)
    fiscally = full_years(ctx, index + 1, number, True)
    after = ctx.words.fiscal_bare.at(tokens, fiscally.stop)
    if after and after[0] - fiscally.stop == 2:  # "2027 fiscal year"
        return replace(fiscally, stop=after[0])
    if tokens.word(form.stop) == "calendar" and tokens.word(form.stop + 1) == "year":
        return replace(form, stop=form.stop + 2, weak=False)
    return form


def to_year(text: str) -> int:
    """The year that two or four digits mean."""
    return int(text) if len(text) == 4 else 2000 + int(text)


def _short_year(ctx: Context, index: int, two_digits: bool) -> int | None:
    word = ctx.tokens.word(index)
    if two_digits and len(word) == 2 and word.isascii() and word.isdecimal():
        return 2000 + int(word)
    return is_year(ctx, index)


def full_years(ctx: Context, stop: int, first: int, fiscal: bool) -> Form:
    """One year, or two where `-27` follows."""
    tokens = ctx.tokens
    word = tokens.word(stop + 1)
    two = tokens.word(stop) in ("-", "–", "/") and tokens.glued(stop) and tokens.glued(stop + 1)
    if two and word in (f"{(first + 1) % 100:02}", str(first + 1)) and (fiscal or len(word) == 2):
        interval = calendar.fiscal_years(first, first + 1) if fiscal else calendar.years(first, first + 1)
        grain: Grain = "year" if fiscal else "span"
        return Form(stop + 2, grain, "year", interval, fiscal=fiscal, weak=not fiscal)
    month = word if len(word) == 2 and word.isdecimal() and word.isascii() and word[0] in "01" else ""
    if two and tokens.word(stop) == "-" and not fiscal and month and 1 <= int(month) <= 12:
        return Form(stop + 2, "month", "month", calendar.months(first, int(month), 1), weak=True)
    return Form(stop, "year", "year", calendar.years(first, first), fiscal=fiscal, weak=not fiscal)


def in_year(ctx: Context, form: Form) -> Form:
    """The form with the year that follows it, if one does: `of 2027`, `, 2027`, `'27`, `next year`, `FY27`."""
    tokens, place = ctx.tokens, form.stop
    assert form.inside is not None
    word = tokens.word(place)
    found: Form | None = None
    if word == ",":
        found = explicit_year(ctx, place + 1)
        if found and (found.grain != "year" or tokens.gap(place + 1)):
            found = None
    elif word == "of" or (word == "in" and is_year(ctx, place + 1)):
        found = year(ctx, place + 1)
    elif word in ("'", "-", "/") and tokens.glued(place) and (number := _short_year(ctx, place + 1, word == "'")):
        found = Form(place + 2, "year", "year", calendar.years(number, number))
    elif not tokens.gap(place) and (word != "the" or tokens.word(place + 1) in ("same", "following")):
        found = year(ctx, place)
    if found is None or (found.unit == "decade" and form.unit != "half"):
        return form
    if found.grain == "span":  # "winter 2026-27"
        found = replace(
            found, interval=found.interval and calendar.years(found.interval[0].year, found.interval[0].year)
        )
    interval = found.interval and form.inside(found.interval)
    if found.unit == "decade":
        form = replace(form, grain="span", unit="decade")
    return replace(
        form, stop=found.stop, interval=interval, inside=None, fiscal=form.fiscal or found.fiscal, weak=False
    )


def _month_at(ctx: Context, index: int) -> tuple[int, int, bool] | None:
    """The index after a month's name and its dot, the month, and whether the name is clear by itself."""
    tokens, data = ctx.tokens, ctx.words.data
    word = tokens.word(index)
    number = data.months.get(word)
    if number is None or (not tokens.raw(index)[0].isupper() and (word in data.ambiguous_months or len(word) < 5)):
        return None
    if tokens.word(index + 1) == "-" and tokens.glued(index + 1) and tokens.glued(index + 2):
        joined = tokens.word(index + 2)
        if joined[0].isalpha() and joined != "end" and joined not in data.months:  # "May-class"
            return None
    short = any(name.startswith(word) for name in data.months if name != word)
    dot = short and tokens.word(index + 1) == "." and tokens.glued(index + 1)
    clear = word not in data.ambiguous_months
    if clear and word in data.name_months:
        following = tokens.raw(index + 1)
        clear = not (following[:1].isupper() and following[1:].islower() and following.lower() not in data.months)
    return index + 1 + dot, number, clear


def _day_number(ctx: Context, index: int) -> tuple[int, int] | None:
    """The index after a day of the month and the day: `6`, `6th`, `6 th`, `the 6th`."""
    tokens = ctx.tokens
    word = tokens.word(index)
    if word == "the" and _ORDINAL.fullmatch(tokens.word(index + 1)):
        index, word = index + 1, tokens.word(index + 1)
    ordinal = _ORDINAL.fullmatch(word)
    if ordinal:
        return index + 1, int(ordinal[1])
    if not (len(word) <= 2 and word.isascii() and word.isdecimal() and 1 <= int(word) <= 31):
        return None
    if tokens.word(index + 1) in ("st", "nd", "rd", "th"):
        return index + 2, int(word)
    after = tokens.word(index + 1)
    if after in ctx.words.data.year_context.not_after or (
        after == ":" and tokens.glued(index + 1) and tokens.glued(index + 2)
    ):
        return None
    if (
        after == "-"
        and tokens.glued(index + 1)
        and tokens.word(index + 2)[:1].isalpha()
        and tokens.word(index + 2) not in ctx.words.data.months
    ):
        return None
    return index + 1, int(word)


def month(ctx: Context, index: int) -> Form | None:
    """`May 6, 2026`, `May 6-8`, `Feb. 24`, `May 2026`, `October of last year`, `in May`, `the June quarter`."""
    found = _month_at(ctx, index)
    if found is None:
        return None
    stop, number, clear = found
    tokens = ctx.tokens
    if tokens.word(stop) == "quarter" and not tokens.gap(stop):
        return in_year(ctx, Form(stop + 1, "quarter", "quarter", inside=_ending_inside(number, 3)))
    hyphen = tokens.word(stop) == "-" and tokens.glued(stop) and tokens.glued(stop + 1)
    day = _day_number(ctx, stop + hyphen)
    if day and not tokens.gap(stop):
        return _month_day(ctx, day[0], number, day[1])
    form = in_year(ctx, Form(stop, "month", "month", inside=relative.month_inside(number), weak=not clear))
    if form.inside is not None and stop > index + 1:
        form = replace(form, stop=stop - 1, weak=True)  # the dot of "in Feb." may end the sentence
    return _ended_part(ctx, form)


def _ending_inside(month: int, count: int) -> Inside:
    def inside(year: Interval) -> Interval:
        return calendar.months(year[0].year, month - count + 1, count)

    return inside


def _ended_part(ctx: Context, form: Form) -> Form:
    """`March-end`, `2027-end`."""
    tokens = ctx.tokens
    place = form.stop + (tokens.word(form.stop) == "-")
    if tokens.word(place) != "end" or tokens.gap(form.stop) or (place == form.stop and form.unit == "month"):
        return form
    return in_part(replace(form, stop=place + 1), "late", False)


def ordinal_at(ctx: Context, index: int) -> tuple[int, int]:
    """An ordinal, -1 for the last, 0 for none; and the index after it."""
    ordinal = _ORDINAL.fullmatch(ctx.tokens.word(index))
    return (int(ordinal[1]) if ordinal else ctx.words.data.ordinals.get(ctx.tokens.word(index), 0)), index + 1


def _month_day(ctx: Context, stop: int, month_number: int, day: int) -> Form | None:
    tokens = ctx.tokens
    last = None
    if tokens.word(stop) in ("-", "–", "to", "through", "and", "&"):
        second = _day_number(ctx, stop + 1)
        if second and second[1] > day and not _month_at(ctx, second[0]):
            stop, last = second[0], second[1]
    form = Form(stop, "span" if last else "day", "day", inside=relative.day_inside(month_number, day, last))
    return _whole_day(ctx, form, month_number, day, last)


def _whole_day(ctx: Context, form: Form, month_number: int, day: int, last: int | None) -> Form | None:
    """The day with its year, if one follows; None where no year has such a day."""
    tokens = ctx.tokens
    bare = form if tokens.word(form.stop - 1) != "." else replace(form, stop=form.stop - 1)
    if max(day, last or 0) > calendar.month_end(2024, month_number).day:
        return None
    place = form.stop + (tokens.word(form.stop) in (",", "of", "-", "/"))
    number = is_year(ctx, place)
    if number is None or tokens.gap(place):
        if tokens.word(form.stop) not in (",", "-", "/"):
            try:
                return in_year(ctx, form)
            except ValueError:
                return None
        return bare
    first = _day(ctx, day, month_number, number, place + 1)
    final = _day(ctx, last, month_number, number, place + 1) if last else first
    if first is None or final is None or first.interval is None or final.interval is None:
        return None
    return replace(first, grain=form.grain, interval=(first.interval[0], final.interval[1]))


def day_month(ctx: Context, index: int) -> Form | None:
    """`6 May 2026`, `the 6th of May`, `6-8 May`, `fourth of July`."""
    tokens = ctx.tokens
    index += tokens.word(index) == "the"
    ordinal = ctx.words.data.ordinals.get(tokens.word(index), 0)
    day = (index + 1, ordinal) if ordinal > 0 and tokens.word(index + 1) == "of" else _day_number(ctx, index)
    if day is None or (tokens.glued(index) and tokens.word(index - 1) in ("-", "–", "/", "$", ".", "#")):
        return None
    stop, last = day[0], None
    if tokens.word(stop) in ("-", "–", "to", "and", "&") and not ordinal:
        second = _day_number(ctx, stop + 1)
        if second and second[1] > day[1]:
            stop, last = second[0], second[1]
    place = stop + (tokens.word(stop) in ("of", "-", "day") and last is None)
    found = _month_at(ctx, place)
    if found is None or tokens.gap(place):
        return None
    return _whole_day(
        ctx,
        Form(found[0], "span" if last else "day", "day", inside=relative.day_inside(found[1], day[1], last)),
        found[1], day[1], last,
    )  # fmt: skip


def weekday(ctx: Context, index: int) -> Form | None:
    """`Tuesday`, `Tuesday, May 6, 2026`, `Friday next week`; a lone one is left to the context (inside is None)."""
    tokens, data = ctx.tokens, ctx.words.data
    word = tokens.word(index)
    number = data.weekdays.get(word)
    short = data.weekday_abbreviations.get(word) if number is None else None
    if (number or short) is None or not tokens.raw(index)[0].isupper():
        return None
    place = index + 1 + (tokens.word(index + 1) == "." and short is not None)
    place += tokens.word(place) == ","
    full = month(ctx, place) or day_month(ctx, place) if not tokens.gap(place) else None
    if full and full.unit == "day":
        return full
    if number is None:
        return None
    week = relative.relative(ctx, index + 1 + (tokens.word(index + 1) == "of"), "")
    if week and week.grain == "week" and not week.weak:
        day = week.interval and week.interval[0] + dt.timedelta(days=number - 1)
        return Form(week.stop, "day", "day", day and (day, day))
    return Form(index + 1, "day", "weekday")


def in_part(form: Form, name: str, of_end: bool) -> Form:
    """The early, mid or late third of a form, keeping an open year open."""
    grain: Grain = form.grain if form.unit in ("week", "decade") else "part_of_year"
    unit, inside = form.unit, form.inside
    if inside is not None:

        def narrowed(year: Interval) -> Interval:
            return calendar.part(inside(year), unit, name, of_end)

        return replace(form, grain=grain, unit="part", inside=narrowed, weak=False)
    interval = form.interval and calendar.part(form.interval, unit, name, of_end)
    before = form.before and calendar.part(form.before, unit, name, of_end)
    return replace(form, grain=grain, unit="part", interval=interval, before=before, weak=False)
