"""The command line, run in this process."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import pytest

from cli.app import main
from cli.logs import PACKAGES


class Ran(NamedTuple):
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs ``raise`` with the given words."""

    def __call__(self, *words: str) -> Ran: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run ``raise`` with some words."""

    def call(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["raise", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capfd.readouterr()
        return Ran(int(stopped.value.code or 0), out, err)

    return call


@pytest.fixture
def quiet_again() -> Iterator[None]:
    """Loggers as they were."""
    yield
    for name in PACKAGES:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.NOTSET)
