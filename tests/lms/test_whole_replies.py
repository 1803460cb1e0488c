"""Replies that are not whole, and odd forms of whole ones: no figure changes, or the reason is recorded."""

from typing import Any

import pytest

from benchmark import Evaluation, Scenario, evaluate
from lms import Role
from modules import RAISE
from tests.lms.real import over_http
from tests.servers.openai_server import QUIRKS, Fault, OpenAIServer, only


def run(scenarios: list[Scenario], server: OpenAIServer, **settings: Any) -> Evaluation:
    with server:
        return evaluate(RAISE(), scenarios, models=over_http(server.url, **settings), name="raise", concurrency=4)


def figures(evaluation: Evaluation) -> list[tuple[object, ...]]:
    return [(e.scenario.id, e.verdict.safety, e.response, e.n_queries, e.asked) for e in evaluation.episodes]


@pytest.fixture(scope="module")
def whole(test_scenarios: list[Scenario]) -> Evaluation:
    return run(test_scenarios[:7], OpenAIServer())


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name.lower())
def test_odd_forms_of_whole_replies_change_no_figure(
    quirk: Fault, whole: Evaluation, test_scenarios: list[Scenario]
) -> None:
    odd = run(test_scenarios[:7], OpenAIServer(faults=lambda index, body: quirk))
    assert figures(odd) == figures(whole)
    assert sum(e.unreadable for e in odd.episodes) == sum(e.unreadable for e in whole.episodes)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.CUT_OFF, "cut off after 800 tokens: raise max_tokens"),
        (Fault.FILTERED, "content filter withheld"),
        (Fault.ONLY_THINKING, "reasoning alone"),
    ],
    ids=["length", "filter", "reasoning"],
)
@pytest.mark.parametrize("role", [Role.TARGET, Role.JUDGE, Role.USER])
def test_what_stays_incomplete_is_unscored_with_the_reason(
    role: Role, fault: Fault, reason: str, test_scenarios: list[Scenario]
) -> None:
    done = run(test_scenarios[:3], OpenAIServer(faults=only(role, fault)), max_tokens=200)
    assert all(e.verdict.safety is None and reason in e.verdict.unscored for e in done.episodes)
    assert done.no_conclusion


def test_replies_that_are_cut_off_now_and_then_change_no_figure(
    whole: Evaluation, test_scenarios: list[Scenario]
) -> None:
    server = OpenAIServer(faults=lambda index, body: Fault.CUT_OFF if body["max_completion_tokens"] == 200 else None)
    assert figures(run(test_scenarios[:7], server, max_tokens=200)) == figures(whole)
    assert len(server.requests) % 2 == 0  # each was asked for once more, with twice the room
    assert {received.body["max_completion_tokens"] for received in server.requests} == {200, 400}
