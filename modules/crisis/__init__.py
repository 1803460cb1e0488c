"""The crisis guard: finds plain words of acute danger in a message without any model, and gives help.

``guard.py`` decides and helps, ``text.py`` normalizes spelling, ``phrases.py`` matches statements (``*.toml``, by
language), ``concepts.py`` tags what English words are about, ``weights.py`` weighs words, ``ngrams.py`` weighs
character n-grams and finds the nearest labelled lines, ``encoder.py`` reads with a small sentence encoder if that is
installed, ``ensemble.py`` stacks all of them into one score.
"""
