"""Limits of several workers: together they spend what one alone might."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmark.jobs.budget import Budget, BudgetSpent, MaxCalls, MaxMinutes, MaxUsd, Stopper
from benchmark.jobs.place import Place
from benchmark.jobs.shares import PARTS, shared_limits
from lms import LanguageModels, Price, Role
from tests.lms.real import over_http
from tests.servers.openai_server import OpenAIServer


def ask(models: LanguageModels, budget: Budget, number: int) -> None:
    """Ask until the budget is spent."""
    with budget.enforced():
        for question in range(40):
            models[Role.TARGET](f"{number}: {question}")


@pytest.mark.parametrize("limit", [MaxCalls(13), MaxUsd(0.013)], ids=["calls", "usd"])
def test_two_workers_keep_one_limit(limit: MaxCalls | MaxUsd, database_url: str, tmp_path: Path) -> None:
    place = Place(tmp_path, database_url)
    with OpenAIServer("fine") as server:

        def work(number: int) -> float:
            models = over_http(server.url, place.open_replies(), price=Price(input=0, output=1000))  # 0.001 a token
            with shared_limits([limit, MaxMinutes(60)], models, "run") as limits:
                budget = Budget(models.ledger, limits)
                with pytest.raises(BudgetSpent, match=r"(13 LM calls|US\$ 0.013) are spent"):
                    ask(models, budget, number)
            return models.ledger.snapshot().total().cost_usd

        with ThreadPoolExecutor(2) as pool:
            usd = sum(pool.map(work, range(2)))
    if isinstance(limit, MaxCalls):
        assert server.count == 13
    else:
        assert 0.013 * (1 - 2 / PARTS) <= usd <= 0.013 + 2 * usd / server.count  # a call of each was under way


def test_on_one_machine_limits_stay_as_they_are(tmp_path: Path) -> None:
    limits: list[Stopper] = [MaxCalls(3), MaxMinutes(1)]
    models = over_http("http://127.0.0.1:9", Place(tmp_path).open_replies())
    with shared_limits(limits, models, "run") as found:
        assert found == limits
        assert [limit.share for limit in found if isinstance(limit, MaxCalls)] == [None]
