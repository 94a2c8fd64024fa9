"""Quantities: phrases kept as cases, amounts that come back to their value, and the promises for any text."""

from __future__ import annotations

import functools
import time
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import lexicon
from pipeline.components import chips, measures, numbers
from pipeline.components.numbers import read_number
from pipeline.components.quantities import NAME, find_quantities
from pipeline.records import QuantityMention

CASES = Path(__file__).parent / "cases"
FIELDS = ("value", "min", "max", "unit", "relation", "count", "each", "incremental", "vague", "period")
UNSET = {"incremental": False, "vague": False}


def _cases(name: str) -> list[Any]:
    with (CASES / name).open("rb") as file:
        return [pytest.param(case, id=case["text"]) for case in tomllib.load(file)["case"]]


def _expected(row: dict[str, Any]) -> dict[str, Any]:
    row = {"text": row["surface"], "kind": row["kind"], **{name: row.get(name, UNSET.get(name)) for name in FIELDS}}
    return {name: pytest.approx(found) if isinstance(found, float) else found for name, found in row.items()}


def _found(mention: QuantityMention) -> dict[str, Any]:
    quantity = mention.quantity.model_dump()
    return {"text": quantity["text"], "kind": mention.kind, **{name: quantity[name] for name in FIELDS}}


def _check(case: dict[str, Any]) -> None:
    text, expected = case["text"], case.get("quantities", [])
    mentions = find_quantities(text)
    assert [text[found.start : found.end] for found in mentions] == [row["surface"] for row in expected]
    assert [_found(mention) for mention in mentions] == [_expected(row) for row in expected]
    told = [
        (mention.quantity.chip, row["chip"]) for mention, row in zip(mentions, expected, strict=True) if "chip" in row
    ]
    assert [found for found, _ in told] == [chip for _, chip in told]


@pytest.mark.parametrize("case", _cases("quantities.toml"))
def test_phrase(case: dict[str, Any]) -> None:
    _check(case)


def test_a_bare_unit_counts_what_its_row_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row but those of power is bare today."""
    table = measures.rules()
    bare = tuple(row.model_copy(update={"bare": True}) for row in table.units)
    monkeypatch.setattr(measures, "rules", lambda: table.model_copy(update={"units": bare}))
    monkeypatch.setattr(measures, "_patterns", functools.cache(measures._patterns.__wrapped__))
    found = measures.read_bare("a gigawatt-hour battery and a gigawatt campus", 2)
    assert found
    assert (found.kind, found.unit, found.value) == ("energy", "MWh", 1000)


@pytest.mark.parametrize("case", _cases("quantities_blind.toml"))
def test_phrase_written_without_sight_of_the_rules(case: dict[str, Any]) -> None:
    _check(case)


@pytest.mark.parametrize("case", _cases("numbers.toml"))
def test_number(case: dict[str, Any]) -> None:
    number = read_number(case["text"], 0)
    if number is None:
        assert case["read"] == ""
        return
    assert case["text"][number.start : number.end] == case["read"]
    assert float(number.value) == pytest.approx(case["value"])
    assert number.vague is case.get("vague", False)


UNITS = {
    " MW": ("MW", 1), "MW": ("MW", 1), " megawatts": ("MW", 1), "-megawatt": ("MW", 1), " GW": ("MW", 1000),
    "GW": ("MW", 1000), " gigawatts": ("MW", 1000), "-gigawatt": ("MW", 1000), " MWh": ("MWh", 1),
    " gigawatt-hours": ("MWh", 1000), " GPUs": ("accelerator", 1), " Nvidia GPUs": ("accelerator", 1),
    " billion dollars": ("USD", 10**9), "bn euros": ("EUR", 10**9),
}  # fmt: skip
BOUNDS = {
    "": "eq", "about ": "approx", "~": "approx", "more than ": "gt", "over ": "gt", "at least ": "ge", "up to ": "le",
    "as much as ": "le", "less than ": "lt", "under ": "lt",
}  # fmt: skip
FORMATS = (
    lambda value: f"{value:,}",
    lambda value: f"{value}",
    lambda value: f"{value:,}".replace(",", "\u00a0"),
    lambda value: f"{value:,}".replace(",", "\u202f"),
)
FRAMES = (("", "."), ("It has ", " now."), ("(", ")"), ("Line one.\nIt has ", ", it said."), ("**", "**"))


@given(
    value=st.integers(min_value=2041, max_value=9_999_999),
    unit=st.sampled_from(sorted(UNITS)),
    bound=st.sampled_from(sorted(BOUNDS)),
    form=st.sampled_from(FORMATS),
    frame=st.sampled_from(FRAMES),
)
@settings(deadline=None)
def test_a_written_amount_comes_back(value: int, unit: str, bound: str, form: Any, frame: tuple[str, str]) -> None:
    code, factor = UNITS[unit]
    surface = f"{bound}{form(value)}{unit}"
    text = f"{frame[0]}{surface}{frame[1]}"
    (mention,) = find_quantities(text)
    quantity = mention.quantity
    assert text[mention.start : mention.end] == quantity.text == surface
    assert (quantity.value, quantity.unit, quantity.relation) == (value * factor, code, BOUNDS[bound])
    assert quantity.min == (None if quantity.relation in ("le", "lt") else quantity.value)
    assert quantity.max == (None if quantity.relation in ("ge", "gt") else quantity.value)


@given(
    value=st.decimals(min_value=Decimal("0.1"), max_value=999, places=2),
    sign=st.sampled_from(
        (("$", "USD"), ("US$", "USD"), ("£", "GBP"), ("€", "EUR"), ("₹", "INR"), ("A$", "AUD"), ("DKK ", "DKK"))
    ),
    scale=st.sampled_from(
        ((" million", 6), ("m", 6), ("bn", 9), ("B", 9), (" billion", 9), ("-billion", 9), ("tn", 12))
    ),
)
@settings(deadline=None)
def test_written_money_comes_back(value: Decimal, sign: tuple[str, str], scale: tuple[str, int]) -> None:
    (mention,) = find_quantities(f"It spends {sign[0]}{value}{scale[0]} there.")
    assert mention.quantity.unit == sign[1]
    assert mention.quantity.value == float(value * 10 ** scale[1])


PIECES = (
    "1", "2,", "300", "1.2", "$", "€", "Rs ", "up to ", "from ", " to ", "between ", " and ", "–", "-", " x ",
    "million ", "bn", "k ", "MW", " GW", "MWh", " GPUs", " H100s", "Nvidia ", "each", " per ", "a ", "half ",
    "hundreds of ", "multi-", "gigawatt", "-scale", ". ", "\n", "+", "~", "½", "two ", "\u00a0", "１", "İ",
    "halls", "GB200 NVL72 ",
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
@settings(deadline=None, max_examples=400)
def test_any_text_gives_spans_in_order_without_overlap(text: str) -> None:
    end = 0
    for mention in find_quantities(text):
        assert end <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end] == mention.quantity.text
        end = mention.end


HOSTILE = (
    "1,2,3,",
    "$",
    "million ",
    "a half a half ",
    "1-",
    "1 to 2 and ",
    "two ",
    "12 12 GPUs ",
    "1 processors ",
    "between 1 and ",
    "1 MW each ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_length(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        start = time.process_time()
        find_quantities(text)
        return time.process_time() - start

    seconds(100)
    small, large = (min(seconds(size) for _ in range(3)) for size in (2_000, 16_000))
    # Eight times the text takes about eight times as long; a quadratic step would take sixty-four.
    assert large < 24 * small + 0.02


def test_component_writes_spans_and_plain_data() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe(NAME)
    assert nlp.analyze_pipes()["problems"] == {NAME: []}
    text = "A $10bn/2GW deal for GPUs(1GW and ~200k GB200s."
    doc = nlp(text)
    assert [mention["quantity"]["text"] for mention in doc._.get(NAME)] == ["$10bn", "2GW", "1GW", "~200k GB200s"]
    for mention, span in zip(doc._.get(NAME), doc.spans[NAME], strict=True):
        assert span.label_ == mention["kind"]
        assert span.start_char <= mention["start"] < mention["end"] <= span.end_char
    assert nlp.from_bytes(nlp.to_bytes()).vocab is nlp.vocab
    restored = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert restored._.get(NAME) == doc._.get(NAME)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("numbers", "wrods"), "units.toml: numbers.*wrods"),
        (("accelerators", "stong"), "units.toml: accelerators.*stong"),
        (("bouns",), "units.toml.*bouns"),
    ],
)
def test_an_unknown_key_is_named(path: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {name: dict(value) if isinstance(value, dict) else value for name, value in lexicon.toml("units").items()}
    target = data
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = 1
    monkeypatch.setattr(lexicon, "toml", lambda name: data)
    readers = {"numbers": numbers.number_words, "accelerators": chips.chip_words}
    reader = readers.get(path[0], measures.rules)
    with pytest.raises(lexicon.LexiconError, match=f"(?s){message}"):
        reader.__wrapped__()
