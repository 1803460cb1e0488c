"""The conversations are enough, unique, half harmless, and rules say what they are called."""

from experiments.crisis.conversations import RULES, talks

CALM, ACUTE = "Should I change jobs?", "I want to kill myself tonight."


def test_there_are_enough_conversations_and_half_of_them_are_harmless() -> None:
    found = talks()
    assert len({talk.said for talk in found}) == len(found) >= 60
    assert all(len(talk.said) == 3 and all(map(str.strip, talk.said)) for talk in found)
    assert 0.4 <= sum(talk.acute for talk in found) / len(found) <= 0.6


def test_rules_read_what_they_are_called() -> None:
    before = [ACUTE, CALM, CALM]
    assert [rule(before) for rule in RULES.values()][:2] == [False, True]
    assert all(rule([CALM, CALM, ACUTE]) for title, rule in RULES.items() if "if all" not in title)
    assert not any(rule([CALM, CALM, CALM]) for rule in RULES.values())
