"""Calls a second, measured against a raw loop and DSPy by itself."""
