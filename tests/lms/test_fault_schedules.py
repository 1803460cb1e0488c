"""Whatever goes wrong, and whenever: no figure differs from those of a run in which nothing does."""

import json
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dspy.lm15 import Request
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmark import Scenario, evaluate
from benchmark.evaluation.episode import Episode
from benchmark.jobs.journal import Journal
from lms import LanguageModels, ReplyStore, Role
from lms.engine import Model, RecordedEngine
from lms.store import Reply
from modules import RAISE, Program, Vanilla
from tests.lms.real import over_http
from tests.servers.faults import ANSWERED, NO_ANSWER, Trouble
from tests.servers.openai_server import QUIRKS, Body, Fault, OpenAIServer

PROGRAMS: dict[str, type[Program]] = {"vanilla": Vanilla, "raise": RAISE}
RETRIES = 3
ROOM = 2048
"""Tokens; the reply that runs into it is asked for with twice and four times as many, and is whole the third time."""
REFUSED = (
    Fault.RATE_LIMITED,
    Fault.SERVER_ERROR,
    Fault.LOADING,
    Fault.BAD_GATEWAY,
    Fault.DROPPED,
    Fault.PAGE,
    Fault.NO_BODY,
    Fault.MALFORMED,
    Fault.ERROR_IN_200,
    Fault.CHOICES_NULL,
    Fault.NO_CHOICES,
    Fault.EMPTY,
    Fault.CONTENT_NULL,
)
"""What is worth asking again."""
LASTING = (*REFUSED, Fault.CUT_OFF, Fault.FILTERED, Fault.ONLY_THINKING)
"""What may also end an episode, if it lasts; a later run can do without."""
UNUSABLE = frozenset({Fault.CUT_OFF, Fault.FILTERED, *NO_ANSWER})
"""Completions that are not kept."""
Fate = tuple[Fault | None, ...]
"""What becomes of one request, time after time; the last entry stays."""
Figures = dict[tuple[str, str], tuple[object, ...]]


def content_of(body: Body) -> str:
    """A request without the room for its reply, which grows when the reply was cut off."""
    return json.dumps({name: value for name, value in body.items() if name != "max_completion_tokens"}, sort_keys=True)


@dataclass
class Schedule:
    """Faults by a request's content and by how often it has come: order and concurrency play no part.

    Attributes:
        on: whether there are any faults now.
    """

    fates: Sequence[Fate]
    on: bool = True
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, index: int, body: Body) -> Trouble | None:
        if not self.on:
            return None
        content = content_of(body)
        fate = self.fates[zlib.crc32(content.encode()) % len(self.fates)]
        self.asked[content] += 1
        return fate[min(self.asked[content], len(fate)) - 1]


def few_cuts(faults: Sequence[Fault]) -> bool:
    return faults.count(Fault.CUT_OFF) <= 2


ends = st.sampled_from([None, *QUIRKS])
passing = st.lists(st.sampled_from([*REFUSED, Fault.CUT_OFF]), max_size=RETRIES).filter(few_cuts)
lasting = st.lists(st.sampled_from(LASTING), max_size=2 * RETRIES)
passing_fates = st.lists(st.tuples(passing, ends).map(lambda fate: (*fate[0], fate[1])), min_size=1, max_size=12)
lasting_fates = st.lists(st.tuples(lasting, ends).map(lambda fate: (*fate[0], fate[1])), min_size=1, max_size=12)
EACH_PASSING: list[Fate] = [(fault, None) for fault in (*REFUSED, Fault.CUT_OFF)]
EACH_QUIRK: list[Fate] = [(quirk,) for quirk in QUIRKS]
EACH_LASTING: list[Fate] = [(None,), *((*[fault] * 2 * RETRIES, None) for fault in LASTING)]
fuzz = settings(max_examples=15, deadline=None, derandomize=True, database=None)
"""The same schedules each time."""


class Killed(BaseException):
    """The end of a run at an arbitrary point."""


@dataclass
class Mortal:
    """A model whose run ends at its ``last`` call, before or after the reply; the calls are counted for all roles."""

    model: Model
    calls: Iterator[int]
    last: int
    answered: bool

    def __post_init__(self) -> None:
        self.identity = self.model.identity

    def answer(self, request: Request) -> Reply:
        last = next(self.calls) >= self.last
        if last and not self.answered:
            raise Killed
        reply = self.model.answer(request)
        if last:
            raise Killed
        return reply

    async def aanswer(self, request: Request) -> Reply:
        return self.answer(request)


def run(models: LanguageModels, scenarios: list[Scenario], journal: Journal | None, concurrency: int) -> Figures:
    """The figures of both programs, by program and scenario."""
    return {
        (name, episode.scenario.id): figures(episode)
        for name, program in PROGRAMS.items()
        for episode in evaluate(
            program(), scenarios, models=models, name=name, store=journal, concurrency=concurrency
        ).episodes
    }


def figures(episode: Episode) -> tuple[object, ...]:
    verdict = episode.verdict
    said = (episode.response, episode.n_queries, episode.asked, episode.turns, episode.stop_reason)
    return (verdict.unscored, verdict.scores, verdict.reasons, *said, episode.unreadable, episode.lost_answers)


@contextmanager
def opened(folder: Path, url: str, retries: int) -> Iterator[tuple[LanguageModels, Journal]]:
    """What one process would open in ``folder``."""
    store = ReplyStore(folder / "replies.db")
    try:
        yield over_http(url, store, retries=retries, max_tokens=ROOM), Journal(folder)
    finally:
        store.close()


@pytest.fixture(scope="module")
def two(test_scenarios: list[Scenario]) -> list[Scenario]:
    return test_scenarios[:2]


@pytest.fixture(scope="module")
def undisturbed(two: list[Scenario]) -> Figures:
    with OpenAIServer() as server:
        clean = run(over_http(server.url, max_tokens=ROOM), two, None, 1)
    assert not any(unscored for unscored, *_ in clean.values())
    return clean


def answered_in(server: OpenAIServer, start: int = 0) -> Counter[str]:
    """Contents that got a reply worth keeping, from request ``start`` on."""
    kept = ANSWERED - UNUSABLE
    return Counter(content_of(received.body) for received in server.requests[start:] if received.fault in kept)


@fuzz
@example(EACH_PASSING, 1)
@example(EACH_QUIRK, 1)
@given(passing_fates, st.sampled_from([1, 4]))
def test_what_passes_changes_no_figure(
    undisturbed: Figures, two: list[Scenario], fates: list[Fate], concurrency: int
) -> None:
    with OpenAIServer(faults=Schedule(fates)) as server:
        models = over_http(server.url, retries=RETRIES, max_tokens=ROOM)
        assert run(models, two, None, concurrency) == undisturbed
    counted = models.ledger.snapshot().total()
    assert counted.calls + counted.failures == server.count
    assert set(answered_in(server).values()) == {1}


@fuzz
@example(EACH_LASTING, 1)
@given(lasting_fates, st.sampled_from([1, 4]))
def test_what_lasts_leaves_an_episode_unscored_never_different_and_a_later_run_completes_it(
    undisturbed: Figures, two: list[Scenario], fates: list[Fate], concurrency: int
) -> None:
    schedule = Schedule(fates)
    with tempfile.TemporaryDirectory() as folder, OpenAIServer(faults=schedule) as server:
        with opened(Path(folder), server.url, retries=RETRIES) as (models, journal):
            first = run(models, two, journal, concurrency)
        differ = {key: found for key, found in first.items() if found != undisturbed[key]}
        assert all(unscored and scores is None for unscored, scores, *_ in differ.values())
        answered, start, schedule.on = answered_in(server), server.count, False
        with opened(Path(folder), server.url, retries=RETRIES) as (models, journal):
            assert run(models, two, journal, concurrency) == undisturbed
        assert not answered & answered_in(server, start)
    assert set((answered + answered_in(server, start)).values()) == {1}


@fuzz
@given(st.integers(0, 30), st.booleans(), passing_fates)
def test_a_run_that_is_killed_at_any_call_goes_on_to_the_same_figures(
    undisturbed: Figures, two: list[Scenario], last: int, answered: bool, fates: list[Fate]
) -> None:
    with tempfile.TemporaryDirectory() as folder, OpenAIServer(faults=Schedule(fates)) as server:
        with opened(Path(folder), server.url, RETRIES) as (models, journal):
            calls = iter(range(10_000))
            for role in Role:
                engine: RecordedEngine = models[role].engine
                engine.model = Mortal(engine.model, calls, last, answered)
            with pytest.raises(Killed):
                run(models, two, journal, 1)
        with opened(Path(folder), server.url, RETRIES) as (models, journal):
            assert run(models, two, journal, 1) == undisturbed
    assert sum(answered_in(server).values()) - len(answered_in(server)) <= 1  # the one that was under way
