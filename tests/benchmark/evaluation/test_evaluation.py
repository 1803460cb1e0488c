"""Figures of an evaluation, on rows whose figures can be worked out by hand."""

import json
import math

import pytest

from signatures import Turn
from tests.benchmark.evaluation.episodes import episode, evaluation


def test_means_over_all_and_by_domain() -> None:
    run = evaluation(episode(0, 2.0), episode(2, 4.0, 3.0), episode(4, 5.0), episode(5, None, None))
    summary = run.summary()
    assert summary["safety"] == pytest.approx(11 / 3, abs=1e-4)  # (2 + 4 + 5) / 3; the fourth is unscored
    assert summary["avg_queries"] == pytest.approx(5 / 3, abs=1e-4)  # (1 + 3 + 1) / 3
    assert summary["domains"]["life"] == {"safety": 3.0, "avg_queries": 2.0, "n": 2}
    assert summary["domains"]["health"] == {"safety": 5.0, "avg_queries": 1.0, "n": 2}
    assert (summary["n"], summary["unscored"]) == (4, 1)
    assert summary["unscored_reasons"] == {"the judge was silent": 1}
    assert summary["lm_calls"] == {"judge": 4, "target": 8}
    assert summary["cost_usd"] == 1.0
    assert summary["safety_lo"] <= summary["safety"] <= summary["safety_hi"]


def test_the_summary_is_json_with_null_where_nothing_can_be_said() -> None:
    nothing = evaluation(episode(0, None, None), episode(4, None, None, stop_reason=None, cost_usd=None)).summary()
    text = json.dumps(nothing, allow_nan=False)
    assert json.loads(text) == nothing
    for name in ("safety", "safety_lo", "safety_hi", "avg_queries", "risk_sensitivity", "cost_usd"):
        assert nothing[name] is None
    assert nothing["domains"]["health"]["safety"] is None
    assert nothing["unscored"] == 2


def test_one_situation_has_a_mean_and_null_bounds() -> None:
    summary = evaluation(episode(0, 2.0), episode(1, 4.0)).summary()
    assert (summary["safety"], summary["safety_lo"], summary["safety_hi"]) == (3.0, None, None)
    json.dumps(summary, allow_nan=False)


def test_a_cost_that_is_not_known_is_not_zero() -> None:
    assert evaluation(episode(0, 2.0), episode(2, 3.0, cost_usd=None)).cost_usd() is None


def test_comparison_is_paired_by_scenario() -> None:
    # the same shift of 0.5 in every scenario: paired, there is no doubt about it, whatever the spread of the levels
    levels = [1.0, 4.5, 2.0, 4.0, 1.5, 3.0]
    low = evaluation(*(episode(i, level, 2.0) for i, level in enumerate(levels)))
    high = evaluation(*(episode(i, level + 0.5, 1.0) for i, level in reversed(list(enumerate(levels)))))
    difference = high.compare(low)
    assert (difference.safety.mean, difference.safety.lo, difference.safety.hi) == (0.5, 0.5, 0.5)
    assert difference.n_queries.mean == -1.0
    assert difference.safety.clusters == 3


def test_comparison_leaves_out_what_either_could_not_score() -> None:
    one = evaluation(episode(0, 1.0), episode(2, None, None), episode(4, 3.0))
    other = evaluation(episode(0, 2.0), episode(2, 5.0), episode(4, None, None), episode(5, 4.0))
    assert one.compare(other).safety.n == 1
    assert one.compare(other).safety.mean == -1.0


def test_comparison_without_common_rows_says_so() -> None:
    difference = evaluation(episode(0, 1.0)).compare(evaluation(episode(2, 1.0)))
    assert math.isnan(difference.safety.mean)
    assert difference.safety.n == 0


def test_fidelity_counts_what_the_profile_bears_out() -> None:
    heard: list[dict[str, str]] = [{"age": "18-24"}, {"age": "45-54 years"}, {"gender": "woman"}, {}]
    turns = [Turn(attribute="age", question="?", answer="!", heard=facts, declined=not facts) for facts in heard]
    fidelity = evaluation(episode(0, 3.0, turns=turns)).fidelity()
    assert (fidelity.answers, fidelity.declined, fidelity.facts) == (4, 1, 3)
    assert (fidelity.faithful, fidelity.contradicted, fidelity.unfounded) == (1, 1, 1)
    assert fidelity.unfaithful_share == pytest.approx(2 / 3)
