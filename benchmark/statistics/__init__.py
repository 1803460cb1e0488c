"""Intervals, paired comparisons and agreement; every interval of the project is made here."""
