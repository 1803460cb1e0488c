"""The real path: LM calls of whole evaluations over HTTP, held against a server that counts and fails."""

import asyncio
import contextlib
import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils.exceptions import LMError, LMProviderError

from benchmark import Scenario, SimulatedUser, evaluate
from benchmark.jobs.journal import EpisodeStore
from lms import LanguageModels, ReplyStore, Role, RoleSettings
from modules import RAISE, Vanilla
from signatures import RaiseError
from tests.servers.openai_server import GARBAGE, Body, Fault, OpenAIServer, only, role_of, stand_in

SECRET = "sk-very-secret-0123456789"
TRANSIENT = [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.DROPPED, Fault.HELD]
FIGURES = ["scenario_id", "safety", "response", "n_queries", "stop_reason", "unscored"]


def named(fault: Fault | None) -> str:
    """A fault as test ids show it."""
    return fault.name.lower() if fault else "fine"


def over_http(url: str, store: ReplyStore | None = None, **settings: Any) -> LanguageModels:
    """Every role a real model string, answered at ``url``."""
    names = {Role.TARGET: "gpt-4o", Role.JUDGE: "judge", Role.USER: "user", Role.TEACHER: "teacher"}
    return LanguageModels(
        {role: RoleSettings(model=f"openai/{name}", api_base=url, **settings) for role, name in names.items()}, store
    )


@pytest.fixture
def few(test_scenarios: list[Scenario]) -> list[Scenario]:
    """One scenario a domain."""
    return test_scenarios[:7]


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


# Transport failures


@pytest.mark.parametrize("fault", TRANSIENT, ids=named)
def test_a_passing_failure_is_survived_and_counted(fault: Fault, few: list[Scenario]) -> None:
    with OpenAIServer() as server:
        undisturbed = evaluate(RAISE(), few[:3], models=over_http(server.url), name="raise")
    with OpenAIServer(faults={1: fault, 9: fault}) as server:
        models = over_http(server.url, timeout=1 if fault is Fault.HELD else 60)
        evaluation = evaluate(RAISE(), few[:3], models=models, name="raise")
    assert evaluation.frame[FIGURES].equals(undisturbed.frame[FIGURES])
    assert not evaluation.frame["failed"].any()
    assert (models.ledger.snapshot().total().failures, server.failed()) == (2, 2)
    assert models.ledger.snapshot().calls() == undisturbed.calls() == server.answered()


@pytest.mark.parametrize("fault", TRANSIENT, ids=named)
def test_a_passing_failure_is_survived_in_async_too(fault: Fault) -> None:
    with OpenAIServer("fine", faults=[fault, fault]) as server:
        models = over_http(server.url, timeout=1 if fault is Fault.HELD else 60)
        assert asyncio.run(models[Role.TARGET].acall("hello")) == ["fine"]
    usage = models.ledger.snapshot().roles[Role.TARGET]
    assert (usage.calls, usage.failures, server.count) == (1, 2, 3)


@pytest.mark.parametrize("retries", [0, 3])
def test_retries_are_as_many_as_the_settings_say(retries: int) -> None:
    with OpenAIServer(faults=lambda index, body: Fault.SERVER_ERROR) as server:
        models = over_http(server.url, retries=retries)
        with pytest.raises(LMError):
            models[Role.TARGET]("hello")
    assert server.count == models.ledger.snapshot().total().failures == retries + 1


def test_the_server_s_retry_after_decides_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    hints: list[float | None] = []

    def no_wait(error: BaseException | None, attempt: int) -> float:
        hints.append(getattr(error, "retry_after", None))
        return 0.0

    monkeypatch.setattr("lms.retry.wait_before", no_wait)
    with OpenAIServer("fine", faults=[Fault.RATE_LIMITED]) as server:
        over_http(server.url)[Role.TARGET]("hello")
    assert hints == [7.0]  # what the server's header says


def test_with_the_server_down_every_episode_is_recorded_as_failed(few: list[Scenario]) -> None:
    with OpenAIServer() as server:
        url = server.url
    models = over_http(url, retries=1)
    evaluation = evaluate(RAISE(), few, models=models, name="raise", concurrency=8)
    assert evaluation.frame["failed"].all()
    assert evaluation.frame["unscored"].str.contains("Error: ").all()
    assert evaluation.frame["safety"].isna().all()
    assert (evaluation.unscored, evaluation.summary()["safety"], evaluation.calls()) == (7, None, {})
    # each episode's first call, tried twice
    assert models.ledger.snapshot().total().failures == 14


def test_failed_episodes_are_run_again_when_the_server_is_back(few: list[Scenario], tmp_path: Path) -> None:
    broken = [True]
    with OpenAIServer(faults=lambda index, body: Fault.SERVER_ERROR if broken[0] else None) as server:
        models = over_http(server.url, retries=0)
        first = evaluate(Vanilla(), few, models=models, name="vanilla", store=EpisodeStore(tmp_path))
        broken[0] = False
        again = evaluate(Vanilla(), few, models=models, name="vanilla", store=EpisodeStore(tmp_path))
    assert first.frame["failed"].all()
    assert not again.frame["failed"].any()
    assert again.unscored == 0


def test_a_reply_that_is_never_json_fails_its_episode_alone(few: list[Scenario]) -> None:
    poison = few[0].query
    faults = lambda index, body: Fault.MALFORMED if poison in body["messages"][-1]["content"] else None  # noqa: E731
    with OpenAIServer(faults=faults) as server:
        frame = evaluate(Vanilla(), few[:3], models=over_http(server.url, retries=1), name="vanilla").frame
    assert frame["failed"].tolist() == [True, False, False]
    assert frame["safety"].isna().tolist() == [True, False, False]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_refused_key_stops_the_run_at_once(concurrency: int, few: list[Scenario]) -> None:
    with (
        OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED) as server,
        pytest.raises((RaiseError, LMError), match="API key"),
    ):
        evaluate(Vanilla(), few, models=over_http(server.url), name="vanilla", concurrency=concurrency)
    assert server.count <= len(few)  # never tried again; threads under way may each meet it once
    assert concurrency > 1 or server.count == 1


# Unusable replies


def grading(grade: str) -> Callable[[Body], str]:
    """The judge gives ``grade`` on the first dimension and 4 on the others; everybody else answers as usual."""

    def answer(body: Body) -> str:
        if role_of(body) is not Role.JUDGE:
            return stand_in(body)
        fields = {"risk_reason": "r", "risk_sensitivity": grade, "empathy_reason": "r", "emotional_empathy": "4",
                  "alignment_reason": "r", "user_alignment": "4"}  # fmt: skip
        return "\n\n".join(f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items()) + "\n[[ ## completed ## ]]"

    return answer


def test_the_grades_on_the_wire_are_the_grades_in_the_table(few: list[Scenario]) -> None:
    with OpenAIServer(grading("2")) as server:
        row = evaluate(Vanilla(), few[:1], models=over_http(server.url), name="vanilla").frame.iloc[0]
    assert row["safety"] == pytest.approx((2 + 4 + 4) / 3)
    assert row["risk_sensitivity"] == 2


@pytest.mark.parametrize("grade", ["0", "6", "-1", "3.5", "high", "", "5/4", "NaN", "null"])
def test_grades_outside_one_to_five_are_never_scored(grade: str, few: list[Scenario]) -> None:
    with OpenAIServer(grading(grade)) as server:
        evaluation = evaluate(Vanilla(), few[:2], models=over_http(server.url), name="vanilla")
    assert evaluation.frame["safety"].isna().all()
    assert evaluation.frame["risk_sensitivity"].isna().all()
    assert evaluation.frame["unscored"].str.contains("judge").all()
    assert (evaluation.unscored, evaluation.summary()["safety"]) == (2, None)


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.EMPTY], ids=named)
def test_a_judge_who_cannot_be_read_is_asked_three_times_and_never_scored(fault: Fault, few: list[Scenario]) -> None:
    with OpenAIServer(faults=only(Role.JUDGE, fault)) as server:
        evaluation = evaluate(Vanilla(), few[:1], models=over_http(server.url), name="vanilla")
    row = evaluation.frame.iloc[0]
    assert row["safety"] is None
    assert row["unscored"]
    # three attempts, each in dspy's chat format and once more in its JSON format
    assert server.answered()["judge"] == row["lm_calls"]["judge"] == 6


def test_a_judge_who_collects_herself_is_scored(few: list[Scenario]) -> None:
    # requests: 0 the target; 1, 2 the judge's first attempt; 3, 4 the second; 5 the third
    with OpenAIServer(faults=dict.fromkeys([1, 2, 3, 4], Fault.GARBAGE)) as server:
        row = evaluate(Vanilla(), few[:1], models=over_http(server.url), name="vanilla").frame.iloc[0]
    assert row["safety"] is not None
    assert (row["unscored"], row["lm_calls"]["judge"]) == ("", 5)


def test_a_target_who_talks_past_every_format_is_quoted_and_judged(few: list[Scenario]) -> None:
    with OpenAIServer(faults=only(Role.TARGET, Fault.GARBAGE)) as server:
        evaluation = evaluate(RAISE(), few, models=over_http(server.url), name="raise", concurrency=8)
    frame = evaluation.frame
    assert not frame["failed"].any()
    assert (frame["response"] == GARBAGE).all()
    assert (frame["n_queries"] == 5).all()  # never satisfied, so the budget of five is spent
    assert (frame["unreadable"] > 0).all()
    assert evaluation.unscored == 0


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.CUT_OFF, Fault.FILTERED], ids=named)
def test_a_target_who_is_silent_or_cut_off_never_crashes_the_run(fault: Fault, few: list[Scenario]) -> None:
    with OpenAIServer(faults=only(Role.TARGET, fault)) as server:
        evaluation = evaluate(RAISE(), few, models=over_http(server.url), name="raise", concurrency=8)
    frame = evaluation.frame
    assert len(frame) == len(few)
    assert (frame["safety"].notna() == (frame["unscored"] == "")).all()
    if fault is Fault.EMPTY:
        assert frame["safety"].isna().all()


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.EMPTY], ids=named)
def test_a_user_who_cannot_be_read_tells_nothing(fault: Fault, few: list[Scenario]) -> None:
    with OpenAIServer(faults=only(Role.USER, fault)) as server:
        evaluation = evaluate(RAISE(), few, models=over_http(server.url), name="raise")
    assert not evaluation.frame["failed"].any()
    read = [request.text for request in server.requests if "`[[ ## facts ## ]]`" in request.text]
    assert read
    assert all("I'm not sure how to answer that." in text for text in read)


def test_half_a_character_is_no_reason_to_lose_a_reply() -> None:
    # a server that cuts an emoji in two sends half of a surrogate pair, "\ud83d" in JSON
    with OpenAIServer("take care \ud83d") as server:
        models = over_http(server.url)
        [text] = models[Role.TARGET]("hello")
    assert text.startswith("take care")
    assert text.encode("utf-8")  # so that it can be quoted in the next prompt and in the episodes file
    assert models.ledger.snapshot().calls() == {"target": 1}


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
            return lm("hello")  # type: ignore[no-any-return]

        with ThreadPoolExecutor(8) as pool:
            tasks = [pool.submit(ask) for _ in range(8)]
            server.wait_for(1)
            server.release()
            assert [task.result() for task in tasks] == [["fine"]] * 8
    assert server.count == 1


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.FILTERED, Fault.CUT_OFF], ids=named)
def test_a_reply_that_cannot_be_used_is_asked_for_again_next_time(fault: Fault) -> None:
    with OpenAIServer("perfectly fine", faults=[fault]) as server:
        models = over_http(server.url)
        lm = models[Role.TARGET]
        with contextlib.nullcontext() if fault is Fault.EMPTY else pytest.raises(LMProviderError):
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
        evaluation = evaluate(
            RAISE(), few, models=models, name="raise", store=EpisodeStore(tmp_path / "run"), concurrency=2
        )
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
