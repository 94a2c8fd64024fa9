"""Numbers whose unit stands elsewhere: in the head of a table's column, or with an earlier number of the paragraph.

>>> from pipeline.components.quantities import find_quantities
>>> [q.quantity.value for q in find_quantities("The hall has 120 MW. Another 350 will follow in 2027.")]
[120.0, 350.0]
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence

from pipeline.placed import Apart
from pipeline.records import QuantityMention

Reader = Callable[[str], list[QuantityMention]]
_REACH = 260
"""Characters over which a number may lean on an earlier one, in one paragraph."""
_FACTOR = 60
"""How many times larger or smaller than the earlier number it may be."""
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+|\d{1,6}(?:\.\d{1,2})?)(?![,.]?\d|%)"
_CELL = re.compile(
    r"(?:^|(?<=; ))(?:(?P<head>[A-Z][^:;\n]{0,60}?)[ ,(\[]+)?"
    r"(?P<unit>(?:[$€£]|US\$)?(?i:MW|GW|kW|MWh|GWh|megawatts|gigawatts|GPUs|TPUs|chips|accelerators|bn|billion|mn|million|m))"
    r"[)\]]?"
    rf": (?P<value>[~≈<>]?{_NUMBER}(?:[–-]\d[\d,.]{{0,8}})?\+?)(?=;|$)",
    re.MULTILINE,
)
_AUX = r"are|is|was|were|will|would|could|may|might|should|come|comes|came|go|goes|went|have|has|had|follow|follows"
_ENDS = (
    r"(?=\s*(?:[.,;:)]|$)|\s+(?:at|in|for|from|by|to(?!\s\d)|under|on|into|through|when|once|if|live|already|later)\b)"
)
_LEANING = re.compile(
    rf"\b(?P<more>another|a further|an additional|the other|the remaining|the next)"
    rf"\s+(?:about |some |roughly )?{_NUMBER}"
    rf"(?:(?=\s+(?:{_AUX})\b)|{_ENDS})"
    rf"|\bof the {_NUMBER.replace('number', 'part')}(?=\s+(?:that|which|it|we|they|{_AUX})\b|\s*[.,;)])"
    rf"|\b(?:[Tt]hat|[Ii]t|(?:the|that) (?:number|figure|total))(?:'s| is| was) (?:about |now |nearer |closer to )?"
    rf"{_NUMBER.replace('number', 'was')}{_ENDS}"
    rf"|(?:(?<=[.,;] )|(?<=\band )|(?<=\babout )){_NUMBER.replace('number', 'led')}(?=(?: or so)?\s+(?:{_AUX}|into)\b)"
    r"|(?<![\w.,-])(?P<them>(?:(?:more than|at least|up to|as many as|about|around|roughly|some|nearly|almost|over) )?"
    r"(?:\d[\d,]{0,9}(?:\.\d{1,2})?|an?|half an?|one|two|three)(?: (?:hundred )?(?:thousand|million))?)"
    r"(?= of (?:them|these|those)\b)"
    r"|\b(?:says|adds|gives|add|wants|for)\s+(?P<rest>\d{1,3}(?:,\d{3})+|\d{2,6}) more\b"
    r"(?!\s+(?!at|in|for|from|by|to|under|on)[a-z])",
    re.IGNORECASE,
)


def with_elided(text: str, mentions: Sequence[QuantityMention], reader: Reader) -> list[QuantityMention]:
    """The mentions, with those whose unit is left out; `reader` finds the quantities of a short text."""
    found, taken = list(mentions), Apart(mentions)
    sizes = [m for m in mentions if m.kind in {"power", "accelerators"}]
    for match in _CELL.finditer(text):
        sign = match["unit"].rstrip("bnmilo") if match["unit"][0] in "$€£U" else ""
        unit = match["unit"][len(sign) :]
        start, end = match.span("value")
        if not unit or (unit.lower() in {"bn", "billion", "mn", "million", "m"} and not sign):
            continue
        glue = "" if sign else " "
        _add(found, taken, text, start, end, reader(f"{sign}{match['value']}{glue}{unit}"))
    for match in _LEANING.finditer(text):
        group = next(name for name in ("number", "part", "was", "led", "them", "rest") if match[name])
        start, end = match.span(group)
        ended = bisect_right(sizes, start, key=lambda mention: mention.end)
        last = sizes[ended - 1] if ended else None
        if match["them"] and last and last.kind != "accelerators":
            continue
        if last is None or start - last.end > _REACH or "\n" in text[last.end : start]:
            continue
        size = last.quantity.value or last.quantity.min or last.quantity.max or 0.0
        unit = _unit(last)
        made = reader(f"{match[group]} {unit}") if unit else []
        value = made[0].quantity.value if made else None
        if not value or not size / _FACTOR <= value <= size * _FACTOR:
            continue
        more = bool(match["more"] or match["rest"])
        if match["more"]:
            start = match.start("more")
        _add(found, taken, text, start, end, [_leaning(m, last, incremental=more) for m in made])
    return sorted(found, key=lambda m: m.start)


def _unit(mention: QuantityMention) -> str:
    """The words of unit of an earlier number, as it wrote them."""
    words = re.search(r"(?i)\b(?:megawatts?|gigawatts?|kilowatts?|MW|GW|kW)\b|[MGk]W\b", mention.quantity.text)
    return words.group() if words else "GPUs" if mention.kind == "accelerators" else ""


def _leaning(made: QuantityMention, last: QuantityMention, *, incremental: bool) -> QuantityMention:
    update = {"chip": last.quantity.chip, "incremental": incremental}
    return made.model_copy(update={"quantity": made.quantity.model_copy(update=update)})


def _add(
    found: list[QuantityMention], taken: Apart, text: str, start: int, end: int, made: Sequence[QuantityMention]
) -> None:
    """Put the one quantity of a short text where its number stands, unless something else was read there."""
    if len(made) != 1 or not taken.free(start, end):
        return
    taken.add(start, end)
    quantity = made[0].quantity.model_copy(update={"text": text[start:end]})
    found.append(made[0].model_copy(update={"start": start, "end": end, "quantity": quantity}))
