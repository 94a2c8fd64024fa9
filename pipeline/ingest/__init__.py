"""Scheduled ingestion: sources in, archive and published claims out, one disposition for each page that was found."""
