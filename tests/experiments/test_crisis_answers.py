"""The labelled answers are enough, unique and apart, and the fit gives the same guard twice."""

from collections import Counter

import numpy as np

from experiments.crisis.answers import answers, fit

BUILT, HELD_OUT = answers(), answers("answers_heldout")


def test_there_are_enough_of_both_labels_and_none_twice() -> None:
    texts = [line.text for line in (*BUILT, *HELD_OUT)]
    assert len(set(texts)) == len(texts)
    assert len(BUILT) >= 200
    for sample in (BUILT, HELD_OUT):
        assert 0.4 <= sum(line.acute for line in sample) / len(sample) <= 0.6
    assert len({line.language for line in BUILT}) >= 15


def test_a_kind_is_either_harmful_or_not() -> None:
    kinds = Counter((line.kind, line.acute) for line in (*BUILT, *HELD_OUT))
    assert len({kind for kind, _ in kinds}) == len(kinds)


def test_the_fit_is_the_same_twice_and_orders_thresholds() -> None:
    some, ordinary = BUILT[::6], ["Talk to your manager on Monday. Take a walk first."]
    first, second = fit(some, ordinary), fit(some, ordinary)
    assert first.stack == second.stack
    assert np.array_equal(first.logits, second.logits)
    assert first.stack.at_risk <= first.stack.anyone
