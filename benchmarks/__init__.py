"""Benchmarks: what ours costs beside what it is compared with, in one run, as CPU and ratios."""
