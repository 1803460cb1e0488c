"""What tests of programs share."""

from collections.abc import Iterator

import dspy
import pytest

from tests.modules.scripted import Scripted, lm


@pytest.fixture
def engine() -> Iterator[Scripted]:
    """The scripted model, in place for the test."""
    scripted = Scripted()
    with dspy.context(lm=lm(scripted)):
        yield scripted
