"""Calls a second that an evaluation makes, by reply store and conversations in flight."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark.jobs.place import Place
from experiments.throughput.contenders import Load, Speed, evaluation, our_predict
from lms import LanguageModels, Role, RoleSettings, Store

FLIGHTS = (16, 64, 128)
MODEL = "openai/gpt-4o-mini"
numbers = itertools.count()


@dataclass(frozen=True)
class Row:
    """One measurement: calls a second, and milliseconds of processor time a call."""

    number: int
    flight: int
    kind: str
    store: str
    calls: float
    cpu: float


@dataclass(frozen=True)
class StoreLoad(Load):
    """A load whose replies go to a store of choice.

    Attributes:
        open_store: opens a store with nothing in it.
    """

    open_store: Callable[[], Store]

    def models(self) -> LanguageModels:
        """Every role at the endpoint, on a new reply store."""
        roles = {role: RoleSettings(model=MODEL, api_base=self.url, temperature=0.7) for role in Role}
        return LanguageModels(roles, self.open_store())


def stores(folder: Path, new_database: Callable[[], str]) -> dict[str, Callable[[], Store]]:
    """By name, what opens a new store.

    Args:
        new_database: makes a database with nothing in it and returns its URL.
    """
    return {
        "SQLite": lambda: Place(folder / str(next(numbers))).open_replies(),
        "PostgreSQL": lambda: Place(folder, new_database()).open_replies(),
    }


def measure_stores(load: partial[StoreLoad], opened: dict[str, Callable[[], Store]], rounds: int) -> list[Row]:
    """A row a store, number in flight and round; the stores in turn within a round."""
    rows: list[Row] = []
    contenders: dict[str, Callable[[Load, int], Speed]] = {"calls alone": our_predict, "evaluation": evaluation}
    for number, flight, (kind, contender) in itertools.product(range(rounds), FLIGHTS, contenders.items()):
        for name, open_store in opened.items():
            speed = contender(load(open_store=open_store), flight)
            rows.append(Row(number, flight, kind, name, speed.calls, speed.cpu))
            print(time.strftime("%H:%M"), rows[-1], flush=True)
    return rows
