"""Splits that share nothing, and samples that spread evenly."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import DOMAINS, Scenario, build_authored, sample, split
from benchmark.scenarios.splits import SHARES
from signatures import Profile, RaiseError

SEEDS = st.integers(0, 1000)
DATA = build_authored().scenarios[::10] + build_authored().scenarios[1::10]
"""Every situation, profile and two queries of it: 1,400 scenarios."""


def some(domains: int, situations: int, rows: int = 2) -> list[Scenario]:
    return [
        Scenario(
            id=f"{d}-{s}-{r}",
            domain=f"d{d}",
            situation=f"d{d}/{s}",
            source="generated",
            query=f"query {d} {s} {r}",
            profile=Profile(age=str(r)),
        )
        for d in range(domains)
        for s in range(situations)
        for r in range(rows)
    ]


def shared(parts: Iterable[Iterable[Scenario]]) -> dict[str, set[str]]:
    """What more than one part has: situations, profiles, queries."""
    keys: dict[str, Callable[[Scenario], str]] = {
        "situation": lambda s: s.situation,
        "profile": lambda s: s.profile_id,
        "query": lambda s: s.query,
    }
    groups = [{name: {key(s) for s in part} for name, key in keys.items()} for part in map(list, parts)]
    pairs = [(a, b) for a, b in combinations(groups, 2)]
    return {name: set().union(*(a[name] & b[name] for a, b in pairs)) for name in keys}


NOTHING: dict[str, set[str]] = {"situation": set(), "profile": set(), "query": set()}


@given(seed=st.integers(0, 2**63), keep=st.floats(0.02, 1), order=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_splits_share_no_situation_profile_or_query(seed: int, keep: float, order: Random) -> None:
    """Leak check: whatever the seed, and whichever part of the data there is, in whatever order."""
    rows = order.sample(DATA, max(200, round(keep * len(DATA))))
    assert shared(split(rows, name, seed=seed) for name in SHARES) == NOTHING


@given(seed=SEEDS, limit=st.integers(1, 400))
@settings(deadline=None, max_examples=40)
def test_samples_of_splits_share_nothing_either(seed: int, limit: int) -> None:
    assert shared(sample(split(DATA, name, seed=seed), limit, seed=seed) for name in SHARES) == NOTHING


def test_the_leak_check_notices_a_leak() -> None:
    train, test = split(DATA, "train"), split(DATA, "test")
    assert shared([train, [*test, train[0]]]) == {
        "situation": {train[0].situation},
        "profile": {train[0].profile_id},
        "query": {train[0].query},
    }


@given(seed=SEEDS, domains=st.integers(1, 4), situations=st.integers(4, 30))
def test_splits_together_are_everything(seed: int, domains: int, situations: int) -> None:
    rows = some(domains, situations)
    found = [s.id for name in SHARES for s in split(rows, name, seed=seed)]
    assert sorted(found) == sorted(s.id for s in rows)
    assert split(rows, "all", seed=seed) == rows


@given(seed=SEEDS, domains=st.integers(1, 4), situations=st.integers(4, 30))
def test_every_domain_is_split_in_the_same_shares(seed: int, domains: int, situations: int) -> None:
    rows = some(domains, situations)
    for name, share in SHARES.items():
        counts = Counter(d for d, _ in {(s.domain, s.situation) for s in split(rows, name, seed=seed)})
        assert set(counts) == {s.domain for s in rows}
        assert all(abs(count - share * situations) <= 1 for count in counts.values())


def test_the_authored_set_is_split_40_25_35() -> None:
    # 140 situations of 50 scenarios: 0.40 x 140 = 56, 0.25 x 140 = 35, 0.35 x 140 = 49
    sizes = {name: len(split(build_authored(), name)) for name in SHARES}
    assert sizes == {"train": 56 * 50, "dev": 35 * 50, "test": 49 * 50}


@given(seed=SEEDS)
def test_the_same_seed_splits_alike_whatever_the_order(seed: int) -> None:
    forwards, backwards = split(DATA, "dev", seed=seed), split(DATA[::-1], "dev", seed=seed)
    assert forwards == backwards[::-1]


def test_another_seed_splits_otherwise() -> None:
    assert split(DATA, "test", seed=0) != split(DATA, "test", seed=1)


@pytest.mark.parametrize("name", ["train", "test"])
def test_a_split_left_empty_is_an_error(name: str) -> None:
    # one situation: edges at round(0.4) = 0, round(0.65) = 1, so dev gets it and the others nothing
    assert len(split(some(1, 1), "dev")) == 2
    with pytest.raises(RaiseError, match=f"the split '{name}' is empty: .* use --split all"):
        split(some(1, 1), name)


def test_an_unknown_split_is_refused_with_the_choices() -> None:
    with pytest.raises(RaiseError, match=r"'tests' \(did you mean 'test'\?\): choose one of train, dev, test, all"):
        split(DATA, "tests")


# Samples


@given(limit=st.integers(1, 300), seed=SEEDS)
def test_a_sample_is_even_over_domains(limit: int, seed: int) -> None:
    counts = Counter(s.domain for s in sample(DATA, limit, seed=seed))
    assert sum(counts.values()) == limit
    assert max(counts.values()) - min(counts.get(d, 0) for d in DOMAINS) <= 1


@given(limit=st.integers(1, 200), more=st.integers(0, 200), seed=SEEDS)
def test_a_smaller_sample_begins_a_larger_one(limit: int, more: int, seed: int) -> None:
    assert sample(DATA, limit + more, seed=seed)[:limit] == sample(DATA, limit, seed=seed)


def test_a_sample_visits_every_situation_before_any_twice() -> None:
    assert len({s.situation for s in sample(DATA, 140)}) == 140


def test_another_seed_deals_another_sample() -> None:
    assert sample(DATA, 21, seed=0) != sample(DATA, 21, seed=1)


@pytest.mark.parametrize("limit", [None, 1400, 9999])
def test_no_limit_is_everything_in_order(limit: int | None) -> None:
    assert sample(DATA, limit) == list(DATA)


def test_a_short_domain_leaves_its_place_to_the_others() -> None:
    rows = [s for s in some(2, 4, rows=1) if s.domain == "d0" or s.situation == "d1/0"]
    assert Counter(s.domain for s in sample(rows, 4)) == {"d0": 3, "d1": 1}
