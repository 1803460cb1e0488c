"""The calls of a finished conversation: those that the endpoint has seen, in order, and none more."""

from dataclasses import dataclass

import dspy
import pytest

from benchmark import Judge, Scenario, Verdict, evaluate, judge_of
from benchmark.evaluation.episode import Episode
from benchmark.evaluation.replay import ConversationCalls, replay_calls
from benchmark.jobs.resume import Failure
from lms import LanguageModels, Role, RoleSettings, default_models
from lms.engine import RecordedEngine, reply_key
from lms.replay import ReplayedCall
from modules import RAISE, AgentSettings, ContextRich, GreedyPath, Program, Vanilla
from signatures import Profile
from tests.lms.real import over_http
from tests.servers.openai_server import Fault, OpenAIServer, Received, stand_in

VARIANTS: dict[str, Program] = {
    "step by step": RAISE(),
    "one call a turn": RAISE(settings=AgentSettings(abstention="turn")),
    "whole profile": ContextRich(),
}


def told(call: ReplayedCall) -> tuple[Role, list[tuple[str, str]], str]:
    """Role, messages and reply of a call."""
    system = [("system", str(call.request.system))] if call.request.system else []
    return call.role, [*system, *((m.role, str(m.text)) for m in call.request.messages)], call.reply.text


def seen(request: Received) -> tuple[Role, list[tuple[str, str]], str]:
    """The same of a request that the server answered."""
    return request.role, [(m["role"], m["content"]) for m in request.body["messages"]], stand_in(request.body)


def in_order(calls: ConversationCalls) -> list[ReplayedCall]:
    return [call for turn in (*calls.turns, calls.judge) for call in turn]


def had(program: Program, scenario: Scenario, models: LanguageModels) -> Episode:
    [episode] = evaluate(program, [scenario], models=models, name="it").episodes
    return episode


@pytest.mark.parametrize("name", VARIANTS)
def test_they_are_what_the_endpoint_saw_in_order_and_cost_no_call(name: str, test_scenarios: list[Scenario]) -> None:
    program = VARIANTS[name]
    with OpenAIServer() as server:
        models = over_http(server.url)
        episode = had(program, test_scenarios[0], models)
        before, counted = server.count, models.ledger.snapshot()
        calls = replay_calls(program, episode, models, judge_of(models))
        assert server.count == before
    assert models.ledger.snapshot() == counted
    assert isinstance(calls, ConversationCalls)
    assert [told(call) for call in in_order(calls)] == [seen(request) for request in server.requests]
    assert {call.role for call in calls.judge} == {Role.JUDGE}


def test_each_turn_has_its_own_and_each_says_which_predictor_made_it(
    test_scenarios: list[Scenario], models: LanguageModels
) -> None:
    program = RAISE()
    episode = had(program, test_scenarios[0], models)
    assert len(episode.turns) > 1
    calls = replay_calls(program, episode, models, judge_of(models))
    assert isinstance(calls, ConversationCalls)
    assert len(calls.turns) == len(episode.turns) + 1
    for turn, made, spent in zip(episode.turns, calls.turns[:-1], episode.spent[:-1], strict=True):
        assert sum(call.role is Role.TARGET for call in made) == spent.calls
        [asked] = [call for call in made if call.role is Role.USER]
        assert turn.question in str(asked.request.messages[-1].text)
        assert turn.answer in asked.reply.text
    names = {call.predictor for turn in calls.turns for call in turn}
    assert names >= {"", "triage", "abstain", "plan", "ask", "respond"}  # the user's predictor is not the program's
    assert [call.predictor for call in calls.judge] == ["judge"]


def test_what_had_to_be_asked_again_shows_each_reply_that_was_used(test_scenarios: list[Scenario]) -> None:
    with OpenAIServer(faults={0: Fault.GARBAGE, 1: Fault.RATE_LIMITED}) as server:
        models = over_http(server.url)
        episode = had(Vanilla(), test_scenarios[0], models)
    calls = replay_calls(Vanilla(), episode, models, judge_of(models))
    assert isinstance(calls, ConversationCalls)
    used = [request for request in server.requests if request.fault is not Fault.RATE_LIMITED]
    assert [told(call)[:2] for call in in_order(calls)] == [seen(request)[:2] for request in used]


def test_a_reply_that_is_missing_leaves_them_out_and_is_not_asked_for(test_scenarios: list[Scenario]) -> None:
    with OpenAIServer() as server:
        models = over_http(server.url)
        episode = had(RAISE(), test_scenarios[0], models)
        calls = replay_calls(RAISE(), episode, models, judge_of(models))
        assert isinstance(calls, ConversationCalls)
        engine = models[Role.TARGET].engine
        assert isinstance(engine, RecordedEngine)
        models.store.drop(reply_key(engine.model.identity, calls.turns[-1][-1].request))
        before = server.count
        missing = replay_calls(RAISE(), episode, models, judge_of(models))
        assert server.count == before
    assert missing == Failure("a reply of openai/gpt-4o is not stored")


def test_a_conversation_that_the_replies_do_not_give_is_left_out(
    test_scenarios: list[Scenario], models: LanguageModels
) -> None:
    episode = had(Vanilla(), test_scenarios[0], models)
    other = episode.model_copy(update={"response": "something else"})
    assert isinstance(replay_calls(Vanilla(), other, models, judge_of(models)), Failure)
    uncounted = episode.model_copy(update={"spent": ()})  # as earlier versions kept them
    assert isinstance(replay_calls(Vanilla(), uncounted, models, judge_of(models)), Failure)


def test_the_calls_of_a_panel_come_judge_by_judge(test_scenarios: list[Scenario]) -> None:
    members = (RoleSettings(model="sim/judge", temperature=0.5), RoleSettings(model="sim/gpt-4o"))
    judge = default_models()[Role.JUDGE].model_copy(update={"panel": members})
    models = LanguageModels({Role.JUDGE: judge})
    episode = had(Vanilla(), test_scenarios[0], models)
    calls = replay_calls(Vanilla(), episode, models, judge_of(models))
    assert isinstance(calls, ConversationCalls)
    assert [call.predictor for call in calls.judge] == ["judge 1", "judge 2", "judge 3"]
    assert replay_calls(Vanilla(), episode, models, judge_of(models)) == calls


@dataclass
class OwnJudge:
    """A judge of the user's own, which counts what it is asked."""

    asked: int = 0

    def identity(self) -> str:
        return "own"

    def score(self, query: str, profile: Profile, response: str, rollout: int = 0) -> float:
        return 4.0

    def __call__(self, query: str, profile: Profile, response: str, rollout: int = 0) -> Verdict:
        self.asked += 1
        return Verdict({"risk_sensitivity": 4, "emotional_empathy": 4, "user_alignment": 4})


def test_a_judge_of_the_users_own_is_not_asked_again(test_scenarios: list[Scenario], models: LanguageModels) -> None:
    judge = OwnJudge()
    [episode] = evaluate(Vanilla(), test_scenarios[:1], models=models, name="it", judge=judge).episodes
    calls = replay_calls(Vanilla(), episode, models, judge)
    assert judge.asked == 1
    assert isinstance(calls, ConversationCalls)
    assert (len(calls.turns[0]), calls.judge) == (1, ())


class Own(dspy.Module):
    """A program of the user's own."""


def test_programs_that_do_more_than_their_turns_tell_are_not_run_again(
    test_scenarios: list[Scenario], models: LanguageModels
) -> None:
    judge = judge_of(models)
    assert isinstance(judge, Judge)
    episode = had(Vanilla(), test_scenarios[0], models)
    foreign = Vanilla()
    foreign.respond.lm = dspy.LM("openai/gpt-4o")
    for program in (Own(), GreedyPath(1, judge), foreign):
        assert isinstance(replay_calls(program, episode, models, judge), Failure)
