"""Labelled lines for the crisis guard, the fit of its weights, and the measurement of how often it is right."""
