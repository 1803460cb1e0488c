"""What the graph implies, exactly, against people drawn from it."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Situation, build_authored, situations
from benchmark.scenarios.profiles import draw_profile, graph
from benchmark.scenarios.quality.marginals import expected_shares, marginal_gate, marginals

DRAWS = 1500
KNOWN = {s.key: s for s in situations()}


@given(situation=st.sampled_from(situations()), calm=st.booleans())
@settings(deadline=None, max_examples=40)
def test_shares_are_probabilities(situation: Situation, calm: bool) -> None:
    for name, shares in expected_shares(situation, calm=calm).items():
        assert sum(shares.values()) == pytest.approx(1)
        assert min(shares.values()) > -1e-12
        outside = set(shares) - set(situation.only.get(name, shares))
        assert all(shares[value] == pytest.approx(0) for value in outside)


@pytest.mark.parametrize("key", ["health/early-pregnancy", "career/first-real-job", "financial/payday-loan"])
@pytest.mark.parametrize("calm", [False, True])
def test_people_drawn_from_the_graph_agree_with_it(key: str, calm: bool) -> None:
    situation = KNOWN[key]
    rng = np.random.default_rng(5)
    levels = {text: level for level, texts in situation.emotions.items() for text in texts}
    drawn = [draw_profile(situation, rng, calm=calm).known() for _ in range(DRAWS)]
    for name, shares in expected_shares(situation, calm=calm).items():
        seen = Counter(levels[p[name]] if name == "emotional_state" else p[name] for p in drawn)
        for value, share in shares.items():
            # 4.5 standard errors: some 500 comparisons, a false alarm in one run of 300
            assert abs(seen[value] / DRAWS - share) <= 4.5 * np.sqrt(share * (1 - share) / DRAWS) + 1e-9, (name, value)


def test_limits_that_leave_nobody_are_an_error() -> None:
    nobody = situations()[0].model_copy(update={"only": {"gender": ["man"], "health_status": ["pregnant"]}})
    with pytest.raises(ValueError, match="leave nobody"):
        expected_shares(nobody)


def test_the_table_has_every_value_of_every_domain_with_bounds() -> None:
    table = marginals(build_authored().scenarios, KNOWN)
    assert len(table) == (7 + 1) * sum(len(node.base) for node in graph().attribute.values())
    assert (table.n == np.where(table.domain == "all", 700, 100)).all()
    sums = table.groupby(["domain", "attribute"])[["share", "expected"]].sum()
    assert sums.to_numpy() == pytest.approx(1)
    assert ((table.lo <= table.expected + 0.01) & (table.expected <= table.hi + 0.01)).all()
    assert ((table.share < table.lo) | (table.share > table.hi)).mean() <= 0.05
    assert not table.out.any()


def test_people_who_were_not_drawn_so_are_noticed() -> None:
    men = [s.model_copy(update={"profile": s.profile.model_copy(update={"gender": "man"})}) for s in build_authored()]
    gate = marginal_gate(marginals(men, KNOWN))
    assert gate.passed is False
    assert any("gender 'man': 1.000" in text for text in gate.offenders)
