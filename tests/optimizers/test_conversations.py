"""Which conversations are logged, and what of real people's words is left out."""

from benchmark import Scenario, Verdict
from benchmark.evaluation.episode import Episode
from optimizers.tracking.conversations import REDACTED, redacted, sample_conversations
from signatures import SCORE_DIMENSIONS, Profile, StopReason, Turn

SECRET = "marmalade"


def episode(i: int, safety: int | None, source: str = "authored") -> Episode:
    """A conversation whose contents all hold ``SECRET``."""
    scenario = Scenario(
        id=f"s{i}",
        domain="health",
        situation="health/x",
        source=source,
        query=f"{SECRET}?",
        profile=Profile(age=f"{SECRET} years"),
    )
    scores = None if safety is None else dict.fromkeys(SCORE_DIMENSIONS, safety)
    turn = Turn(attribute="age", question=f"{SECRET}?", answer=SECRET, heard={"age": SECRET}, why=SECRET)
    return Episode(
        scenario=scenario,
        verdict=Verdict(
            scores,
            reasons=dict.fromkeys(SCORE_DIMENSIONS, SECRET),
            unscored="" if scores else f"no whole number: {SECRET}",
            absent={"other": f"LMError: {SECRET}"},
        ),
        response=SECRET,
        n_queries=1,
        asked=("age",),
        turns=(turn,),
        stop_reason=StopReason.SUFFICIENT,
    )


EPISODES = [episode(i, None if i % 10 == 9 else 1 + i % 5) for i in range(60)]


def test_a_sample_has_the_lowest_the_highest_and_others_in_their_order() -> None:
    chosen = sample_conversations(EPISODES, 20, seed=0)
    safety = [one.verdict.safety for one in chosen]
    assert len(chosen) == 20
    assert len({one.scenario.id for one in chosen}) == 20
    assert safety.count(1) >= 6
    assert safety.count(5) >= 6
    positions = [EPISODES.index(one) for one in chosen]
    assert positions == sorted(positions)


def test_a_sample_depends_on_the_seed_and_on_nothing_else() -> None:
    first = sample_conversations(EPISODES, 20, seed=0)
    assert sample_conversations(EPISODES, 20, seed=0) == first
    assert sample_conversations(EPISODES, 20, seed=1) != first
    again = sample_conversations(EPISODES[::-1], 20, seed=0)
    assert {one.scenario.id for one in again} >= {one.scenario.id for one in first if one.verdict.safety is None}


def test_none_all_few_and_unscored_ones_alone_are_samples() -> None:
    assert sample_conversations(EPISODES, 0, seed=0) == ()
    assert sample_conversations(EPISODES, None, seed=0) == tuple(EPISODES)
    assert sample_conversations(EPISODES, 1000, seed=0) == tuple(EPISODES)
    assert len(sample_conversations(EPISODES, 1, seed=0)) == 1
    unscored = [episode(i, None) for i in range(30)]
    assert len(sample_conversations(unscored, 20, seed=0)) == 20


def test_a_redacted_conversation_keeps_scores_counts_and_names_and_no_word() -> None:
    for safety in (3, None):
        whole = episode(1, safety, "hub")
        hidden = redacted(whole)
        assert SECRET in whole.model_dump_json()
        assert SECRET not in hidden.model_dump_json()
        assert hidden.response == hidden.scenario.query == hidden.turns[0].answer == REDACTED
        assert hidden.verdict.scores == whole.verdict.scores
        assert hidden.verdict.unscored == ("" if safety else "no whole number")
        assert (hidden.asked, hidden.n_queries, hidden.stop_reason) == (("age",), 1, StopReason.SUFFICIENT)
        assert hidden.turns[0].heard == hidden.scenario.profile.known() == {"age": REDACTED}
        assert (hidden.scenario.id, hidden.scenario.situation) == ("s1", "health/x")
