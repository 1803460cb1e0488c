"""PENGUIN as a task of inspect_ai (extra ``inspect``); ``benchmark.inspect.extension`` is what inspect_ai loads."""
