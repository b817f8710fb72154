"""Intervals, clustering, bootstrap, simultaneous inference and verdicts: pure functions on numbers."""
