"""Who is measured against the endpoint: a raw loop, DSPy by itself, our language models, a whole evaluation.

Each makes calls for some seconds with so many in flight, and says how many were answered in the time in which all were
in flight, and how much processor time of this process a call took.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import dspy

from benchmark import Scenario, evaluate
from benchmark.jobs.progress import Progress
from experiments.throughput.recorded import Messages
from lms import LanguageModels, ReplyStore, Role, RoleSettings
from modules import RAISE

MODEL = "gpt-4o-mini"


@dataclass(frozen=True)
class Speed:
    """Calls a second, and milliseconds of processor time a call."""

    calls: float
    cpu: float


@dataclass(frozen=True)
class Load:
    """What everybody is given.

    Attributes:
        url: of the endpoint.
        prompts: messages of requests, as an evaluation makes them; each is used once, then all again.
        scenarios: what the evaluation runs over; no two share a query, so that replies are not shared either.
        seconds: that a contender works.
        folder: for reply stores.
    """

    url: str
    prompts: list[Messages]
    scenarios: list[Scenario]
    seconds: float
    folder: Path

    def models(self) -> LanguageModels:
        """Every role at the endpoint, on a new reply store."""
        roles = {role: RoleSettings(model=f"openai/{MODEL}", api_base=self.url, temperature=0.7) for role in Role}
        return LanguageModels(roles, ReplyStore(self.folder / f"{time.monotonic_ns()}.db"))


def raw_loop(load: Load, flight: int) -> Speed:
    """An aiohttp loop that posts and reads."""
    bodies = itertools.cycle([{"model": MODEL, "messages": messages, "temperature": 0.7} for messages in load.prompts])

    async def run() -> Speed:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def ask() -> None:
                async with session.post(f"{load.url}/chat/completions", json=next(bodies)) as response:
                    _ = (await response.json())["choices"][0]["message"]["content"]

            return await _keep_asking(ask, flight, load.seconds)

    return asyncio.run(run())


async def _keep_asking(ask: Callable[[], Any], flight: int, seconds: float) -> Speed:
    """The speed of an async ``ask``."""
    done = 0
    began, cpu = time.perf_counter(), time.process_time()

    async def work() -> None:
        nonlocal done
        while time.perf_counter() < began + seconds:
            await ask()
            done += 1

    await asyncio.gather(*(work() for _ in range(flight)))
    return Speed(done / (time.perf_counter() - began), 1000 * (time.process_time() - cpu) / done)


def _ask_in_threads(ask: Callable[[], object], flight: int, seconds: float) -> Speed:
    """The speed of a blocking ``ask``."""
    ask()  # imports, tables, connections
    count = itertools.count()
    began, cpu = time.perf_counter(), time.process_time()

    def work(_: int) -> None:
        while time.perf_counter() < began + seconds:
            ask()
            next(count)

    with ThreadPoolExecutor(flight) as pool:
        list(pool.map(work, range(flight)))
    done = next(count)
    return Speed(done / (time.perf_counter() - began), 1000 * (time.process_time() - cpu) / done)


def _questions() -> Iterator[str]:
    """Questions that differ, so that no cache and no store knows the reply."""
    return (f"Question {number}: should I quit my job? " * 20 for number in itertools.count())


def bare_predict(load: Load, flight: int) -> Speed:
    """``dspy.Predict`` over ``dspy.LM``, without DSPy's cache, in as many threads."""
    lm = dspy.LM(f"openai/{MODEL}", api_base=load.url, api_key="none", cache=False, temperature=0.7)
    return _predict(lm, flight, load.seconds)


def our_predict(load: Load, flight: int) -> Speed:
    """The same over a role's LM, with reply store and ledger."""
    models = load.models()
    with models.context(Role.TARGET):
        return _predict(models[Role.TARGET], flight, load.seconds)


def _predict(lm: dspy.LM, flight: int, seconds: float) -> Speed:
    predict = dspy.Predict("question -> answer")
    questions, lock = _questions(), threading.Lock()
    settings = {name: dspy.settings.get(name) for name in ("disable_history", "trace", "adapter")}

    def ask() -> None:
        with lock:
            question = next(questions)
        with dspy.context(lm=lm, **settings):
            predict(question=question)

    return _ask_in_threads(ask, flight, seconds)


def evaluation(load: Load, flight: int) -> Speed:
    """``raise evaluate``: conversations of RAISE with user and judge, with reply store, ledger and episodes."""
    models, scenarios = load.models(), load.scenarios[: max(3 * flight, 150)]
    marks: list[tuple[float, float, int]] = []

    def mark(report: Progress) -> None:
        if report.done in (flight // 2, report.total - flight):  # from here to there all are in flight
            marks.append((time.perf_counter(), time.process_time(), models.ledger.snapshot().total().calls))

    evaluate(RAISE(), scenarios, models=models, name="raise", concurrency=flight, progress=mark)
    (began, cpu, before), (ended, cpu_after, after) = marks
    calls = after - before
    return Speed(calls / (ended - began), 1000 * (cpu_after - cpu) / calls)


CONTENDERS: dict[str, Callable[[Load, int], Speed]] = {
    "raw aiohttp loop": raw_loop,
    "`dspy.Predict`, our LM, store and ledger": our_predict,
    "`dspy.Predict`, bare": bare_predict,
    "`raise evaluate`": evaluation,
}
