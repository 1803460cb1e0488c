"""Path search, all three strategies: spends what it may, finds what is there, fails loudly."""

import hashlib
import math
import random
import statistics
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import EvaluationFailed, find_path
from modules.search import STRATEGIES, Knowledge, Reward, Strategy, Subset

EACH = pytest.mark.parametrize("strategy", STRATEGIES)
NAMES = tuple("abcdef")


def uniform(names: tuple[str, ...]) -> Callable[[Subset], Mapping[str, float]]:
    """A prior that prefers nothing."""
    return lambda known: {name: 1 / (len(names) - len(known)) for name in names if name not in known}


def additive(weights: Mapping[str, float]) -> Callable[[Subset], float]:
    """Safety 2 plus the weight of each known attribute."""
    return lambda subset: 2 + sum(weights[name] for name in subset)


def blurred(true: Reward, noise: random.Random) -> Reward:
    """``true`` with a judge's noise of 0.35."""
    return lambda subset: true(subset) + noise.gauss(0, 0.35)


def noisy(subset: Subset, salt: int = 0) -> float:
    """A landscape without structure, the same every time."""
    digest = hashlib.sha256(f"{salt}{sorted(subset)}".encode()).digest()
    return 1 + 4 * digest[0] / 255


@EACH
@given(st.integers(0, 7), st.integers(0, 8), st.integers(1, 40), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_any_size(strategy: Strategy, n: int, depth: int, evaluations: int, seed: int) -> None:
    names = tuple(f"a{i}" for i in range(n))
    asked: list[Subset] = []

    def reward(subset: Subset) -> float:
        asked.append(subset)
        return noisy(subset, seed)

    found = find_path(
        reward,
        names,
        depth=depth,
        evaluations=evaluations,
        strategy=strategy,
        prior=uniform(names) if seed % 2 else None,
        seed=seed,
    )
    assert found.evaluations == len(asked) <= evaluations
    largest = depth + 2 if strategy == "lattice" and depth else depth  # larger sets tell more about each attribute
    assert all(subset <= set(names) and len(subset) <= largest for subset in asked)
    assert found.history == [(subset, noisy(subset, seed)) for subset in asked]
    assert len(found.path) == len(set(found.path)) <= depth
    assert set(found.path) <= set(names)
    assert found.failures == 0
    assert math.isfinite(found.value)


@EACH
def test_same_seed_same_result(strategy: Strategy) -> None:
    def search(seed: int) -> object:
        return find_path(noisy, NAMES, depth=3, evaluations=20, strategy=strategy, prior=uniform(NAMES), seed=seed)

    assert search(3) == search(3)
    assert len({repr(search(seed)) for seed in range(5)}) > 1


@EACH
def test_without_noise_the_best_set_is_found(strategy: Strategy) -> None:
    # six attributes, depth two: 15 sets, distinct weights 0.05 to 0.55; 200 evaluations see each about 13 times
    for seed in range(6):
        weights = dict(zip(NAMES, random.Random(seed).sample([0.05, 0.15, 0.25, 0.35, 0.45, 0.55], 6), strict=True))
        reward = additive(weights)
        found = find_path(reward, NAMES, depth=2, evaluations=200, strategy=strategy, prior=uniform(NAMES), seed=seed)
        best = max(combinations(NAMES, 2), key=lambda pair: reward(frozenset(pair)))
        assert set(found.path) == set(best), seed


def test_lattice_puts_the_most_telling_first() -> None:
    weights = {"a": 0.1, "b": 0.9, "c": 0.2, "d": 0.5, "e": 0.0, "f": 0.0}
    for seed in range(4):
        found = find_path(additive(weights), NAMES, depth=2, evaluations=80, seed=seed)
        assert found.path == ("b", "d"), seed  # every prefix is to be worth stopping at
        # 2 + 0.9 + 0.5, shrunk a little by the model's prior
        assert found.value == pytest.approx(3.4, abs=0.1), seed


@EACH
@pytest.mark.parametrize("change", ["reversed", "renamed"])
def test_order_and_names_of_attributes_do_not_matter(strategy: Strategy, change: str) -> None:
    # Mean true value over 40 noisy searches. Its standard error is near 0.02 (spread of true values about 0.12), so two
    # fair means differ by more than 0.12 less than once in ten thousand times.
    weights = dict(zip(NAMES, (0.0, 0.1, 0.2, 0.3, 0.5, 0.7), strict=True))
    other = {"a": "zeta", "b": "yak", "c": "xi", "d": "wu", "e": "vau", "f": "ur"} if change == "renamed" else {}

    def mean_value(names: tuple[str, ...], back: Mapping[str, str]) -> float:
        values = []
        true = additive({name: weights[back.get(name, name)] for name in names})
        for seed in range(40):
            found = find_path(
                blurred(true, random.Random(seed)),
                names,
                depth=2,
                evaluations=20,
                strategy=strategy,
                prior=uniform(names),
                seed=seed,
            )
            values.append(true(frozenset(found.path)))
        return statistics.mean(values)

    changed = tuple(other.values()) if other else NAMES[::-1]
    back = {new: old for old, new in other.items()}
    assert mean_value(NAMES, {}) == pytest.approx(mean_value(changed, back), abs=0.12)


@EACH
def test_search_beats_a_random_pair(strategy: Strategy) -> None:
    # a random pair is worth 2 + 2 * mean(weights) = 2 + 2 * 0.3 = 2.6; the best 2 + 0.5 + 0.7 = 3.2
    true = additive(dict(zip(NAMES, (0.0, 0.1, 0.2, 0.3, 0.5, 0.7), strict=True)))
    values = []
    for seed in range(20):
        found = find_path(
            blurred(true, random.Random(seed)),
            NAMES,
            depth=2,
            evaluations=60,
            strategy=strategy,
            seed=seed,
        )
        values.append(true(frozenset(found.path)))
    assert statistics.mean(values) > 2.8


@pytest.mark.parametrize("strategy", ["lattice", "guided"])
def test_a_prior_that_is_right_helps_when_evaluations_are_few(strategy: Strategy) -> None:
    weights = {"a": 0.0, "b": 0.0, "c": 0.0, "d": 0.0, "e": 0.4, "f": 0.6}

    def mean_value(prior: Callable[[Subset], Mapping[str, float]]) -> float:
        true = additive(weights)
        values = []
        for seed in range(20):
            found = find_path(
                blurred(true, random.Random(seed)),
                NAMES,
                depth=2,
                evaluations=4,
                strategy=strategy,
                prior=prior,
                seed=seed,
            )
            values.append(true(frozenset(found.path)))
        return statistics.mean(values)

    def knowing(known: Subset) -> Mapping[str, float]:
        return {name: weights[name] for name in NAMES if name not in known}

    assert mean_value(knowing) > mean_value(uniform(NAMES))


def test_uct_does_not_ask_the_prior() -> None:
    def forbidden(known: Subset) -> Mapping[str, float]:
        raise AssertionError("uct is the search without prior")

    found = find_path(noisy, NAMES, depth=2, evaluations=10, strategy="uct", prior=forbidden)
    assert found.evaluations == 10


@EACH
def test_a_constant_reward(strategy: Strategy) -> None:
    found = find_path(lambda subset: 3.0, NAMES, depth=3, evaluations=30, strategy=strategy, prior=uniform(NAMES))
    assert found.value == pytest.approx(3.0, abs=0.2)
    assert len(set(found.path)) == len(found.path) <= 3


@EACH
def test_one_attribute(strategy: Strategy) -> None:
    found = find_path(lambda subset: 2.0 + len(subset), ["only"], depth=4, evaluations=10, strategy=strategy)
    assert found.path == ("only",)
    assert found.value == pytest.approx(3.0, abs=0.2)


@EACH
@pytest.mark.parametrize(("names", "depth"), [(NAMES, 0), ((), 3), ((), 0)])
def test_with_nothing_to_ask_the_path_is_empty(strategy: Strategy, names: tuple[str, ...], depth: int) -> None:
    found = find_path(lambda subset: 2.5, names, depth=depth, evaluations=10, strategy=strategy)
    assert found.path == ()
    assert found.value == pytest.approx(2.5, abs=0.2)
    assert set(found.history) == {(frozenset(), 2.5)}


@EACH
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_reward_that_is_not_a_finite_number_is_an_error(strategy: Strategy, value: float) -> None:
    with pytest.raises(ValueError, match="number"):
        find_path(lambda subset: value, NAMES, depth=2, evaluations=3, strategy=strategy)


@EACH
def test_failed_evaluations_are_counted_and_never_scored(strategy: Strategy) -> None:
    calls = iter(range(100))

    def reward(subset: Subset) -> float:
        if next(calls) % 3 == 0:
            raise EvaluationFailed("the judge gave no score")
        return 2.0 + 0.3 * ("a" in subset)

    found = find_path(reward, NAMES, depth=2, evaluations=30, strategy=strategy)
    assert found.failures == math.ceil(found.evaluations / 3)  # calls 0, 3, 6, ... fail
    assert len(found.history) == found.evaluations - found.failures
    assert {value for _, value in found.history} <= {2.0, 2.3}


@EACH
def test_one_attribute_that_always_fails_does_not_eat_the_budget(strategy: Strategy) -> None:
    def reward(subset: Subset) -> float:
        if "a" in subset:
            raise EvaluationFailed("a content filter refuses this one")
        return 2.0 + 0.5 * ("b" in subset)

    # one evaluation in three would already be what blind sampling wastes: 5 of 15 pairs contain "a"
    found = find_path(reward, NAMES, depth=2, evaluations=60, strategy=strategy)
    assert found.failures <= 30
    assert "b" in found.path


@EACH
def test_an_error_that_is_no_failed_evaluation_is_not_swallowed(strategy: Strategy) -> None:
    def reward(subset: Subset) -> float:
        raise ConnectionError("no network")

    with pytest.raises(ConnectionError):
        find_path(reward, NAMES, depth=2, evaluations=5, strategy=strategy)


@EACH
def test_when_all_evaluations_fail_there_is_no_path(strategy: Strategy) -> None:
    def reward(subset: Subset) -> float:
        raise EvaluationFailed("no score")

    with pytest.raises(EvaluationFailed, match="all 7"):
        find_path(reward, NAMES, depth=2, evaluations=7, strategy=strategy)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attributes": ("a", "a")},
        {"depth": -1},
        {"evaluations": 0},
        {"evaluations": -5},
        {"strategy": "magic"},
        {"evaluations_at_once": 0},
    ],
    ids=str,
)
def test_bad_arguments_are_refused_before_anything_is_spent(wrong: dict[str, Any]) -> None:
    def reward(subset: Subset) -> float:
        raise AssertionError("nothing may be evaluated")

    arguments: dict[str, Any] = {"attributes": NAMES, "depth": 2, "evaluations": 5, **wrong}
    with pytest.raises(ValueError, match=r"distinct|strategy"):
        find_path(reward, **arguments)
    with pytest.raises(ValueError, match="knowledge is about x, y"):
        find_path(reward, NAMES, depth=2, evaluations=5, knowledge=Knowledge(("x", "y")))
