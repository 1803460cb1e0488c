"""Runs programs over scenarios with simulated users, and sums up what was measured."""
