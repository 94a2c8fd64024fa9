"""The town of a site that stands apart from the word for the site: before it, or behind the clause of its builder.

"In Ashby, Ohio, Tarn plans a data center", "Tarn picked Ashby for a data center", "a data center that Tarn is building
in Ashby", "a campus for machine-learning tenants outside Ashby". Only towns: a state or a county is too wide.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import lexicon
from pipeline.components.name_words import Found, Words, rules

_FAR = 9
"""Words from the word for a site to its town in one phrase."""
_FRONT = 16
"""Words from a town at the head of a sentence, or from one that is picked, to the word for its site."""
_RELATIVE = 10
"""Words of the clause that tells who builds a site, up to the town."""
_LINKS = frozenset({"near", "outside", "at", "in"})


def apart(words: Words, taken: Sequence[Found | None], first: int, last: int) -> Found | None:
    """The town of the site whose word takes the words from `first` up to `last`; None where none is told apart."""
    return _behind(words, taken, last) or _of_its_clause(words, taken, last) or _before(words, taken, first)


def _town(place: Found | None) -> Found | None:
    if place is None or place.type != "place":
        return None
    if place.id is not None:
        return place if lexicon.by_id()[place.id].kind == "city" else None
    return None if place.name.split()[-1].lower() in rules("places", "after") else place


def _listed(place: Found | None) -> Found | None:
    """A town that the gazetteer holds."""
    return _town(place) if place is not None and place.id is not None else None


def _behind(words: Words, taken: Sequence[Found | None], last: int) -> Found | None:
    """Further on in the same phrase ("a campus for machine-learning tenants outside Ashby")."""
    for index in range(last, min(len(words) - 1, last + _FAR)):
        word, place = words.lowers[index], taken[index + 1]
        if not words.same_line(last - 1, index + 1) or word in rules("sites", "ends_phrase"):
            return None
        if _another(taken[index], place):
            return None
        if word in _LINKS and place is not None and place.type == "place":
            return _listed(place)
    return None


def _of_its_clause(words: Words, taken: Sequence[Found | None], last: int) -> Found | None:
    """At the end of "(that) Tarn is building in Ashby"."""
    start = last + (words.lower(last) in ("that", "which"))
    builder = taken[start] if start < len(words) else None
    who = builder is not None and builder.type == "company"
    if not (who or words.lower(start) in ("it", "the")) or not words.same_line(last - 1, start):
        return None
    built = False
    for index in range(start, min(len(words) - 1, start + _RELATIVE)):
        word, place = words.lowers[index], taken[index + 1]
        if not words.same_line(last - 1, index + 1) or word in ".;:,()" or _another(taken[index], place):
            return None
        built = built or word in rules("sites", "built") | rules("sites", "builds")
        if word in _LINKS and place is not None and place.type == "place":
            return _town(place) if built else None
    return None


def _before(words: Words, taken: Sequence[Found | None], first: int) -> Found | None:
    """At the head of the sentence, or picked for the site."""
    for index in range(first - 1, max(0, first - _FRONT), -1):
        if not words.same_line(index, first) or words.lowers[index] in rules("sites", "parts_clauses"):
            return None
        place = taken[index]
        if place is None or place.type in ("company", "programme"):
            continue
        town = _town(place)
        if town is None:
            if place.type == "place" and place.id is not None and words.lower(place.first - 1) == ",":
                continue  # its state
            return None
        begins = town.first - 1
        if words.lower(begins) in _LINKS and words.opening[begins]:
            return town if words.lower(with_state(words, taken, town.last)) == "," else None
        picked = words.lower(begins) in rules("sites", "picks")
        return town if picked and _for(words, taken, town) else None
    return None


def with_state(words: Words, taken: Sequence[Found | None], last: int) -> int:
    """Where "Ashby" ends once ", Ohio" behind it is taken in."""
    while last + 1 < len(words) and words.lowers[last] == "," and words.same_line(last - 1, last + 1):
        state = taken[last + 1]
        if state is None or state.type != "place" or state.id is None:
            break
        if lexicon.by_id()[state.id].kind not in ("state", "country", "county"):
            break
        last = state.last
    return last


def _for(words: Words, taken: Sequence[Found | None], town: Found) -> bool:
    """Whether "for" or "as" follows a town that was picked."""
    after = with_state(words, taken, town.last)
    after += words.lower(after) == ","
    return words.lower(after) in ("for", "as", "to")


def _another(found: Found | None, place: Found | None) -> bool:
    return found is not None and found is not place and found.type == "cluster"
