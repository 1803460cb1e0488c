"""The real path: LM calls of whole evaluations over HTTP, counted, kept, and as they reach the wire."""

import asyncio
import itertools
import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils.exceptions import LMError, LMProviderError

from benchmark import Scenario, SimulatedUser, evaluate
from benchmark.jobs.journal import Journal
from lms import LanguageModels, ReplyStore, Role, RoleSettings
from modules import RAISE, Vanilla
from tests.lms.real import FIGURES, SECRET, TRANSIENT, named, over_http
from tests.servers.openai_server import Body, Fault, OpenAIServer

# Counting


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("fault", [None, Fault.GARBAGE, Fault.EMPTY, Fault.CUT_OFF, Fault.RATE_LIMITED], ids=named)
def test_the_ledger_counts_what_the_server_counts(concurrency: int, fault: Fault | None, few: list[Scenario]) -> None:
    with OpenAIServer(faults=lambda index, body: fault if index % 6 == 5 else None) as server:
        models = over_http(server.url)
        evaluation = evaluate(RAISE(), few, models=models, name="raise", concurrency=concurrency)
    ledger = models.ledger.snapshot()
    assert ledger.calls() == server.answered()
    assert ledger.total().failures == server.failed()
    assert evaluation.calls() == ledger.calls()
    assert len(evaluation.frame) == len(few)


def test_async_conversations_are_counted_like_the_others(few: list[Scenario]) -> None:
    async def talk(models: LanguageModels) -> list[dspy.Prediction]:
        program = RAISE()
        with dspy.context(lm=models[Role.TARGET]):
            users = [SimulatedUser(scenario.profile, models[Role.USER]) for scenario in few]
            talks = [program.acall(query=s.query, user=user.acall) for s, user in zip(few, users, strict=True)]
            return await asyncio.gather(*talks)

    with OpenAIServer(faults=lambda index, body: Fault.GARBAGE if index % 6 == 5 else None) as server:
        models = over_http(server.url)
        predictions = asyncio.run(talk(models))
        assert models.ledger.snapshot().calls() == server.answered()
    assert all(prediction.response for prediction in predictions)
    assert server.answered()["user"] > 0


def test_asking_again_after_an_unreadable_reply_counts_as_a_call(few: list[Scenario]) -> None:
    with OpenAIServer(faults={0: Fault.GARBAGE}) as server:
        models = over_http(server.url)
        row = evaluate(Vanilla(), few[:1], models=models, name="vanilla").frame.iloc[0]
    # the target in dspy's chat format, unreadable; the target again in its JSON format; the judge
    assert [request.role for request in server.requests] == [Role.TARGET, Role.TARGET, Role.JUDGE]
    assert row["lm_calls"] == {"target": 2, "judge": 1}
    assert row["safety"] is not None


def test_tokens_are_those_that_the_server_reports(few: list[Scenario]) -> None:
    with OpenAIServer() as server:
        models = over_http(server.url)
        evaluation = evaluate(RAISE(), few, models=models, name="raise")
        reported = [server.completion(request)["usage"] for request in server.requests]
    total = models.ledger.snapshot().total()
    assert total.input_tokens == sum(usage["prompt_tokens"] for usage in reported)
    assert total.output_tokens == sum(usage["completion_tokens"] for usage in reported)
    assert total.input_tokens == evaluation.frame["input_tokens"].sum()


def test_a_model_with_a_known_price_costs_what_it_says(few: list[Scenario]) -> None:
    with OpenAIServer() as server:
        settings = RoleSettings(model="openai/gpt-4o", api_base=server.url)
        models = LanguageModels(dict.fromkeys(Role, settings))
        evaluation = evaluate(Vanilla(), few, models=models, name="vanilla")
    total = models.ledger.snapshot().total()
    # gpt-4o in dspy's bundled price table: $2.50 a million tokens in, $10 a million out
    expected = total.input_tokens * 2.5e-6 + total.output_tokens * 10e-6
    assert total.unpriced == 0
    assert total.cost_usd == pytest.approx(expected)
    assert evaluation.cost_usd() == pytest.approx(expected, abs=1e-5)


# What is kept


def test_a_second_evaluation_on_the_same_store_asks_nobody(few: list[Scenario], tmp_path: Path) -> None:
    with OpenAIServer() as server:
        first = over_http(server.url, ReplyStore(tmp_path / "replies.db"))
        fresh = evaluate(RAISE(), few, models=first, name="raise", concurrency=8)
        first.store.close()
        asked = server.count
        second = over_http(server.url, ReplyStore(tmp_path / "replies.db"))
        reused = evaluate(RAISE(), few, models=second, name="raise")
    assert server.count == asked
    assert reused.frame[FIGURES].equals(fresh.frame[FIGURES])
    total = second.ledger.snapshot().total()
    assert total.calls == 0
    assert total.reused == fresh.frame["lm_replies"].sum() == reused.frame["lm_replies"].sum()


def test_async_reuses_what_sync_has_asked(few: list[Scenario], tmp_path: Path) -> None:
    with OpenAIServer() as server:
        models = over_http(server.url, ReplyStore(tmp_path / "replies.db"))
        user = SimulatedUser(few[0].profile, models[Role.USER])
        with dspy.context(lm=models[Role.TARGET]):
            sync = RAISE()(query=few[0].query, user=user)
            asked = server.count
            later = asyncio.run(RAISE().acall(query=few[0].query, user=user.acall))
    assert server.count == asked
    assert (later.response, later.questions) == (sync.response, sync.questions)


def test_threads_that_ask_the_same_cause_one_request() -> None:
    together = threading.Barrier(8, timeout=30)
    with OpenAIServer("fine", faults=lambda index, body: Fault.HELD) as server:
        lm = over_http(server.url)[Role.TARGET]

        def ask() -> list[str]:
            together.wait()
            texts: list[str] = lm("hello")
            return texts

        with ThreadPoolExecutor(8) as pool:
            tasks = [pool.submit(ask) for _ in range(8)]
            server.wait_for(1)
            server.release()
            assert [task.result() for task in tasks] == [["fine"]] * 8
    assert server.count == 1


@pytest.mark.parametrize("fault", [Fault.FILTERED, Fault.CUT_OFF], ids=named)
def test_a_reply_that_cannot_be_used_is_asked_for_again_next_time(fault: Fault) -> None:
    with OpenAIServer("perfectly fine", faults=[fault]) as server:
        models = over_http(server.url)
        lm = models[Role.TARGET]
        with pytest.raises(LMProviderError):
            lm("hello")
        assert len(models.store) == 0
        assert [lm("hello"), lm("hello")] == [["perfectly fine"]] * 2
    assert server.count == 2


def test_candidates_are_kept_apart() -> None:
    numbers = itertools.count()
    with OpenAIServer(lambda body: f"reply {next(numbers)}") as server:
        models = over_http(server.url, temperature=1.0)
        first = models[Role.TARGET]("hello", n=3)
        assert models[Role.TARGET]("hello", n=3) == first == ["reply 0", "reply 1", "reply 2"]
    assert (server.count, len(models.store)) == (3, 3)


def test_the_key_reaches_the_server_and_nothing_else(
    few: list[Scenario], tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    schedule = dict(enumerate([*TRANSIENT[:3], Fault.MALFORMED, Fault.GARBAGE, Fault.EMPTY], start=2))
    with OpenAIServer(faults=schedule) as server:
        models = over_http(server.url, ReplyStore(tmp_path / "replies.db"), api_key=SECRET)
        evaluation = evaluate(RAISE(), few, models=models, name="raise", store=Journal(tmp_path / "run"), concurrency=2)
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {SECRET}"}
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"replies.db", "episodes.jsonl"} <= {file.name for file in files}
    assert not [file.name for file in files if SECRET.encode() in file.read_bytes()]
    assert SECRET not in evaluation.frame.to_csv()
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


def test_a_refused_key_is_not_shown_in_the_error(few: list[Scenario]) -> None:
    with OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED) as server, pytest.raises(LMError) as caught:
        over_http(server.url, api_key=SECRET)[Role.TARGET]("hello")
    assert SECRET not in repr(caught.getrepr(showlocals=False))


# What reaches the wire


def test_each_role_s_settings_reach_the_wire(few: list[Scenario]) -> None:
    with OpenAIServer() as server, OpenAIServer() as elsewhere:
        target = {"model": "openai/my-model", "temperature": 0.7, "top_p": 0.9, "max_tokens": 333}
        judge = {"model": "openai/org/judge-2", "temperature": 0.0, "max_tokens": 77}
        models = LanguageModels(
            {
                Role.TARGET: RoleSettings(api_base=server.url, **target),
                Role.USER: RoleSettings(api_base=server.url, model="openai/user", temperature=0.25),
                Role.JUDGE: RoleSettings(api_base=elsewhere.url, **judge),
            }
        )
        evaluate(RAISE(), few[:3], models=models, name="raise")
    by_role = {role: [r.body for r in server.requests if r.role is role] for role in (Role.TARGET, Role.USER)}
    judged = [request.body for request in elsewhere.requests]
    assert Counter(request.role for request in elsewhere.requests) == {Role.JUDGE: 3}
    assert len(by_role[Role.TARGET]) + len(by_role[Role.USER]) == server.count

    def sent(bodies: list[Body], *names: str) -> set[tuple[Any, ...]]:
        return {tuple(body.get(name) for name in names) for body in bodies}

    assert sent(by_role[Role.TARGET], "model", "temperature", "top_p") == {("my-model", 0.7, 0.9)}
    assert sent(by_role[Role.USER], "model", "temperature", "top_p") == {("user", 0.25, None)}
    assert sent(judged, "model", "temperature", "top_p") == {("org/judge-2", 0.0, None)}
    # OpenAI has two names for the limit
    assert {b.get("max_tokens") or b.get("max_completion_tokens") for b in by_role[Role.TARGET]} == {333}
    assert {b.get("max_tokens") or b.get("max_completion_tokens") for b in judged} == {77}
    assert {request.path for request in server.requests} == {"/v1/chat/completions"}


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_rollouts_are_asked_apart_but_their_number_is_not_sent(asynchronous: bool) -> None:
    with OpenAIServer("fine") as server:
        lm = over_http(server.url, temperature=0.7)[Role.TARGET]
        for rollout in (None, 1, 2, 1):
            asyncio.run(lm.acall("hello", rollout_id=rollout)) if asynchronous else lm("hello", rollout_id=rollout)
    assert server.count == 3  # none, 1 and 2; the second 1 is reused
    assert not any({"seed", "rollout_id"} & set(request.body) for request in server.requests)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_seed_that_is_configured_is_sent(asynchronous: bool) -> None:
    with OpenAIServer("fine") as server:
        lm = over_http(server.url, temperature=0.7, seed=41)[Role.TARGET]
        asyncio.run(lm.acall("hello")) if asynchronous else lm("hello")
    assert [request.body.get("seed") for request in server.requests] == [41]


def test_local_servers_need_no_key_and_the_environment_s_is_used_if_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with OpenAIServer("fine") as server:
        over_http(server.url)[Role.TARGET]("hello")
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        over_http(server.url)[Role.TARGET]("hello")
    assert [request.headers["authorization"] for request in server.requests][1] == f"Bearer {SECRET}"


def test_a_reasoning_model_is_asked_without_sampling_settings() -> None:
    with OpenAIServer("fine") as server:
        settings = RoleSettings(model="openai/o3-mini", api_base=server.url, temperature=0.0, max_tokens=100)
        assert LanguageModels({Role.JUDGE: settings})[Role.JUDGE]("hello") == ["fine"]
    assert "temperature" not in server.requests[0].body
