"""Where pages come from. Each source yields `Page`, or `Rejected` for an input that gives none, in a fixed order."""
