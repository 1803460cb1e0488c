"""Reference points that choose by the judge: the best subset, or the best next attribute, and no luck in figures."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import dspy
import pytest
from dspy.lm15 import AuthError, Request, Response
from dspy.utils.exceptions import LMAuthError
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.role_lm import RoleLM
from lms.simulation.prompt import Prompt
from modules import AgentSettings, EvaluationFailed, GreedyPath, OraclePath
from modules.calls import Offload, Script, gather, run
from signatures import ATTRIBUTE_NAMES, ATTRIBUTES, Profile, RaiseError, StopReason, UserContext
from tests.modules.scripted import UNREADABLE, Scripted, lm

QUERY = "Should I quit my job without another offer?"
WHOLE = Profile(**{name: f"value of {name}" for name in ATTRIBUTE_NAMES})
FOUR = WHOLE.only(["age", "gender", "profession", "emotional_state"])
Kind = type[OraclePath] | type[GreedyPath]
BOTH = pytest.mark.parametrize("kind", [OraclePath, GreedyPath])


def told(response: str) -> frozenset[str]:
    """The attributes that a response which repeats its context was told."""
    return frozenset(a.name for a in ATTRIBUTES if f"- {a.label}: " in response)


class Landscape:
    """A scorer that scores what was told, and remembers what it judged; ``fails`` cannot be scored."""

    def __init__(
        self, value: Callable[[frozenset[str]], float], fails: Callable[[frozenset[str]], bool] = lambda _: False
    ) -> None:
        self.value, self.fails = value, fails
        self.judged: list[tuple[frozenset[str], int]] = []
        self.profiles: set[Profile] = set()
        self.threads: set[int] = set()

    def identity(self) -> str:
        return "landscape"

    def score(self, query: str, profile: Profile, response: str, rollout: int) -> float:
        self.judged.append((told(response), rollout))
        self.profiles.add(profile)
        self.threads.add(threading.get_ident())
        if self.fails(told(response)):
            raise EvaluationFailed("no grade")
        return self.value(told(response))


def synergy(known: frozenset[str]) -> float:
    """Age is worth most alone; gender and profession are worth more than anything, but only together."""
    return 1 + ("age" in known) + 0.1 * ("gender" in known) + 3 * ({"gender", "profession"} <= known)


@pytest.fixture(autouse=True)
def engine() -> Iterator[Scripted]:
    """A responder that repeats what it is told, in place for the test."""
    scripted = Scripted(respond=lambda prompt: {"response": prompt.input("context")})
    with dspy.context(lm=RoleLM("scripted/model", engine=scripted, cache=False)):
        yield scripted


def test_the_oracle_finds_what_pays_off_only_together_and_greedy_does_not() -> None:
    oracle = OraclePath(2, Landscape(synergy))(query=QUERY, context=FOUR)
    greedy = GreedyPath(2, Landscape(synergy))(query=QUERY, context=FOUR)
    assert oracle.asked == ["gender", "profession"]
    assert greedy.asked == ["age", "gender"]
    assert GreedyPath(3, Landscape(synergy))(query=QUERY, context=FOUR).asked == ["age", "gender", "profession"]


@BOTH
def test_it_answers_from_the_chosen_attributes_alone(kind: Kind, engine: Scripted) -> None:
    found = kind(2, Landscape(synergy))(query=QUERY, context=FOUR)
    assert found.context == FOUR.only(found.asked)
    assert found.response == found.context.as_text() == engine.calls[-1][1].input("context")
    assert (found.n_queries, found.burden, found.stop_reason) == (2, 2.0, StopReason.BUDGET)
    assert [turn["heard"] for turn in found.turns] == [{name: f"value of {name}"} for name in found.asked]
    assert found.questions == ["", ""]  # nobody was asked


@pytest.mark.parametrize(("kind", "trials"), [(OraclePath, 120), (GreedyPath, 10 + 9 + 8)])
def test_every_trial_is_one_answer_and_one_judgement_and_the_final_answer_is_another(
    kind: Kind, trials: int, engine: Scripted
) -> None:
    scorer = Landscape(synergy)
    kind(3, scorer)(query=QUERY, context=WHOLE)
    assert len(scorer.judged) == len({subset for subset, _ in scorer.judged}) == trials
    assert engine.parts() == ["respond"] * (trials + 1)
    assert scorer.profiles == {WHOLE}  # the judge sees all of it, whatever the answer was told
    tried, final = engine.prompts("respond")[:-1], engine.prompts("respond")[-1]
    assert final.rollout not in {prompt.rollout for prompt in tried}
    assert 0 not in {rollout for _, rollout in scorer.judged}  # the rollout of those who report


def test_attributes_come_most_valuable_first() -> None:
    worth = {"emotional_state": 1.0, "age": 0.5, "gender": 0.2, "profession": 0.1}

    def additive(known: frozenset[str]) -> float:
        return 1 + sum(worth[name] for name in known)

    for kind in (OraclePath, GreedyPath):
        assert kind(3, Landscape(additive))(query=QUERY, context=FOUR).asked == ["emotional_state", "age", "gender"]


def test_among_subsets_that_score_alike_the_oracle_takes_those_that_do_well_elsewhere() -> None:
    scores = {("age", "gender"): 3, ("gender", "profession"): 3, ("profession", "emotional_state"): 2}
    table = {frozenset(pair): float(score) for pair, score in scores.items()}
    found = OraclePath(2, Landscape(lambda known: table.get(known, 1.0)))(query=QUERY, context=FOUR)
    assert sorted(found.asked) == ["gender", "profession"]


@settings(max_examples=30, deadline=None)
@given(k=st.integers(0, 4), values=st.lists(st.integers(3, 15), min_size=16, max_size=16))
def test_without_noise_nothing_beats_the_oracle(k: int, values: list[int]) -> None:
    names = tuple(FOUR.known())
    subsets = [frozenset(s) for size in range(5) for s in combinations(names, size)]
    table: Mapping[frozenset[str], float] = {s: v / 3 for s, v in zip(subsets, values, strict=True)}
    best, greedy = (
        kind(k, Landscape(lambda known: table[known]))(query=QUERY, context=FOUR).asked
        for kind in (OraclePath, GreedyPath)
    )
    assert len(best) == len(set(best)) == len(greedy) == len(set(greedy)) == k
    assert table[frozenset(best)] == max(table[s] for s in subsets if len(s) == k) >= table[frozenset(greedy)]
    if k:
        assert table[frozenset(greedy[:1])] == max(table[frozenset([name])] for name in names)


@BOTH
def test_what_the_profile_does_not_know_is_not_tried(kind: Kind) -> None:
    scorer = Landscape(synergy)
    found = kind(7, scorer)(query=QUERY, context=FOUR)
    assert sorted(found.asked) == sorted(FOUR.known())
    assert (found.n_queries, found.stop_reason) == (4, StopReason.EXHAUSTED)
    assert frozenset().union(*(subset for subset, _ in scorer.judged)) == set(FOUR.known())


@BOTH
def test_nothing_to_choose_is_the_bare_answer(kind: Kind, engine: Scripted) -> None:
    for k, profile in ((0, WHOLE), (3, Profile())):
        found = kind(k, Landscape(synergy))(query=QUERY, context=profile)
        assert (found.asked, found.response) == ([], UserContext().as_text())
    assert len(engine.calls) == 2


@BOTH
def test_subsets_that_cannot_be_scored_are_left_out_and_counted(kind: Kind) -> None:
    scorer = Landscape(synergy, fails=lambda known: "age" in known)
    found = kind(1, scorer)(query=QUERY, context=FOUR)
    assert found.asked == ["gender"]
    assert found.unreadable == 1


@BOTH
def test_answers_that_cannot_be_read_or_had_are_left_out(kind: Kind, engine: Scripted) -> None:
    def respond(prompt: Prompt) -> Mapping[str, str]:
        context = prompt.input("context")
        return UNREADABLE if "age" in told(context) else {"response": context}

    engine.respond = respond
    # an unreadable answer is taken as it stands, and this judge finds nothing in it
    assert kind(1, Landscape(synergy))(query=QUERY, context=FOUR).asked == ["gender"]


@BOTH
def test_if_nothing_can_be_scored_it_fails_with_the_reason(kind: Kind) -> None:
    with pytest.raises(EvaluationFailed, match=r"none of \d+ subsets could be scored, \d+ of them since: no grade"):
        kind(2, Landscape(synergy, fails=lambda _: True))(query=QUERY, context=FOUR)


@BOTH
def test_an_error_that_every_call_will_meet_ends_it_at_once(
    kind: Kind, engine: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def locked(request: Request) -> Response:
        asked.append(request)
        raise AuthError("bad key")

    monkeypatch.setattr(engine, "complete", locked)
    with pytest.raises(LMAuthError):
        kind(2, Landscape(synergy))(query=QUERY, context=FOUR)
    assert len(asked) == 1


@BOTH
def test_burdens_and_what_must_not_be_asked_hold_here_too(kind: Kind) -> None:
    rules = AgentSettings(never_ask=frozenset(["age"]), burdens={"gender": 2.5})
    found = kind(2, Landscape(synergy), rules)(query=QUERY, context=FOUR)
    assert found.asked == ["gender", "profession"]
    assert found.burden == 3.5


@BOTH
@pytest.mark.parametrize("k", [-1, 11])
def test_an_impossible_number_is_refused(kind: Kind, k: int) -> None:
    with pytest.raises(RaiseError, match=f"{k}"):
        kind(k, Landscape(synergy))


@BOTH
def test_it_needs_the_profile(kind: Kind) -> None:
    with pytest.raises(RaiseError, match="context"):
        kind(2, Landscape(synergy))(query=QUERY)


@BOTH
def test_the_async_twin_finds_the_same_and_never_blocks_the_loop(kind: Kind) -> None:
    scorer = Landscape(synergy)
    with dspy.context(lm=lm(Scripted(respond=lambda prompt: {"response": prompt.input("context")}))):
        found = asyncio.run(kind(2, scorer).acall(query=QUERY, context=FOUR))
    assert dict(found.items()) == dict(kind(2, Landscape(synergy))(query=QUERY, context=FOUR).items())
    assert threading.get_ident() not in scorer.threads  # judging takes its time; the loop is this thread's


def test_other_work_cannot_be_done_side_by_side() -> None:
    def script() -> Script[None]:
        yield Offload(lambda: 1)

    with pytest.raises(RaiseError, match="only call models"):
        run(gather(script()))
