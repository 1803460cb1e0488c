"""Benchmarks of speed and cost: run by hand, not by tests."""
