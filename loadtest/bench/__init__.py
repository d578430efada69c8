"""Benchmarks: both sides in one run on one machine, medians of five, printed as a ratio."""
