"""The real path with faults: passing failures are survived and counted, lasting ones recorded or told at once."""

import asyncio
from pathlib import Path

import pytest
from dspy.utils.exceptions import LMError

from benchmark import Scenario, evaluate
from benchmark.jobs.journal import Journal
from lms import Role
from modules import RAISE, Vanilla
from signatures import RaiseError
from tests.lms.real import FIGURES, TRANSIENT, named, over_http
from tests.servers.openai_server import Fault, OpenAIServer


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

    def no_wait(error: Exception, attempt: int) -> float:
        hints.append(getattr(error, "retry_after", None))
        return 0.0

    monkeypatch.setattr("dspy.clients.execution._delay", no_wait)
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
        first = evaluate(Vanilla(), few, models=models, name="vanilla", store=Journal(tmp_path))
        broken[0] = False
        again = evaluate(Vanilla(), few, models=models, name="vanilla", store=Journal(tmp_path))
    assert first.frame["failed"].all()
    assert not again.frame["failed"].any()
    assert again.unscored == 0


def test_a_reply_that_is_not_json_fails_its_episode_alone(few: list[Scenario]) -> None:
    with OpenAIServer(faults={0: Fault.MALFORMED}) as server:
        frame = evaluate(Vanilla(), few[:3], models=over_http(server.url), name="vanilla").frame
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
