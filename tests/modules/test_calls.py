"""Scripts side by side: the same result in sync and async, fewer rounds of waiting, and everything counted."""

import asyncio
from collections.abc import Iterator
from typing import Any

import dspy
import pytest

from modules import RAISE, AgentSettings
from modules.calls import AskUser, Call, ParallelCalls, Script, TurnUsage, Unreadable, arun, count_usage, gather, run
from signatures import RaiseError
from tests.modules.scripted import UNREADABLE, Person, Scripted, lm

AGE = dspy.Predict("query -> response")


@pytest.fixture
def engine() -> Iterator[Scripted]:
    """The scripted model, in place for the test."""
    scripted = Scripted(respond=lambda prompt: {"response": f"re: {prompt.input('query')}"})
    with dspy.context(lm=lm(scripted)):
        yield scripted


def asks(*queries: str) -> Script[list[str]]:
    """One call after the other."""
    said = []
    for query in queries:
        try:
            said.append((yield Call(AGE, {"query": query})).response)
        except Unreadable:
            said.append("?")
    return said


BOTH = pytest.mark.parametrize("drive", [run, lambda script: asyncio.run(arun(script))], ids=["sync", "async"])


@BOTH
def test_scripts_side_by_side_return_what_each_would(engine: Scripted, drive: Any) -> None:
    usage = TurnUsage()
    found = drive(count_usage(gather(asks("a", "b"), asks(), asks("c", "d", "e")), usage))
    assert found == [["re: a", "re: b"], [], ["re: c", "re: d", "re: e"]]
    assert (usage.calls, usage.rounds) == (5, 3)


@BOTH
def test_an_unreadable_reply_reaches_the_script_it_belongs_to(engine: Scripted, drive: Any) -> None:
    engine.respond = lambda prompt: UNREADABLE if prompt.input("query") == "bad" else {"response": "fine"}
    assert drive(gather(asks("bad", "good"), asks("good"))) == [["?", "fine"], ["fine"]]


@BOTH
def test_calls_wished_for_together_come_back_in_order(engine: Scripted, drive: Any) -> None:
    def script() -> Script[list[Any]]:
        replies: list[Any] = yield ParallelCalls(tuple(Call(AGE, {"query": query}) for query in "xyz"))
        return replies

    assert [reply.response for reply in drive(script())] == ["re: x", "re: y", "re: z"]


@BOTH
def test_an_error_is_raised_and_not_swallowed(engine: Scripted, drive: Any) -> None:
    def broken(prompt: Any) -> Any:
        raise ConnectionError("no network")

    engine.respond = broken
    with pytest.raises(Exception, match="no network"):
        drive(gather(asks("a"), asks("b")))


def test_a_script_beside_others_cannot_speak_to_the_user() -> None:
    def script() -> Script[str]:
        answer: str = yield AskUser(Person("hi"), "hello?")
        return answer

    with pytest.raises(RaiseError, match="only call models"):
        run(gather(script()))


class Meeting:
    """An engine whose calls of one round wait for each other: it deadlocks unless they are made at the same time."""

    supports_function_calling = supports_reasoning = supports_response_schema = False
    supported_params = ()

    def __init__(self, inner: Scripted, parties: int) -> None:
        self.inner, self.barrier = inner, asyncio.Barrier(parties)

    async def complete(self, request: Any) -> Any:
        reply = self.inner.complete(request)
        if self.inner.parts()[-1] in ("triage", "abstain"):
            async with asyncio.timeout(30):
                await self.barrier.wait()
        return reply

    async def aclose(self) -> None:
        """Nothing to release."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Meeting":
        return self


def test_triage_and_abstention_are_asked_at_the_same_time() -> None:
    scripted = Scripted(abstain={"missing": "", "completeness": 5})

    async def talk() -> dspy.Prediction:
        meeting = Meeting(scripted, 2)
        with dspy.context(lm=dspy.LM("scripted/m", engine=scripted, async_engine=meeting, cache=False)):
            return await RAISE().acall(query="Should I quit?", user=Person())

    assert asyncio.run(talk()).n_queries == 0


@pytest.mark.parametrize(
    ("settings", "asking", "calls", "rounds"),
    [
        ({}, {"missing": "x", "completeness": 0}, 5, 4),  # triage and abstention; choice; question; reading
        ({"eager": True}, {"missing": "x", "completeness": 0}, 5, 3),  # the choice beside them
        ({"abstention": "vote"}, {"missing": "x", "completeness": 0}, 7, 4),
        ({"abstention": "basic"}, {"next_move": "age"}, 4, 3),
        ({"abstention": "fused"}, {"completeness": 0, "attribute": "age", "question": "Your age?"}, 3, 2),
    ],
    ids=["scale", "eager", "vote", "basic", "fused"],
)
def test_what_a_question_costs_is_in_the_record(
    engine: Scripted, settings: dict[str, Any], asking: dict[str, Any], calls: int, rounds: int
) -> None:
    engine.abstain = asking
    program = RAISE(settings=AgentSettings(budget=1, **settings))
    sync = program(query="Should I quit?", user=Person("I moved in March"))
    both = asyncio.run(program.acall(query="Should I quit?", user=Person("I moved in March")))
    for found in (sync, both):
        question, answer = found.spent
        assert (question["calls"], question["rounds"]) == (calls, rounds)
        assert answer["rounds"] == 2  # the last decision, and the answer


def test_one_instance_serves_many_conversations_at_once(engine: Scripted) -> None:
    engine.abstain = lambda prompt: {"missing": "", "completeness": 5 if "age" in prompt.input("context") else 0}
    engine.plan = {"attribute": "age"}
    engine.respond = lambda prompt: {"response": prompt.input("context") + prompt.input("query")}
    program = RAISE()

    async def crowd() -> list[dspy.Prediction]:
        talks = (program.acall(query=f"query {i}?", user=Person(f"age={i}")) for i in range(20, 40))
        return list(await asyncio.gather(*talks))

    for i, found in enumerate(asyncio.run(crowd()), 20):
        assert found.response == f"- age: {i}query {i}?"
