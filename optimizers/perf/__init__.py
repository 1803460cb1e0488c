"""Measurements of the optimizers; each module writes a report to ``docs/``."""
