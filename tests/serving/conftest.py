"""What tests of serving share."""

from collections.abc import Iterator

import pytest

from tests.modules.conftest import engine
from tests.servers.raise_server import RaiseServer

__all__ = ["engine", "raise_server"]


@pytest.fixture(scope="module")
def raise_server() -> Iterator[RaiseServer]:
    """Uncompiled RAISE on a stand-in, for all tests of a module."""
    with RaiseServer() as server:
        yield server
