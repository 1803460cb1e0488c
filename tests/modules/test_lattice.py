"""The lattice search: exact without noise, early to stop, several evaluations at once, and knowledge of a domain."""

import random
import statistics
import threading
from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import EvaluationFailed, find_path
from modules.search import Knowledge, PathResult, Prior, Reward, Subset
from modules.search.knowledge import indicators, standard_scores
from modules.search.surrogate import SubsetModel, beliefs
from signatures import RaiseError

NAMES = tuple("abcdef")
TEN = tuple("abcdefghij")
True_ = Callable[[Subset], float]


def effects(seed: int, names: tuple[str, ...] = NAMES, pairs: float = 0.0) -> True_:
    """Safety 2, main effects up to 0.7, and pairs of the given spread."""
    rng = random.Random(seed)
    main = {name: rng.uniform(0, 0.7) for name in names}
    both = {frozenset(pair): rng.gauss(0, pairs) for pair in combinations(names, 2)}
    return lambda subset: (
        2 + sum(main[name] for name in subset) + sum(both[frozenset(pair)] for pair in combinations(sorted(subset), 2))
    )


def noisy(true: True_, seed: int, sd: float = 0.35) -> True_:
    """Judged: noise, thirds, 1 to 5."""
    rng = random.Random(seed)
    return lambda subset: min(5.0, max(1.0, round(3 * (true(subset) + rng.gauss(0, sd))) / 3))


def best_value(true: True_, names: tuple[str, ...], depth: int) -> float:
    return max(true(frozenset(part)) for size in range(depth + 1) for part in combinations(names, size))


# Without noise.


@given(st.integers(0, 10_000), st.integers(1, 3), st.sampled_from([0.0, 0.2]))
@settings(max_examples=20, deadline=None)
def test_without_noise_the_optimum_is_found(seed: int, depth: int, pairs: float) -> None:
    true = effects(seed, pairs=pairs)
    found = find_path(true, NAMES, depth=depth, evaluations=100, seed=seed)
    assert true(frozenset(found.path)) == pytest.approx(best_value(true, NAMES, depth), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_without_noise_or_structure_every_set_is_looked_at(seed: int) -> None:
    rng = random.Random(seed)
    values = {frozenset(part): rng.uniform(1, 5) for size in range(5) for part in combinations(NAMES, size)}
    found = find_path(values.__getitem__, NAMES, depth=2, evaluations=100, seed=seed)
    assert values[frozenset(found.path)] == best_value(values.__getitem__, NAMES, 2)


def test_a_settled_search_stops_early() -> None:
    true = effects(1)
    found = find_path(true, NAMES, depth=2, evaluations=100)
    assert found.evaluations < 40  # seven unknowns, no noise
    assert true(frozenset(found.path)) == pytest.approx(best_value(true, NAMES, 2))


def test_every_prefix_of_the_path_is_worth_stopping_at() -> None:
    weights = {"a": 0.1, "b": 0.7, "c": 0.2, "d": 0.5, "e": 0.3, "f": 0.0}
    found = find_path(lambda subset: 2 + sum(weights[n] for n in subset), NAMES, depth=4, evaluations=60)
    assert found.path == ("b", "d", "e", "c")


# Many attributes.


def test_thirty_attributes_need_no_enumeration() -> None:
    # 142,506 sets of five; the best five are worth 2.0 together, five at random 0.5 on average
    names = tuple(f"a{i}" for i in range(30))
    gains = {name: (0.4 if i % 6 == 0 else 0.02) for i, name in enumerate(names)}
    values = []
    for seed in range(5):
        reward = noisy(lambda subset: 2 + sum(gains[n] for n in subset), seed)
        found = find_path(reward, names, depth=5, evaluations=60, seed=seed)
        values.append(sum(gains[n] for n in found.path))
    assert statistics.mean(values) > 1.2


# Several at once.


def test_a_round_runs_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=30)

    def reward(subset: Subset) -> float:
        together.wait()  # passes only when four evaluations are under way
        return 2.0 + len(subset) / 10

    found = find_path(reward, TEN, depth=3, evaluations=12, evaluations_at_once=4)
    assert found.evaluations == 12


@given(st.integers(2, 7), st.integers(1, 20), st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_a_round_is_diverse_and_within_budget(at_once: int, evaluations: int, seed: int) -> None:
    true = effects(seed, TEN)
    found = find_path(true, TEN, depth=3, evaluations=evaluations, evaluations_at_once=at_once, seed=seed)
    assert found.evaluations <= evaluations
    asked = [subset for subset, _ in found.history]
    for begin in range(0, len(asked), at_once):
        batch = asked[begin : begin + at_once]
        assert len(set(batch)) == len(batch)
    assert found.history == [(subset, true(subset)) for subset in asked]


def test_the_same_seed_gives_the_same_rounds() -> None:
    true = effects(3, TEN)
    first, second = (
        find_path(true, TEN, depth=3, evaluations=12, evaluations_at_once=4, seed=5).history for _ in range(2)
    )
    assert first == second


def test_a_failure_in_a_round_is_counted_and_the_rest_kept() -> None:
    def reward(subset: Subset) -> float:
        if "a" in subset:
            raise EvaluationFailed("refused")
        return 2.0 + 0.1 * len(subset)

    found = find_path(reward, NAMES, depth=2, evaluations=20, evaluations_at_once=5)
    assert found.failures == found.evaluations - len(found.history) > 0
    assert "a" not in found.path


def test_an_error_in_a_round_is_raised() -> None:
    def reward(subset: Subset) -> float:
        raise ConnectionError("no network")

    with pytest.raises(ConnectionError):
        find_path(reward, NAMES, depth=2, evaluations=8, evaluations_at_once=4)


# The prior.


def prior_by(order: str) -> Prior:
    """1/rank, by the order of letters."""

    def prior(known: Subset) -> Mapping[str, float]:
        return {name: 1 / (1 + order.index(name)) for name in order if name not in known}

    return prior


def mean_found(prior: Prior | None, evaluations: int) -> float:
    gains = dict(zip(TEN, (0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.05, 0.05, 0.0), strict=True))
    values = []
    for seed in range(30):
        reward = noisy(lambda subset: 2.5 + sum(gains[n] for n in subset), seed)
        found = find_path(reward, TEN, depth=3, evaluations=evaluations, prior=prior, seed=seed)
        values.append(sum(gains[n] for n in found.path))
    return statistics.mean(values)


def test_how_reliable_the_ranking_is_is_learned() -> None:
    # of at most 1.5; three at random are worth 0.69. Standard error of a mean of 30: about 0.03
    none, good, bad = (
        mean_found(None, 20),
        mean_found(prior_by("abcdefghij"), 20),
        mean_found(prior_by("jihgfedcba"), 20),
    )
    assert good > none - 0.05
    assert bad > none - 0.15
    assert mean_found(prior_by("abcdefghij"), 4) > mean_found(None, 4) + 0.1


# Knowledge of a domain.


def worth(gains: Mapping[str, float]) -> Reward:
    """Safety 2.5 plus the gain of each known attribute."""
    return lambda subset: 2.5 + sum(gains[n] for n in subset)


def planned(seed: int, gains: Mapping[str, float], evaluations: int = 15) -> PathResult:
    reward = noisy(worth(gains), seed)
    return find_path(reward, TEN, depth=3, evaluations=evaluations, seed=seed)


def similar(domain: int, query: int) -> dict[str, float]:
    """Gains of a query: mostly its domain's."""
    shared, own = random.Random(domain), random.Random(f"{domain}-{query}")
    return {name: 0.8 * shared.expovariate(4) + 0.2 * own.expovariate(4) for name in TEN}


def pooled(domain: int, queries: int = 25) -> Knowledge:
    knowledge = Knowledge(TEN)
    for query in range(queries):
        knowledge = knowledge.learn(planned(query, similar(domain, query)))
    return knowledge


def mean_with(knowledge: Knowledge | None, domain: int, evaluations: int) -> float:
    values = []
    for query in range(100, 125):
        gains = similar(domain, query)
        reward = noisy(worth(gains), query)
        found = find_path(reward, TEN, depth=3, evaluations=evaluations, knowledge=knowledge, seed=query)
        values.append(sum(gains[n] for n in found.path) / sum(sorted(gains.values())[-3:]))
    return statistics.mean(values)


def test_knowledge_of_the_domain_saves_evaluations_and_a_foreign_one_does_little_harm() -> None:
    # shares of the best value; standard error of a mean of 25: about 0.02
    plain_few, plain_many = mean_with(None, 1, 6), mean_with(None, 1, 15)
    assert mean_with(pooled(1), 1, 6) > max(plain_few + 0.03, plain_many - 0.02)
    assert mean_with(pooled(2), 1, 15) > plain_many - 0.08


def test_knowledge_does_not_depend_on_the_order_of_queries() -> None:
    results = [planned(query, similar(3, query), 6) for query in range(6)]
    forward, backward = Knowledge(TEN), Knowledge(TEN)
    for result in results:
        forward = forward.learn(result)
    for result in reversed(results):
        backward = backward.learn(result)
    assert forward.queries == backward.queries == 6
    for one, other in zip(forward.posterior(), backward.posterior(), strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_knowledge_is_a_value_and_survives_json() -> None:
    before = Knowledge(TEN)
    after = before.learn(planned(0, similar(1, 0), 6))
    assert (before.queries, after.queries) == (0, 1)
    back = Knowledge.from_json(after.to_json())
    assert back.to_json() == after.to_json()
    assert (back.attributes, back.queries) == (TEN, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": 99}',
        '{"schema": 1, "attributes": ["a"], "queries": 1, "precision": [], "weighted": []}',
    ],
)
def test_text_that_is_no_knowledge_is_refused(text: str) -> None:
    with pytest.raises(RaiseError, match="plan again"):
        Knowledge.from_json(text)


def test_knowledge_of_other_attributes_is_refused() -> None:
    with pytest.raises(ValueError, match="about"):
        Knowledge(("x", "y")).learn(planned(0, similar(1, 0), 4))


def test_a_search_without_success_teaches_nothing() -> None:
    knowledge = Knowledge(TEN)
    assert knowledge.learn(PathResult((), 0.0, 3, [], 3)).queries == 0


# The model underneath.


@given(st.lists(st.tuples(st.frozensets(st.sampled_from(NAMES)), st.floats(1, 5)), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_expectations_do_not_depend_on_the_order_of_evaluations(seen: list[tuple[Subset, float]]) -> None:
    every = indicators([frozenset(part) for size in range(7) for part in combinations(NAMES, size)], NAMES)

    def expected(order: list[tuple[Subset, float]]) -> list[float]:
        model = SubsetModel(beliefs(None, NAMES, standard_scores({}, NAMES)))
        for subset, value in order:
            model.observe(indicators([subset], NAMES)[0], value)
        return list(model.expected(every))

    assert expected(seen) == pytest.approx(expected(seen[::-1]), abs=1e-6)


def test_draws_scatter_around_the_expectation() -> None:
    model = SubsetModel(beliefs(None, NAMES, standard_scores({}, NAMES)))
    for subset, value in (("ab", 3.3), ("cd", 2.7), ("abef", 4.0)):
        model.observe(indicators([frozenset(subset)], NAMES)[0], value)
    sets = indicators([frozenset("a"), frozenset("ce"), frozenset("abcdef")], NAMES)
    draws = model.draw(np.random.default_rng(0), 6000).value(sets)
    assert draws.mean(0) == pytest.approx(model.mean.value(sets)[0], abs=0.05)


@pytest.mark.parametrize(
    ("ranking", "scores"),
    [
        ({}, [0, 0, 0]),
        ({"a": 0.2, "b": 0.2, "c": 0.2}, [0, 0, 0]),
        ({"a": 0.9, "b": 0.06, "c": 0.04}, [1.2247, 0, -1.2247]),
        ({"c": 1.0}, [-0.7071, -0.7071, 1.4142]),
    ],
)
def test_ranks_become_scores(ranking: Mapping[str, float], scores: list[float]) -> None:
    assert standard_scores(ranking, ("a", "b", "c")) == pytest.approx(scores, abs=1e-3)
