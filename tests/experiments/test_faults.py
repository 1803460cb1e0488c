"""The measurement of faults: the same faults whatever the order, in the shares that were asked for."""

import random

from hypothesis import given
from hypothesis import strategies as st

from benchmark import Scenario
from experiments.faults import MIXED, ROOM, ROOMIEST, Chances, measure, run_with
from tests.servers.faults import Fault
from tests.servers.openai_server import Body


def request(number: int, room: int = ROOM) -> Body:
    return {"messages": [{"role": "user", "content": str(number)}], "max_completion_tokens": room}


@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_a_request_has_the_same_faults_whenever_it_comes(seed: int, rng: random.Random) -> None:
    numbers = [n for n in range(20) for _ in range(3)]
    shuffled = rng.sample(numbers, len(numbers))
    faults: list[dict[int, list[object]]] = []
    for order in (numbers, shuffled):
        chances = Chances(MIXED, seed)
        met: dict[int, list[object]] = {n: [] for n in range(20)}
        for index, n in enumerate(order):
            met[n].append(chances(index, request(n)))
        faults.append(met)
    assert faults[0] == faults[1]


def test_faults_come_in_the_shares_asked_for() -> None:
    chances = Chances(MIXED, 1)
    for index in range(5000):
        chances(index, request(index))
    assert all(abs(chances.sent[fault] / 5000 - share) < 0.015 for fault, share in MIXED.items())


def test_with_the_most_room_no_reply_is_cut_off() -> None:
    chances = Chances({Fault.CUT_OFF: 1.0}, 1)
    assert [chances(0, request(1, room)) for room in (ROOM, 2 * ROOM, ROOMIEST)] == [Fault.CUT_OFF, Fault.CUT_OFF, None]


def test_what_is_lost_and_what_is_changed_is_counted(test_scenarios: list[Scenario]) -> None:
    two = test_scenarios[:2]
    clean, _, _ = run_with({}, two, 1)
    fine = measure("some", {Fault.RATE_LIMITED: 0.2, Fault.CUT_OFF: 0.2}, two, clean, 1)
    assert (fine.conversations, fine.lost, fine.changed) == (4, 0, 0)
    assert fine.requests > sum(fine.sent.values()) > 0
    assert measure("all", {Fault.SERVER_ERROR: 1.0}, two, clean, 1).lost == 4
    other = {key: (figures[0], "another response", *figures[2:]) for key, figures in clean.items()}
    assert measure("none", {}, two, other, 1).changed == 4
