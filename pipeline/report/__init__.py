"""The report: one HTML page of a ledger that opens from disk, needs no network and does not trust the articles."""
