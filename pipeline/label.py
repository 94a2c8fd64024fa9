"""The decision table: two facets in, one label out. Nothing else decides it."""

from __future__ import annotations

from pipeline.records import Certainty, Label, Realization

TABLE: dict[tuple[Realization, Certainty], Label] = {
    ("realized", "asserted"): "confirmed",
    ("realized", "hedged"): "aspirational",
    ("planned", "asserted"): "aspirational",
    ("planned", "hedged"): "aspirational",
    ("possible", "asserted"): "aspirational",
    ("possible", "hedged"): "aspirational",
    ("negated", "asserted"): "aspirational",
    ("negated", "hedged"): "aspirational",
}


def label(realization: Realization, certainty: Certainty) -> Label:
    """The label that the facets give: confirmed only for what is realized and asserted."""
    return TABLE[realization, certainty]
