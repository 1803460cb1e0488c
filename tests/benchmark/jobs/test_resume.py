"""The resumable job: nothing done twice, nothing lost, failures tried again, limits kept."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dspy.utils.exceptions import LMAuthError
from hypothesis import given
from hypothesis import strategies as st

from benchmark.jobs.budget import Budget, BudgetSpent, MaxCalls
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import Progress
from benchmark.jobs.resume import MAX_REASON, Failure, ResumableJob, Unstarted, attempt
from lms import Ledger, Role
from lms.ledger import Usage
from signatures import RaiseError


def job(journal: Journal | None = None, budget: Budget | None = None, **more: Any) -> ResumableJob[int]:
    return ResumableJob(
        journal or Journal(),
        encode=lambda n: {"n": n},
        decode=lambda row: row["n"],
        budget=budget or Budget(),
        **more,
    )


def raising(error: BaseException) -> Callable[[int], int]:
    def work(item: int) -> int:
        raise error

    return work


@given(
    st.lists(st.integers(0, 9), max_size=12),
    st.sets(st.integers(0, 9)),
    st.lists(st.integers(0, 12), max_size=3),
    st.integers(1, 4),
)
def test_after_any_interruptions_each_step_was_done_once_and_results_are_in_order(
    items: list[int], failing: set[int], stops: list[int], concurrency: int
) -> None:
    journal, done = Journal(), Counter[int]()

    def work(item: int) -> int:
        if item in failing:
            raise ValueError("out of luck")
        done[item] += 1
        return item * item

    distinct = list(dict.fromkeys(items))
    for stop in stops:  # killed after so many steps, then run again
        job(journal).run_all(distinct[:stop], str, work)
    last = job(journal)
    results = last.run_all(distinct, str, work, concurrency=concurrency)
    assert results == [Failure("ValueError: out of luck") if i in failing else i * i for i in distinct]
    assert set(done.values()) <= {1}
    assert last.resumed == len({i for stop in stops for i in distinct[:stop]} - failing)


def test_results_outlive_the_process(tmp_path: Path) -> None:
    assert job(Journal(tmp_path)).run("k", lambda: 7) == 7
    again = job(Journal(tmp_path))
    assert again.run("k", lambda: 8) == 7
    assert again.resumed == 1


def test_a_result_that_is_not_final_is_returned_but_not_kept() -> None:
    journal = Journal()
    assert job(journal, keep=lambda n: n > 5).run("k", lambda: 3) == 3
    assert job(journal, keep=lambda n: n > 5).run("k", lambda: 9) == 9
    assert job(journal).run("k", lambda: 1) == 9


def test_when_the_budget_is_spent_nothing_is_started_but_the_journal_still_answers() -> None:
    ledger, journal = Ledger(), Journal()
    job(journal).run("old", lambda: 1)

    def spend(item: int) -> int:
        ledger.record(Role.TARGET, Usage(calls=1))
        return item

    limited = job(journal, Budget(ledger, [MaxCalls(2)]))
    results = limited.run_all([10, 11, 12, 13], str, spend)
    assert results == [10, 11, *[Unstarted("2 LM calls are spent")] * 2]
    assert limited.run("old", lambda: 2) == 1


def test_a_budget_that_ends_within_a_step_leaves_the_step_undone() -> None:
    journal = Journal()
    assert job(journal).run_all([1], str, raising(BudgetSpent("US$ 1 are spent"))) == [Unstarted("US$ 1 are spent")]
    assert journal.get("1") is None


@pytest.mark.parametrize("fatal", [RaiseError("no such file."), LMAuthError("wrong key"), KeyboardInterrupt()])
def test_what_no_further_step_could_survive_ends_the_job(fatal: BaseException) -> None:
    with pytest.raises(type(fatal)):
        job().run_all([1, 2], str, raising(fatal))


def test_a_long_error_is_cut() -> None:
    failure = attempt(lambda: raising(ValueError("x" * 1000))(1))
    assert isinstance(failure, Failure)
    assert failure.reason == "ValueError: " + "x" * MAX_REASON


def test_each_step_is_reported() -> None:
    reports: list[Progress] = []
    job().run_all([1, 2], str, lambda i: i, progress=reports.append, stage="squaring")
    assert reports == [Progress("squaring", done, 2) for done in (0, 1, 2)]
