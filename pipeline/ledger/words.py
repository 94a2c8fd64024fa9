"""What a person is told of a ledger: metrics, amounts, steps and links in words. Shared by terminal and report."""

from __future__ import annotations

from pipeline import display
from pipeline.ledger.records import Assertion, Step, ToldStep
from pipeline.records import Quantity

VAGUE = " (vague)"
"""Marks an amount that stands for words without a number, such as \"millions\"."""
_METRICS = {
    "power.load": "power",
    "power.grid": "grid power",
    "power.generation": "generation",
    "power.storage": "storage power",
    "accelerators": "AI chips",
    "agreement": "deal",
}
_CHANGES = {
    "floated": "floated",
    "promised": "promised",
    "firmed": "now promised",
    "slipped": "slipped",
    "pulled_forward": "moved forward",
    "grew": "grew",
    "shrank": "shrank",
    "next_stage": "next stage told",
    "dropped": "dropped",
    "denied": "denied",
    "reported": "reported, not vouched for",
    "confirmed": "confirmed",
    "kept": "came true",
    "signed": "signed",
    "ended": "ended",
    "fell": "fell",
    "delayed": "held up by a delay",
    "paused": "held up by a pause",
    "cancelled": "void, the site is cancelled",
    "contradicted": "told differently",
}


def metric(name: str) -> str:
    """`power.load.added` as `power, added`; `milestone.operational` as `operational`."""
    rate, _, period = name.partition("/")
    base = rate.removesuffix(".added")
    words = _METRICS.get(base) or base.removeprefix("milestone.").replace("investment.", "investment, ").replace(
        "_", " "
    )
    return words + (", added" if rate.endswith(".added") else "") + (f" a {period}" if period else "")


def amount(item: Assertion | Step) -> str:
    """An amount with its bound and unit, or nothing where there is none: `≤ 6,000 MW`, `≥ 1,000,000 chips (vague)`."""
    if item.value is None or item.measure is None:
        return ""
    bounds: dict[str, float | None] = {"value": item.value, "min": item.min, "max": item.max}
    told = Quantity.model_validate({"text": "", "unit": item.measure, "relation": item.relation or "eq", **bounds})
    return display.quantity(told) + (VAGUE if item.vague else "")


def what(step: ToldStep) -> str:
    """The metric of a step; of a deal its parties: `deal: Brightwater (customer), Calder Silicon (supplier)`."""
    sides = ", ".join(f"{display.one_line(name)} ({role})" for role, _, name in step.parties)
    named = display.one_line(metric(step.metric))
    return f"{named}: {sides}" if sides and step.metric.startswith("agreement") else named


def change(step: Step) -> str:
    """What happened, with by how much: `slipped by 243 days`, `grew to 150 %`, `came true 7 days early`."""
    words = _CHANGES[step.change]
    if step.change == "kept" and step.days is not None:
        return f"{words} {_days(step.days, 'late', 'early')}"
    if step.change in ("slipped", "pulled_forward") and step.days is not None:
        return f"{words} by {abs(step.days)} days"
    if step.ratio is not None:
        return f"{words} to {step.ratio:.0%} of it"
    return words


def _days(days: int, late: str, early: str) -> str:
    return "on the day" if days == 0 else f"{abs(days)} days {late if days > 0 else early}"


def title(assertion: Assertion) -> str:
    """One line for an assertion: `Saltgrass: power 1,200 MW by 2027-08-31, planned`."""
    parts = [metric(assertion.metric), amount(assertion)]
    if assertion.parties:
        parts.append(" · ".join(f"{display.one_line(name)} ({role})" for role, _, name in assertion.parties))
    due = f" by {assertion.due_end}" if assertion.due_end else ""
    return f"{display.one_line(assertion.subject) or '–'}: {' '.join(filter(None, parts))}{due}, {assertion.phase}"
