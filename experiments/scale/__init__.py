"""Stores, workers and memory at scale: what is measured here, and what follows from it on paper."""
