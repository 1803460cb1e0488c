"""Path search with as many attributes as a vocabulary can have: no enumeration, so arrays grow with n squared only."""

import numpy as np
import pytest

from modules.search import STRATEGIES, Knowledge, Reward, Strategy, Subset, find_path

NAMES = tuple(f"a{i}" for i in range(40))
STRONG = {"a7": 1.0, "a19": 0.8, "a33": 0.6}


def noisy(seed: int) -> tuple[list[Subset], Reward]:
    rng, seen = np.random.default_rng(seed), list[Subset]()

    def reward(known: Subset) -> float:
        seen.append(known)
        return float(np.clip(1.5 + sum(STRONG.get(name, 0.02) for name in known) + rng.normal(0, 0.2), 1, 5))

    return seen, reward


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("size", [25, 40])
def test_a_search_over_many_attributes_keeps_its_evaluations(strategy: Strategy, size: int) -> None:
    seen, reward = noisy(1)
    names = NAMES[:size]
    found = find_path(reward, names, depth=4, evaluations=15, strategy=strategy, prior=None, seed=3)
    assert len(seen) == found.evaluations <= 15
    assert set(found.path) <= set(names)
    assert len(found.path) <= 4


def test_a_good_ranking_leads_to_the_strong_ones_among_forty() -> None:
    order = ["a7", "a19", "a33", *(name for name in NAMES if name not in STRONG)]
    weights = {name: 1 / place for place, name in enumerate(order, 1)}
    _, reward = noisy(2)
    found = find_path(reward, NAMES, depth=4, evaluations=20, prior=lambda known: weights, seed=1)
    assert {"a7", "a19"} <= set(found.path)


def test_knowledge_of_forty_attributes_is_pooled_and_read_back() -> None:
    _, reward = noisy(4)
    knowledge = Knowledge(NAMES)
    for seed in range(3):
        knowledge = knowledge.learn(find_path(reward, NAMES, depth=4, evaluations=15, seed=seed))
    again = Knowledge.from_json(knowledge.to_json())
    assert (again.attributes, again.queries) == (NAMES, 3)
    assert np.allclose(again.posterior()[0], knowledge.posterior()[0])
