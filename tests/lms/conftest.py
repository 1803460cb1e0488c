"""What tests of language models share."""

import pytest

from benchmark import Scenario


@pytest.fixture
def few(test_scenarios: list[Scenario]) -> list[Scenario]:
    """One scenario a domain."""
    return test_scenarios[:7]
