"""The parts of the crisis guard: one spelling for all that people type, phrases of danger, and weights for the rest.

``text.py`` folds, ``phrases.py`` reads statements (``*.toml``, by language), ``weights.py`` weighs what is left.
"""
