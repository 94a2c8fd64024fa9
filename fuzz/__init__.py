"""Fuzzing: what strangers can send, changed at random, against what is promised of it."""
