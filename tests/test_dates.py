"""Dates: the cases of tests/cases/dates.toml one by one, and what must hold on any text."""

from __future__ import annotations

import datetime as dt
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from pipeline.components import calendar, date_words, dates
from pipeline.components.dates import find_dates
from pipeline.lexicon import LexiconError
from pipeline.records import DateMention

CASES = Path(__file__).parent / "cases"
PUBLISHED = dt.date(2026, 3, 26)
DECADE_OTHERWISE = "He wants ten such campuses by the end of the decade."
"""Read there as 2020-2029; the project's convention counts the decade to the end of 2030."""


def _cases(name: str) -> list[Any]:
    rows = tomllib.loads((CASES / name).read_text(encoding="utf-8"))["case"]
    assert rows
    return [pytest.param(row, id=f"{number}-{row['text'][:50]}") for number, row in enumerate(rows, 1)]


def _blind() -> list[Any]:
    known = pytest.mark.xfail(reason="another convention for the decade", strict=True)
    return [
        pytest.param(*case.values, id=case.id, marks=[known] if case.values[0]["text"] == DECADE_OTHERWISE else [])
        for case in _cases("dates_blind.toml")
    ]


def _day(value: Any) -> dt.date | None:
    return dt.date.fromisoformat(str(value)) if value else None


def _told(mention: DateMention) -> tuple[Any, ...]:
    date = mention.date
    return date.text, date.start, date.end, date.grain, date.relation, date.fiscal


def _check(row: dict[str, Any]) -> None:
    found = find_dates(row["text"], _day(row.get("published")))
    wanted = [
        (d["surface"], _day(d.get("start")), _day(d.get("end")), d["grain"], d["relation"], d.get("fiscal", False))
        for d in row.get("dates", [])
    ]
    assert [_told(mention) for mention in found] == wanted
    assert all(row["text"][mention.start : mention.end] == mention.date.text for mention in found)


@pytest.mark.parametrize("row", _cases("dates.toml"))
def test_case(row: dict[str, Any]) -> None:
    _check(row)


@pytest.mark.parametrize("row", _blind())
def test_case_by_a_stranger(row: dict[str, Any]) -> None:
    _check(row)


MONTHS = [dt.date(2026, month, 1).strftime("%B") for month in range(1, 13)]
SPELLINGS = {
    "Month d, y": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    "Month d y": lambda d: f"{MONTHS[d.month - 1]} {d.day} {d.year}",
    "Mon. d, y": lambda d: f"{MONTHS[d.month - 1][:3]}{'' if d.month == 5 else '.'} {d.day}, {d.year}",
    "d Month y": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    "dth of Month, y": lambda d: f"{d.day}{_suffix(d.day)} of {MONTHS[d.month - 1]}, {d.year}",
    "Month dth, y": lambda d: f"{MONTHS[d.month - 1]} {d.day}{_suffix(d.day)}, {d.year}",
    "Month d th, y": lambda d: f"{MONTHS[d.month - 1]} {d.day} {_suffix(d.day)}, {d.year}",
    "Weekday, Month d, y": lambda d: f"{d:%A}, {MONTHS[d.month - 1]} {d.day}, {d.year}",
    "Weekday d Month y": lambda d: f"{d:%A} {d.day} {MONTHS[d.month - 1]} {d.year}",
    "d-Mon-y": lambda d: f"{d.day}-{MONTHS[d.month - 1][:3]}-{d.year}",
    "iso": lambda d: d.isoformat(),
    "iso slashes": lambda d: f"{d.year}/{d.month:02}/{d.day:02}",
    "m/d/y": lambda d: f"{d.month}/{d.day}/{d.year}",
    "d.m.y": lambda d: f"{d.day:02}.{d.month:02}.{d.year}",
}  # fmt: skip


def _suffix(day: int) -> str:
    return "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)), st.sampled_from(sorted(SPELLINGS)), st.none() | st.dates())
def test_every_spelling_of_a_day_comes_back(day: dt.date, spelling: str, published: dt.date | None) -> None:
    surface = SPELLINGS[spelling](day)
    found = find_dates(f"The permit, filed {surface}, stands.", published)
    assert [(m.date.text, m.date.start, m.date.end, m.date.grain) for m in found] == [(surface, day, day, "day")]


LEXICON_WORDS = sorted(date_words.words().openers) + sorted(date_words.words().relations.by_first)
NUMBERS = ["2027", "2026-27", "FY27", "Q3", "1H26", "6th", "31", "5/6/26", "2026-02-30", "9999", "1900", "400", "0"]
OTHERS = [
    "May",
    "March",
    "'",
    "-",
    "–",
    ",",
    ".",
    "of",
    "and",
    "ago",
    "from now",
    "ended",
    "$",
    "GW",
    "\n",
    "Feb. 29",
    "’s",
]
PIECES = st.sampled_from([*LEXICON_WORDS, *NUMBERS, *OTHERS])


def _holds(text: str, published: dt.date | None) -> None:
    found = find_dates(text, published)
    last = 0
    for mention in found:
        assert last <= mention.start < mention.end
        last = mention.end
        assert text[mention.start : mention.end] == mention.date.text
        assert (mention.date.start is None) == (mention.date.end is None)
        assert mention.date.start is None or mention.date.end is None or mention.date.start <= mention.date.end


@given(st.lists(PIECES, max_size=14).map(" ".join), st.none() | st.dates())
def test_any_row_of_date_words_is_safe(text: str, published: dt.date | None) -> None:
    _holds(text, published)


@given(st.text(max_size=80), st.none() | st.dates())
def test_any_text_is_safe(text: str, published: dt.date | None) -> None:
    _holds(text, published)


@given(
    st.dates(dt.date(1950, 1, 1), dt.date(2090, 12, 31)),
    st.sampled_from(["week", "month", "quarter", "half", "year", "decade"]),
)
def test_periods_tile_the_calendar(day: dt.date, unit: str) -> None:
    here, following = calendar.containing(day, unit), calendar.containing(day, unit, 1)
    assert here[0] <= day <= here[1]
    assert following[0] - here[1] == dt.timedelta(days=1)
    assert calendar.containing(following[0], unit, -1) == here
    first, middle, last = calendar.thirds(here, unit)
    assert (first[0], last[1]) == here
    assert first[1] + dt.timedelta(days=1) == middle[0]
    assert middle[1] + dt.timedelta(days=1) == last[0]


HOSTILE = [
    *("1,2,3,", "May ", "2027 ", "the end of the end of ", "the first week of ", "from 2026 to ", "2026, ", "May 6-"),
    *("early to mid to ", "FY26-", "June and July and ", "by by ", "next ", " ", "\n", "' s ", "the quarter ended "),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_is_linear_on_hostile_text(piece: str) -> None:
    def seconds(chars: int) -> float:
        text = (piece * (chars // len(piece) + 1))[:chars]
        begin = time.process_time()
        find_dates(text, PUBLISHED)
        return time.process_time() - begin

    seconds(1_000)
    assert seconds(10_000) < 40 * seconds(1_000) + 0.2


def test_component_writes_plain_data_that_survives_serialisation() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("infraclaims_dates")
    doc = nlp.make_doc("It opens by the end of 2028, says Tuesday’s filing.")
    doc._.published = "2026-03-26"
    doc = nlp(doc)
    back = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert back._.infraclaims_dates == doc._.infraclaims_dates
    assert [row["date"]["text"] for row in doc._.infraclaims_dates] == ["by the end of 2028", "Tuesday"]
    assert [span.text for span in back.spans["infraclaims_dates"]] == ["by the end of 2028", "Tuesday"]
    for row in doc._.infraclaims_dates:
        assert DateMention.model_validate(row).date.text == doc.text[row["start"] : row["end"]]
    assert not nlp.analyze_pipes()["problems"]["infraclaims_dates"]


def test_component_leaves_relative_dates_open_without_publication() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("infraclaims_dates")
    assert nlp("It opened last year.")._.infraclaims_dates[0]["date"]["start"] is None


def test_an_unknown_key_of_the_lexicon_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = dates.words().data.model_dump() | {"weekdaze": {}}
    monkeypatch.setattr(date_words, "toml", lambda name: broken)
    date_words.words.cache_clear()
    with pytest.raises(LexiconError, match=r"lexicon/dates\.toml[\s\S]*weekdaze"):
        date_words.words()
    monkeypatch.undo()
    date_words.words.cache_clear()
