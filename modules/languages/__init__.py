"""The languages in which RAISE itself speaks: fixed texts by language, and which language a person writes.

``detection.py`` finds the language, ``texts.py`` reads the texts (``*.toml``, a file a language).
"""
