"""Things that stand somewhere in a text, asked for by place without looking at all of them.

An article may hold ten thousand numbers or names; whoever compares each with each reads it for minutes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Protocol, TypeVar


class Placed(Protocol):
    """Anything with bounds in one text: `start`, and `end` one past its last."""

    @property
    def start(self) -> int:
        """First character."""
        ...

    @property
    def end(self) -> int:
        """One past the last character."""
        ...


P = TypeVar("P", bound=Placed)


def start_of(item: Placed) -> int:
    """Where something begins; the key by which such things are sorted and searched."""
    return item.start


class Cover:
    """Spans that may hold others."""

    def __init__(self, spans: Iterable[Placed]):
        ordered = sorted(spans, key=start_of)
        self._starts = [span.start for span in ordered]
        self._farthest = list(accumulate((span.end for span in ordered), max))

    def holds(self, item: Placed) -> bool:
        """Whether one of the spans holds the whole item."""
        before = bisect_right(self._starts, item.start)
        return before > 0 and item.end <= self._farthest[before - 1]

    def holds_at(self, offset: int) -> bool:
        """Whether one of the spans holds a place."""
        before = bisect_right(self._starts, offset)
        return before > 0 and offset < self._farthest[before - 1]

    def holds_inside(self, offset: int) -> bool:
        """Whether a place is inside one of the spans, behind its first character."""
        before = bisect_left(self._starts, offset)
        return before > 0 and offset < self._farthest[before - 1]


class Apart:
    """Spans that do not overlap each other, as they are found in any order."""

    def __init__(self, spans: Iterable[Placed] = ()):
        self._bounds = sorted((span.start, span.end) for span in spans)

    def free(self, start: int, end: int) -> bool:
        """Whether no span overlaps `start`..`end`."""
        at = bisect_left(self._bounds, (end, -1))
        return at == 0 or self._bounds[at - 1][1] <= start

    def add(self, start: int, end: int) -> None:
        """One more."""
        insort(self._bounds, (start, end))


def by_span(items: Iterable[P], spans: Sequence[tuple[int, int]]) -> list[tuple[P, ...]]:
    """For each of the spans, which are in order and apart, the items that begin in it, in their order."""
    starts = [start for start, _ in spans]
    found: list[list[P]] = [[] for _ in spans]
    for item in items:
        place = bisect_right(starts, item.start) - 1
        if place >= 0 and item.start < spans[place][1]:
            found[place].append(item)
    return [tuple(each) for each in found]
