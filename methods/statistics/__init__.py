"""Intervals, clustering, bootstrap, simultaneous inference, verdicts: pure functions."""
