"""Offline planning over the queries of a split, and what it teaches for later ones."""
