"""The parts of the crisis guard: one spelling for all that people type, phrases of danger, and weights for the rest.

``text.py`` folds, ``phrases.py`` reads statements (``*.toml``, by language), ``concepts.py`` tells what English words
are about, ``weights.py`` weighs what is left.
"""
