"""Finds attributes that the vocabulary lacks: a teacher proposes them, and each is tested by what knowing it adds.

cases -> proposals -> trial -> a vocabulary with those that were accepted
"""
