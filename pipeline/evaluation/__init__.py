"""Extraction against gold: the figures, their intervals and the errors by cause."""
