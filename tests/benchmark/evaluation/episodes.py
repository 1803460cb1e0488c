"""Episodes put together by hand, for tests of what is made of them."""

from typing import Any

from benchmark import Evaluation, Scenario
from benchmark.evaluation.episode import Episode, EpisodeUsage
from benchmark.judging.judge import Verdict
from signatures import SCORE_DIMENSIONS, Profile, StopReason

VERDICT = ("unscored", "injection", "panel", "absent", "unreached", "reasons")
SCENARIO = ("domain", "situation", "query")
USAGE = ("lm_calls", "replies", "cost_usd")


def episode(number: int, safety: float | None, queries: float | None = 1.0, **more: Any) -> Episode:
    """An episode of which each dimension is scored ``safety``; ``more`` are fields of it or of its parts.

    Scenarios come in pairs to a situation; the first four are of the domain ``life``.
    """
    scenario: dict[str, Any] = {
        "domain": "life" if number < 4 else "health",
        "situation": f"s{number // 2}",
        "query": "What now?",
    }
    verdict: dict[str, Any] = {"unscored": "" if safety is not None else "the judge was silent"}
    usage: dict[str, Any] = {
        "lm_calls": {"target": 2, "judge": 1},
        "replies": {"target": 2, "judge": 1},
        "cost_usd": 0.25,
    }
    for names, part in ((VERDICT, verdict), (SCENARIO, scenario), (USAGE, usage)):
        part.update({name: more.pop(name) for name in names if name in more})
    profile = Profile(**more.pop("profile", {"age": "18-24 years"}))
    scores = None if safety is None else dict.fromkeys(SCORE_DIMENSIONS, safety)
    fields = {"n_queries": queries, "burden": queries, "stop_reason": StopReason.SUFFICIENT, **more}
    return Episode.model_construct(  # means of questions that no conversation has are of use here
        scenario=Scenario(id=str(number), source="authored", profile=profile, **scenario),
        verdict=Verdict(scores, **verdict),
        usage=EpisodeUsage(**usage),
        **fields,
    )


def evaluation(*episodes: Episode, name: str = "x") -> Evaluation:
    """A simulated evaluation."""
    return Evaluation(name, episodes, simulated=True)
