"""Three signals that tell what is built from what is told, read off the assertions of a ledger (docs/signals.md)."""
