"""Towns that no list holds, by the words before them: "a hall at Glomfjord", "in Ashby", "10 MW near Oulu".

They are looked for last, in the capitals that nothing else has named: a company that is once spoken of as if it were
a place ("an analyst at Cobden") has been found as one before. Every mention of a name that is a town somewhere in the
text is the town.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.components.name_evidence import form_points
from pipeline.components.name_runs import Run, key_of, located, surface
from pipeline.components.name_words import Found, Words, phrase_at, phrases, rules

_LONGEST = 3
"""Words of the longest name of a town."""
_BACK = 4
"""Words before "at" among which a site or a load shows that a place follows."""


def toponyms(words: Words, runs: Sequence[Run], taken: Sequence[Found | None], on_topic: bool) -> list[Found]:
    """Places among the runs that nothing covers; none in a text about something else."""
    free = [run for run in runs if on_topic and _may_be_town(words, run, taken)]
    towns = located(words, runs) | {key_of(words, run.first, run.last) for run in free if _site_at(words, run)}
    towns -= {key_of(words, run.first, run.last) for run in free if form_points(words, run, taken) > 1}
    return [
        Found(run.first, run.last, "place", None, surface(words, run.first, run.last), rank=3)
        for run in free
        if key_of(words, run.first, run.last) in towns
    ]


def _may_be_town(words: Words, run: Run, taken: Sequence[Found | None]) -> bool:
    if run.last - run.first > _LONGEST or any(taken[i] is not None for i in range(run.first, run.last)):
        return False
    plain = rules("words", "stop") | rules("words", "products") | rules("words", "public")
    return all(
        words.forms[i].replace("-", "").isalpha() and not words.forms[i].isupper() and words.lowers[i] not in plain
        for i in range(run.first, run.last)
    )


def _site_at(words: Words, run: Run) -> bool:
    """Whether "at NAME" or "of NAME" stands behind a word for a site or for power."""
    if words.lower(run.first - 1) not in ("at", "of") or not words.same_line(run.first - 1, run.first):
        return False
    heads, units = phrases("sites", "heads"), rules("sites", "parts")
    near = range(max(0, run.first - 1 - _BACK), run.first - 1)
    return any(words.same_line(i, run.first) and (phrase_at(words, i, heads) or words.lowers[i] in units) for i in near)
