"""Measurements behind the documentation: each module writes one report in docs/. Not part of the installed package."""
