"""Scenario sets: their files, splits, profiles, similarity, and every way to get one."""
