"""A bounded run of the fuzzer: every seed, and the same changes of them each time. `make fuzz` is the long run."""

from __future__ import annotations

import itertools
import time

import pytest

from fuzz.mutate import SEEDS, dictionary, mutations, seeds
from fuzz.targets import TARGETS

COUNT, SECONDS, LONGEST = 150, 1.0, 5.0
"""Changed inputs of a target, the time in which as many as can be are tried, and what one may take (CPU seconds)."""


def test_every_target_has_seeds_and_every_seed_a_target():
    assert sorted(TARGETS) == sorted(path.name for path in SEEDS.iterdir())
    assert all(len(seeds(name)) > 1 for name in TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_promises_hold_of_what_strangers_send(name: str):
    given = seeds(name)
    began = time.process_time()
    changed = mutations(given, dictionary(name), number=1, count=COUNT)
    for number, data in enumerate(itertools.chain(given, changed)):
        before = time.process_time()
        TARGETS[name](data)
        assert time.process_time() - before < LONGEST
        if number >= len(given) and time.process_time() - began > SECONDS:
            break


def test_changes_are_the_same_each_time():
    given, words = seeds("feed"), dictionary("feed")
    assert list(mutations(given, words, 3, 50)) == list(mutations(given, words, 3, 50))
    assert list(mutations(given, words, 3, 50)) != list(mutations(given, words, 4, 50))
